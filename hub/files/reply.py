"""Reads the headers of a mail between a rep and a prospect: who wrote to whom, what it answers, and if a person did."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses

from hub.files.automatic import OURS, automatic_reason, is_bulk
from hub.files.mail import sent_at
from hub.files.mailheader import Address, address, authentication, header, raw_header

MOST = 50  # addresses that are looked at


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail without its body; `machine` says why no person wrote it, None when one did."""

    key: str
    at: datetime | None
    sender: str
    to: tuple[str, ...]  # addresses in To and Cc
    subject: str
    answers: str  # the Message-ID it answers
    machine: str | None
    own: bool  # leadhub sent it itself


def letter(raw: bytes, arrived: datetime | None) -> Letter:
    """Return what the headers of a mail (RFC 5322) say; `arrived` is the server's time. Never raises."""
    message: Message = BytesHeaderParser(policy=policy.compat32).parsebytes(raw)
    key = header(message, "message-id") or f"sha256:{hashlib.sha256(raw).hexdigest()}"
    machine = automatic_reason(message, 0) or is_bulk(message) or _forged(message)
    return Letter(
        key[:500], sent_at(raw_header(message, "date") or None, arrived), address(message, "from").email.lower(),
        tuple(_to(message)), header(message, "subject"), raw_header(message, "in-reply-to")[:500], machine,
        machine == OURS,
    )  # fmt: skip


def _to(message: Message) -> list[str]:
    said = [raw_header(message, name) for name in ("to", "cc")]
    try:
        found = [email for _, email in getaddresses(said)]
    except (ValueError, IndexError):
        found = []
    known = (Address.of(email).email.lower() for email in found[:MOST])
    return [email for email in dict.fromkeys(known) if email]


def _forged(message: Message) -> str | None:
    """Return that the receiving server could not confirm the sender (RFC 8601); silence proves nothing either way."""
    results = authentication(message)
    passed = "pass" in (results.get("dmarc"), results.get("dkim"))
    failed = results.get("dmarc") == "fail" or (not passed and "fail" in (results.get("spf"), results.get("dkim")))
    return "The receiving server says that the sender's address may be forged." if failed else None
