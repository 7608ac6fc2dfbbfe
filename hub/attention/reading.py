"""What can be corrected of a submission, and in which order a person looks at it: first what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import orjson

from hub.attention.foresight import Reading
from hub.corrections import FIELDS
from hub.steps.validate import CONTACTS

_MEANT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"unreachable": CONTACTS, "phone_no_country": ("phone", "country")}
)
"""Problems that another field than their own may mend, too."""


def mended_by(problem: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the fields that a problem is about: any of them may mend it; none for what no value can mend."""
    meant = _MEANT.get(str(problem.get("code")), ())
    named = str(problem.get("field") or "").split(" or ")
    return meant or tuple(name for name in named if name in FIELDS)


def to_correct(reading: Reading) -> list[dict[str, Any]]:
    """Return each field that can be corrected: what was read, what stands in its place, by whom and since when.

    First come those with problems, then those corrected, then those that were read at all.
    """
    wrong: dict[str, list[dict[str, Any]]] = {}
    for problem in reading.row.problems or ():
        for name in mended_by(problem):
            wrong.setdefault(name, []).append({"code": problem["code"], "message": problem["message"]})
    read = {name: _written((reading.mapped or {}).get(name)) for name in FIELDS}
    kept = reading.corrections
    found = [
        {
            "field": name, "read": read[name], "value": kept[name].value if name in kept else None,
            "by": kept[name].by if name in kept else None, "at": kept[name].at if name in kept else None,
            "problems": wrong.get(name, []),
        }
        for name in FIELDS
    ]  # fmt: skip
    return sorted(found, key=lambda one: (not one["problems"], one["value"] is None, one["read"] is None))


def alike(problems: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the fields that problems are about, each once, in their order."""
    return list(dict.fromkeys(name for problem in problems for name in mended_by(problem)))


def _written(value: Any) -> str | None:
    """Return a value as a person reads it; None for none."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
