"""Reads a lead's fields by path, such as `touch.utm_source`, and writes them as text and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator

from hub.lead import LEAD_FIELDS, TOUCH_FIELDS, Lead, Touch
from hub.strictjson import clean

DEFAULT_COLUMNS: tuple[str, ...] = (
    "id",
    "submitted_at",
    "source",
    "name",
    "email",
    "phone",
    "company",
    "title",
    "country",
    "city",
    "interest",
    "message",
    "touch.campaign",
    "touch.utm_source",
    "touch.utm_medium",
    "touch.utm_campaign",
    "grade",
    "score",
    "owner",
)
"""The columns of a table of leads where nobody chose any."""

_TIMES = ("submitted_at", "created_at", "updated_at")
_RECORD = ("id", "version", "source", "test", "score", "grade", "team", "owner")
_PLAIN = frozenset((*_RECORD, *_TIMES, *LEAD_FIELDS, "name"))
_DELIVERY = frozenset(("key", "short", "sentence", "url", "route", "sink", "version"))
_TOUCH_RECORD = ("source", "submission", "at")


def pick(lead: Lead, path: str) -> Any:
    """Return what a lead has at a path, None when nothing; times come as ISO 8601 text in UTC.

    Paths are a field (`email`, `score`, `name`), `touch.NAME`, `first_touch.NAME`, `tags.NAME`, `extra.NAME` (dots in
    NAME are literal first, then steps into objects) and `delivery.short|sentence|url|key|route|sink|version`;
    `=TEXT` is TEXT itself. Raises ValueError for a path that no lead can have.
    """
    return _getter(path)(lead)


def text(value: Any) -> str:
    """Return a value as one line or more of text for a cell: empty for None, `true`/`false`, lists joined by commas."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(text(item) for item in value)
    return to_json(value).decode() if isinstance(value, Mapping) else str(value)


def fill(lead: Lead, paths: Mapping[str, str | None]) -> dict[str, str]:
    """Return {name: text} of what the lead has at each path; names without a path or without a value are left out.

    Leaving out keeps a later version of a lead from blanking what a person has typed on the other side.
    """
    filled = ((name, text(pick(lead, path))) for name, path in paths.items() if path)
    return {name: said for name, said in filled if said}


def iso(moment: datetime) -> str:
    """Return a time as ISO 8601 in UTC, such as `2026-05-04T08:09:41Z`; a time without zone is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def known_path(path: str) -> str:
    """Return the path when `pick` can follow it; raises ValueError that offers the nearest one otherwise."""
    _getter(path)
    return path


FieldPath = Annotated[str, AfterValidator(known_path)]
"""The type of a setting that holds one path into a lead."""


def lead_dict(lead: Lead) -> dict[str, Any]:
    """Return a lead as plain JSON values; names never change meaning.

    Every field is there by its fixed name, null when unknown; `touch` and `first_touch` have only what is known.
    """
    own = lead.__dict__
    said: dict[str, Any] = {name: own[name] for name in _RECORD}
    for name in _TIMES:
        said[name] = iso(own[name]) if own[name] else None
    for name in LEAD_FIELDS:
        said[name] = own[name]
    said["extra"], said["tags"] = dict(own["extra"]), dict(own["tags"])
    said["touch"], said["first_touch"] = _touch_dict(own["touch"]), _touch_dict(own["first_touch"])
    return said


def to_json(value: Any) -> bytes:
    """Return compact JSON in UTF-8; lone surrogates, huge or infinite numbers and times become what JSON can hold."""
    try:
        return orjson.dumps(value, _writable, orjson.OPT_PASSTHROUGH_DATETIME)
    except TypeError:
        return json.dumps(_writable(value), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _touch_dict(touch: Touch) -> dict[str, Any]:
    said: dict[str, Any] = {"source": touch.source, "at": iso(touch.at) if touch.at else None, **touch.fields}
    if touch.tags:
        said["tags"] = dict(touch.tags)
    return said


def _writable(value: Any) -> Any:
    """Turn a value into one that JSON in UTF-8 can hold."""
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 63 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {clean(str(key)): _writable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_writable(item) for item in value]
    return iso(value) if isinstance(value, datetime) else value.isoformat() if isinstance(value, date) else str(value)


@lru_cache(maxsize=1024)
def _getter(path: str) -> Callable[[Lead], Any]:
    if path.startswith("="):
        return lambda _: path[1:]
    head, _, rest = path.partition(".")
    if not rest:
        if head in _TIMES:
            return lambda lead: iso(moment) if (moment := getattr(lead, head)) else None
        if head in _PLAIN:
            return lambda lead: getattr(lead, head)
    elif head in ("tags", "extra"):
        return lambda lead: _inside(getattr(lead, head), rest)
    elif head in ("touch", "first_touch"):
        return _touch_getter(path, head, rest)
    elif head == "delivery" and rest in _DELIVERY:
        return lambda lead: getattr(lead.delivery, rest)
    raise _unknown(path)


def _touch_getter(path: str, head: str, rest: str) -> Callable[[Lead], Any]:
    if rest in TOUCH_FIELDS:
        return lambda lead: getattr(lead, head).fields.get(rest)
    if rest == "at":
        return lambda lead: iso(moment) if (moment := getattr(lead, head).at) else None
    if rest in _TOUCH_RECORD:
        return lambda lead: getattr(getattr(lead, head), rest) or None
    if rest.startswith("tags."):
        return lambda lead: getattr(lead, head).tags.get(rest[5:])
    raise _unknown(path)


def _inside(values: Any, rest: str) -> Any:
    if isinstance(values, Mapping) and rest in values:
        return values[rest]
    head, _, below = rest.partition(".")
    return _inside(values.get(head), below) if below and isinstance(values, Mapping) else None


def _unknown(path: str) -> ValueError:
    known = [*_PLAIN, *(f"touch.{name}" for name in TOUCH_FIELDS), *(f"delivery.{name}" for name in _DELIVERY)]
    near = get_close_matches(path, [*known, *(name.removeprefix("touch.") for name in known)], 1, 0.6)
    near = [f"touch.{name}" if name in TOUCH_FIELDS else name for name in near]
    offer = f" Did you mean {near[0]!r}?" if near else " Own fields are extra.NAME or tags.NAME."
    return ValueError(f"No lead has a field {path[:200]!r}.{offer}")
