"""Describes the fields of a pydantic model in words: type, limits, default."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python

from hub.docs.markdown import code, flow

_TIME = "time such"
_PLAIN: Mapping[Any, str] = MappingProxyType(
    {str: "text", int: "whole number", float: "number", bool: "true or false", SecretStr: "**secret**", Any: "anything"}
)
_BY_VALIDATOR: Mapping[str, str] = MappingProxyType(
    {
        "duration": f"{_TIME} as `30s`, `5m`, `2h`, `7d`",
        "_zone": "time zone such as `Asia/Shanghai`",
        "_known_zone": "time zone such as `Asia/Shanghai`",
        "_region": "country code such as `CN`",
        "_network": "network such as `10.0.0.0/8`",
        "checked": "rule ([CEL](rules.md))",
        "known_path": "field of the lead such as `touch.utm_source`, or `=TEXT`",
    }
)
_LIMITS: tuple[tuple[Any, str, str], ...] = (
    (Gt, "gt", "above {}"), (Ge, "ge", "at least {}"), (Lt, "lt", "below {}"), (Le, "le", "at most {}"),
    (MinLen, "min_length", "{} or longer"), (MaxLen, "max_length", "{} or shorter"),
)  # fmt: skip


class Described(NamedTuple):
    """One setting in words."""

    name: str
    kind: str
    default: str
    text: str
    secret: bool
    inner: tuple[type[BaseModel], ...]  # models inside it that have settings of their own
    switched: bool  # whether true and false stand for a whole group


def described(model: type[BaseModel]) -> Iterator[Described]:
    """Yield the fields of a model in order, by the names people write."""
    for name, field in model.model_fields.items():
        kind = _kind(field.annotation, field.metadata)
        words = kind if _TIME in kind else ", ".join((kind, *_limits(field)))
        secret = "**secret**" in kind
        default = _default(field, kind)
        switched = any(_validator(held) == "_switched" for held in field.metadata)
        text = field.description or ""
        yield Described(field.alias or name, words, default, text, secret, inner(field), switched)


def _limits(field: FieldInfo) -> Iterator[str]:
    for held in field.metadata:
        for limit, attribute, words in _LIMITS:
            if isinstance(held, limit):
                yield words.format(f"{getattr(held, attribute):g}")


def inner(field: FieldInfo) -> tuple[type[BaseModel], ...]:
    """Return the models that stand inside a field."""
    return tuple(dict.fromkeys(_models(field.annotation)))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and not typing.get_args(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for below in typing.get_args(annotation):
        yield from _models(below)


def _validator(held: Any) -> str:
    """Return the name of the function in a validator, empty for anything else."""
    return str(getattr(getattr(held, "func", None), "__name__", ""))


def _kind(annotation: Any, metadata: typing.Iterable[Any] = ()) -> str:
    for validator in metadata:
        known = _BY_VALIDATOR.get(_validator(validator))
        if known:
            return known
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _kind(args[0], args[1:])
    if origin is Literal:
        return " or ".join(code(flow(value)) for value in args)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_kind(one) for one in args if one is not type(None)))
    if origin in (list, tuple, set, frozenset):
        return f"list of {_kind(args[0])}" if args else "list"
    if args and isinstance(origin, type) and issubclass(origin, Mapping):
        return f"names to {_kind(args[1])}"
    return "settings, see below" if list(_models(annotation)) else "anything"


def _default(field: FieldInfo, kind: str) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value is PydanticUndefined or value in ((), [], {}, ""):
        return "none"
    if isinstance(value, BaseModel) or (isinstance(value, tuple) and any(isinstance(v, BaseModel) for v in value)):
        return "see below"
    if kind.startswith(_TIME) and isinstance(value, float):
        return code(f"{value:g}s")
    return code(flow(to_jsonable_python(value)))
