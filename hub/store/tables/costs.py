"""What campaigns cost, as files and programs told it, and the links vendors look at their own numbers by."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from hub.store.tables.shapes import counted, time


class CostBatchRow(SQLModel, table=True):
    """Costs that came together: a file, a paste or a call; undone, its rows are gone."""

    __tablename__ = "cost_batch"
    id: str = Field(primary_key=True)
    name: str
    rows: int = 0
    at: datetime = time(null=False)
    by: str = ""
    undone_at: datetime | None = time()


class CostRow(SQLModel, table=True):
    """Money spent on one day, or spread evenly over days; it names a campaign, a source, or whatever else is known."""

    __tablename__ = "cost"
    __table_args__ = (sa.Index("cost_day", "last", "day"), sa.Index("cost_batch_rows", "batch"))
    id: int | None = counted()
    batch: str
    day: date = Field(sa_type=sa.Date, nullable=False)
    last: date = Field(sa_type=sa.Date, nullable=False)  # the last day it is spread over; the same for one day
    amount: str  # a decimal number as text: money is not rounded
    currency: str = ""  # none: that of the hub
    campaign: str | None = None
    source: str | None = None
    medium: str | None = None
    origin: str | None = None
    ad_group: str | None = None


class ScorecardRow(SQLModel, table=True):
    """A link by which somebody without an account sees the numbers of one source."""

    __tablename__ = "scorecard"
    __table_args__ = (sa.Index("scorecard_source", "source", "id"),)
    id: str = Field(primary_key=True)
    source: str
    by: str = ""
    at: datetime = time(null=False)
    until: datetime = time(null=False)
    revoked_at: datetime | None = time()
