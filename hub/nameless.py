"""Takes people out of the words of others, for logs and events: what a vendor says of a lead may quote it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hub.lead import Lead

HIDDEN = "***"
_FIELDS = (
    "full_name", "first_name", "last_name", "email", "phone", "wechat", "company", "external_id", "street", "birthday",
    "message", "notes",
)  # fmt: skip
_ADDRESS = re.compile(r"[^\s<>()\"',;:]+@[^\s<>()\"',;:]+\.[^\s<>()\"',;:]+")
_NUMBER = re.compile(r"(?<![\w.:-])\+?\(?\d(?:[\s().-]{0,2}\d){6,}(?![\w:-])")


def nameless(text: str, leads: Iterable[Lead] = ()) -> str:
    """Return a text without e-mail addresses and phone numbers, and without what these leads are called."""
    said = _NUMBER.sub(HIDDEN, _ADDRESS.sub(HIDDEN, text))
    values = {str(value) for lead in leads for value in (getattr(lead, name) for name in _FIELDS) if value}
    for value in sorted(values, key=len, reverse=True):
        if len(value) > 1:
            edge = r"\b" if value.isascii() and value[0].isalnum() and value[-1].isalnum() else ""
            said = re.sub(f"{edge}{re.escape(value)}{edge}", HIDDEN, said, flags=re.IGNORECASE)
    return said
