"""One request as a vendor of the sandbox sees it, and what it found in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

from hub.http import Reply

Seen = Literal["new", "repeat", "twin"]

_MARK = re.compile(r"(?:#|%23)(L-[0-9A-Z]{4})\b")


@dataclass(frozen=True, slots=True)
class Record:
    """One record a request was about; `twin` means that the vendor now holds it twice, as it has no key to tell."""

    key: str | None
    seen: Seen


class Refused(Exception):
    """The vendor refuses the request with this reply."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        super().__init__(reply.status)


class Malformed(Exception):
    """The body cannot be read as what the vendor expects; the vendor words it."""


@dataclass(slots=True)
class Call:
    """A request below a vendor's mount: `path` is still percent-encoded, `root` is the mount's own address."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    root: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)

    def note(self, key: str | None, seen: Seen) -> None:
        """Remember for the ledger what the vendor did with a record."""
        self.records.append(Record(key, seen))

    def json(self) -> Any:
        """Return the body as JSON; raises Malformed."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Malformed(str(error)) from error

    def json_object(self) -> dict[str, Any]:
        """Return the body as one JSON object; raises Malformed."""
        value = self.json()
        if not isinstance(value, dict):
            raise Malformed(f"expected an object, found {type(value).__name__}")
        return value

    def form(self) -> dict[str, str]:
        """Return the body as a form, the last value of a repeated name winning; raises Malformed."""
        try:
            return dict(parse_qsl(self.body.decode(), keep_blank_values=True))
        except UnicodeDecodeError as error:
            raise Malformed(str(error)) from error

    @property
    def bearer(self) -> str | None:
        """Return the bearer token, None when there is none."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None

    @property
    def key(self) -> str | None:
        """Return the key the sender gave this request: its Idempotency-Key, or the short mark in a message's text."""
        header = self.headers.get("idempotency-key")
        if header:
            return header
        mark = _MARK.search(self.body.decode("utf-8", "replace"))
        return f"#{mark.group(1)}" if mark else None
