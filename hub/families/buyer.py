"""Sinks that bid for leads: what they are told before they buy, how they are asked, and what a bid is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import httpx
from pydantic import Field

from hub.fields import pick, text
from hub.http import Request, Response
from hub.instant import instant
from hub.lead import Bid, Lead, Rejected
from hub.nameless import nameless
from hub.outgoing.caller import guarded
from hub.sink import HttpSink

About = Mapping[str, Any]
"""What a buyer is told of a lead before it buys: by name, short texts and numbers, and nothing of who it is."""

Told = Literal[
    "country", "region", "city", "postcode", "industry", "employees", "interest", "product", "grade", "score", "source"
]
TOLD: tuple[Told, ...] = (
    "country", "region", "city", "postcode", "industry", "employees", "interest", "product", "grade", "score", "source"
)  # fmt: skip
"""What may be told; a person's name, addresses, numbers and own words are not among it."""

LONGEST = 60  # characters: what is longer is somebody's own words
_PERSON = (
    "full_name", "first_name", "last_name", "email", "phone", "wechat", "external_id", "company", "street", "website",
    "birthday",
)  # fmt: skip
_WORDS = ("full_name", "first_name", "last_name", "email", "wechat")
_POSTCODE = re.compile(r"(?=.*[0-9])[A-Za-z0-9][A-Za-z0-9 -]{1,10}")
_DIGITS = 6  # of a phone number in a row tell whose it is
_RANGE = re.compile(r"[0-9]{3,6} ?[-–] ?[0-9]{4,6}")  # such as 1000-5000 employees
_PLACES = ("country", "region", "city")
_ZIP_PLUS_4 = re.compile(r"(?<=^[0-9]{5})-[0-9]{4}$")
_PRICE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?")
_SECONDS = re.compile(r"[0-9]{1,5}(\.[0-9]+)?")
_END = Literal["rejected", "expired", "dead"]


class BuyerSink(HttpSink):
    """A sink that is asked what a lead is worth to it, and gets it by `request` when its bid wins.

    The lead in `request` has the bid in `delivery.bid`, with the buyer's own id and our token.
    """

    class Config(HttpSink.Config):
        """What a buyer is told, how long its bids hold, and what follows a post that ends badly."""

        tells: tuple[Told, ...] = Field(
            TOLD, description="What it is told of a lead before it bids; who the person is, is never told."
        )
        tells_extra: tuple[str, ...] = Field(
            (), description="Own fields it is told as well, such as roof_type; only short values that name nobody."
        )
        postcode_digits: int = Field(3, ge=0, le=4, description="How much of a postcode it is told.")
        lasts: float = Field(120.0, gt=0, description="Seconds a bid holds where the buyer does not say.")
        stop_after: tuple[_END, ...] = Field(
            (), description="Ends of a post after which no other buyer is asked: rejected, expired, dead."
        )

    config: Config

    def ping(self, about: About, token: str) -> Request:
        """Return the question what a lead is worth; `token` is ours and comes again with the post. Pure."""
        raise NotImplementedError

    def bid(self, response: Response) -> Bid | None:
        """Return the bid in a 2xx answer to a ping, None when there is none; pure."""
        raise NotImplementedError

    def about(self, lead: Lead, source: str) -> About:
        """Return what this buyer is told of a lead; `source` is the kind of its source."""
        config = self.config
        return about(lead, source, config.tells, config.tells_extra, config.postcode_digits)

    def until(self, said: Any) -> datetime | None:
        """Return when a bid ends, out of a buyer's words: seconds from now, or a time; None when they say neither."""
        if _SECONDS.fullmatch(text(said)):
            return self.clock.now() + timedelta(seconds=float(text(said)))
        return instant(said) if said is not None else None

    async def ask(self, about: About, token: str, http: httpx.AsyncClient) -> Bid | Rejected:
        """Ask for a bid; raises Retry, Unclear or Misconfigured, which all mean that there is none."""
        answer = self.judge(await self.exchange(self.ping(about, token), http))
        if isinstance(answer, Rejected):
            return answer
        return guarded(lambda: self.bid(answer), answer) or Rejected("no bid")


