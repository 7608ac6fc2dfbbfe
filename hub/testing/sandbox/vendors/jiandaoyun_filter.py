"""Jiandaoyun's filters: conditions on the fields of a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

MAX_IN = 200


def fits(row: Mapping[str, Any], test: Mapping[str, Any]) -> bool:
    """Return whether a row meets a filter; raises KeyError, TypeError or ValueError for one that cannot be read."""
    results = [_METHODS[one["method"]](_value(row, one), _wanted(one)) for one in test["cond"]]
    return any(results) if test.get("rel") == "or" else all(results)


def _value(row: Mapping[str, Any], condition: Mapping[str, Any]) -> Any:
    value = row.get(condition["field"])
    if condition.get("type") == "phone" and isinstance(value, dict):
        return value.get("phone")
    return _comparable(value) if condition.get("type") == "datetime" else value


def _wanted(condition: Mapping[str, Any]) -> list[Any]:
    values = condition.get("value", [])
    if not isinstance(values, list) or len(values) > MAX_IN:
        raise ValueError("value must be a list of at most 200")
    return [_comparable(value) for value in values] if condition.get("type") == "datetime" else values


def _comparable(value: Any) -> Any:
    """Return a time in seconds; a date without a time zone is UTC."""
    if not isinstance(value, str):
        return value
    at = datetime.fromisoformat(value)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _between(value: Any, wanted: list[Any]) -> bool:
    low, high = wanted
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def _contains(value: Any, wanted: list[Any]) -> bool:
    return value is not None and str(wanted[0]) in str(value)


_METHODS: Mapping[str, Callable[[Any, list[Any]], bool]] = {
    "eq": lambda value, wanted: value == wanted[0],
    "ne": lambda value, wanted: value != wanted[0],
    "in": lambda value, wanted: value in wanted,
    "nin": lambda value, wanted: value not in wanted,
    "range": _between,
    "gt": lambda value, wanted: value is not None and value > wanted[0],
    "lt": lambda value, wanted: value is not None and value < wanted[0],
    "like": _contains,
    "empty": lambda value, _: value in (None, "", []),
    "not_empty": lambda value, _: value not in (None, "", []),
    "all": lambda value, wanted: isinstance(value, list) and set(wanted) <= set(value),
}
