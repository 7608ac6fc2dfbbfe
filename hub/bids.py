"""What buyers offer for a lead: who asks them, which offers count and in which order, and what was sold."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, Protocol

from hub.lead import Bid, Lead

Order = Literal["price", "waterfall"]
LONGEST = 200  # characters of a buyer's own id that are kept

_NEVER = datetime.min.replace(tzinfo=UTC)
_CURRENCY = re.compile("[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Offer:
    """What came of asking a buyer: a bid, or `why` there is none that counts.

    `why` is late, refused, failed, paused, odd, currency, floor or expired; `said` the buyer's own words.
    """

    buyer: str
    bid: Bid | None = None
    why: str = ""
    said: str = ""
    ms: int | None = None
    stop_after: tuple[str, ...] = ()  # ends of the post after which nobody else is asked


@dataclass(frozen=True, slots=True)
class Sale:
    """An auction with bids, the best first: it gets the lead, the others wait behind it, then the route's own sinks."""

    id: str
    route: str
    order: Order
    floor: float
    offers: tuple[Offer, ...]
    fallback: tuple[str, ...] = ()

    @property
    def winner(self) -> str:
        """Return who gets the lead."""
        return self.offers[0].buyer


class Auctions(Protocol):
    """Who asks buyers."""

    async def ask(
        self, submission: str, lead: Lead, source: str, buyers: Sequence[str], within: float
    ) -> tuple[str, Sequence[Offer]]:
        """Ask all at once and return the auction's id and an offer of each, in their order, after that many seconds."""
        ...

    async def won(self, buyers: Iterable[str]) -> Mapping[str, datetime]:
        """Return when each of these buyers won last; who never did is absent."""
        ...

    def note(self, sale: Sale) -> None:
        """Take in who won, before anything else is decided."""
        ...


def judged(offer: Offer, floor: float, currency: str, now: datetime) -> Offer:
    """Return the offer with its bid made whole, or with why that bid does not count."""
    bid = offer.bid
    if bid is None or offer.why:
        return offer
    named = bid.currency.strip().upper() or currency
    bid = bid.model_copy(update={"currency": named[:3], "ref": bid.ref[:LONGEST] if bid.ref else None})
    why = ""
    if not math.isfinite(bid.price) or bid.price < 0 or not _CURRENCY.fullmatch(named):
        why = "odd"
    elif named != currency:
        why = "currency"
    elif bid.price < floor:
        why = "floor"
    elif bid.until is None or bid.until <= now:
        why = "expired"
    return replace(offer, bid=None if why == "odd" else bid, why=why)


def ranked(offers: Iterable[Offer], order: Order, won: Mapping[str, datetime]) -> tuple[Offer, ...]:
    """Return the offers that count, the best first: by price, who won longest ago before others; or as they stand."""
    counting = [offer for offer in offers if offer.bid is not None and not offer.why]
    if order == "price":
        counting.sort(key=lambda offer: (-offer.bid.price if offer.bid else 0.0, won.get(offer.buyer, _NEVER)))
    return tuple(counting)


def tied(offers: Iterable[Offer], order: Order) -> list[str]:
    """Return the buyers whose bids are equal and the highest, when there are several."""
    bids = [(offer.bid.price, offer.buyer) for offer in offers if offer.bid is not None and not offer.why]
    best = [buyer for price, buyer in bids if price == max(bids)[0]]
    return best if order == "price" and len(best) > 1 else []