def price_of(said: Any) -> float:
    """Return a price in a buyer's words, a number or its text; raises ValueError for anything else."""
    if isinstance(said, bool) or not isinstance(said, str | int | float) or not _PRICE.fullmatch(text(said).strip()):
        raise ValueError("the price is no number")
    return float(text(said))


def about(lead: Lead, source: str, told: Iterable[str], extra: Iterable[str] = (), postcode: int = 3) -> About:
    """Return what may be told of a lead before it is sold; a value that names or quotes the person is left out."""
    said: dict[str, Any] = {
        name: getattr(lead, name) for name in told if name not in ("postcode", "product", "source", "score")
    }
    said |= {"postcode": _begun(lead, postcode), "product": pick(lead, "extra.product")}
    found = {name: said[name] for name in told if name in said}
    found |= {name: pick(lead, f"extra.{name}") for name in extra}
    safe = {name: value for name, value in found.items() if _is_safe(value, lead, place=name in _PLACES)}
    safe |= {"score": lead.score} if "score" in told and lead.score is not None else {}
    return safe | ({"source": source} if "source" in told else {})


def _begun(lead: Lead, characters: int) -> str | None:
    """Return the beginning of a postcode; None for what is none, and where the whole would be told."""
    code = _ZIP_PLUS_4.sub("", (lead.postcode or "").strip())
    if not _POSTCODE.fullmatch(code) or not _is_safe(code, lead, place=True):
        return None
    plain = re.sub("[ -]", "", code)
    return plain[: min(characters, len(plain) - 1)] or None


def _is_safe(value: Any, lead: Lead, *, place: bool = False) -> bool:
    """Return whether a value says something, shortly, that says nothing of who the person is.

    A place may be a word of a street: addresses end with their city.
    """
    if isinstance(value, bool):
        return True
    if not isinstance(value, str | int | float):
        return False
    said = text(value).strip()
    return 0 < len(said) <= LONGEST and said.isprintable() and not _names(said, lead, place)


def _names(said: str, lead: Lead, place: bool) -> bool:
    """Return whether a text has a part of what the person is called, or what looks like an address or a number."""
    plain = _plain(said)
    if "@" in plain or (nameless(plain) != plain and not _RANGE.fullmatch(plain)):
        return True
    digits, phone = re.sub(r"\D", "", plain), re.sub(r"\D", "", _plain(lead.phone or ""))
    if any(phone[at : at + _DIGITS] in digits for at in range(len(phone) - _DIGITS + 1)):
        return True
    return any(_has(plain, part) for part in _parts(lead, place))


def _parts(lead: Lead, place: bool) -> Iterable[str]:
    """Yield what the person is called, a name, a street and the first half of a mail address in their words as well."""
    for name in _PERSON:
        whole = _plain(str(getattr(lead, name) or ""))
        yield whole
        if name in _WORDS or (name == "street" and not place):
            yield from re.split(r"\W+|_", whole.partition("@")[0])


def _has(said: str, part: str) -> bool:
    """Return whether a text has a word; a short one must stand alone, as Li is in Berlin and says nothing there."""
    bare = _bare(part)
    if len(bare) < 2:
        return False
    if len(bare) > 3 or not bare.isascii():
        return bare in _bare(said)
    return re.search(rf"(?<![^\W\d_]){re.escape(bare)}(?![^\W\d_])", said) is not None


def _bare(said: str) -> str:
    return re.sub(r"\W|_", "", said)


def _plain(said: str) -> str:
    """Return a text as it would be compared: one width, one case, nothing invisible."""
    folded = unicodedata.normalize("NFKC", said).casefold()
    return "".join(char for char in folded if unicodedata.category(char) not in ("Cf", "Mn"))
