"""Hides who people are from callers who may not know: by the name of what holds a value, then by its look."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.responses import Response

from hub.lead import LEAD_FIELDS

HIDDEN = "***"

_OPEN_FIELDS = frozenset(
    ("company", "title", "country", "region", "city", "website", "industry", "employees", "budget", "authority",
     "timeline", "interest", "language", "consent", "consent_text")
)  # fmt: skip
"""What of a lead says nothing of who it is; everything else of one is hidden, also what is added later."""

PERSONAL = frozenset(LEAD_FIELDS) - _OPEN_FIELDS
"""What of a lead may say who it is."""

_RULES = frozenset(("reasons", "passed_over", "considered"))
"""Notes of our own rules: their `reason` is a name out of the configuration, not what somebody wrote."""

_WHOLE = frozenset(
    ("extra", "headers", "url", "client", "candidate", "completed", "parts", "ip", "user_agent", "referrer", "page_url",
     "landing_page", "email_key", "idempotency_key", "platform_lead_id", "digest", "ref", "body_text", "raw",
     "message", "reason", "note", "error", "diff", "text")
)  # fmt: skip
"""Free text and what strangers wrote: it may name somebody anywhere in it."""

_NAMES = frozenset(("full_name", "first_name", "last_name"))
_LEAD = re.compile(r"lead_[0-9a-z_]{1,60}")
_EMAIL = re.compile(r"[^\s@<>\"'(),:;\[\]]+@[^\s@<>\"'(),:;\[\]]+")
_PHONE = re.compile(r"\+\d[\d\s().-]{5,18}\d")


def rewritten(answer: Response, body: bytes) -> Response:
    """Return an answer with another body."""
    answer.body = body
    answer.headers["content-length"] = str(len(body))
    return answer


def leads_in(value: Any) -> set[str]:
    """Return the ids of leads that stand anywhere in a JSON value."""
    if isinstance(value, Mapping):
        return {found for item in value.values() for found in leads_in(item)}
    if isinstance(value, list):
        return {found for item in value for found in leads_in(item)}
    return {value} if isinstance(value, str) and _LEAD.fullmatch(value) else set()


def masked(value: Any, people: Iterable[str] = ()) -> Any:
    """Return a copy of a JSON value in which nobody can be recognised; names found on the way are hidden in texts."""
    known = sorted({*people_of(value), *people}, key=len, reverse=True)
    names = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in known), re.IGNORECASE) if known else None
    return _masked(value, None, names)


def _masked(value: Any, inside: str | None, names: re.Pattern[str] | None) -> Any:
    """Hide in a value; `inside` is the personal field it belongs to, however deep."""
    if isinstance(value, Mapping):
        return {k: _masked(v, _field(k, inside), names) for k, v in value.items()}
    if isinstance(value, list):
        return [_masked(item, inside, names) for item in value]
    if isinstance(value, str):
        return hidden(inside, value) if inside and inside != "rule" else in_text(value, names)
    if inside and inside != "rule" and isinstance(value, int | float) and not isinstance(value, bool):
        return HIDDEN
    return value


_PLAIN = frozenset(("source", "submission", "at", "valid", "code", "field", "by", "corrected", "corrector"))
"""Beside a value, what says where it came from, and who of us put it there."""


def _field(key: str, inside: str | None) -> str | None:
    """Return the personal field that what stands under a key belongs to."""
    if inside and inside != "rule":
        return None if key in _PLAIN and inside != "extra" else inside
    if key in _RULES:
        return "rule"
    root, _, name = key.rpartition(".")  # a rule's note of what it saw says lead.email, a step's change extra.size
    if inside is None and (key in _WHOLE or key.startswith("extra.") or (root and name in _WHOLE)):
        return "extra"
    return name if name in PERSONAL else inside


def hidden(field: str, value: str) -> str:
    """Return what a caller may see of a personal value: enough to tell two apart, not enough to find anybody."""
    if not value:
        return value
    if field == "email" and "@" in value:
        name, _, domain = value.rpartition("@")
        return f"{name[:1]}{HIDDEN}@{domain}"
    if field == "phone" and len(value) > 7:
        return f"{value[:3]}{HIDDEN}{value[-2:]}"
    if field in _NAMES:
        return " ".join(f"{part[:1]}{HIDDEN}" for part in value.split())
    return HIDDEN


def in_text(text: str, names: re.Pattern[str] | None = None) -> str:
    """Hide e-mail addresses, phone numbers and known names in a text."""
    if "@" in text:
        text = _EMAIL.sub(lambda found: hidden("email", found[0]), text)
    if "+" in text:
        text = _PHONE.sub(lambda found: hidden("phone", found[0]), text)
    return names.sub(lambda found: hidden("full_name", found[0]), text) if names else text


def people_of(value: Any, inside: str | None = None) -> set[str]:
    """Return the names and other personal texts that stand in a JSON value."""
    if isinstance(value, Mapping):
        within = {key: _personal(key, inside) for key in value}
        return {found for key, item in value.items() for found in people_of(item, within[key])}
    if isinstance(value, list):
        return {found for item in value for found in people_of(item, inside)}
    if inside and isinstance(value, str) and 2 <= len(value) <= 200:
        return {value, *(part for part in value.split() if inside in _NAMES and len(part) > 1)}
    return set()


def _personal(key: str, inside: str | None) -> str | None:
    if inside:
        return None if key in _PLAIN else inside
    return key if key in PERSONAL else None
