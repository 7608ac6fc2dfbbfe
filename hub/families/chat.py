"""What sinks that post a message about a lead into a chat share: wording, mentions, vendor codes, robot addresses."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import httpx
from pydantic import Field, SecretStr, field_validator

from hub.errors import BadInput
from hub.families.coded import Coded
from hub.families.message import Message, Teller, Wording
from hub.http import Request, Response, Verdict
from hub.lead import Lead, Rejected, Sent
from hub.sink import HttpSink


def web_address(url: SecretStr | None) -> SecretStr | None:
    """Return a secret address when it is a web address; raises ValueError, without showing it, otherwise."""
    if url is not None:
        address = urlsplit(url.get_secret_value().strip())
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError("This is not a web address. Copy the robot's whole webhook address, from https:// on.")
    return url


class ChatSink(Coded, HttpSink, Teller):
    """A sink that tells people in a chat about each lead; authors write `compose` in place of `request`.

    Chats forgive no repeat, so after an ambiguous send the message goes out again, with its short mark and the words
    "(may be a repeat)"; `at_most_once` leaves such a message to a person instead.
    """

    idempotency_header = None
    concurrency = 1
    code_names: ClassVar[tuple[tuple[str, str], ...]] = ()
    unknown: ClassVar[Verdict] = "retry"

    class Config(HttpSink.Config, Wording):
        """Wording, mentions, and whether a message may be repeated."""

        mention: dict[str, str] = Field(
            default_factory=dict,
            description="Whom to mention: an owner's name, or * for every lead, to the vendor's user id or `all`.",
        )
        at_most_once: bool = Field(
            False, description="Leave a message that may have arrived to a person, instead of repeating it."
        )

    config: Config

    def ready(self) -> None:
        """Decide whether an ambiguous message is repeated."""
        self.repeatable = not self.config.at_most_once

    def compose(self, message: Message, whom: str | None) -> Request:
        """Return the request that posts a message and mentions somebody by the vendor's id, or `all`; pure."""
        raise NotImplementedError

    def request(self, lead: Lead) -> Request:
        """Return the request that posts the message about a lead, in the wording of the settings."""
        return self.compose(Message.of(lead, self.config), self.mentioned(lead))

    def notice(self, message: Message) -> Request:
        """Return the request that posts a message about no lead; it mentions whom `*` does. Pure."""
        return self.compose(message, self.config.mention.get("*"))

    async def tell(self, message: Message, key: str, http: httpx.AsyncClient) -> Sent | Rejected:
        """Post a message about no lead."""
        return self.outcome(await self.exchange(self.notice(message), http))

    def mentioned(self, lead: Lead) -> str | None:
        """Return the vendor's id of whom to mention for this lead; it comes from the settings, never from the lead."""
        return self.config.mention.get(lead.owner or "") or self.config.mention.get("*")

    def response(self, response: Response) -> Sent | Rejected:
        """Return Sent; an answer without a code is not the vendor's."""
        if self.code(response) is None:
            raise BadInput("the answer has no code.")
        return Sent()

    def posted(self, url: SecretStr, body: Any, **params: str) -> Request:
        """Return the request that posts a JSON body to a secret address; `base_url` takes the place of its host."""
        address = urlsplit(url.get_secret_value().strip())
        base = self.config.base_url.rstrip("/") or f"{address.scheme}://{address.netloc}"
        return Request("POST", base + address.path, params={**dict(parse_qsl(address.query)), **params}, json=body)


class RobotSink(ChatSink):
    """A chat sink whose credential is the address of a robot."""

    class Config(ChatSink.Config):
        """The address of the robot."""

        base_url: str = Field(
            "", description="Called instead of the host in `webhook`, such as a sandbox or a proxy; empty: that host."
        )
        webhook: SecretStr = Field(description="The whole address of the robot's webhook; whoever has it can post.")

        _web_address = field_validator("webhook")(web_address)

    config: Config
