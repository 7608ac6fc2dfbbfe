"""Telegram: post a message about each lead into a chat, as a bot."""

from collections.abc import Iterator
from html import escape
from typing import Any

from pydantic import Field, SecretStr

from hub import ChatSink, Codes, Lead, Message, Rejected, Request, Response, Sent, Verdict, hookimpl, line, readable

TEXT_UNITS = 4096  # of UTF-16, counted by Telegram without the marks, by us with them

# what a 400 says that only a person can change: the chat, the topic or the bot's rights in it
_SETTINGS = (
    "chat not found", "chat_id is empty", "peer_id_invalid", "upgraded to a supergroup", "group is deactivated",
    "thread not found", "topic_closed", "topic_deleted", "not enough rights", "have no rights", "chat_write_forbidden",
    "need administrator rights", "chat_restricted", "button_url_invalid", "wrong http url",
)  # fmt: skip
_GONE = "message to delete not found"


class Telegram(ChatSink):
    """A Telegram chat, group or channel that a bot may write into."""

    name = "telegram"
    title = "Telegram"
    docs_url = "https://core.telegram.org/bots/api#sendmessage"
    confirmed = (
        "sendMessage answers {ok, result: {message_id}}, or {ok: false, error_code, description, parameters} "
        "(public code: python-telegram-bot, request/_baserequest.py)",
        "429 says how long to wait in parameters.retry_after (public code)",
        "A text has at most 4,096 characters once its marks are parsed; < > & are escaped in HTML (vendor docs)",
        "A group that became a supergroup answers 400 with parameters.migrate_to_chat_id (public code)",
        "chat not found, not enough rights, BUTTON_URL_INVALID are words of a 400 (github.com/TelegramBotAPI/errors)",
    )
    unconfirmed = (
        "One message a second into a chat and twenty a minute into a group",
        "A button's address must be public; in a hub that only its own network reaches, set `links: []`",
        "A bot deletes its own message for 48 hours; later the message of an erased person is deleted by hand",
    )
    rate = 0.33
    codes = Codes(ok="ok", busy="429", misconfigured="401 403 404 settings", reject="400 413", pause_seconds=30)

    class Config(ChatSink.Config):
        base_url: str = Field("https://api.telegram.org", description="Address of the Bot API, or of your own server.")
        token: SecretStr = Field(description="The bot's token, from @BotFather.")
        chat: str = Field(description="Id of the chat, such as -1001234567890, or @name of a public channel.")
        topic: int | None = Field(None, description="Id of the topic, where the group has topics.")
        mention: dict[str, str] = Field(
            default_factory=dict,
            description="Whom to mention: an owner's name, or * for every lead, to a user id or a user name. "
            "Telegram mentions no whole chat.",
        )

    config: Config

    def compose(self, message: Message, whom: str | None) -> Request:
        """Return the request that posts the message as HTML, with the links as buttons below."""
        message = message.fitting(lambda short: _units(_page(short, whom)), TEXT_UNITS)
        body: dict[str, Any] = {
            "chat_id": self.config.chat,
            "text": _page(message, whom),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
        if self.config.topic is not None:
            body["message_thread_id"] = self.config.topic
        if message.links():
            keyboard = [[{"text": words, "url": url}] for words, url in message.links()]
            body["reply_markup"] = {"inline_keyboard": keyboard}
        return self._call("sendMessage", body)

    def erase(self, lead: Lead, ref: str) -> Request:
        """Return the request that deletes the message."""
        return self._call("deleteMessage", {"chat_id": self.config.chat, "message_id": int(ref)})

    def code(self, response: Response) -> tuple[str, str] | None:
        """Return the error code and description, `settings` for a 400 that a person must answer; `ok` for success."""
        said = readable(response)
        if not isinstance(said, dict) or not isinstance(said.get("ok"), bool):
            return None
        words = str(said.get("description") or "")
        if said["ok"] or _GONE in words.lower():
            return "ok", words
        moved = _parameter(said, "migrate_to_chat_id")
        if moved is not None:
            return "settings", f"{words}. Set `chat` to {moved}."
        code = str(said.get("error_code"))
        return ("settings" if code == "400" and any(one in words.lower() for one in _SETTINGS) else code), words

    def verdict(self, response: Response) -> Verdict:
        """Return what the answer means; a message that is gone already was a deletion's aim."""
        said = self.code(response)
        return "ok" if said and said[0] == "ok" and response.status == 400 else super().verdict(response)

    def wait(self, response: Response) -> float | None:
        """Return the seconds that Telegram asks to wait."""
        seconds = _parameter(readable(response), "retry_after")
        return float(seconds) if isinstance(seconds, (int, float)) else super().wait(response)

    def response(self, response: Response) -> Sent | Rejected:
        """Return Sent with the id of the message."""
        super().response(response)
        return Sent(str(response.json()["result"]["message_id"]))

    def _call(self, method: str, body: Any) -> Request:
        base = self.config.base_url.rstrip("/")
        return Request("POST", f"{base}/bot{self.config.token.get_secret_value()}/{method}", json=body)


def _page(message: Message, whom: str | None) -> str:
    lines = [f"<b>{escape(line(message.title))}</b>"]
    lines += [f"<b>{escape(label)}</b>{message.colon}{escape(line(value, 500))}" for label, value in message.rows()]
    return "\n".join([*lines, *([_mark(whom)] if whom else [])])


def _mark(whom: str) -> str:
    return f'<a href="tg://user?id={whom}">{whom}</a>' if whom.isdecimal() else f"@{escape(whom.lstrip('@'))}"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "replace")) // 2


def _parameter(said: Any, name: str) -> Any:
    parameters = said.get("parameters") if isinstance(said, dict) else None
    return parameters.get(name) if isinstance(parameters, dict) else None


@hookimpl
def hub_register() -> Iterator[type[Telegram]]:
    """Register the connector."""
    yield Telegram
