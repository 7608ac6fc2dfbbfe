"""HubSpot's search: filter groups, sorts and paging, with its limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.testing.sandbox.vendors.hubspot_objects import Invalid, Object, shown

MAX_PAGE, MAX_FOUND, MAX_GROUPS, MAX_FILTERS = 200, 10_000, 6, 6
DEFAULTS = ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname")

_Test = Callable[[str, Mapping[str, Any]], bool]


def search(objects: Iterable[Object], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return one page of what fits; raises Invalid for a request past the limits."""
    groups, limit, after = asked.get("filterGroups") or [], asked.get("limit", 10), asked.get("after") or "0"
    if not isinstance(limit, int) or not 0 < limit <= MAX_PAGE:
        raise Invalid(f"limit must be between 1 and {MAX_PAGE}")
    if len(groups) > MAX_GROUPS or any(len(group.get("filters", [])) > MAX_FILTERS for group in groups):
        raise Invalid(f"Too many filters: at most {MAX_GROUPS} groups of {MAX_FILTERS}")
    if not str(after).isdigit() or int(after) + limit > MAX_FOUND:
        raise Invalid(f"The paging parameter after must be a number, and results end at {MAX_FOUND}")
    found = [one for one in objects if _fits(one, groups) and _has(one, asked.get("query"))]
    for sort in reversed(asked.get("sorts") or []):
        down = isinstance(sort, dict) and sort.get("direction") == "DESCENDING"
        name = sort["propertyName"] if isinstance(sort, dict) else str(sort)
        found.sort(key=_by(name), reverse=down)
    start, end = int(after), int(after) + limit
    page = [shown(one, asked.get("properties") or DEFAULTS) for one in found[start:end]]
    more = {"paging": {"next": {"after": str(end)}}} if end < len(found) else {}
    return {"total": len(found), "results": page, **more}


def _by(name: str) -> Callable[[Object], tuple[int, float, str]]:
    return lambda one: _order(one.properties.get(name, ""))


def _fits(one: Object, groups: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether all filters of any group hold."""
    return not groups or any(all(_holds(one, test) for test in group.get("filters", [])) for group in groups)


def _has(one: Object, query: Any) -> bool:
    return not query or any(str(query).lower() in value.lower() for value in one.properties.values())


def _holds(one: Object, test: Mapping[str, Any]) -> bool:
    operator = str(test.get("operator"))
    if operator not in _OPERATORS:
        raise Invalid(f"Unknown operator {operator}")
    return _OPERATORS[operator](one.properties.get(str(test.get("propertyName")), ""), test)


def _order(value: str) -> tuple[int, float, str]:
    """Return what a value sorts and compares by: numbers and times before text, times in milliseconds."""
    try:
        return 0, float(value), ""
    except ValueError:
        pass
    try:
        return 0, datetime.fromisoformat(value).timestamp() * 1000, ""
    except ValueError:
        return 1, 0.0, value.lower()


def _compare(how: Callable[[Any, Any], bool]) -> _Test:
    return lambda value, test: value != "" and how(_order(value), _order(str(test.get("value", ""))))


def _within(value: str, test: Mapping[str, Any]) -> bool:
    return value != "" and _order(str(test.get("value"))) <= _order(value) <= _order(str(test.get("highValue")))


def _in(value: str, test: Mapping[str, Any]) -> bool:
    return value.lower() in [str(wanted) for wanted in test.get("values", [])]  # values are to be given in lower case


def _token(value: str, test: Mapping[str, Any]) -> bool:
    wanted = str(test.get("value", "")).lower()
    bare, words = wanted.strip("*"), value.lower().split()
    return bare in value.lower() if "*" in wanted else bare in words


_OPERATORS: Mapping[str, _Test] = {
    "EQ": lambda value, test: value != "" and value.lower() == str(test.get("value", "")).lower(),
    "NEQ": lambda value, test: value.lower() != str(test.get("value", "")).lower(),
    "LT": _compare(lambda a, b: a < b),
    "LTE": _compare(lambda a, b: a <= b),
    "GT": _compare(lambda a, b: a > b),
    "GTE": _compare(lambda a, b: a >= b),
    "BETWEEN": _within,
    "IN": _in,
    "NOT_IN": lambda value, test: not _in(value, test),
    "HAS_PROPERTY": lambda value, _: value != "",
    "NOT_HAS_PROPERTY": lambda value, _: value == "",
    "CONTAINS_TOKEN": _token,
    "NOT_CONTAINS_TOKEN": lambda value, test: not _token(value, test),
}
