"""Auctions and their bids: one buyer at a time is owed a lead, the next one when the post before ended for sure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from hub.events import Event
from hub.store import bulk, care
from hub.store.columns import AUCTION, BID, DELIVERY, LEAD, SUBMISSION
from hub.store.due import Due, owe
from hub.store.log import append
from hub.store.owed import owed
from hub.store.taking import OPEN

EXPIRED = "the bid expired before it was sent"
PIECE = 200  # bids looked at in one transaction


class End(NamedTuple):
    """How the post of a sold lead ended: sent, rejected, dead, or superseded and why."""

    delivery: str
    state: str
    reason: str | None
    at: datetime


def add(sales: Sequence[Mapping[str, Any]], *, session: Session) -> None:
    """Write down auctions with their bids; the first bid of each is owed with the lead."""
    bulk.insert(AUCTION, [sale["auction"] for sale in sales], session=session)
    bulk.insert(BID, [bid for sale in sales for bid in sale["bids"]], session=session)


def is_kept(auction: str, *, session: Session) -> bool:
    """Return whether an auction was written down."""
    return session.execute(sa.select(AUCTION.c.id).where(AUCTION.c.id == auction)).first() is not None


def sold(leads: Collection[str], *, session: Session) -> dict[str, str]:
    """Return which of these leads are in an auction now (open) or were sold in one (sold); others are absent."""
    query = (
        sa.select(SUBMISSION.c.lead, AUCTION.c.state)
        .join(AUCTION, AUCTION.c.submission == SUBMISSION.c.id)
        .where(SUBMISSION.c.lead.in_(leads), AUCTION.c.state.in_(("open", "sold")))
    )
    found: dict[str, str] = {}
    for lead, state in session.execute(query):
        found[lead] = "open" if "open" in (state, found.get(lead)) else state
    return found


def last_won(buyers: Collection[str], *, session: Session) -> dict[str, datetime]:
    """Return when each of these buyers was owed a lead for its bid last."""
    query = sa.select(BID.c.buyer, sa.func.max(BID.c.owed_at).label("at")).where(
        BID.c.buyer.in_(buyers), BID.c.owed_at.is_not(None)
    )
    return {row.buyer: row.at for row in session.execute(query.group_by(BID.c.buyer))}


def moved_on() -> sa.ColumnElement[bool]:
    """Return whether a delivery is the post of a bid that has ended: somebody else may have the lead by now."""
    return sa.exists().where(BID.c.delivery == DELIVERY.c.id, BID.c.state.notin_(("owed", "sold")))


def ended(posts: Iterable[End], *, session: Session) -> None:
    """Take in how posts ended: a lead that was sent is sold, any other is owed to the next buyer, at once."""
    for post in posts:
        if post.state == "sent":
            _sell(post, session)
        elif post.state in ("rejected", "dead"):
            _pass_on(post, post.state, session)
        elif post.state == "superseded":
            _pass_on(post, "expired" if post.reason == EXPIRED else "stopped", session)


def lapsing(now: datetime, *, session: Session) -> bool:
    """Return whether there is a bid that has expired while its post is owed."""
    return session.execute(sa.select(BID.c.id).where(BID.c.state == "owed", BID.c.until < now)).first() is not None


def lapse(now: datetime, *, session: Session) -> int:
    """Take posts back that still wait although their bid has expired; returns how many.

    One that may have arrived is left alone, and what was stopped for another reason ends its auction.
    """
    query = (
        sa.select(BID.c.delivery, DELIVERY.c.state)
        .join(DELIVERY, DELIVERY.c.id == BID.c.delivery)
        .where(
            BID.c.state == "owed",
            BID.c.until < now,
            sa.or_(sa.and_(DELIVERY.c.state == "ready", ~DELIVERY.c.unclear), DELIVERY.c.state == "superseded"),
        )
        .limit(PIECE)
    )
    number = 0
    for delivery, state in session.execute(query).all():
        gone = {"state": "superseded", "reason": EXPIRED, "due_at": None, "done_at": now}
        waits = (DELIVERY.c.id == delivery, DELIVERY.c.state == "ready", ~DELIVERY.c.unclear)
        if state == "superseded":
            _end(delivery, "stopped", now, session)
        elif session.execute(sa.update(DELIVERY).where(*waits).values(**gone).returning(DELIVERY.c.id)).first():
            _pass_on(End(delivery, "superseded", EXPIRED, now), "expired", session)
            number += 1
    return number


def _sell(post: End, session: Session) -> None:
    bid = _turn(post.delivery, "sold", post.at, session)
    if bid is None:
        return
    paid = {"winner": bid.buyer, "price": bid.price, "currency": bid.currency}
    session.execute(sa.update(AUCTION).where(AUCTION.c.id == bid.auction).values(state="sold", done_at=post.at, **paid))
    session.execute(sa.update(BID).where(BID.c.auction == bid.auction, BID.c.state == "waiting").values(state="lost"))
    data = {"auction": bid.auction, "price": bid.price, "currency": bid.currency}
    lead, submission = _whose(bid.auction, session)
    append([Event("auction.sold", post.at, lead, submission, sink=bid.buyer, data=data)], session=session)


def _turn(delivery: str, state: str, at: datetime, session: Session) -> Any:
    """Let the bid of a post that is owed end in a state; returns it, None when it has ended already."""
    mine = (BID.c.delivery == delivery, BID.c.state == "owed")
    return session.execute(sa.update(BID).where(*mine).values(state=state, done_at=at).returning(*BID.c)).first()


def _end(delivery: str, state: str, at: datetime, session: Session) -> None:
    bid = _turn(delivery, state, at, session)
    if bid is not None:
        _close(bid.auction, "stopped", at, session)


def _close(auction: str, state: str, at: datetime, session: Session) -> None:
    session.execute(sa.update(AUCTION).where(AUCTION.c.id == auction).values(state=state, done_at=at))
    session.execute(sa.update(BID).where(BID.c.auction == auction, BID.c.state == "waiting").values(state="lost"))
    lead, submission = _whose(auction, session)
    data = {"auction": auction, "state": state}
    append([Event("auction.unsold", at, lead, submission, data=data)], session=session)


def _whose(auction: str, session: Session) -> tuple[str | None, str]:
    """Return the lead of an auction, as it is called now, and the submission that was sold."""
    query = sa.select(SUBMISSION.c.lead, SUBMISSION.c.id).join(AUCTION, AUCTION.c.submission == SUBMISSION.c.id)
    found = session.execute(query.where(AUCTION.c.id == auction)).first()
    return (found.lead, found.id) if found else (None, "")


def _pass_on(post: End, how: str, session: Session) -> None:
    """Owe the lead to the next buyer, or to the route's own sinks when there is none."""
    bid = _turn(post.delivery, how, post.at, session)
    if bid is None:
        return
    auction = session.execute(sa.select(AUCTION).where(AUCTION.c.id == bid.auction).with_for_update()).one()
    lead, submission = _whose(auction.id, session)
    version = _version(lead, session)
    if version is None or how in (bid.stop_after or ()) or _elsewhere(auction, lead, session):
        _close(auction.id, "stopped", post.at, session)
        return
    assert lead is not None
    chosen = _next(auction.id, post.at, session)
    if chosen is None:
        _close(auction.id, "unsold", post.at, session)
        care.strand(lead, post.at, "unsold", session=session)
        for sink, delivery in auction.fallback or ():
            _owe(delivery, lead, sink, submission, auction.route, version, post.at, session)
        return
    sale = {"price": chosen.price, "currency": chosen.currency, "ref": chosen.ref, "token": chosen.token}
    sale["until"] = chosen.until.isoformat()
    _owe(chosen.delivery, lead, chosen.buyer, submission, auction.route, version, post.at, session, sale)
    data = {"auction": auction.id, "from": bid.buyer, "why": how}
    append([Event("auction.passed_on", post.at, lead, submission, sink=chosen.buyer, data=data)], session=session)


