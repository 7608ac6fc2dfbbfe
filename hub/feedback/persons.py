"""Turns the prospect's addresses and numbers, as other systems write them, into the keys we know people by."""

from __future__ import annotations

from collections.abc import Iterable

from hub.normal.email import email
from hub.normal.phone import SHARED_TYPES, phone


def keys_of(people: Iterable[str], region: str | None) -> tuple[str, ...]:
    """Return the identity keys of mail addresses and phone numbers, in order; what is neither has none."""
    found = (_key(one, (region,) if region else ()) for one in people)
    return tuple(dict.fromkeys(key for key in found if key))


def _key(said: str, regions: tuple[str, ...]) -> str | None:
    if "@" in said:
        address = email(said)
        return f"email:{address.parts['key']}" if address.valid else None
    number = phone(said, regions)
    if not number.valid or number.parts["type"] in SHARED_TYPES:
        return None
    extension = number.parts["extension"]
    return f"phone:{number.value};ext={extension}" if extension else f"phone:{number.value}"
