"""Takes what Meta's webhooks post: the verify token's handshake, the app secret's signature, and the changes inside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field, SecretStr

from hub.errors import BadInput, Unverified
from hub.http import Reply
from hub.inbound import Inbound
from hub.signing import check_hmac, check_key, secrets_of
from hub.source import Receipt, WebhookSource
from hub.strictjson import an_object, objects


class MetaWebhook(WebhookSource):
    """A webhook of a Meta app (https://developers.facebook.com/docs/graph-api/webhooks); authors write `parse`."""

    class Config(WebhookSource.Config):
        """What proves that Meta sends."""

        secret: SecretStr = Field(description="App secret: App Dashboard, Settings, Basic.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        verify_token: SecretStr | None = Field(None, description="The verify token typed in beside the callback URL.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        """Raise Unverified unless the body is signed with the app secret."""
        check_hmac(inbound, secrets_of(self.config), header="X-Hub-Signature-256", prefix="sha256=")

    def handshake(self, inbound: Inbound) -> Reply | None:
        """Return the challenge to whoever knows the verify token."""
        if inbound.method != "GET" or inbound.query.get("hub.mode") != "subscribe":
            return None
        given = inbound.query.get("hub.verify_token")
        try:
            check_key(given, secrets_of(self.config, "verify_token"), "hub.verify_token")
        except Unverified as error:
            return Reply.text(error.reason, 403)
        return Reply.text(inbound.query.get("hub.challenge", ""))

    def answer(self, inbound: Inbound, receipt: Receipt) -> Reply | None:
        """Return 200, the one status Meta's documents name."""
        return Reply.text("EVENT_RECEIVED")

    def changes(self, inbound: Inbound, field: str) -> Iterator[dict[str, Any]]:
        """Yield the values of the changes of one field; raises BadInput for a body that is no event."""
        body = inbound.json_object()
        if not isinstance(body.get("entry"), list):
            raise BadInput("The event has no list entry.")
        for entry in objects(body["entry"]):
            for change in objects(entry.get("changes")):
                if change.get("field") == field:
                    yield an_object(change.get("value"))
