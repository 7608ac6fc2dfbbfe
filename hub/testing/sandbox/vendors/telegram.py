"""Telegram: the Bot API's sendMessage, editMessageText and deleteMessage (core.telegram.org/bots/api)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import unescape
from math import ceil
from typing import Any, ClassVar

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Code, Limit, Vendor, route

MAX_TEXT = 4096
DELETABLE = 48 * 3600.0

_TAG = re.compile(r"<(/?)([a-z-]+)(?:\s[^<>]*)?>")
_TAGS = frozenset(("b", "strong", "i", "em", "u", "s", "code", "pre", "a", "tg-spoiler", "blockquote"))


class Telegram(Vendor):
    """`/telegram/bot{token}/…`; settings: `token`, `chats` (those the bot is in), `moved` (old chat id to new one).

    One message a second and chat, and twenty a minute into a group, whose id is negative.
    """

    name = "telegram"
    limits: ClassVar[Mapping[str, Limit]] = {"chat": Limit(1, 1.0), "group": Limit(20, 60.0)}

    def clear(self) -> None:
        """Forget the messages."""
        self._messages: list[dict[str, Any]] = []
        self._last = 0

    @route("POST", "/bot{token}/sendMessage")
    def send_message(self, call: Call) -> Reply:
        """Post a message."""
        asked, chat = self._asked(call)
        shown = _shown(asked)
        _keyboard(asked.get("reply_markup"))
        self.spend("chat", chat)
        if chat.startswith("-"):
            self.spend("group", chat)
        self.created(call, chat)
        self._last += 1
        kept = {
            "message_id": self._last,
            "chat": {"id": chat},
            "date": int(self.clock.now().timestamp()),
            "text": shown,
        }
        self._messages.append({**kept, "key": call.key, "at": self.clock.monotonic()})
        return Reply.json({"ok": True, "result": kept})

    @route("POST", "/bot{token}/editMessageText")
    def edit(self, call: Call) -> Reply:
        """Change the text of a message."""
        asked, chat = self._asked(call)
        found = self._found(chat, asked.get("message_id"))
        if found is None:
            return _error(400, "Bad Request: message to edit not found")
        found["text"] = _shown(asked)
        call.note(found["key"], "repeat")
        return Reply.json(
            {"ok": True, "result": {name: found[name] for name in ("message_id", "chat", "date", "text")}}
        )

    @route("POST", "/bot{token}/deleteMessage")
    def delete(self, call: Call) -> Reply:
        """Delete a message that is not too old."""
        asked, chat = self._asked(call)
        found = self._found(chat, asked.get("message_id"))
        if found is None:
            return _error(400, "Bad Request: message to delete not found")
        if self.clock.monotonic() - found["at"] > DELETABLE:
            return _error(400, "Bad Request: message can't be deleted")
        self._messages.remove(found)
        return Reply.json({"ok": True, "result": True})

    def unauthorized(self) -> Reply:
        """Answer as for a token nobody has."""
        return _error(401, "Unauthorized")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429 with retry_after in whole seconds."""
        seconds = ceil(after)
        return _error(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer as a chat the bot was removed from."""
        return _error(int(code) if code is not None else 403, "Forbidden: bot was kicked from the supergroup chat")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer as for a body without the text."""
        return _error(400, "Bad Request: message text is empty")

    def missing(self, call: Call) -> Reply:
        """Answer as for a method or token that cannot be."""
        return _error(404, "Not Found")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the messages: message_id, chat, date, text, key."""
        return iter(self._messages)

    def _asked(self, call: Call) -> tuple[dict[str, Any], str]:
        self.require(call.params.get("token"))
        asked = call.json_object()
        chat, known = str(asked.get("chat_id") or ""), self.settings.get("chats")
        moved = self.settings.get("moved", {}).get(chat)
        if moved is not None:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(_error(400, words, migrate_to_chat_id=moved))
        if not chat or (known is not None and chat not in known):
            raise Refused(_error(400, "Bad Request: chat not found"))
        return asked, chat

    def _found(self, chat: str, number: Any) -> dict[str, Any] | None:
        return next((m for m in self._messages if (m["chat"]["id"], m["message_id"]) == (chat, number)), None)


def _shown(asked: Mapping[str, Any]) -> str:
    """Return the text without its marks; refuses marks that do not close and a text that is too long."""
    text = asked.get("text")
    if not isinstance(text, str) or not text.strip():
        raise Refused(_error(400, "Bad Request: message text is empty"))
    if asked.get("parse_mode") == "HTML":
        _closes(text)
        text = unescape(_TAG.sub("", text))
    if len(text.encode("utf-16-le", "replace")) // 2 > MAX_TEXT:
        raise Refused(_error(400, "Bad Request: message is too long"))
    return text


def _closes(text: str) -> None:
    opened: list[str] = []
    for closing, tag in _TAG.findall(text):
        if tag not in _TAGS or (closing and (not opened or opened.pop() != tag)):
            raise Refused(_error(400, f'Bad Request: can\'t parse entities: Unsupported tag "{tag}"'))
        if not closing:
            opened.append(tag)
    if opened or "<" in _TAG.sub("", text):
        raise Refused(_error(400, "Bad Request: can't parse entities: Can't find end tag"))


def _keyboard(markup: Any) -> None:
    rows = markup.get("inline_keyboard", []) if isinstance(markup, dict) else []
    for button in (button for row in rows for button in row):
        if not button.get("text") or not str(button.get("url", "https://")).startswith(
            ("http://", "https://", "tg://")
        ):
            raise Refused(_error(400, "Bad Request: BUTTON_URL_INVALID"))


def _error(code: int, words: str, **parameters: Any) -> Reply:
    more = {"parameters": parameters} if parameters else {}
    return Reply.json({"ok": False, "error_code": code, "description": words, **more}, code)
