"""webhook_more: a webhook that is asked, answered and completed, whose key stands in a header."""

from collections.abc import Iterable
from dataclasses import replace

import httpx
from pydantic import Field, SecretStr

from hub import (
    Inbound,
    RawLead,
    Receipt,
    Reply,
    Request,
    WebhookSource,
    check_key,
    check_timestamp,
    fetch_json,
    hookimpl,
    secrets_of,
)


class WebhookMore(WebhookSource):
    """A vendor that signs nothing and sends only an id."""

    name = "webhook_more"
    title = "Webhook"
    docs_url = "https://example.com/docs"
    signed = False

    class Config(WebhookSource.HostConfig):
        base_url: str = Field("https://api.example.com", description="Address of the API.")
        secret: SecretStr = Field(description="The key.")
        previous_secret: SecretStr | None = Field(None, description="The key before this one.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        check_timestamp(inbound.header("X-Time"), self.clock.now())
        check_key(inbound.header("X-Key"), secrets_of(self.config), "key in X-Key")

    def handshake(self, inbound: Inbound) -> Reply | None:
        asked = inbound.query.get("challenge")
        return Reply.text(asked) if asked and inbound.method == "GET" else None

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        lead = inbound.json_object()
        yield RawLead(str(lead.get("id") or "") or None, lead)

    def answer(self, inbound: Inbound, receipt: Receipt) -> Reply | None:
        return Reply.json({"got": receipt.submission})

    async def complete(self, raw: RawLead, http: httpx.AsyncClient) -> RawLead:
        read = await fetch_json(Request("GET", f"/leads/{raw.key}"), http, self.config.base_url)
        return replace(raw, data={**raw.data, **read})


@hookimpl
def hub_register() -> Iterable[type[WebhookMore]]:
    yield WebhookMore
