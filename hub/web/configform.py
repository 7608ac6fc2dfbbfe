"""A form made of a connector's settings, and the settings made of what was typed into it."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python

from hub import yamlfile
from hub.errors import ConfigError

Kind = Literal["text", "secret", "number", "checkbox", "select", "lines", "pairs", "secret_pairs", "yaml"]
DEEPEST = 3  # models in models whose settings get inputs of their own; further down they are written as YAML
_SHORT: Mapping[str, str] = {
    name: name.upper() for name in ("api", "id", "url", "uri", "crm", "sms", "aes", "ip", "utc", "csv", "ca")
}
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}")
_FLOAT = re.compile(r"[+-]?[0-9]{0,15}\.[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Input:
    """One input of the form: `path` is where its setting stands, `default` how its default is written in the input."""

    path: tuple[str, ...]
    kind: Kind
    hint: str
    required: bool
    default: str
    options: tuple[str, ...] = ()
    optional: bool = False  # blank says that it is not set
    group: str = "set"

    def under(self, group: str) -> Input:
        """Return it under another first word of its name in the form."""
        return replace(self, group=group)

    @property
    def name(self) -> str:
        """Return the name of the input in the form."""
        return ".".join((self.group, *self.path))

    @property
    def words(self) -> str:
        """Return the name of the setting, as people write it in hub.yaml."""
        return ".".join(self.path)

    @property
    def label(self) -> str:
        """Return the name as people read it, such as `API key`."""
        return label_of(self.words)

    def plain(self) -> dict[str, Any]:
        """Return it as page data."""
        return {
            "name": self.name, "words": self.words, "label": self.label, "kind": self.kind, "hint": self.hint,
            "required": self.required, "default": self.default, "options": list(self.options),
            "optional": self.optional, "also": "", "choices": [[one, one] for one in self.options],
        }  # fmt: skip


def label_of(name: str) -> str:
    """Return the name of a setting as people read it, such as `API key`."""
    words = [_SHORT.get(word, word) for word in re.split(r"[_.]", name) if word]
    return " ".join((words[0][:1].upper() + words[0][1:], *words[1:])) if words else name


def inputs(model: type[BaseModel], above: tuple[str, ...] = ()) -> list[Input]:
    """Return the inputs of a model, in its order; a model inside gives the inputs of its own settings."""
    found: list[Input] = []
    for name, field in model.model_fields.items():
        path = (*above, field.alias or name)
        below = _model(_bare(field.annotation)[0])
        if below is not None and len(above) < DEEPEST and _is_plain(field):
            found += inputs(below, path)
        else:
            found.append(_input(path, field))
    return found


def _is_plain(field: FieldInfo) -> bool:
    """Return whether a model inside is written by its settings alone: no validator takes other shapes of it."""
    return not any(isinstance(held, BeforeValidator) for held in field.metadata)


def _model(annotation: Any) -> type[BaseModel] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _bare(annotation: Any) -> tuple[Any, tuple[Any, ...], bool]:
    """Return a type without Annotated and None, what was noted of it, and whether None is allowed."""
    noted: tuple[Any, ...] = ()
    optional = False
    while True:
        origin, args = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is typing.Annotated:
            annotation, noted = args[0], (*noted, *args[1:])
        elif origin in (typing.Union, types.UnionType) and type(None) in args:
            rest = tuple(one for one in args if one is not type(None))
            optional = True
            if len(rest) > 1:
                return annotation, noted, True
            annotation = rest[0]
        else:
            return annotation, noted, optional


def _input(path: tuple[str, ...], field: FieldInfo) -> Input:
    bare, noted, optional = _bare(field.annotation)
    kind, options = _kind(bare, (*field.metadata, *noted), optional)
    default = None if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
    return Input(path, kind, field.description or "", field.is_required(), written(kind, default), options, optional)


def _kind(bare: Any, noted: Iterable[Any], optional: bool) -> tuple[Kind, tuple[str, ...]]:
    origin, args = typing.get_origin(bare), typing.get_args(bare)
    if any(isinstance(one, BeforeValidator) for one in noted):  # it takes other shapes, such as 5m for 300
        return ("text", ()) if bare in (str, int, float) else ("yaml", ())
    if bare is SecretStr:
        return "secret", ()
    if bare is bool:
        return ("select", ("true", "false")) if optional else ("checkbox", ())
    if bare in (int, float):
        return "number", ()
    if bare is str:
        return "text", ()
    if origin is Literal and all(isinstance(one, str) for one in args):
        return "select", args
    if origin in (list, tuple, set, frozenset) and args and _is_word(args[0]) and args[1:] in ((), (Ellipsis,)):
        return "lines", _choices(args[0])
    if isinstance(origin, type) and issubclass(origin, Mapping) and len(args) == 2 and _is_word(args[0]):
        if _bare(args[1])[0] is SecretStr:
            return "secret_pairs", ()
        return ("pairs", ()) if _is_word(args[1]) else ("yaml", ())
    return "yaml", ()


def _is_word(annotation: Any) -> bool:
    """Return whether one line of text says a value of this type."""
    bare, noted, _ = _bare(annotation)
    if typing.get_origin(bare) is Literal:
        return all(isinstance(one, str) for one in typing.get_args(bare))
    return bare is str and not any(isinstance(one, BeforeValidator) for one in noted)


def _choices(annotation: Any) -> tuple[str, ...]:
    bare = _bare(annotation)[0]
    return tuple(typing.get_args(bare)) if typing.get_origin(bare) is Literal else ()


def written(kind: Kind, value: Any) -> str:
    """Return a setting as it stands in its input; a secret is never written."""
    if value is None or value is PydanticUndefined or kind in ("secret", "secret_pairs"):
        return ""
    plain = to_jsonable_python(value)
    if kind == "checkbox":
        return "yes" if plain else ""
    if kind == "lines":
        return "\n".join(map(str, plain))
    if kind == "pairs":
        return "\n".join(f"{key}: {'' if one is None else one}" for key, one in plain.items())
    if kind == "yaml":
        return _yaml(plain)
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return f"{plain:g}" if isinstance(plain, float) and float(f"{plain:g}") == plain else str(plain)


def _yaml(plain: Any) -> str:
    if plain in ([], {}, ""):
        return ""
    text: str = yaml.safe_dump(plain, allow_unicode=True, sort_keys=False)
    return text.removesuffix("...\n").strip()


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed: settings as hub.yaml has them, secrets by the place of their setting, and what cannot be read."""

    settings: dict[str, Any]
    secrets: dict[tuple[str, ...], str]
    wrong: dict[str, str]


