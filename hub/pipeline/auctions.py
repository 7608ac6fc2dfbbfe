"""Asks buyers what a lead is worth to them: all at once, until a deadline, without saying whose it is."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from hub.bids import Offer, Sale
from hub.clock import Clock
from hub.errors import LeadhubError
from hub.families.buyer import About, BuyerSink
from hub.fields import to_json
from hub.ids import Ids
from hub.lead import Bid, Lead, Rejected
from hub.plan import Plan
from hub.signing import read_token, token_of
from hub.store import auctions as store
from hub.store import deliveries as delivery_store
from hub.store.database import Database

PURPOSE = "auction"  # what tokens of auctions are signed for
SAID = 200  # characters of a buyer's own words that are kept
KEPT = 60.0  # seconds an answer is good for, when the same submission is decided again


@dataclass(frozen=True, slots=True)
class Question:
    """What a token of ours says: which auction, which buyer, and a mark of what the buyer was told."""

    auction: str
    buyer: str
    told: str


class Auctioneer:
    """Asks the buyers of a plan; a submission that is decided again is not asked about again."""

    def __init__(
        self,
        db: Database,
        plan: Callable[[], Plan],
        secret: Callable[[], bytes],
        *,
        clock: Clock,
        ids: Ids,
        http: httpx.AsyncClient,
    ) -> None:
        self._db, self._plan, self._secret = db, plan, secret
        self._clock, self._ids, self._http = clock, ids, http
        self._won: dict[str, datetime] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._asked: dict[tuple[str, ...], tuple[float, str, tuple[Offer, ...]]] = {}

    async def ask(
        self, submission: str, lead: Lead, source: str, buyers: Sequence[str], within: float
    ) -> tuple[str, Sequence[Offer]]:
        """Ask all at once and return the auction's id and an offer of each, in their order, after that many seconds."""
        sinks = self._plan().sinks
        told = {buyer: self._about(sinks[buyer], lead, source) for buyer in buyers}
        marks = {buyer: _mark(about) for buyer, about in told.items()}
        key = (submission, *(f"{buyer}:{mark}" for buyer, mark in marks.items()))
        known = self._remembered(key)
        if known and not await self._db.read(store.is_kept, known[0]):
            return known
        number = self._ids("auc")
        paused = await self._db.read(delivery_store.paused)
        tokens = {buyer: self.token(Question(number, buyer, marks[buyer])) for buyer in buyers}
        work = {b: self._one(b, sinks[b], told[b], tokens[b]) for b in buyers if b not in paused}
        answers = await self._until(work, within)
        offers = tuple(answers.get(buyer) or Offer(buyer, why="paused") for buyer in buyers)
        self._asked[key] = (self._clock.monotonic(), number, offers)
        return number, offers

    def token(self, question: Question) -> str:
        """Return the token that ties the post of a lead to the question it was bought by."""
        return token_of(self._secret(), PURPOSE, f"{question.auction}:{question.told}:{question.buyer}".encode())

    def read(self, token: str) -> Question | None:
        """Return what a token of ours says, None for one that is not ours."""
        raw = read_token(self._secret(), PURPOSE, token)
        if raw is None:
            return None
        auction, told, buyer = raw.decode().split(":", 2)
        return Question(auction, buyer, told)

    async def won(self, buyers: Iterable[str]) -> Mapping[str, datetime]:
        """Return when each of these buyers won last, in the database or just now; who never did is absent."""
        found = dict(await self._db.read(store.last_won, list(buyers)))
        for buyer, at in self._won.items():
            if buyer in buyers:
                found[buyer] = max(at, found.get(buyer, at))
        return found

    def note(self, sale: Sale) -> None:
        """Take in who won; of several in one moment each counts as a little later."""
        newest = max(self._won.values(), default=self._clock.now())
        self._won[sale.winner] = max(self._clock.now(), newest + timedelta(microseconds=1))

    def _about(self, sink: Any, lead: Lead, source: str) -> About:
        assert isinstance(sink, BuyerSink)  # checked with the configuration
        return sink.about(lead, source)

    def _remembered(self, key: tuple[str, ...]) -> tuple[str, Sequence[Offer]] | None:
        now = self._clock.monotonic()
        while self._asked and now - next(iter(self._asked.values()))[0] > KEPT:
            del self._asked[next(iter(self._asked))]  # the oldest stands first
        known = self._asked.get(key)
        return known[1:] if known else None

    async def _until(self, work: Mapping[str, Any], within: float) -> dict[str, Offer]:
        """Return what each buyer said in time; who did not is left alone, and forgotten."""
        tasks = {buyer: asyncio.create_task(asking) for buyer, asking in work.items()}
        try:
            if tasks:
                await asyncio.wait(tasks.values(), timeout=within)
            done = {buyer: task.result() for buyer, task in tasks.items() if task.done()}
        finally:
            for task in tasks.values():
                if not task.done():
                    task.cancel()
                    self._late.add(task)
                    task.add_done_callback(self._late.discard)
        ms = round(within * 1000)
        return {buyer: done.get(buyer) or Offer(buyer, why="late", ms=ms) for buyer in tasks}

    async def _one(self, buyer: str, sink: Any, about: About, token: str) -> Offer:
        began, config = time.perf_counter(), sink.config
        offer = await self._heard(buyer, sink, about, token)
        ms = round((time.perf_counter() - began) * 1000)
        if offer.bid is None:
            return Offer(buyer, None, offer.why, offer.said, ms)
        until = offer.bid.until or self._clock.now() + timedelta(seconds=config.lasts)
        bid = offer.bid.model_copy(update={"token": token, "until": until})
        return Offer(buyer, bid, ms=ms, stop_after=tuple(config.stop_after))

    async def _heard(self, buyer: str, sink: BuyerSink, about: About, token: str) -> Offer:
        """Return what a buyer said; whatever goes wrong with asking it means that there is no bid."""
        try:
            said = await sink.ask(about, token, self._http)
        except LeadhubError as error:
            return Offer(buyer, why="failed", said=error.reason[:SAID])
        except Exception as error:
            return Offer(buyer, why="failed", said=type(error).__name__)
        if isinstance(said, Rejected):
            return Offer(buyer, why="refused", said=said.reason[:SAID])
        return Offer(buyer, said)


class Recalled:
    """Answers with what buyers bid when a lead was decided, so that it can be decided anew without asking."""

    def __init__(self, decision: Mapping[str, Any]) -> None:
        steps = (step for step in decision.get("steps") or () if step.get("step") == "auction")
        held = (one for step in steps for one in step.get("auctions") or ())
        self._bids = {bid["buyer"]: bid for one in held for bid in one.get("bids") or ()}

    async def ask(
        self, submission: str, lead: Lead, source: str, buyers: Sequence[str], within: float
    ) -> tuple[str, Sequence[Offer]]:
        """Return what each of these buyers bid then; who was not asked, or did not bid, has no bid now."""
        return "recalled", tuple(self._offer(buyer) for buyer in buyers)

    async def won(self, buyers: Iterable[str]) -> Mapping[str, datetime]:
        """Of equal bids the first in the list wins."""
        return {}

    def note(self, sale: Sale) -> None:
        """Nothing is sold."""

    def _offer(self, buyer: str) -> Offer:
        bid = self._bids.get(buyer, {})
        if "price" not in bid:
            return Offer(buyer, why=str(bid.get("why") or "refused"))
        until = datetime.max.replace(tzinfo=UTC)
        return Offer(buyer, Bid(price=bid["price"], currency=bid.get("currency") or "", until=until))


def _mark(about: About) -> str:
    return hashlib.sha256(to_json(about)).hexdigest()[:16]
