"""What the mail APIs of the sandbox share: they keep each mail and know which senders are verified."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Vendor

_ADDRESS = re.compile(r"(?:[^<>]*<)?([^\s<>@,]+@[^\s<>@,]+\.[^\s<>@,]+)>?")


class MailVendor(Vendor):
    """A mail API; settings: `token` (the key), `senders` (verified addresses)."""

    def clear(self) -> None:
        """Forget the mails."""
        self._mails: list[dict[str, Any]] = []

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the mails: id, from, to, subject, text, html, key."""
        return iter(self._mails)

    def keep(self, call: Call, key: str | None, **mail: Any) -> str:
        """Keep a mail that was taken; return its number."""
        self.created(call, self.name, key)
        number = f"{len(self._mails) + 1:08d}-0000-4000-8000-000000000000"
        self._mails.append({"id": number, "key": key, **mail})
        return number

    def verified(self, sender: Any) -> bool:
        """Return whether mails may come from this address."""
        known = self.settings.get("senders")
        return known is None or address_of(sender) in known


def address_of(said: Any) -> str | None:
    """Return the bare address in `Name <address>`; None where there is none."""
    found = _ADDRESS.fullmatch(said.strip()) if isinstance(said, str) else None
    return found.group(1) if found else None
