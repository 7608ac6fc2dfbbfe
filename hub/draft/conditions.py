"""Conditions as rows of field, operator and values, and the rule that such rows are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from hub.draft.naming import is_plain, parts_of, path_of, quoted
from hub.errors import ConfigError

Join = Literal["all", "any"]

TEXT = (
    "is",
    "is_not",
    "contains",
    "not_contains",
    "starts",
    "not_starts",
    "ends",
    "not_ends",
    "matches",
    "not_matches",
)
"""Operators that take one text."""
LISTS = ("one_of", "not_one_of", "in", "not_in", "contains_any", "contains_none")
"""Operators that take texts; of `one_of`, unlike `in`, case does not count."""
NUMBERS = ("equals", "differs", "at_least", "at_most", "above", "below")
"""Operators that take one number."""
BARE = ("known", "unknown", "true", "false")
"""Operators that take nothing."""
OPERATORS = (*TEXT, *LISTS, *NUMBERS, *BARE)

FUNCTIONS = frozenset({"number", "length", "days_since", "hour", "weekday", "domain", "lower", "upper", "trim"})
"""Functions a field may stand in."""

METHODS: Mapping[str, str] = {"contains": "contains", "startsWith": "starts", "endsWith": "ends", "matches": "matches"}
SIGNS: Mapping[str, str] = {
    "==": "equals",
    "!=": "differs",
    ">=": "at_least",
    "<=": "at_most",
    ">": "above",
    "<": "below",
}
_WRITTEN: Mapping[str, str] = MappingProxyType(
    {
        "is": "{0} == {1}", "is_not": "{0} != {1}", "in": "{0} in [{1}]", "not_in": "!({0} in [{1}])",
        "one_of": "one_of({0}, [{1}])", "not_one_of": "!one_of({0}, [{1}])",
        "contains_any": "contains_any({0}, [{1}])", "contains_none": "!contains_any({0}, [{1}])",
        "true": "{0}", "false": "!{0}",
        **{name: f"{{0}} {sign} {{1}}" for sign, name in SIGNS.items()},
        **{name: f"{{0}}.{method}({{1}})" for method, name in METHODS.items()},
        **{f"not_{name}": f"!{{0}}.{method}({{1}})" for method, name in METHODS.items()},
    }
)  # fmt: skip
NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison: a field as rules write it, such as `lead.grade` or `number(lead.employees)`, and what with."""

    field: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """Rows of which all must hold, or any; no rows hold for every lead."""

    rows: tuple[Row, ...] = ()
    join: Join = "all"


class Unwritable(ConfigError):
    """A row is not whole: it says which, from 0, and why."""

    def __init__(self, row: int, reason: str) -> None:
        super().__init__(reason)
        self.row = row


def written(condition: Condition) -> str:
    """Return the rule of these rows; raises Unwritable."""
    sign = " && " if condition.join == "all" else " || "
    return sign.join(_row(number, row) for number, row in enumerate(condition.rows))


def _row(number: int, row: Row) -> str:
    if row.operator not in OPERATORS:
        raise Unwritable(number, "Choose how to compare.")
    if row.operator in ("known", "unknown"):
        return ("!" if row.operator == "unknown" else "") + _has(number, row.field)
    if row.operator in BARE:
        return _WRITTEN[row.operator].format(row.field)
    if not row.values or "" in row.values or (row.operator not in LISTS and len(row.values) != 1):
        raise Unwritable(number, "Say what to compare with.")
    if row.operator in NUMBERS:
        if not NUMBER.fullmatch(row.values[0]):
            raise Unwritable(number, f"{row.values[0][:64]!r} is no number. Write it as 50 or 2.5.")
        return _WRITTEN[row.operator].format(row.field, row.values[0])
    return _WRITTEN[row.operator].format(row.field, ", ".join(map(quoted, row.values)))


def _has(number: int, field: str) -> str:
    parts = parts_of(field)
    if parts is None or len(parts) < 2:
        raise Unwritable(number, f"{field[:64]} is always known.")
    if is_plain(parts[-1]):
        return f"has({field})"
    return f"({quoted(parts[-1])} in {path_of(parts[:-1])})"
