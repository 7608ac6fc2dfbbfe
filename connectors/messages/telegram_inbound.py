"""Telegram bot: takes who starts it and who writes to it, with the start parameter as the campaign."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field, SecretStr

from hub import (
    BadInput,
    Inbound,
    RawLead,
    WebhookSource,
    an_object,
    check_key,
    hookimpl,
    instant,
    secrets_of,
)

KEY_LENGTH = 22  # 128 random bits in base64; the key is all that proves the sender
START = re.compile(r"/start(?:@[A-Za-z0-9_]{1,64})?(?: ([A-Za-z0-9_-]{1,64}))?")


class TelegramInbound(WebhookSource):
    """The webhook of a bot, for private chats: every message is a submission, and one person one lead.

    A link such as https://t.me/YOUR_BOT?start=spring-fair names its campaign. A phone number comes only from who shares
    a contact of their own; the others are answered in the chat. Set the webhook with `secret_token` and
    `allowed_updates: ["message"]`.
    """

    name = "telegram_inbound"
    title = "Telegram bot (messages)"
    chats = True
    docs_url = "https://core.telegram.org/bots/api#setwebhook"
    signed = False
    confirmed = (
        "the secret_token of setWebhook, 1 to 256 of A-Z a-z 0-9 _ and -, comes in the header "
        "X-Telegram-Bot-Api-Secret-Token, and nothing is signed (core.telegram.org/bots/api#setwebhook)",
        "a start link sends /start and its parameter, up to 64 of A-Z a-z 0-9 _ and - "
        "(core.telegram.org/bots/features#deep-linking)",
        "a post is one Update with update_id; a message has message_id, date in seconds, chat and from "
        "(core.telegram.org/bots/api#update)",
        "getUpdates does not work while a webhook is set, so there is no poll beside it (same page)",
    )
    unconfirmed = (
        "a post that is not answered with 2xx is sent again for a while, with the same update_id",
        "phone_number of a contact has its country code, with or without +",
        "user_id of a contact is that of its owner, so another's contact gives no phone",
    )

    class Config(WebhookSource.Config):
        secret: SecretStr = Field(min_length=KEY_LENGTH, description="The secret_token that setWebhook was given.")
        previous_secret: SecretStr | None = Field(
            None, min_length=KEY_LENGTH, description="The secret before this one, during a change."
        )

    config: Config

    def verify(self, inbound: Inbound) -> None:
        given = inbound.header("X-Telegram-Bot-Api-Secret-Token")
        check_key(given, secrets_of(self.config), "header X-Telegram-Bot-Api-Secret-Token")

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        update = inbound.json_object()
        if "update_id" not in update:
            raise BadInput("The update has no update_id.")
        message = an_object(update.get("message"))
        sender, chat = an_object(message.get("from")), an_object(message.get("chat"))
        if chat.get("type") == "private" and sender.get("is_bot") is not True:
            key = str(update["update_id"] or "") or None
            yield RawLead(key, {"update_id": update["update_id"], **_told(message)}, instant(message.get("date")))


def _told(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message with the parameter it started with in place of its text, and the sender's own phone number."""
    data, contact = dict(message), an_object(message.get("contact"))
    text, number = message.get("text"), contact.get("phone_number")
    begun = START.fullmatch(text) if isinstance(text, str) else None
    if begun:
        data |= {"text": None, "start": begun[1]}
    if isinstance(number, str) and contact.get("user_id") == an_object(message.get("from")).get("id", ""):
        data["phone"] = number if number.startswith("+") else f"+{number}"
    return data


@hookimpl
def hub_register() -> Iterable[type[TelegramInbound]]:
    yield TelegramInbound
