"""Mailgun inbound: takes the notification mails that a Mailgun route forwards as a form."""

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field, SecretStr

from hub import (
    BadInput,
    Inbound,
    RawLead,
    WebhookSource,
    bytes_of,
    check_key,
    check_timestamp,
    hookimpl,
    mail_lead,
    mail_of,
    secrets_of,
)

MOST = 50  # attachments that are named
_READ = frozenset(
    {"from", "subject", "body-plain", "body-html", "body-mime", "stripped-text", "stripped-html", "message-headers"}
    | {"stripped-signature", "timestamp", "token", "signature", "content-id-map", "Message-Id", "attachment-count"}
)


class MailgunInbound(WebhookSource):
    """A route with forward("https://HUB/in/SOURCE"); each mail is read as one out of a mailbox."""

    name = "mailgun_inbound"
    title = "Mailgun (inbound mail)"
    docs_url = "https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/"
    confirmed = (
        "signature is the hex HMAC-SHA256 of timestamp and token under the webhook signing key; it does not cover the "
        "mail (public code)",
        "a mail comes as a form: recipient, sender, from, subject, body-plain, body-html, message-headers as JSON, "
        "attachment-1 … (public code)",
    )
    unconfirmed = (
        "what is not answered with 200 is posted again over some 8 hours; `tolerance` reaches further",
        "attachments are named, not read, so that ADF is read in the text only",
        "a notification of store() has only an address of the mail; use forward()",
    )
    signed = False

    class Config(WebhookSource.Config):
        secret: SecretStr = Field(description="HTTP webhook signing key: Settings, API security.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        tolerance: float = Field(43200.0, gt=0, le=259200, description="Seconds the signed time may be off.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        form = inbound.form()
        at, token, given = (form.get(name, [""])[0] for name in ("timestamp", "token", "signature"))
        said = f"{at}{token}".encode("utf-8", "replace")
        expected = [hmac.digest(secret, said, "sha256").hex().encode() for secret in secrets_of(self.config)]
        check_key(given.lower(), expected, "signature in the form")
        check_timestamp(at, inbound.received_at or self.clock.now(), self.config.tolerance)

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        form = {name: values[0] for name, values in inbound.form().items()}
        if not {"from", "message-headers", "body-mime"} & form.keys():
            raise BadInput("The post is no mail: it has neither from nor message-headers.")
        files = [(value, b"") for name, value in form.items() if name.startswith("attachment-") and name not in _READ]
        parts = mail_of(_headers(form), form.get("body-plain", ""), form.get("body-html", ""), files[:MOST])
        lead = mail_lead(bytes_of(inbound, "body-mime") or parts, inbound.received_at)
        rest = {
            k: v for k, v in form.items() if k not in _READ and not k.startswith("attachment-") and not _repeated(k)
        }
        yield replace(lead, data={**rest, **lead.data})


def _headers(form: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the mail's headers, or what the form says of them where they cannot be read."""
    try:
        told: Any = json.loads(form.get("message-headers") or "[]")
    except (ValueError, RecursionError):
        told = []
    pairs = [one for one in told if isinstance(one, list) and len(one) == 2] if isinstance(told, list) else []
    yield from ((str(name), str(value)) for name, value in pairs)
    known = {str(name).lower() for name, _ in pairs}
    for field, header in (("from", "From"), ("subject", "Subject"), ("Message-Id", "Message-ID"), ("Date", "Date")):
        if header.lower() not in known and form.get(field):
            yield header, form[field]


def _repeated(name: str) -> bool:
    """Return whether a field repeats a header, as Mailgun adds one for each: From, X-Envelope-From, Received."""
    return name[:1].isupper()


@hookimpl
def hub_register() -> Iterable[type[MailgunInbound]]:
    yield MailgunInbound
