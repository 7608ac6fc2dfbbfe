"""Acme: takes the leads that Acme posts, signed with a secret you both know."""

from collections.abc import Iterable

from pydantic import Field, SecretStr

from hub import Inbound, RawLead, WebhookSource, check_hmac, hookimpl, instant, secrets_of


class Acme(WebhookSource):
    """A webhook of Acme's that posts one lead as a JSON object."""

    name = "acme"
    title = "Acme"
    docs_url = "https://example.com/docs/webhooks"
    unconfirmed = ("header, signature and field names: compare them with the vendor's page",)

    class Config(WebhookSource.Config):
        secret: SecretStr = Field(description="Secret the posts are signed with.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        header: str = Field("X-Signature", description="Header that holds the signature, hex HMAC-SHA256 of the body.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        """Compare the signature over the raw body, under this secret and the one before it."""
        check_hmac(inbound, secrets_of(self.config), header=self.config.header)

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        """Hand the lead over as it came; which field is which stands in mappings/acme.yaml."""
        lead = inbound.json_object()
        key = str(lead.get("id") or "") or None
        yield RawLead(key, lead, submitted_at=instant(lead.get("created_at")), test=lead.get("test") is True)


@hookimpl
def hub_register() -> Iterable[type[Acme]]:
    """Register the connector."""
    yield Acme
