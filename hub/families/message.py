"""Turns a lead into a short message for people, in English or Chinese; connectors only render it."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Protocol

import httpx
from pydantic import Field

from hub.connector import Connector
from hub.escape import cut_bytes, line, utf8_size
from hub.fields import FieldPath, pick, text
from hub.labels import Language, label
from hub.lead import Lead, Rejected, Sent

MESSAGE_FIELDS: tuple[str, ...] = (
    "company",
    "title",
    "phone",
    "email",
    "wechat",
    "country",
    "city",
    "interest",
    "message",
    "source",
    "touch.campaign",
    "touch.utm_campaign",
    "grade",
    "owner",
)
"""What a message tells of a lead where nobody chose anything."""

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "heading": "New lead",
        "colon": ": ",
        "repeat": " (may be a repeat)",
        "why": "Why",
        "link": "Open the lead",
        "hub": "Open the hub",
        "take": "Take it",
        "called": "Called",
        "not_interested": "Not interested",
    },
    "zh": {
        "heading": "新线索",
        "colon": "：",
        "repeat": "（可能重复）",
        "why": "原因",
        "link": "打开线索",
        "hub": "打开系统",
        "take": "我来跟进",
        "called": "已联系",
        "not_interested": "无意向",
    },
}

_LINK_ENDS: dict[int, str] = {ord(char): f"%{ord(char):02X}" for char in " ()<>|"}

_LENGTHS = (500, 200, 80, 30)  # characters a value may have, tried in turn until the whole fits


class Write(Protocol):
    """Encodes foreign text for one place, cut at `limit` characters."""

    def __call__(self, text: str, limit: int = ..., /) -> str:
        """Return the text as the place shows it as text."""
        ...


class Wording(Connector.Config):
    """The settings of every connector that tells people about leads."""

    language: Language = Field("en", description="Language of the message: en or zh.")
    heading: str | None = Field(
        None, description="Words the message starts with; put the keyword here that a robot insists on."
    )
    show: tuple[FieldPath, ...] = Field(MESSAGE_FIELDS, description="Fields the message shows, in order.")
    links: tuple[Literal["take", "called", "not_interested"], ...] = Field(
        ("take", "called", "not_interested"),
        description="Links by which a rep says with one click what was done; they need `hub.public_url`.",
    )


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG that stands in a mail; `words` are for those who cannot see it."""

    name: str  # of the file, and how the page refers to it; ASCII
    content: bytes
    words: str

    @property
    def encoded(self) -> str:
        """Return the content in base64, as mail APIs take it."""
        return base64.b64encode(self.content).decode()


