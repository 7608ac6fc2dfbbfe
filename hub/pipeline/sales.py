"""From an auction to its rows: the auction, each bid with the id its post will have, and the post of the winner."""

from __future__ import annotations

from typing import Any

from hub.ids import Ids
from hub.lead import Bid
from hub.step import Target, Work
from hub.store.runs import Run

Sold = dict[str, Any]


def sale_of(run: Run, work: Work, ids: Ids) -> Sold | None:
    """Return what is to be stored of the auction that sold a lead, None when it was not sold."""
    sale = work.sale
    if sale is None or Target(sale.winner, sale.route) not in work.targets:
        return None
    auction = {
        "id": sale.id, "submission": run.submission, "route": sale.route, "kind": sale.order, "state": "open",
        "at": run.at, "floor": sale.floor, "fallback": [[sink, ids("dlv")] for sink in sale.fallback],
    }  # fmt: skip
    bids = []
    for place, offer in enumerate(sale.offers):
        assert offer.bid is not None
        kept = offer.bid.model_dump()
        owed = {"state": "waiting", "owed_at": None} if place else {"state": "owed", "owed_at": run.at}
        named = {"auction": sale.id, "place": place, "buyer": offer.buyer, "delivery": ids("dlv")}
        bids.append({**named, **kept, **owed, "stop_after": list(offer.stop_after)})
    return {"auction": auction, "bids": bids}


def sold_row(sale: Sold) -> dict[str, Any]:
    """Return what is different of the delivery to the winner: a buyer is told of no other and of no rule."""
    first = sale["bids"][0]
    bid = Bid(**{name: first[name] for name in Bid.model_fields})
    return {"id": first["delivery"], "sale": bid.model_dump(mode="json"), "sentence": ""}