def typed(asked: Iterable[Input], form: Mapping[str, str]) -> Typed:
    """Return the settings that a form names; what is left at its default, or is not in the form, is left out."""
    found = Typed({}, {}, {})
    for one in asked:
        if one.name not in form and one.kind != "checkbox":  # a browser says nothing of a box that is not ticked
            continue
        text = form.get(one.name, "").replace("\r\n", "\n")
        if one.kind == "secret":
            if text.strip():
                found.secrets[one.path] = text.strip()
        elif one.kind == "secret_pairs":
            pairs = _pairs(text, one, found.wrong)
            found.secrets.update({(*one.path, key): str(value) for key, value in pairs.items() if value})
        elif text.strip() != one.default.strip():
            _put(found, one, text)
    return found


def _put(found: Typed, one: Input, text: str) -> None:
    value = _read(one, text, found.wrong)
    if value is None and not (one.optional and one.default):
        return
    place = found.settings
    for name in one.path[:-1]:
        place = place.setdefault(name, {})
    place[one.path[-1]] = value


def _read(one: Input, text: str, wrong: dict[str, str]) -> Any:
    plain = text.strip()
    if one.kind == "checkbox":
        return plain == "yes"
    if one.kind == "lines":
        return [line.strip() for line in plain.split("\n") if line.strip()]
    if one.kind == "pairs":
        return _pairs(text, one, wrong)
    if not plain:
        return None if one.optional or one.required or one.kind != "text" else ""
    if one.kind == "number" or plain in ("true", "false"):
        return _scalar(plain, one)
    if one.kind == "yaml":
        try:
            return yamlfile.loads(plain, one.words).data
        except ConfigError as error:
            wrong[one.name] = str(error)
            return None
    return plain


def _scalar(plain: str, one: Input) -> Any:
    if one.kind == "select":
        return {"true": True, "false": False}.get(plain, plain)
    if one.kind == "number" and _NUMBER.fullmatch(plain):
        return int(plain)
    return float(plain) if one.kind == "number" and _FLOAT.fullmatch(plain) else plain


def _pairs(text: str, one: Input, wrong: dict[str, str]) -> dict[str, Any]:
    """Return names with values, one pair a line."""
    pairs: dict[str, Any] = {}
    for line in filter(None, (line.strip() for line in text.split("\n"))):
        key, colon, value = line.partition(":")
        if not colon or not key.strip():
            wrong[one.name] = f"Write one `name: value` a line; {line[:60]!r} is none."
            return {}
        pairs[key.strip()] = value.strip() or None if one.kind == "pairs" else value.strip()
    return pairs


def mistakes(error: ValidationError, model: type[BaseModel]) -> dict[str, str]:
    """Return what is wrong by the name of its input; what belongs to none stands under the empty name."""
    names = [(one.path, one.name) for one in inputs(model)]
    found: dict[str, str] = {}
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        said = one["msg"].removeprefix("Value error, ").rstrip(".") + "."
        where = tuple(str(part) for part in one["loc"])
        found.setdefault(next(_at(where, names), ""), said)
    return found


def _at(where: tuple[str, ...], names: Iterable[tuple[tuple[str, ...], str]]) -> Iterator[str]:
    return (name for path, name in names if path and where[: len(path)] == path)