def _version(lead: str | None, session: Session) -> int | None:
    """Return the version of a lead that is still there, None for one that is gone."""
    query = sa.select(LEAD.c.version).where(LEAD.c.id == lead, LEAD.c.state == "open")
    return session.execute(query).scalar_one_or_none()


def _elsewhere(auction: Any, lead: str | None, session: Session) -> bool:
    """Return whether the person, who turned out to be two leads, is being sold or was sold in another auction since."""
    other = AUCTION.alias("other")
    query = (
        sa.select(other.c.id)
        .join(SUBMISSION, SUBMISSION.c.id == other.c.submission)
        .where(
            SUBMISSION.c.lead == lead,
            other.c.id != auction.id,
            sa.or_(other.c.state == "open", sa.and_(other.c.state == "sold", other.c.done_at >= auction.at)),
        )
    )
    return session.execute(query).first() is not None


def _next(auction: str, now: datetime, session: Session) -> Any:
    """Return the next bid that still holds, owed from now on; those that have expired are passed over."""
    waiting = (BID.c.auction == auction, BID.c.state == "waiting")
    session.execute(sa.update(BID).where(*waiting, BID.c.until <= now).values(state="expired", done_at=now))
    place = sa.select(sa.func.min(BID.c.place)).where(*waiting).scalar_subquery()
    return session.execute(
        sa.update(BID).where(*waiting, BID.c.place == place).values(state="owed", owed_at=now).returning(*BID.c)
    ).first()


def _owe(
    id_: str, lead: str, sink: str, submission: str, route: str, version: int, now: datetime, session: Session,
    sale: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Owe a lead to a sink, unless it is owed or was sent to it otherwise meanwhile."""
    same = (DELIVERY.c.lead == lead, DELIVERY.c.sink == sink)
    if (
        sale is None
        and session.execute(sa.select(DELIVERY.c.id).where(*same, DELIVERY.c.state.in_((*OPEN, "sent")))).first()
    ):
        return
    last = session.execute(sa.select(sa.func.max(DELIVERY.c.version)).where(*same)).scalar() or 0
    version = max(version, last + 1)
    row = {**owed(id_, lead, sink, version, submission, now, route=route), "sale": sale}
    session.execute(sa.insert(DELIVERY).values(**row))
    owe([Due(id_, sink, 0, 0, now, 0.0)], session=session)
