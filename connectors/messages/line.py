"""LINE Official Account: takes who follows it and who writes to it, with the name read by a second call."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

import httpx
from pydantic import Field, SecretStr

from hub import (
    Asking,
    BadInput,
    Inbound,
    RawLead,
    Receipt,
    Reply,
    Request,
    WebhookSource,
    an_object,
    bearer,
    check_hmac,
    hookimpl,
    instant,
    objects,
    secrets_of,
    segment,
)

CHECKER = "Udeadbeefdeadbeefdeadbeefdeadbeef"  # who the console's check of an address pretends to be


class Line(WebhookSource, Asking):
    """The webhook of a Messaging API channel: one submission for each event of a one-on-one chat, one lead a person.

    LINE tells neither phone nor e-mail: a lead is told by its user id, and answered in the chat. What groups and rooms
    write is passed over.
    """

    name = "line"
    title = "LINE Official Account"
    chats = True
    docs_url = "https://developers.line.biz/en/docs/messaging-api/receiving-messages/"
    confirmed = (
        "the signature is base64 of HMAC-SHA256 over the raw body under the channel secret (line-bot-sdk-python, "
        "linebot/v3/webhook.py)",
        "an event has type, timestamp in milliseconds (of the event, also when it is redelivered), source, "
        "webhookEventId and deliveryContext.isRedelivery (line/line-openapi, webhook.yml)",
        "the console's check posts an empty list of events, or a user id of dead beef (public receivers)",
        "a follow event comes for a new friend and for one who unblocks the account (vendor docs)",
    )
    unconfirmed = (
        "redelivery is switched on in the console, and keeps the webhookEventId; an event without one goes by its "
        "message's id",
        "the profile has displayName and language, and 404 means that the person blocked the account or never agreed",
        "an answer other than 200 counts as a failed delivery",
    )
    statuses = {404: "reject"}  # noqa: RUF012 (a class variable of the base)
    idempotency_header = None

    class Config(Asking.Config):
        base_url: str = Field("https://api.line.me", description="Address of the API.")
        secret: SecretStr = Field(description="Channel secret: LINE Developers Console, Basic settings.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        token: SecretStr | None = Field(None, description="Channel access token to read names with; none: no names.")
        events: list[Literal["follow", "message", "postback"]] = Field(
            ["follow", "message"], description="What makes a submission: a new friend, a message, a tapped button."
        )

    config: Config

    def verify(self, inbound: Inbound) -> None:
        check_hmac(inbound, secrets_of(self.config), header="X-Line-Signature", encoding="base64")

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        body = inbound.json_object()
        if not isinstance(body.get("events"), list):
            raise BadInput("The body has no list events.")
        for event in objects(body["events"]):
            source, message = an_object(event.get("source")), an_object(event.get("message"))
            if source.get("type") != "user" or event.get("type") not in self.config.events:
                continue
            key = str(event.get("webhookEventId") or message.get("id") or "") or None
            again = an_object(event.get("deliveryContext")).get("isRedelivery") is True
            data = {**event, **({"redelivered": True} if again else {})}
            yield RawLead(key, data, instant(event.get("timestamp")), test=source.get("userId") == CHECKER)

    async def complete(self, raw: RawLead, http: httpx.AsyncClient) -> RawLead:
        """Read the person's profile, where there is a token and the person lets it be read."""
        user = an_object(raw.data.get("source")).get("userId")
        if self.config.token is None or raw.test or not isinstance(user, str):
            return raw
        headers = {"Authorization": bearer(self.config.token.get_secret_value())}
        try:
            profile = await self.ask(Request("GET", f"v2/bot/profile/{segment(user)}", headers=headers), http)
        except BadInput:
            return raw  # the lead stands without a name
        return replace(raw, data={**raw.data, "profile": profile})

    def answer(self, inbound: Inbound, receipt: Receipt) -> Reply | None:
        return Reply.text("OK")


@hookimpl
def hub_register() -> Iterable[type[Line]]:
    yield Line
