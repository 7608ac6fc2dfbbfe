"""Feishu (飞书) and Lark: post a message about each lead through a custom bot."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field, SecretStr

from hub import Codes, Message, Request, Response, RobotSink, feishu_text, hookimpl, line, sign_hmac, to_json

BODY_BYTES = 18_000  # the whole body may have 20 KB; signature and mention take some

_LOCALES = {"en": "en_us", "zh": "zh_cn"}


class Feishu(RobotSink):
    """A Feishu or Lark group, reached through the webhook of a custom bot."""

    name = "feishu"
    title = "Feishu (飞书) and Lark"
    docs_url = "https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot"
    confirmed = (
        "A bot may send 100 messages a minute and 5 a second; more is answered with code 11232 (vendor docs)",
        "The body may have 20 KB (vendor docs)",
        "sign = base64(HMAC-SHA256 with key timestamp + newline + secret over nothing), seconds, in the body (vendor)",
        "19021 sign or clock, 19022 address, 19024 keyword; 9499 is a bad body (vendor docs)",
        "9499 also answers too many requests, told apart by its words (public issues)",
    )
    unconfirmed = (
        "What 19001, 19002 and 2200 mean; an unknown code is tried again",
        "Buttons of a card that open an address; `links: []` sends no card",
    )
    rate = 1.5
    code_names = (("code", "msg"), ("StatusCode", "StatusMessage"))
    codes = Codes(
        ok="0",
        retry="2200",
        busy="11232 9499-busy",
        misconfigured="19001 19002 19021 19022 19024",
        reject="9499",
        pause_seconds=30,
    )

    class Config(RobotSink.Config):
        secret: SecretStr | None = Field(None, description="The bot's signing secret, when it checks signatures.")
        mention: dict[str, str] = Field(
            default_factory=dict,
            description="Whom to mention: an owner's name, or * for every lead, to an open id (ou_…) or `all`.",
        )

    config: Config

    def compose(self, message: Message, whom: str | None) -> Request:
        """Return the request that posts the message, signed with the time of now: as a card where it has buttons."""
        message = message.fitting(lambda short: len(to_json(_lines(short))), BODY_BYTES)
        if message.acts:
            card = {"msg_type": "interactive", "card": _card(message, whom)}
            return self.posted(self.config.webhook, {**self._signature(), **card})
        mention = [[{"tag": "at", "user_id": whom}]] if whom else []
        post = {"title": feishu_text(message.title), "content": [*_lines(message), *mention]}
        body = {"msg_type": "post", "content": {"post": {_LOCALES[self.config.language]: post}}}
        return self.posted(self.config.webhook, {**self._signature(), **body})

    def code(self, response: Response) -> tuple[str, str] | None:
        """Return code and words; 9499 is said of a bad body and, in other words, of too many requests."""
        said = super().code(response)
        return ("9499-busy", said[1]) if said and said[0] == "9499" and "too many" in said[1].lower() else said

    def _signature(self) -> dict[str, str]:
        if self.config.secret is None:
            return {}
        timestamp = str(int(self.clock.now().timestamp()))
        key = f"{timestamp}\n{self.config.secret.get_secret_value()}"
        return {"timestamp": timestamp, "sign": sign_hmac(key.encode(), b"", encoding="base64")}


def _lines(message: Message) -> list[list[dict[str, str]]]:
    """Return the paragraphs of a rich text: one for each fact, and the link."""
    lines = [
        [{"tag": "text", "text": f"{feishu_text(label)}{message.colon}{feishu_text(value)}"}]
        for label, value in message.rows()
    ]
    return [*lines, *([[{"tag": "a", "text": message.link_text, "href": message.link}]] if message.link else [])]


def _card(message: Message, whom: str | None) -> dict[str, Any]:
    """Return the message as a card; what comes from the lead stands in plain text, which knows no mark-up."""
    rows = "\n".join(f"{label}{message.colon}{feishu_text(line(value, 500))}" for label, value in message.rows())
    elements: list[dict[str, Any]] = [{"tag": "div", "text": _plain(rows)}]
    if whom:
        elements.append({"tag": "div", "text": {"tag": "lark_md", "content": f"<at id={whom}></at>"}})
    buttons = [
        {"tag": "button", "text": _plain(words), "url": url, "type": "default"} for words, url in message.links()
    ]
    title = {"title": _plain(feishu_text(message.title)), "template": "blue"}
    return {"header": title, "elements": [*elements, {"tag": "action", "actions": buttons}]}


def _plain(text: str) -> dict[str, str]:
    return {"tag": "plain_text", "content": text}


@hookimpl
def hub_register() -> Iterator[type[Feishu]]:
    """Register the connector."""
    yield Feishu
