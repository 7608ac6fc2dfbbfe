"""SendGrid inbound: takes the notification mails that Inbound Parse posts as a form, taken apart or whole."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import Field, field_validator

from hub import (
    BadInput,
    Inbound,
    RawLead,
    UnsignedSource,
    Unverified,
    bytes_of,
    check_timestamp,
    hookimpl,
    mail_lead,
    mail_of,
)

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
MOST = 50  # attachments that are named
_READ = frozenset(
    {"headers", "text", "html", "email", "from", "to", "cc", "subject", "charsets", "content-ids", "attachment-info"}
    | {"attachments", "spam_report", "dkim", "SPF"}
)


class SendgridInbound(UnsignedSource):
    """An Inbound Parse setting with the address https://HUB/in/SOURCE?token=…; send raw is read, too."""

    name = "sendgrid_inbound"
    title = "SendGrid Inbound Parse"
    docs_url = "https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook"
    confirmed = (
        "a mail comes as multipart form: headers, text, html, envelope, charsets as JSON, attachment1 … (vendor docs)",
        "with a security policy it is signed by ECDSA (P-256, SHA-256) over time and raw body (vendor docs)",
        "5xx is tried again for up to 3 days (vendor docs)",
    )
    unconfirmed = (
        "the names of the headers of signature and time are those of the event webhook",
        "send raw has the whole mail in the field email",
        "attachments are named, not read, so that ADF is read in the text, or in a mail that is sent raw",
    )

    class Config(UnsignedSource.Config):
        public_key: str | None = Field(None, description="Public key of the security policy (base64); none: no check.")
        tolerance: float = Field(300.0, gt=0, le=86400, description="Seconds the signed time may be off.")

        @field_validator("public_key")
        @classmethod
        def _is_a_key(cls, value: str | None) -> str | None:
            if value is not None:
                _key(value)
            return value

    config: Config

    def verify(self, inbound: Inbound) -> None:
        super().verify(inbound)
        if self.config.public_key is None:
            return
        at = inbound.header(TIMESTAMP) or ""
        try:
            signature = base64.b64decode(inbound.header(SIGNATURE) or "", validate=True)
            signed = at.encode("utf-8", "replace") + inbound.body
            _key(self.config.public_key).verify(signature, signed, ec.ECDSA(SHA256()))
        except (InvalidSignature, binascii.Error, ValueError) as error:
            said = f"The signature in header {SIGNATURE} is missing or not that of the body. Compare `public_key`."
            raise Unverified(said) from error
        check_timestamp(at, inbound.received_at or self.clock.now(), self.config.tolerance)

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        form = _form(inbound)
        if not {"headers", "from", "email"} & form.keys():
            raise BadInput("The post is no mail: it has neither headers nor from.")
        told = _object(form.get("attachment-info"))
        files = [(str(one.get("filename") or "file"), b"") for one in told.values() if isinstance(one, dict)]
        parts = mail_of(_headers(form), form.get("text", ""), form.get("html", ""), files[:MOST])
        lead = mail_lead(bytes_of(inbound, "email") or parts, inbound.received_at)
        rest = {name: value for name, value in form.items() if name not in _READ and name not in told}
        yield replace(lead, data={**rest, **lead.data})


def _key(text: str) -> ec.EllipticCurvePublicKey:
    """Return the public key in base64, as SendGrid shows it; raises ValueError."""
    key = load_der_public_key(base64.b64decode(text))
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("it is no ECDSA key")
    return key


def _form(inbound: Inbound) -> dict[str, str]:
    """Return the form's fields, the text in the charset that SendGrid names for it."""
    charset = _object(inbound.form().get("charsets", [""])[0]).get("text")
    form = inbound.form(charset if isinstance(charset, str) else "utf-8")
    return {name: values[0] for name, values in form.items()}


def _headers(form: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the mail's headers, unfolded, and what the form says beside them."""
    lines = form.get("headers", "").replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ").split("\n")
    pairs = [(name.strip(), value.strip()) for name, colon, value in (line.partition(":") for line in lines) if colon]
    yield from pairs
    known = {name.lower() for name, _ in pairs}
    for name in ("from", "subject"):
        if name not in known and form.get(name):
            yield name.title(), form[name]


def _object(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


@hookimpl
def hub_register() -> Iterable[type[SendgridInbound]]:
    yield SendgridInbound
