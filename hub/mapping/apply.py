"""Applies a mapping: data as a source sent it becomes lead and touch fields, and what is left is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from hub.lead import Problem
from hub.mapping.getters import Getter, Tree, is_empty, plant, without
from hub.mapping.usual_names import folded, usual_field

Function = Callable[[Any], Any]

_WRAPPERS = frozenset(
    {"data", "lead", "contact", "person", "customer", "user", "visitor", "attendee", "applicant", "respondent"}
    | {"submission", "form", "fields", "formfields", "values", "answers", "attributes", "properties", "payload"}
    | {"entry", "record", "params", "customfields", "客户", "联系人", "数据", "表单"}
)
"""Objects that only wrap fields: what stands in them means what it would mean outside."""


class Mapped(NamedTuple):
    """What a mapping made of the data: lead and touch fields as received, the rest, and what went wrong."""

    fields: dict[str, Any]
    extra: dict[str, Any]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Pick:
    """Where one field comes from: the first place that holds something, through functions; or a constant."""

    field: str
    getters: tuple[Getter, ...] = ()
    functions: tuple[tuple[str, Function], ...] = ()
    constant: Any = None
    key: str | None = None  # set where the field is simply the value of one key

    def read(self, data: Mapping[str, Any], used: Tree, problems: list[Problem]) -> Any:
        """Return the field's value and note what was used; a later place that also holds something stays unused."""
        if not self.getters:
            return self.constant
        for get in self.getters:
            value, keys = get(data)
            if keys is not None:
                plant(used, keys)
            if not is_empty(value):
                return self._through(value, problems)
        return None

    def _through(self, raw: Any, problems: list[Problem]) -> Any:
        value = raw
        for name, function in self.functions:
            if is_empty(value):
                return None
            try:
                value = function(value)
            except Exception as error:
                why = str(error)[:200].rstrip(".") if isinstance(error, ValueError) else type(error).__name__
                said = f'The function "{name}" cannot read the value: {why}. It is kept as received.'
                problems.append(Problem(field=self.field, code="unmapped_value", message=said))
                return raw
        return value


class Plan:
    """The picks of a mapping, sorted so that the plain ones cost least."""

    def __init__(self, picks: Iterable[Pick], ignored: Iterable[tuple[str, ...]], usual: bool) -> None:
        held = tuple(picks)
        self.plain = tuple((pick.field, pick.key) for pick in held if pick.key is not None)
        self.others = tuple(pick for pick in held if pick.key is None)
        self.taken = frozenset(key for _, key in self.plain)
        self.ignored = tuple(ignored)
        self.usual = usual

    def apply(self, data: Mapping[str, Any]) -> Mapped:
        """Return the fields; every value stands in exactly one place, and only blank ones are left out."""
        fields: dict[str, Any] = {}
        problems: list[Problem] = []
        used: Tree = {}
        for field, key in self.plain:
            value = data.get(key)
            if not is_empty(value):
                fields[field] = value
        for pick in self.others:
            value = pick.read(data, used, problems)
            if not is_empty(value):
                fields[pick.field] = value
        for keys in self.ignored:
            plant(used, keys)
        if self.usual:
            _by_usual_names(data, fields, used, self.taken)
        return Mapped(fields, self._rest(data, used), tuple(problems))

    def _rest(self, data: Mapping[str, Any], used: Tree) -> dict[str, Any]:
        taken = self.taken
        if not used:
            return {key: value for key, value in data.items() if key not in taken and not is_empty(value)}
        rest = {}
        for key, value in data.items():
            if key not in taken:
                left = without(value, used[key]) if key in used else value
                if not is_empty(left):
                    rest[key] = left
        return rest


def _by_usual_names(data: Mapping[str, Any], fields: dict[str, Any], used: Tree, taken: frozenset[str]) -> None:
    """Fill the fields that are still empty from columns with usual names; the first one that holds something wins."""
    for key, value in data.items():
        if key in taken or (key in used and not used[key]):
            continue
        if isinstance(value, dict):
            wraps = folded(key) in _WRAPPERS
            for inner, below in value.items():
                if inner in used.get(key, ()):
                    continue
                field = usual_field(f"{key} {inner}") or (usual_field(inner) if wraps else None)
                _take(field, below, (key, inner), fields, used)
        else:
            _take(usual_field(key), value, (key,), fields, used)


def _take(field: str | None, value: Any, keys: tuple[str, ...], fields: dict[str, Any], used: Tree) -> None:
    if field is None or field in fields or is_empty(value) or not _is_simple(value):
        return
    fields[field] = value
    plant(used, keys)


def _is_simple(value: Any) -> bool:
    """Return whether a value can be a field: no object, and no list of objects."""
    if isinstance(value, (list, tuple)):
        return not any(isinstance(item, (dict, list, tuple)) for item in value)
    return not isinstance(value, dict)
