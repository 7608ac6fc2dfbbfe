"""Slack: post a message about each lead through an incoming webhook, or as an app into a channel."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import Field, SecretStr, field_validator, model_validator

from hub import (
    ChatSink,
    Codes,
    Message,
    Rejected,
    Request,
    Response,
    Sent,
    bearer,
    hookimpl,
    line,
    readable,
    slack,
    web_address,
)

_TITLE = 150  # characters of a header block
_FIELDS = 10  # fields in one section block

_WORD = re.compile(r"[a-z_]{2,60}")
_SETTINGS = """
    action_prohibited invalid_token posting_to_general_channel_denied channel_not_found channel_is_archived no_service
    no_active_hooks no_service_id no_team team_disabled user_not_found invalid_auth not_authed token_revoked
    token_expired account_inactive missing_scope not_in_channel is_archived restricted_action no_permission
    org_login_required ekm_access_denied not_allowed_token_type
"""
_UNFIT = """
    invalid_payload invalid_json invalid_arguments no_text invalid_blocks invalid_blocks_format msg_too_long
    too_many_attachments
"""
_LATER = "internal_error fatal_error service_unavailable request_timeout rollup_error"


class Slack(ChatSink):
    """A Slack channel."""

    name = "slack"
    title = "Slack"
    docs_url = "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"
    confirmed = (
        "An incoming webhook answers 200 `ok`, and plain words such as no_service otherwise (public code)",
        "chat.postMessage answers 200 with ok:false and an error; `ts` names the message (public code)",
        "& < > are escaped as &amp; &lt; &gt;; plain_text blocks parse no mark-up (vendor docs)",
        "One message a second and channel; 429 has Retry-After (vendor docs)",
    )
    unconfirmed = ("A header block has at most 150 characters, a section 10 fields of 2,000",)
    rate = 1.0
    codes = Codes(ok="ok", retry=_LATER, busy="ratelimited rate_limited", misconfigured=_SETTINGS, reject=_UNFIT)

    class Config(ChatSink.Config):
        base_url: str = Field(
            "", description="Called instead of Slack's own host, such as a sandbox or a proxy; empty: that host."
        )
        webhook: SecretStr | None = Field(
            None, description="Address of an incoming webhook; or give token and channel."
        )
        token: SecretStr | None = Field(None, description="Bot token (xoxb-…) of an app with the scope chat:write.")
        channel: str | None = Field(None, description="Id of the channel the app posts into, such as C0123456789.")
        mention: dict[str, str] = Field(
            default_factory=dict,
            description="Whom to mention: an owner's name, or * for every lead, to a member id (U…) or `all`.",
        )

        _web_address = field_validator("webhook")(web_address)

        @model_validator(mode="after")
        def _one_way(self) -> "Slack.Config":
            if (self.webhook is None) == (self.token is None or self.channel is None):
                raise ValueError("Give either `webhook`, or `token` and `channel`.")
            return self

    config: Config

    def compose(self, message: Message, whom: str | None) -> Request:
        """Return the request that posts the message; what comes from the lead stands in plain_text blocks."""
        body = {
            "text": slack(message.title),
            "blocks": [*_blocks(message), *_mentions(whom)],
            "unfurl_links": False,
            "unfurl_media": False,
            "link_names": False,
        }
        if self.config.webhook is not None:
            return self.posted(self.config.webhook, body)
        token = self.config.token or ""
        base = self.config.base_url or "https://slack.com"
        body |= {"channel": self.config.channel, "mrkdwn": False, "parse": "none"}
        headers = {"Authorization": bearer(token), "Content-Type": "application/json; charset=utf-8"}
        return Request("POST", f"{base.rstrip('/')}/api/chat.postMessage", headers=headers, json=body)

    def code(self, response: Response) -> tuple[str, str] | None:
        """Return the word that says what happened, by either way; `ok` for a success."""
        said = readable(response)
        if isinstance(said, dict) and "ok" in said:
            return ("ok", "") if said["ok"] is True else (str(said.get("error")), _details(said))
        word = response.text.strip()
        return (word, "") if word == "ok" or (response.status != 200 and _WORD.fullmatch(word)) else None

    def response(self, response: Response) -> Sent | Rejected:
        """Return Sent, with the message's `ts` where the app posted it."""
        said = readable(response)
        return Sent(said.get("ts")) if isinstance(said, dict) and said["ok"] is True else super().response(response)


def _blocks(message: Message) -> list[dict[str, Any]]:
    """Return the message as blocks; only the link, which is our own, is mark-up."""
    facts = [_plain(f"{label}{message.colon}{line(value, 500)}") for label, value in message.facts]
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(line(message.title, _TITLE))}]
    blocks += [{"type": "section", "fields": facts[at : at + _FIELDS]} for at in range(0, len(facts), _FIELDS)]
    if message.why:
        words = f"{message.why[0]}{message.colon}{line(message.why[1], 500)}"
        blocks.append({"type": "context", "elements": [_plain(words)]})
    if message.link:
        blocks.append(_section(f"<{message.link.replace('&', '&amp;')}|{message.link_text}>"))
    if message.acts:
        buttons = [{"type": "button", "text": _plain(words), "url": url} for words, url in message.acts]
        blocks.append({"type": "actions", "elements": buttons})
    return blocks


def _mentions(whom: str | None) -> list[dict[str, Any]]:
    return [_section("<!channel>" if whom == "all" else f"<@{whom}>")] if whom else []


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _details(said: dict[str, Any]) -> str:
    metadata = said.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    return " ".join(str(message) for message in messages)[:200] if isinstance(messages, list) else ""


@hookimpl
def hub_register() -> Iterator[type[Slack]]:
    """Register the connector."""
    yield Slack
