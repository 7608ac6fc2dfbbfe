"""Turns a mail, as any server may hand it over, into a lead: capped in every direction, never trusted."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.utils import parsedate_to_datetime
from typing import Any

from hub.errors import BadInput
from hub.files.adf import is_adf, read_adf
from hub.files.automatic import automatic_reason
from hub.files.mailheader import Address, address, authentication, header
from hub.files.page import page_lines
from hub.files.pairs import Said, read_pairs
from hub.files.script import guess
from hub.files.text import codec
from hub.lead import Problem, RawLead

MAX_DEPTH = 20
MAX_PARTS = 200
MAX_CONTAINERS = 50  # the parser of the standard library takes time by nesting times lines
MAX_TEXT = 200_000  # characters read of all text parts
MAX_KEPT = 5_000  # characters of the text kept beside the labelled values

_CONTAINER = re.compile(rb"multipart/|message/rfc822", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+\.[^@\s<>,;:\"]+")
_ROBOT = re.compile(
    r"^(?:no|do[-_.]?not)[-_.]?reply|^(?:mailer-daemon|postmaster|notif|notification|bounce|wordpress|system|robot)",
    re.IGNORECASE,
)
_NAME_LABEL = re.compile(r"name|姓名|联系人|聯絡人|称呼|nom\b|nombre", re.IGNORECASE)
_SKEW = timedelta(minutes=5)


@dataclass(slots=True)
class _Body:
    """What was found while walking through the parts."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    attachments: list[str] = field(default_factory=list)
    adf: bytes | None = None
    problems: list[Problem] = field(default_factory=list)
    size: int = 0


def mail_lead(raw: bytes, arrived: datetime | None = None, *, cut: bool = False) -> RawLead:
    """Return the lead that a mail (RFC 5322) tells of; `arrived` is the server's time, `cut` says the end is missing.

    The key is the Message-ID, or a hash of the mail. The data are the labelled values of the text, with `email` and
    `full_name` of the sender where the text has none, and `mail_subject`, `mail_from` and others about the mail.
    Automatic replies, bounces and loops are marked as spam with the reason.
    """
    message, body = _parsed(raw)
    if cut:
        body.problems.append(_problem("mail_too_large", "The mail is too large; only its start was read."))
    said, text = _said(body)
    data: dict[str, Any] = dict(said.pairs) or ({"message": text} if text else {})
    data |= _adf(body)
    _fill_sender(data, message, said)
    data |= _about(message, body, text if said.pairs else "")
    key = header(message, "message-id") or f"sha256:{hashlib.sha256(raw).hexdigest()}"
    spam = automatic_reason(message, len(said.pairs))
    sent = sent_at(data.pop("requestdate", None) or header(message, "date"), arrived)
    problems = (*body.problems, *_unproven(message))
    return RawLead(key[:500], data, submitted_at=sent, spam=spam, problems=problems)


def _problem(code: str, message: str, name: str = "mail") -> Problem:
    return Problem(field=name, code=code, message=message)


def _parsed(raw: bytes) -> tuple[Message, _Body]:
    body = _Body()
    if len(_CONTAINER.findall(raw)) <= MAX_CONTAINERS:
        try:
            message: Message = BytesParser(policy=policy.compat32).parsebytes(raw)
            for part in _parts(message, body):
                _take(part, body)
            return message, body
        except (RecursionError, ValueError, LookupError, AttributeError, TypeError):
            body = _Body()  # the parser trips over some hostile mails; headers and bare text are still there
    body.problems.append(_problem("mail_too_nested", "The mail is nested or broken beyond reading; see its text."))
    head, _, rest = raw.partition(b"\r\n\r\n") if b"\r\n\r\n" in raw else raw.partition(b"\n\n")
    body.plain.append(_decoded(rest[:MAX_KEPT], None))
    return BytesHeaderParser(policy=policy.compat32).parsebytes(head), body


def _parts(message: Message, body: _Body) -> Iterator[Message]:
    """Yield the leaves in order, from mails inside the mail too, as far as the caps allow."""
    stack = [(message, 0)]
    count = 0
    while stack:
        part, depth = stack.pop()
        count += 1
        if depth > MAX_DEPTH or count > MAX_PARTS:
            words = f"The mail has more than {MAX_PARTS} parts or {MAX_DEPTH} levels; the rest was not read."
            return body.problems.append(_problem("mail_too_nested", words))
        inner = part.get_payload()
        if isinstance(inner, list):
            stack += [(one, depth + 1) for one in reversed(inner) if isinstance(one, Message)]
        else:
            yield part


