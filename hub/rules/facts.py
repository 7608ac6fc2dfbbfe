"""What rules know about one lead: only the fields they name, converted once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from functools import partial
from types import MappingProxyType
from typing import Any

import cel

from hub.lead import LEAD_FIELDS, TOUCH_FIELDS, Lead, Touch
from hub.rules.functions import FUNCTIONS, STAND_INS, days_between
from hub.strictjson import clean

# The engine logs the text of every failed function at WARNING; a verdict carries what a person needs.
logging.getLogger("cel").setLevel(logging.CRITICAL)

RECORD = ("id", "version", "source", "test", "score", "grade", "team", "owner", "name")
TIMES = ("submitted_at", "created_at", "updated_at")
INSIDE = ("extra", "tags", "touch", "first_touch")

Names = Mapping[str, frozenset[str] | None]
"""What rules may name: each variable, and the fields it has (None: any)."""

_TOUCH = frozenset((*TOUCH_FIELDS, "source", "submission", "at", "tags"))

NAMES: Names = MappingProxyType(
    {
        "lead": frozenset((*LEAD_FIELDS, *RECORD, *TIMES, *INSIDE)),
        "touch": _TOUCH,
        "first_touch": _TOUCH,
        "tags": None,
        "extra": None,
        "source": frozenset(),
        "flow": frozenset(),
        "now": frozenset(),
    }
)
"""The variables of every rule about a lead."""

_PLAIN = frozenset((*LEAD_FIELDS, *RECORD, *TIMES)) - {"name"}
_PERSONAL = frozenset(LEAD_FIELDS) - {"country", "region", "language", "industry", "employees", "consent"}


class Needs:
    """Which values a set of paths needs, worked out once so that each lead pays only for those."""

    def __init__(self, paths: Iterable[tuple[str, ...]], functions: Iterable[str]) -> None:
        self.paths = frozenset(paths)
        self.functions = frozenset(functions)
        roots = {path[0] for path in self.paths}
        whole = {path[0] for path in self.paths if len(path) == 1}
        named: dict[str, set[str]] = {root: {p[1] for p in self.paths if p[0] == root and len(p) > 1} for root in roots}
        lead = NAMES["lead"] or frozenset()
        wanted = lead if "lead" in whole else named.get("lead", set())
        self.fields = tuple(sorted(_PLAIN & wanted))
        self.inside = tuple(sorted(set(INSIDE) & wanted))
        self.name = "name" in wanted
        self.lead = "lead" in roots
        self.mappings = tuple((r, None if r in whole else tuple(sorted(named[r]))) for r in INSIDE if r in roots)
        self.plain = tuple(root for root in ("source", "flow", "now") if root in roots)
        known = {**FUNCTIONS, **STAND_INS}
        self.own = {name: known[name] for name in sorted(self.functions & known.keys())}
        self.counts_days = "days_since" in self.functions


class Facts:
    """The values of one lead that some rules ask about; unknown ones (None, empty text) are absent."""

    __slots__ = ("context", "needs", "values")

    def __init__(
        self,
        lead: Lead,
        needs: Needs,
        *,
        now: datetime,
        source: str = "",
        flow: str = "",
        more: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        values: dict[str, Any] = {"lead": _lead(lead, needs)} if needs.lead else {}
        for root, keys in needs.mappings:
            values[root] = _inside(getattr(lead, root), keys)
        for name in needs.plain:
            values[name] = now if name == "now" else source if name == "source" else flow
        if more:
            values.update(more)
        functions: dict[str, Callable[..., Any]] = needs.own
        if needs.counts_days:
            functions = {**functions, "days_since": partial(days_between, now)}
        self.needs, self.values = needs, values
        self.context = _context(values, functions)

    def absent(self, path: tuple[str, ...]) -> str | None:
        """Return the first part of a path that is not known, such as `lead.country`; None when all is there."""
        inside: Any = self.values
        for index, part in enumerate(path):
            if not isinstance(inside, Mapping):
                return None
            if part not in inside:
                return ".".join(path[: index + 1])
            inside = inside[part]
        return None

    def value(self, path: tuple[str, ...]) -> Any:
        """Return what stands at a path, None when nothing."""
        inside: Any = self.values
        for part in path:
            inside = inside.get(part) if isinstance(inside, Mapping) else None
        return inside


def is_personal(path: tuple[str, ...]) -> bool:
    """Return whether a value may tell who the person is, so that no decision record repeats it."""
    if path[0] == "lead":
        return len(path) < 2 or path[1] in _PERSONAL or path[1] in ("name", *INSIDE)
    return path[0] in ("extra", "touch", "first_touch") and path[-1] not in _CAMPAIGN


_CAMPAIGN = frozenset({"campaign", "medium", "utm_source", "utm_medium", "utm_campaign", "form", "email_free"})


def _lead(lead: Lead, needs: Needs) -> dict[str, Any]:
    own = lead.__dict__
    said = {name: value for name in needs.fields if (value := own[name]) is not None and value != ""}
    if needs.name:
        said["name"] = lead.name
    for name in needs.inside:
        said[name] = _inside(own[name], None)
    return said


def _inside(held: Any, keys: tuple[str, ...] | None) -> dict[str, Any]:
    if isinstance(held, Touch):
        held = {**held.fields, "source": held.source, "submission": held.submission, "at": held.at, "tags": held.tags}
    pairs = held.items() if keys is None else [(key, held[key]) for key in keys if key in held]
    return {key: _known(value) if value.__class__ is dict else value for key, value in pairs if not _empty(value)}


def _known(value: dict[str, Any]) -> dict[str, Any]:
    return {k: _known(v) if isinstance(v, dict) else v for k, v in value.items() if not _empty(v)}


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _context(values: dict[str, Any], functions: dict[str, Callable[..., Any]]) -> cel.Context:
    try:
        return cel.Context(values, functions)
    except (ValueError, TypeError, OverflowError):  # a value the engine has no type for, such as a plain date
        return cel.Context({name: _plain(value) for name, value in values.items()}, functions)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, (bool, int, float, datetime)):
        return value
    if isinstance(value, Mapping):
        return {clean(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, (date, time)) else clean(str(value))
