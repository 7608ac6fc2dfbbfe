"""Standard Webhooks: takes leads from any sender that follows the Standard Webhooks specification."""

import base64
import binascii
import re
from collections.abc import Iterable

from pydantic import Field, SecretStr, model_validator

from hub import (
    BadInput,
    Inbound,
    RawLead,
    Unverified,
    WebhookSource,
    check_hmac,
    check_timestamp,
    hookimpl,
    instant,
    secrets_of,
)

_ID = re.compile(r"[!-\-/-~]{1,256}")  # printable ASCII but the full stop, which parts what is signed


class StandardWebhooks(WebhookSource):
    """A sender with the three headers webhook-id, webhook-timestamp and webhook-signature."""

    name = "standard_webhooks"
    title = "Standard Webhooks"
    docs_url = "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"
    confirmed = (
        "v1 is base64 of HMAC-SHA256 over id.timestamp.body; several signatures stand apart by spaces",
        "the id stays the same on every attempt, and neither it nor the timestamp may have a full stop",
        "secrets are base64 after whsec_; the reference libraries allow five minutes either way",
    )
    unconfirmed = ("Svix-branded senders use svix- in place of webhook-; setting `brand` changes it",)

    class Config(WebhookSource.Config):
        secret: SecretStr = Field(description="Signing secret, whsec_ and base64.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        brand: str = Field("webhook", description="First word of the three headers: webhook, or svix.")
        tolerance: float = Field(300, gt=0, description="Seconds the sender's clock may be off, either way.")
        types: list[str] = Field([], description="Event types that are leads, such as contact.created; none: all.")

        @model_validator(mode="after")
        def _can_be_read(self) -> "StandardWebhooks.Config":
            if not all(map(_decoded, secrets_of(self))):
                raise ValueError("secret and previous_secret must be base64, after whsec_.")
            return self

    config: Config

    def ready(self) -> None:
        self._keys = [_decoded(secret) for secret in secrets_of(self.config)]

    def verify(self, inbound: Inbound) -> None:
        brand = self.config.brand
        webhook, moment = inbound.header(f"{brand}-id"), inbound.header(f"{brand}-timestamp")
        if not webhook:
            raise Unverified(f"The header {brand}-id is missing.")
        if not _ID.fullmatch(webhook):
            raise BadInput(f"The header {brand}-id {webhook[:40]!r} is not 1 to 256 characters without full stops.")
        check_timestamp(moment, self.clock.now(), self.config.tolerance)
        check_hmac(
            inbound,
            self._keys,
            header=f"{brand}-signature",
            encoding="base64",
            prefix="v1,",
            signed=lambda received: f"{webhook}.{moment}.".encode() + received.body,
        )

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        body = inbound.json_object()
        if not self.config.types or body.get("type") in self.config.types:
            key = inbound.header(f"{self.config.brand}-id")
            yield RawLead(key, body, submitted_at=instant(body.get("timestamp")))


def _decoded(secret: bytes) -> bytes:
    """Return the key in a secret; empty when it is not base64. Senders may leave out the padding."""
    text = secret.removeprefix(b"whsec_").rstrip(b"=")
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return b""


@hookimpl
def hub_register() -> Iterable[type[StandardWebhooks]]:
    yield StandardWebhooks