@dataclass(frozen=True, slots=True)
class Message:
    """A short message about one lead; everything but `link` and `acts` may hold foreign text and must be escaped."""

    title: str
    facts: tuple[tuple[str, str], ...]  # label and value, in order of weight
    why: tuple[str, str] | None  # label and the sentence that explains why this lead came here
    link: str | None  # http(s) only
    link_text: str
    colon: str
    acts: tuple[tuple[str, str], ...] = ()  # words and address of what a rep may click; http(s) only
    pictures: tuple[Picture, ...] = ()  # only for a Teller that carries them; no text shows them

    @classmethod
    def of(cls, lead: Lead, wording: Wording) -> Message:
        """Return the message for a lead; its title names the lead, its short mark and whether it may be a repeat."""
        words = _WORDS[wording.language]
        delivery = lead.delivery
        company = f", {lead.company}" if lead.company and lead.company != lead.name else ""
        tail = f" {delivery.short}{words['repeat'] if delivery.repeat else ''}"
        title = f"{line(wording.heading or words['heading'], 60)}{words['colon']}{line(lead.name + company, 80)}{tail}"
        found = [(_label(path, wording.language), text(pick(lead, path))) for path in wording.show]
        facts = tuple((name, value) for name, value in dict.fromkeys(found) if value.strip())
        return cls(
            title=title,
            facts=facts or ((_label("id", wording.language), lead.id),),
            why=(words["why"], delivery.sentence) if delivery.sentence else None,
            link=_web_address(delivery.url),
            link_text=words["link"],
            colon=words["colon"],
            acts=tuple((words[act], url) for act in wording.links if (url := _web_address(delivery.links.get(act)))),
        )

    @classmethod
    def notice(cls, title: str, facts: Iterable[tuple[str, str]], wording: Any, url: str | None) -> Message:
        """Return a message that is about no lead, such as an alarm; it starts with the heading a robot insists on."""
        language = wording.language if isinstance(wording, Wording) else "en"
        words, heading = _WORDS[language], getattr(wording, "heading", None)
        whole = f"{line(heading, 60)}{words['colon']}{line(title, 150)}" if heading else line(title, 150)
        return cls(whole, tuple(facts), None, _web_address(url), words["hub"], words["colon"])

    def links(self) -> list[tuple[str, str]]:
        """Return words and address of every link: to the lead first, then of what a rep may say with a click."""
        return [*([(self.link_text, self.link)] if self.link else []), *self.acts]

    def rows(self) -> list[tuple[str, str]]:
        """Return label and text of every fact, and of the reason last."""
        return [*self.facts, *([self.why] if self.why else [])]

    def plain(self, write: Write = line) -> str:
        """Return the message as plain lines."""
        lines = [write(self.title), *(f"{label}{self.colon}{write(value)}" for label, value in self.rows())]
        return "\n".join([*lines, *(f"{words}{self.colon}{url}" for words, url in self.links())])

    def markdown(self, write: Write, newline: str = "\n") -> str:
        """Return the message in the markdown that Chinese chat tools share: heading, bold labels, links."""
        lines = [f"#### {write(self.title)}"]
        lines += [f"**{write(name)}**{self.colon}{write(value)}" for name, value in self.rows()]
        links = "  ".join(f"[{words}]({url})" for words, url in self.links())
        return newline.join([*lines, *([links] if links else [])])

    def page(self, write: Write = line) -> str:
        """Return the message as an HTML page; all foreign text is escaped."""
        rows = "".join(
            f'<tr><th align="left">{html.escape(name)}</th><td>{html.escape(write(value))}</td></tr>'
            for name, value in self.rows()
        )
        links = [f'<a href="{html.escape(url)}">{html.escape(words)}</a>' for words, url in self.links()]
        link = f"<p>{' &nbsp; '.join(links)}</p>" if links else ""
        title = html.escape(line(self.title))
        shown = "".join(
            f'<p><img src="cid:{html.escape(one.name)}" alt="{html.escape(line(one.words))}"></p>'
            for one in self.pictures
        )
        body = f'<h3>{title}</h3><table cellpadding="4">{rows}</table>{shown}{link}'
        return f"<!DOCTYPE html><html><body>{body}</body></html>"

    def fitting(self, size: Callable[[Message], int], limit: int) -> Message:
        """Return the message with values shortened, then the lesser ones left out, until its size is at most `limit`.

        What is cut is foreign text before it is escaped, so no escape and no link is cut in two.
        """
        short = self
        for length in _LENGTHS:
            short = self.shortened(length)
            if size(short) <= limit:
                return short
        while short.facts and size(short) > limit:
            short = replace(short, facts=short.facts[:-1])
        return short if size(short) <= limit else replace(short, why=None, link=None, acts=())

    def fitted(self, render: Callable[[Message], str], limit: int) -> str:
        """Return what `render` makes of the message in at most `limit` bytes of UTF-8."""
        return cut_bytes(render(self.fitting(lambda short: utf8_size(render(short)), limit)), limit)

    def shortened(self, length: int) -> Message:
        """Return the message with every value cut at that many characters."""
        return replace(
            self,
            facts=tuple((name, line(value, length)) for name, value in self.facts),
            why=(self.why[0], line(self.why[1], length)) if self.why else None,
        )


class Teller:
    """What a sink is that can tell people something that is about no lead."""

    carries_pictures: ClassVar[bool] = False  # whether a message may have some

    async def tell(self, message: Message, key: str, http: httpx.AsyncClient) -> Sent | Rejected:
        """Send a message of the hub itself, under a key that no other has; raises what sending a lead raises."""
        raise NotImplementedError


def _label(path: str, language: Language) -> str:
    said = label(path, language)
    return said[:1].upper() + said[1:]


def _web_address(url: str | None) -> str | None:
    """Return the address as one that ends no markdown link early; None for what is not a web address."""
    if not url or not url.lower().startswith(("http://", "https://")):
        return None
    return line(url, 2000).translate(_LINK_ENDS)
