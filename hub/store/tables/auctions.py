"""Leads that buyers bid for: each auction that brought bids, and every bid in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from hub.store.tables.shapes import counted, json, time


class AuctionRow(SQLModel, table=True):
    """One auction of a lead. `state`: open, sold, unsold, stopped."""

    __tablename__ = "auction"
    __table_args__ = (sa.Index("auction_submission", "submission"), sa.Index("auction_state", "state", "at"))
    id: str = Field(primary_key=True)
    submission: str  # whose lead it is may change by joining and taking apart
    route: str
    kind: str  # price or waterfall
    state: str = "open"
    at: datetime = time(null=False)
    done_at: datetime | None = time()
    floor: float = 0.0
    winner: str | None = None
    price: float | None = None
    currency: str | None = None
    fallback: list[Any] | None = json()  # the route's own sinks, with the delivery each gets when nobody buys


class BidRow(SQLModel, table=True):
    """One bid that counts. `state`: waiting, owed, sold, rejected, dead, expired, stopped, lost."""

    __tablename__ = "bid"
    __table_args__ = (
        sa.Index("bid_once", "auction", "place", unique=True),
        sa.Index("bid_delivery", "delivery", unique=True),
        sa.Index("bid_buyer", "buyer", "owed_at"),
        sa.Index(
            "bid_until",
            "until",
            sqlite_where=sa.text("state = 'owed'"),
            postgresql_where=sa.text("state = 'owed'"),
        ),
    )
    id: int | None = counted()
    auction: str
    place: int  # in the waterfall: 0 is the first
    buyer: str
    delivery: str  # the id its post has, once it is owed
    state: str = "waiting"
    price: float
    currency: str
    ref: str | None = None  # the buyer's own id of the question
    until: datetime = time(null=False)
    token: str
    stop_after: list[Any] | None = json()  # ends of the post after which nobody else is asked
    owed_at: datetime | None = time()
    done_at: datetime | None = time()