def _take(part: Message, body: _Body) -> None:
    kind = part.get_content_type()
    name = part.get_filename()
    if kind.endswith("xml") or (name or "").lower().endswith((".xml", ".adf")):
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and is_adf(content):
            body.adf = body.adf or content
    if name or part.get_content_disposition() == "attachment" or not kind.startswith("text/"):
        if name or part.get_content_disposition() == "attachment":
            body.attachments.append(str(name or "without a name")[:200])
        return
    content = part.get_payload(decode=True)
    text = _decoded(content[:MAX_TEXT], part.get_param("charset")) if isinstance(content, bytes) else ""
    if body.size < MAX_TEXT:
        (body.html if kind == "text/html" else body.plain).append(text[: MAX_TEXT - body.size])
    body.size += len(text)


def _decoded(content: bytes, charset: object) -> str:
    name = codec(charset) if isinstance(charset, str) else None
    if name is None or name == "utf-8" or (name == "cp1252" and not content.isascii()):
        try:  # many who declare nothing, or Latin-1, write UTF-8
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            name = name if name == "cp1252" else guess(content)
    return content.decode(name, "replace").removeprefix("\ufeff").replace("\0", "")


def _said(body: _Body) -> tuple[Said, str]:
    """Read the plain text, or the HTML where it says more or stands alone."""
    plain, page = "\n".join(body.plain).strip(), page_lines("\n".join(body.html)).strip()
    if body.adf is None and body.plain and is_adf(plain.encode("utf-8", "replace")):
        body.adf = plain.encode("utf-8", "replace")
        return Said(), ""
    from_plain, from_page = read_pairs(plain), read_pairs(page)
    better = from_page if len(from_page.pairs) > len(from_plain.pairs) else from_plain
    return better, (plain or page)[:MAX_TEXT]


def _adf(body: _Body) -> dict[str, str]:
    if body.adf is None:
        return {}
    try:
        return read_adf(body.adf)
    except BadInput as error:
        body.problems.append(_problem("bad_adf", str(error.reason)))
        return {}


def _fill_sender(data: dict[str, Any], message: Message, said: Said) -> None:
    """Add the sender's address and name where the text has none, unless it is a robot's or a forwarder's."""
    if any(_EMAIL.search(str(value)) for name, value in data.items() if name != "message"):
        return
    senders = [address(message, "reply-to"), address(message, "from")]
    if said.forwarded:
        senders = [Address.of(said.forwarded_from)]
    sender = next((one for one in senders if one.email and not _ROBOT.search(one.email)), None)
    if sender is None:
        return
    data["email"] = sender.email
    if sender.name and not any(_NAME_LABEL.search(label) for label in data):
        data["full_name"] = sender.name


def _about(message: Message, body: _Body, text: str) -> dict[str, Any]:
    found = {
        "mail_subject": header(message, "subject"),
        "mail_from": address(message, "from").email,
        "mail_reply_to": address(message, "reply-to").email,
        "mail_text": text[:MAX_KEPT],
        "mail_attachments": body.attachments[:50],
        "mail_authentication": " ".join(f"{check}={result}" for check, result in authentication(message).items()),
    }
    return {name: value for name, value in found.items() if value}


def _unproven(message: Message) -> list[Problem]:
    """Note a sender that the receiving server could not confirm (RFC 8601); silence proves nothing either way."""
    results = authentication(message)
    passed = "pass" in (results.get("dmarc"), results.get("dkim"))
    failed = results.get("dmarc") == "fail" or (not passed and "fail" in (results.get("spf"), results.get("dkim")))
    if not failed:
        return []
    words = "The receiving server says that the sender's address may be forged (Authentication-Results)."
    return [_problem("sender_unproven", words, "mail_from")]


def sent_at(said: str | None, arrived: datetime | None) -> datetime | None:
    """Return the time in the mail, unless it is later than its arrival or makes no sense."""
    try:
        sent = datetime.fromisoformat(said) if said and said[:4].isdigit() else parsedate_to_datetime(said or "")
        sent = (sent if sent.tzinfo else sent.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return arrived
    return arrived if arrived and sent > arrived + _SKEW else sent
