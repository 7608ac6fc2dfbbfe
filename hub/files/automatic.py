"""Tells mails that machines write to machines: automatic replies, bounces, loops."""

from __future__ import annotations

import re
from email.message import Message

from hub.files.mailheader import address, header, raw_header

MAX_HOPS = 30
ENOUGH = 2  # labelled values by which a mail that says it is generated is taken for a notification

_SUBJECT = re.compile(
    r"^\W*(?:(?:re|aw|回复)\s*[:：]\s*)?(?:auto(?:matic|mated)?[ -]?(?:reply|response)|out of (?:the )?office|"
    r"abwesenheits|automatische antwort|réponse automatique|respuesta automática|自动回复|自動回覆|外出自动|"
    r"undeliver|undelivered|delivery (?:status|failure)|mail delivery (?:failed|subsystem)|returned mail|"
    r"failure notice|退信|系统退信|投递失败|邮件投递失败)",
    re.IGNORECASE,
)
_OWN_ID = re.compile(r"<[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}@", re.IGNORECASE)
_DAEMON = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon)@", re.IGNORECASE)
OURS = "leadhub sent this mail itself."


def is_bulk(message: Message) -> str | None:
    """Return that a mail went to many, as its headers say (RFC 2369, RFC 3834); None when they say nothing."""
    many = any(raw_header(message, name) for name in ("list-id", "list-unsubscribe", "feedback-id"))
    if many or raw_header(message, "precedence").lower() in ("bulk", "list", "junk"):
        return "The mail went to many."
    return None


def automatic_reason(message: Message, pairs: int) -> str | None:
    """Return why a mail looks automatic, as a sentence; None when it may be a lead.

    Notifications of leads are written by machines too: one that only says `auto-generated` (RFC 3834)
    and has labelled values is a lead.
    """
    submitted = raw_header(message, "auto-submitted").partition(";")[0].strip().lower()
    if submitted == "auto-generated" and _OWN_ID.match(raw_header(message, "message-id")):
        return OURS  # its ids are the delivery keys, as of our mail sink
    if len(message.get_all("received", [])) > MAX_HOPS:
        return "The mail went through too many servers, as in a loop."
    if _is_bounce(message):
        return "The mail reports on the delivery of another one."
    if submitted == "auto-replied" or _says_reply(message):
        return "The mail is an automatic reply."
    if submitted not in ("", "no") and pairs < ENOUGH:
        return f"The mail was made automatically ({submitted[:50]}) and has no labelled values."
    return "The subject is that of an automatic mail." if _SUBJECT.search(header(message, "subject")) else None


def _is_bounce(message: Message) -> bool:
    if message.get_content_type() == "multipart/report" or raw_header(message, "return-path") == "<>":
        return True
    return bool(_DAEMON.search(address(message, "from").email))


def _says_reply(message: Message) -> bool:
    if any(raw_header(message, name) for name in ("x-autoreply", "x-autorespond", "x-auto-reply")):
        return True
    return raw_header(message, "precedence").lower() in ("auto_reply", "auto-reply")
