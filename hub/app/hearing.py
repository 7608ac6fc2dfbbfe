"""Puts the ear of the hub together: what other systems say of leads, and what reps say by a click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.feedback.hearing import Hearing
from hub.feedback.links import Links
from hub.feedback.passing import Passing
from hub.pipeline.auctions import Auctioneer

if TYPE_CHECKING:
    from hub.app.hub import Hub


def open_hearing(hub: Hub) -> Hearing:
    """Return the ear of a hub; its links are signed with the key of its privacy desk."""
    passing = Passing(lambda: hub.plan, clock=hub.clock, ids=hub.ids)
    links = Links(hub.privacy.keeper.secret)
    hub.dispatcher.links = links.of
    hub.pipeline.auctions = Auctioneer(
        hub.db, lambda: hub.plan, hub.privacy.keeper.secret, clock=hub.clock, ids=hub.ids, http=hub.http
    )
    return Hearing(
        hub.db, lambda: hub.plan, passing, links, clock=hub.clock, ids=hub.ids, http=hub.http, emit=hub.emit,
        stood=hub.responding.heard.take,
    )  # fmt: skip
