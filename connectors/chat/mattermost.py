"""Mattermost: post a message about each lead through an incoming webhook."""

import re
from collections.abc import Iterator

from pydantic import Field

from hub import Codes, Message, Request, Response, RobotSink, hookimpl, unmentioned

TEXT_BYTES = 16_000  # a post has 16,383 characters; a longer text would become several posts

_SETTINGS = """
    web.incoming_webhook.invalid.app_error web.incoming_webhook.channel.app_error web.incoming_webhook.user.app_error
    web.incoming_webhook.channel_locked.app_error web.incoming_webhook.disabled.app_error
    web.incoming_webhook.permissions.app_error app.channel.get.existing.app_error
    api.post.create_post.town_square_read_only api.context.404.app_error
"""
_UNFIT = """
    web.incoming_webhook.text.app_error web.incoming_webhook.parse.app_error web.incoming_webhook.decode.app_error
    api.webhook.incoming.error
"""


class Mattermost(RobotSink):
    """A Mattermost channel, reached through an incoming webhook."""

    name = "mattermost"
    title = "Mattermost"
    docs_url = "https://developers.mattermost.com/integrate/webhooks/incoming/"
    confirmed = (
        "A webhook answers 200 `ok` in plain text (vendor docs; github.com/mattermost/mattermost, web/webhook.go)",
        "An error is JSON with id, message and status_code, such as web.incoming_webhook.channel_locked.app_error",
        "@channel and @name in the text mention; a text past 16,383 characters is split into posts (vendor docs)",
        "channel is the name in the channel's address, not the one it shows (vendor docs)",
        "Buttons call an integration and open no address, so the links stand in the text (vendor docs)",
    )
    unconfirmed = (
        "Which limits a server sets; 429 may carry X-Ratelimit-Reset with the seconds to wait",
        "That a full-width @ mentions nobody in every client",
    )
    rate = 5.0
    code_names = (("id", "message"),)
    codes = Codes(
        ok="ok",
        misconfigured=_SETTINGS,
        reject=_UNFIT,
    )

    class Config(RobotSink.Config):
        channel: str | None = Field(
            None, description="Name of another channel to post into, as in its address; none: the webhook's own."
        )
        mention: dict[str, str] = Field(
            default_factory=dict,
            description="Whom to mention: an owner's name, or * for every lead, to a user name or `all` for @channel.",
        )

    config: Config

    def compose(self, message: Message, whom: str | None) -> Request:
        """Return the request that posts the message as markdown."""
        mark = {None: "", "all": "\n@channel"}.get(whom, f"\n@{whom}")
        text = message.fitted(lambda short: short.markdown(unmentioned), TEXT_BYTES - len(mark)) + mark
        channel = {"channel": self.config.channel} if self.config.channel else {}
        return self.posted(self.config.webhook, {"text": text, **channel})

    def code(self, response: Response) -> tuple[str, str] | None:
        """Return the id and words of an error; `ok` for a success."""
        return ("ok", "") if response.status == 200 and response.text.strip() == "ok" else super().code(response)

    def wait(self, response: Response) -> float | None:
        """Return the seconds after which the server's limit starts anew."""
        reset = response.header("x-ratelimit-reset") or ""
        return super().wait(response) or (float(reset) if re.fullmatch(r"[0-9]{1,4}", reset) else None)


@hookimpl
def hub_register() -> Iterator[type[Mattermost]]:
    """Register the connector."""
    yield Mattermost
