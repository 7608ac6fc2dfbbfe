"""Sources whose vendor signs nothing: a long random key in the address, or in a header, proves who sends."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr

from hub.inbound import Inbound
from hub.signing import check_key, secrets_of
from hub.source import WebhookSource

KEY_HEADER = "X-Leadhub-Key"
KEY_LENGTH = 22  # 128 random bits in base64; whoever learns or guesses the address can post


class UnsignedSource(WebhookSource):
    """A webhook without a signature: `?token=` in the address that the vendor calls, or the header X-Leadhub-Key.

    The header is for vendors that let one be set: an address may be written to logs on its way.
    """

    signed: ClassVar[bool] = False

    class Config(WebhookSource.Config):
        """The key."""

        secret: SecretStr = Field(
            min_length=KEY_LENGTH, description="Random key: `?token=KEY` in the address, or the header X-Leadhub-Key."
        )
        previous_secret: SecretStr | None = Field(
            None, min_length=KEY_LENGTH, description="The secret before this one, during a change."
        )

    config: Config

    def verify(self, inbound: Inbound) -> None:
        """Raise Unverified unless the request carries the key."""
        given = inbound.header(KEY_HEADER) or inbound.query.get("token")
        check_key(given, secrets_of(self.config), f"key (`?token=` in the address, or header {KEY_HEADER})")
