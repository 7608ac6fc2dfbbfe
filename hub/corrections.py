"""What a person puts by hand in the place of what a submission says: for which fields, in which shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.errors import BadInput, suggest
from hub.lead import LEAD_FIELDS, TOUCH_FIELDS
from hub.normal.text import LINES, storable

EVIDENCE = frozenset(("consent", "consent_text", "ip", "user_agent", "page_url", "form"))
"""Fields that records of consent are made of: they say what the person did, so nobody words them anew."""

FIELDS = tuple(name for name in (*LEAD_FIELDS, *TOUCH_FIELDS) if name not in EVIDENCE)
"""The fields of a lead and its touch that can be corrected."""

OWN = frozenset(("email", "phone", "wechat", "external_id", "platform_lead_id"))
"""Fields by which one person is recognised: one value for several people would make one lead of them."""

MOST = 40
"""Fields corrected in one go."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What stands now in the place of a value: by whom, since when, and over what the mapping read."""

    value: str
    by: str
    at: datetime
    over: Any = None


Corrections = Mapping[str, Correction]


def checked(fields: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return corrections as they are kept, None for those taken back; raises BadInput for what cannot be corrected."""
    if not fields:
        raise BadInput("Name at least one field, with the value that is right.", status=422)
    if len(fields) > MOST:
        raise BadInput(f"{len(fields)} fields are too many; correct {MOST} at once.", status=422)
    return {name: _checked(name, value) for name, value in fields.items()}


def for_all(name: str, value: str | None) -> dict[str, str | None]:
    """Return one correction for many submissions; raises BadInput for a field that is one person's own."""
    if name in OWN:
        said = f"The field {name} tells people apart: with one value for all they would become one lead."
        raise BadInput(f"{said} Correct it one by one.", status=422)
    found = checked({name: value})
    if found[name] is None:
        raise BadInput(f"Say what is right in the place of the field {name}.", status=422)
    return found


def _checked(name: str, value: str | None) -> str | None:
    if name in EVIDENCE:
        said = f"The field {name} is evidence of what the person agreed to, and stays as it was received."
        raise BadInput(f"{said} Note a consent on the page of the lead.", status=422)
    if name not in FIELDS:
        raise BadInput(f"{name[:64]!r} is no field that can be corrected. {suggest(name[:64], FIELDS)}", status=422)
    text = str(storable(value or "")).strip()
    if len(text) > LINES:
        raise BadInput(f"The value of {name} has {len(text)} characters; at most {LINES} are taken.", status=422)
    return text or None


def merged(
    known: Corrections, changes: Mapping[str, str | None], by: str, at: datetime
) -> tuple[dict[str, Correction], list[str]]:
    """Return the corrections after some changes, and the fields that changed; the same value again changes nothing."""
    found, changed = dict(known), list[str]()
    for name, value in changes.items():
        before = found.get(name)
        if value is None and before is not None:
            del found[name]
            changed.append(name)
        elif value is not None and (before is None or before.value != value):
            found[name] = Correction(value, by, at)
            changed.append(name)
    return found, sorted(changed)


def loaded(stored: Mapping[str, Any] | None) -> dict[str, Correction]:
    """Return corrections as they were stored."""
    return {
        name: Correction(str(one["value"]), str(one["by"]), datetime.fromisoformat(one["at"]))
        for name, one in (stored or {}).items()
    }


def packed(found: Corrections) -> dict[str, dict[str, str]] | None:
    """Return corrections as they are stored; None when there are none."""
    return {n: {"value": one.value, "by": one.by, "at": one.at.isoformat()} for n, one in found.items()} or None
