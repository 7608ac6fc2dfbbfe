"""Postmark inbound: takes the notification mails that Postmark receives for you and posts as JSON."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from hub import (
    BadInput,
    Inbound,
    RawLead,
    UnsignedSource,
    address_line,
    an_object,
    hookimpl,
    mail_lead,
    mail_of,
    objects,
)

MOST = 50  # attachments that are read
_READ = frozenset(
    {"From", "FromName", "FromFull", "To", "ToFull", "Cc", "CcFull", "Bcc", "BccFull", "ReplyTo", "Subject", "Date"}
    | {"TextBody", "HtmlBody", "StrippedTextReply", "Headers", "Attachments", "MessageID", "RawEmail"}
)


class PostmarkInbound(UnsignedSource):
    """The inbound webhook of a Postmark server; each mail is read as one out of a mailbox."""

    name = "postmark_inbound"
    title = "Postmark (inbound mail)"
    docs_url = "https://postmarkapp.com/developer/webhooks/inbound-webhook"
    confirmed = (
        "a mail is posted as JSON with FromFull, ReplyTo, Subject, Date, TextBody, HtmlBody, Headers and Attachments "
        "in base64, unsigned; the address may carry a secret (vendor docs)",
        "MessageID is Postmark's own; the mail's stands in Headers (vendor docs)",
    )
    unconfirmed = (
        "what is not answered with 200 is posted again 10 times, over some hours; a 403 ends that",
        "RawEmail, the whole mail, comes where it is switched on; then it is what is read",
    )

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        body = inbound.json_object()
        if not {"From", "FromFull", "Headers", "RawEmail"} & body.keys():
            raise BadInput("The post is no mail: it has neither From nor Headers.")
        whole = _text(body.get("RawEmail")).encode("utf-8", "replace")
        files = [(_text(one.get("Name")) or "file", _content(one)) for one in objects(body.get("Attachments"))[:MOST]]
        parts = mail_of(_headers(body), _text(body.get("TextBody")), _text(body.get("HtmlBody")), files)
        lead = mail_lead(whole or parts, inbound.received_at)
        rest = {name: value for name, value in body.items() if name not in _READ and value not in (None, "", [])}
        yield replace(lead, data={**rest, **lead.data})


def _headers(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the mail's headers; those that Postmark tells apart stand first, its own id last."""
    sender = an_object(body.get("FromFull"))
    email = _text(sender.get("Email") or body.get("From"))
    yield "From", address_line(email, _text(sender.get("Name") or body.get("FromName")))
    told = {"ReplyTo": "Reply-To", "To": "To", "Subject": "Subject", "Date": "Date"}
    yield from ((header, _text(body[name])) for name, header in told.items() if _text(body.get(name)))
    yield from ((_text(one.get("Name")), _text(one.get("Value"))) for one in objects(body.get("Headers")))
    if _text(body.get("MessageID")):
        yield "Message-ID", f"<{_text(body['MessageID'])}@inbound.postmarkapp.com>"


def _content(attachment: Mapping[str, Any]) -> bytes:
    try:
        return base64.b64decode(_text(attachment.get("Content")))
    except ValueError:
        return b""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


@hookimpl
def hub_register() -> Iterable[type[PostmarkInbound]]:
    yield PostmarkInbound
