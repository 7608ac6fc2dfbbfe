"""Webhook: post each lead as JSON to any address, signed as Standard Webhooks say."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from hub import (
    FieldPath,
    HttpSink,
    Lead,
    Rejected,
    Request,
    Response,
    Sent,
    hookimpl,
    iso,
    lead_dict,
    pick,
    sign_hmac,
    text,
    to_json,
    web_address,
)

NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
OURS = {"host", "content-length", "transfer-encoding", "connection", "webhook-id", "webhook-timestamp"}


class Webhook(HttpSink):
    """`{"type": "lead.created"|"lead.updated", "timestamp": …, "data": the lead}` to one address.

    `webhook-id` is equal on every attempt, so that the receiver can drop a repeat; `webhook-timestamp` and the
    signature are made anew for each attempt. A receiver that answers 410 is not called again until a person looks.
    """

    name = "webhook"
    title = "Webhook"
    docs_url = "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"
    confirmed = (
        "The signature is HMAC-SHA256 over id.timestamp.body in base64, after `v1,`; several are apart by a space.",
        "A secret is base64, often after `whsec_`; 410 asks to stop, 429 and 503 to slow down.",
    )
    repeatable = True
    updates = True
    rate = None
    concurrency = 64

    class Config(HttpSink.Config):
        base_url: str = Field("", description="Called instead of the host in `url`, such as a proxy; empty: that host.")
        url: SecretStr = Field(
            description="The whole address to post to; it may hold a secret, so it is kept like one."
        )
        method: Literal["POST", "PUT", "PATCH"] = Field("POST", description="HTTP method.")
        secret: SecretStr | None = Field(None, description="Secret to sign with, whsec_ and base64; none: not signed.")
        previous_secret: SecretStr | None = Field(None, description="Secret to sign with as well while it is replaced.")
        headers: dict[str, SecretStr] = Field(default_factory=dict, description="More headers, such as an API key.")
        fields: dict[str, FieldPath] | None = Field(
            None, description="What to send as `data`: a name to a field of the lead or =TEXT; none: the whole lead."
        )
        envelope: bool = Field(True, description="Put `type` and `timestamp` around `data`; false: send `data` alone.")
        success_path: str | None = Field(None, description="Dotted path in the answer that tells success, such as ok.")
        success_value: str | None = Field(None, description="What stands there, such as 0; none: anything true.")
        ref_path: str | None = Field(None, description="Dotted path of the id in the answer, such as data.id.")

        _web_address = field_validator("url")(web_address)

        @field_validator("headers")
        @classmethod
        def _sendable(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
            for name, content in value.items():
                if not NAME.fullmatch(name) or name.lower() in OURS:
                    raise ValueError(f"{name[:100]!r} is not a header that can be set here.")
                if not content.get_secret_value().isprintable() or not content.get_secret_value().isascii():
                    raise ValueError(f"The value of header {name!r} is not one line of ASCII text.")
            return value

    config: Config

    def ready(self) -> None:
        """Take the address apart, decode the secrets."""
        address, base = urlsplit(self.config.url.get_secret_value().strip()), self.config.base_url.rstrip("/")
        host = base or f"{address.scheme}://{address.netloc}"
        self.url = f"{host}{address.path or '/'}" + (f"?{address.query}" if address.query else "")
        secrets = (self.config.secret, self.config.previous_secret)
        self.keys = [_key(secret.get_secret_value()) for secret in secrets if secret]
        self.headers = {name: value.get_secret_value() for name, value in self.config.headers.items()}
        self.headers.setdefault("Content-Type", "application/json")

    def request(self, lead: Lead) -> Request:
        """Return the post; its timestamp is the clock's, as receivers refuse one that is older than five minutes."""
        now = self.clock.now()
        fields = self.config.fields
        data = lead_dict(lead) if fields is None else {name: pick(lead, path) for name, path in fields.items()}
        if self.config.envelope:
            kind = "lead.created" if lead.delivery.version == 1 else "lead.updated"
            data = {"type": kind, "timestamp": iso(lead.updated_at or lead.submitted_at or now), "data": data}
        body, stamp = to_json(data), str(int(now.timestamp()))
        headers = {**self.headers, "webhook-id": lead.delivery.key, "webhook-timestamp": stamp}
        if self.keys:
            signed = f"{lead.delivery.key}.{stamp}.".encode() + body
            headers["webhook-signature"] = " ".join(
                "v1," + sign_hmac(key, signed, encoding="base64") for key in self.keys
            )
        return Request(self.config.method, self.url, headers=headers, content=body)

    def response(self, response: Response) -> Sent | Rejected:
        """Return Sent for any 2xx, unless the settings name what in the body tells."""
        if not self.config.success_path and not self.config.ref_path:
            return Sent()
        said, wanted = response.json(), self.config.success_value
        if self.config.success_path:
            value = _at(said, self.config.success_path)
            if not (value if wanted is None else text(value) == wanted):
                return Rejected(self.refusal(response))
        try:
            return Sent(text(_at(said, self.config.ref_path)) or None if self.config.ref_path else None)
        except (LookupError, TypeError, ValueError):
            return Sent(note="the answer has no id where ref_path points")


def _at(said: Any, path: str) -> Any:
    """Return what stands at a dotted path; raises LookupError where there is nothing."""
    for part in path.split("."):
        said = said[int(part)] if isinstance(said, list) else said[part]
    return said


def _key(secret: str) -> bytes:
    """Return the bytes of a secret: base64 after an optional whsec_, or the text itself when it is none."""
    encoded = secret.strip().removeprefix("whsec_")
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        return secret.encode()


@hookimpl
def hub_register() -> Iterator[type[Webhook]]:
    """Register the connector."""
    yield Webhook
