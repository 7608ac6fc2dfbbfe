"""What sinks that text people's phones about a lead share: whom to text, and that no text is ever repeated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, model_validator

from hub.connector import Connector
from hub.escape import line
from hub.families.coded import CodedCaller
from hub.families.message import Message
from hub.fields import known_path, pick, text
from hub.http import Request, Response, Verdict
from hub.lead import Lead, Rejected
from hub.sink import HttpSink

PhoneNumber = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
"""The type of a setting that holds a phone number in E.164, such as +8613800138000."""

_LINKS: Mapping[str, str] = {f"links.{act}": act for act in ("take", "called", "not_interested")}


def _known_value(path: str) -> str:
    return path if path in _LINKS else known_path(path)


TextPath = Annotated[str, AfterValidator(_known_value)]
"""The type of a setting that holds a path into a lead, or `links.take|called|not_interested`."""


class _Whom(Connector.Config):
    to: PhoneNumber | None = Field(
        None, description="Number that gets the text where the lead's owner has none, such as +8613800138000."
    )
    owners: dict[str, PhoneNumber] = Field(
        default_factory=dict, description="Who gets it instead: an owner's name to the owner's number."
    )


class TextSink(CodedCaller, HttpSink):
    """A sink that texts a person about each lead, the lead's owner where the number is known.

    A text costs money and cannot be called back, so one that may have been sent is held for a person.
    """

    idempotency_header = None
    concurrency = 1
    statuses: ClassVar[Mapping[int, Verdict]] = {503: "unclear"}  # a gateway may say so after the text went out
    doubtful: ClassVar[str] = ""  # codes, apart by blanks, after which the text may have gone out all the same

    class Config(_Whom, CodedCaller.Config, HttpSink.Config):
        """Whom to text."""

        @model_validator(mode="after")
        def _somebody(self) -> TextSink.Config:
            if self.to is None and not self.owners:
                raise ValueError("Nobody gets a text. Set `to`, or `owners`, or both.")
            return self

    config: Config

    def number(self, lead: Lead) -> str | None:
        """Return the number to text about a lead; it comes from the settings, never from the lead."""
        return self.config.owners.get(lead.owner or "") or self.config.to

    def refuse(self, lead: Lead) -> Rejected | None:
        """Refuse a lead that nobody is to be told of."""
        if self.number(lead) is None:
            return Rejected("The lead's owner has no number. Set it in `owners`, or set `to`.", "no_number")
        return None

    def request(self, lead: Lead) -> Request:
        """Return the request that texts about a lead."""
        return self.compose(lead, self.number(lead) or "")

    def compose(self, lead: Lead, number: str) -> Request:
        """Return the request that texts a number about a lead; pure."""
        raise NotImplementedError

    def verdict(self, response: Response) -> Verdict:
        """Return what the code means; after a doubtful one nobody knows whether the text went out."""
        said = self.code(response)
        return "unclear" if said and said[0] in self.doubtful.split() else super().verdict(response)


class TemplateTextSink(TextSink):
    """A text sink whose vendor only sends texts it has approved before, with variables in them."""

    class Config(TextSink.Config):
        """How values go into the variables of a template."""

        longest: int = Field(35, ge=1, le=500, description="Most characters a value has; a longer one is cut.")
        empty: str = Field("-", min_length=1, description="What stands for a value that the lead does not have.")
        link_base: str = Field(
            "",
            description="Start of the hub's addresses that is fixed text in the template; a link's value is the rest, "
            "as a variable may hold no whole address.",
        )

    config: Config

    def values(self, lead: Lead, paths: Iterable[str]) -> list[str]:
        """Return the values of these paths; a link is never cut, as half a link leads nowhere."""
        acts = lead.delivery.links
        return [
            (acts.get(_LINKS[path]) or self.config.empty).removeprefix(self.config.link_base)
            if path in _LINKS
            else line(text(pick(lead, path)), self.config.longest) or self.config.empty
            for path in paths
        ]


def message_text(message: Message, longest: int) -> str:
    """Return a message as plain text in at most `longest` characters: values are cut first, links never."""
    return message.fitting(lambda short: len(short.plain()), longest).plain()[:longest]
