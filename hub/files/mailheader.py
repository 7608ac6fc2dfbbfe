"""Reads the headers of a mail: encoded words, raw bytes, addresses, and what the receiving server checked."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr

from hub.files.script import guess
from hub.files.text import codec

MAX_HEADER = 2_000  # characters

_FOLD = re.compile(r"[\r\n]+[ \t]*")
_CHECK = re.compile(r"\b(dmarc|dkim|spf)\s*=\s*([a-z]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address and the name beside it; empty where there is none."""

    email: str = ""
    name: str = ""

    @classmethod
    def of(cls, text: str) -> Address:
        """Return the first address in a header's value."""
        name, email = parseaddr(text[:MAX_HEADER])
        if "@" not in email or any(c.isspace() or c < " " for c in email):
            return cls()
        shown = _words(name).strip()
        return cls(email[:320], "" if "@" in shown else shown[:200])


def raw_header(message: Message, name: str) -> str:
    """Return the first header of that name, unfolded and not decoded; empty when there is none."""
    for key, value in message.raw_items():
        if key.lower() == name:
            return _FOLD.sub(" ", str(value)[:MAX_HEADER]).strip()
    return ""


def header(message: Message, name: str) -> str:
    """Return the first header of that name as text (RFC 2047), also one that is raw bytes."""
    return _words(raw_header(message, name)).replace("\0", "").strip()


def address(message: Message, name: str) -> Address:
    """Return the first address in a header."""
    return Address.of(_unescaped(raw_header(message, name)))


def authentication(message: Message) -> dict[str, str]:
    """Return what the receiving server found of dmarc, dkim and spf, from its own header only.

    Servers put theirs on top; any further ones may have come with the mail.
    """
    found: dict[str, str] = {}
    for check, result in _CHECK.findall(raw_header(message, "authentication-results")):
        if found.get(check.lower()) != "pass":  # one good signature is enough (RFC 8601)
            found[check.lower()] = result.lower()
    return found


def _unescaped(value: str) -> str:
    """Turn bytes past ASCII, which the parser keeps as surrogates, into text."""
    if value.isascii():
        return value
    content = value.encode("utf-8", "surrogateescape")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode(guess(content), "replace")


def _words(value: str) -> str:
    text = _unescaped(value)
    try:
        pieces = decode_header(text)
    except (HeaderParseError, binascii.Error, ValueError):
        return text
    return "".join(_word(piece, charset) for piece, charset in pieces)


def _word(piece: bytes | str, charset: str | None) -> str:
    if isinstance(piece, str):
        return piece
    name = codec(charset) if charset else "utf-8"
    try:
        return piece.decode(name or "utf-8")
    except UnicodeDecodeError:
        return piece.decode(name or guess(piece), "replace")
