"""Discord: post a message about each lead through a channel's webhook."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from hub import (
    Codes,
    Lead,
    Message,
    Rejected,
    Request,
    Response,
    RobotSink,
    Sent,
    Verdict,
    dingtalk_markdown,
    hookimpl,
    readable,
)

EMBED = 5_500  # characters; Discord counts 6,000 over all parts of all embeds
FIELDS, VALUE, BUTTON_URL = 25, 1_024, 512


class Discord(RobotSink):
    """A Discord channel, reached through its webhook."""

    name = "discord"
    title = "Discord"
    docs_url = "https://docs.discord.com/developers/resources/webhook#execute-webhook"
    confirmed = (
        "With wait=true the answer is the message with its id, else 204 (public code: discord.py, webhook/async_.py)",
        "with_components=true lets a webhook that no app owns send link buttons (vendor docs, execute webhook)",
        "allowed_mentions decides who is mentioned, whatever the text says (vendor docs)",
        "429 has retry_after in seconds, with a fraction (public code)",
        "content has 2,000 characters, an embed 25 fields and 6,000 characters over all (vendor docs)",
    )
    unconfirmed = (
        "About five posts in two seconds and webhook",
        "10,000 refused calls in ten minutes ban the address; what Discord refuses is therefore never tried again",
        "A button's address has at most 512 characters; a longer one stands in the text",
    )
    rate = 2.0
    code_names = (("code", "message"),)
    codes = Codes(
        misconfigured="10003 10015 10016 50001 50013 50027 50083 160005 220001 220003",
        reject="50006 50035 50109",
        retry="130000",  # the API is overloaded
    )

    class Config(RobotSink.Config):
        thread: str | None = Field(None, description="Id of the thread in the channel; a forum needs one.")
        mention: dict[str, str] = Field(
            default_factory=dict,
            description="Whom to mention: an owner's name, or * for every lead, to a user id or `all`.",
        )

    config: Config

    def compose(self, message: Message, whom: str | None) -> Request:
        """Return the request that posts the message as an embed, with the links as buttons."""
        message = message.fitting(_size, EMBED)
        mark = {None: "", "all": " @everyone"}.get(whom, f" <@{whom}>")
        body: dict[str, Any] = {
            "content": dingtalk_markdown(message.title, 300) + mark,
            "embeds": [_embed(message)],
            "allowed_mentions": {"parse": ["everyone"]} if whom == "all" else {"users": [whom] if whom else []},
        }
        buttons = [link for link in message.links() if len(link[1]) <= BUTTON_URL]
        if buttons:
            row = [{"type": 2, "style": 5, "label": words, "url": url} for words, url in buttons]
            body["components"] = [{"type": 1, "components": row}]
        thread = {"thread_id": self.config.thread} if self.config.thread else {}
        return self.posted(self.config.webhook, body, wait="true", with_components="true", **thread)

    def erase(self, lead: Lead, ref: str) -> Request:
        """Return the request that deletes the message."""
        posted = self.posted(self.config.webhook, None)
        return Request("DELETE", f"{posted.url}/messages/{ref}")

    def verdict(self, response: Response) -> Verdict:
        """Return what the answer means; what Discord refuses is never tried again."""
        said = super().verdict(response)
        return "reject" if said == "retry" and response.status == 400 else said

    def wait(self, response: Response) -> float | None:
        """Return the seconds that Discord asks to wait."""
        said = readable(response)
        seconds = said.get("retry_after") if isinstance(said, dict) else None
        return float(seconds) if isinstance(seconds, (int, float)) else super().wait(response)

    def response(self, response: Response) -> Sent | Rejected:
        """Return Sent with the id of the message."""
        return Sent() if response.status == 204 else Sent(str(response.json()["id"]))


def _embed(message: Message) -> dict[str, Any]:
    """Return facts and reason as fields; a link too long for a button stands above them."""
    rows = [*message.facts[: FIELDS - 1], *([message.why] if message.why else [])]
    fields = [
        {"name": dingtalk_markdown(label, 100) or "-", "value": dingtalk_markdown(value, VALUE) or "-", "inline": True}
        for label, value in rows
    ]
    long = [f"[{words}]({url})" for words, url in message.links() if len(url) > BUTTON_URL]
    return {"fields": fields, **({"description": "  ".join(long)} if long else {})}


def _size(message: Message) -> int:
    embed = _embed(message)
    return len(embed.get("description", "")) + sum(len(one["name"]) + len(one["value"]) for one in embed["fields"])


@hookimpl
def hub_register() -> Iterator[type[Discord]]:
    """Register the connector."""
    yield Discord
