"""auction: buyers bid for the lead of a route without knowing whose it is; the best bid gets it, the rest wait."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from hub.bids import Auctions, Offer, Sale, judged, ranked, tied
from hub.settings.models import RouteSettings, allowed_regions
from hub.step import Context, Options, Target, Work, step
from hub.steps.deliver import without_consent
from hub.steps.route import led

Note = dict[str, Any]


class AuctionOptions(Options):
    """No options: `auction` of a route says who bids, and how."""


@step("auction")
async def auction(work: Work, ctx: Context, options: AuctionOptions) -> Work:
    """Sell the lead of a route to the best bid; where nobody bids, the route's own sinks and team get it."""
    selling = [entry for entry in ctx.flow.routes if entry.auction and entry.name in work.routes]
    if not selling:
        return work
    names = [entry.name for entry in selling]
    if ctx.auctions is None or work.lead.test:
        return work.note("auction", reason="trial" if ctx.auctions is None else "test", routes=names)
    before = await _before(work, ctx)
    if before:
        kept = work if before == "known" else _without(work, ctx, names)
        return kept.note("auction", reason=before, routes=names)
    held: list[Note] = []
    for entry in selling:
        note, sale = await _hold(work, ctx, ctx.auctions, entry)
        held.append(note)
        if sale is not None:
            rest = _without(work, ctx, names)
            sold = rest.change(sale=sale, targets=(Target(sale.winner, entry.name), *rest.targets))
            return sold.note("auction", reason="sold", auctions=held)
    return work.note("auction", reason="unsold", auctions=held)


async def _before(work: Work, ctx: Context) -> str | None:
    """Return what keeps a known lead from being sold now: open, sold or known; None when nothing does."""
    if not work.merged:
        return None
    sold = await ctx.leads.sold((work.lead.id, *work.joined))
    if "open" in sold.values():
        return "open"
    if work.anew:
        return None
    return "sold" if sold else "known" if await ctx.leads.sinks_of(work.lead.id) else None


async def _hold(work: Work, ctx: Context, auctions: Auctions, entry: RouteSettings) -> tuple[Note, Sale | None]:
    """Ask the buyers of a route; return what is noted of it, and the sale when somebody bid enough."""
    terms = entry.auction
    assert terms is not None
    buyers = tuple(dict.fromkeys(terms.buyers))
    barred = await _barred(work, ctx, entry, buyers)
    asked = [buyer for buyer in buyers if buyer not in barred]
    kind = ctx.source.connector
    found: tuple[str, Sequence[Offer]] = ("", ())
    if asked:
        found = await auctions.ask(work.submission, work.lead, kind, asked, terms.within)
    offers = [judged(offer, terms.floor, terms.currency, ctx.clock.now()) for offer in found[1]]
    equal = tied(offers, terms.order)
    best = ranked(offers, terms.order, await auctions.won(equal) if equal else {})
    sale = Sale(found[0], entry.name, terms.order, terms.floor, best, _own(work, entry)) if best else None
    if sale is not None:
        auctions.note(sale)
    every = [*best, *(offer for offer in offers if offer not in best), *(Offer(b, why=w) for b, w in barred.items())]
    note = {
        "route": entry.name, "order": terms.order, "floor": terms.floor, "currency": terms.currency,
        "within": terms.within, "winner": sale.winner if sale else None, "equal": len(equal),
        "bids": [_said(offer) for offer in every],
    }  # fmt: skip
    return note, sale


def _said(offer: Offer) -> Note:
    bid = {"price": offer.bid.price, "currency": offer.bid.currency} if offer.bid else {}
    more = {"ms": offer.ms, "why": offer.why, "said": offer.said}
    return {"buyer": offer.buyer, **bid, **{name: value for name, value in more.items() if value or value == 0}}


async def _barred(work: Work, ctx: Context, entry: RouteSettings, buyers: Sequence[str]) -> dict[str, str]:
    """Return the buyers who are not asked, and why: they could not be given the lead."""
    there = {target.sink for target in work.targets if target.route != entry.name}
    refused = await without_consent(work, ctx, buyers)
    why: dict[str, str] = {}
    for buyer in buyers:
        if not ctx.settings.sinks[buyer].enabled:
            why[buyer] = "off"
        elif not _may(ctx, entry, buyer):
            why[buyer] = "outside"
        elif buyer in there:
            why[buyer] = "has_it"
        elif buyer in refused:
            why[buyer] = refused[buyer]
    return why


def _own(work: Work, entry: RouteSettings) -> tuple[str, ...]:
    """Return the sinks of a route that get the lead when every buyer refuses it."""
    return tuple(target.sink for target in work.targets if target.route == entry.name)


def _without(work: Work, ctx: Context, names: Collection[str]) -> Work:
    """Return the work without what routes that sell the lead say of sinks, team and response."""
    return led(work, [entry for entry in ctx.flow.routes if entry.name in work.routes and entry.name not in names], ctx)


def _may(ctx: Context, entry: RouteSettings, sink: str) -> bool:
    """Return whether a sink keeps data where the leads of a route may go."""
    allowed = allowed_regions(ctx.flow, entry)
    return not allowed or ctx.settings.sinks[sink].region in allowed
