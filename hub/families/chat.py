"""What sinks that post a message about a lead into a chat share: wording, mentions, vendor codes, robot addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import httpx
from pydantic import Field, SecretStr, field_validator

from hub.errors import BadInput
from hub.families.message import Message, Teller, Wording
from hub.http import Request, Response, Verdict, readable
from hub.lead import Lead, Rejected, Sent
from hub.sink import HttpSink


def web_address(url: SecretStr | None) -> SecretStr | None:
    """Return a secret address when it is a web address; raises ValueError, without showing it, otherwise."""
    if url is not None:
        address = urlsplit(url.get_secret_value().strip())
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError("This is not a web address. Copy the robot's whole webhook address, from https:// on.")
    return url


@dataclass(frozen=True, slots=True)
class Codes:
    """What a vendor's codes mean: each field lists codes, apart by blanks; a code in none of them is tried again."""

    ok: str = ""
    retry: str = ""
    busy: str = ""  # too many messages: try again after `pause_seconds`
    misconfigured: str = ""
    reject: str = ""
    pause_seconds: float = 60.0

    def verdict(self, code: str) -> Verdict | None:
        """Return what a code means; None for an unknown one."""
        meanings: tuple[tuple[Verdict, str], ...] = (
            ("ok", self.ok), ("retry", self.retry), ("retry", self.busy), ("misconfigured", self.misconfigured),
            ("reject", self.reject),
        )  # fmt: skip
        return next((verdict for verdict, codes in meanings if code in codes.split()), None)

    def pause(self, code: str) -> float | None:
        """Return the seconds to wait after a code; None where it does not say."""
        return self.pause_seconds if code in self.busy.split() else None


class ChatSink(HttpSink, Teller):
    """A sink that tells people in a chat about each lead; authors write `compose` in place of `request`.

    Chats forgive no repeat, so after an ambiguous send the message goes out again, with its short mark and the words
    "(may be a repeat)"; `at_most_once` leaves such a message to a person instead.
    """

    idempotency_header = None
    concurrency = 1
    code_names: ClassVar[tuple[tuple[str, str], ...]] = ()  # where a JSON answer has its code and words, in turn
    codes: ClassVar[Codes] = Codes()

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

    def code(self, response: Response) -> tuple[str, str] | None:
        """Return the vendor's code and words in an answer; None where it has none, so that the status decides."""
        said = readable(response)
        if isinstance(said, dict):
            for code, words in self.code_names:
                if isinstance(said.get(code), (int, str)):
                    return str(said[code]), str(said.get(words) or "")
        return None

    def verdict(self, response: Response) -> Verdict:
        """Return what the vendor's code means; where there is none, or a middleman spoke, the status decides."""
        by_status = super().verdict(response)
        said = self.code(response)
        if said is None or by_status in ("unclear", "retry"):
            return by_status
        return self.codes.verdict(said[0]) or ("retry" if response.status in (200, 400) else by_status)

    def wait(self, response: Response) -> float | None:
        """Return the seconds to wait after an answer, by its header or its code."""
        said = self.code(response)
        return super().wait(response) or (self.codes.pause(said[0]) if said else None)

    def refusal(self, response: Response) -> str:
        """Return the vendor's code and words."""
        said = self.code(response)
        return f"{said[0]} {said[1]}"[:300] if said else super().refusal(response)

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
