"""What is owed to sinks: deliveries, every attempt at them, and the sinks' state."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from hub.store.tables.shapes import counted, json, time


class DeliveryRow(SQLModel, table=True):
    """One lead owed to one sink. `state`: ready, sending, sent, rejected, unclear, dead, superseded."""

    __tablename__ = "delivery"
    __table_args__ = (
        sa.Index("delivery_once", "lead", "sink", "version", unique=True),
        sa.Index(
            "delivery_due",
            "sink",
            "priority",
            "due_at",
            "id",
            sqlite_where=sa.text("state = 'ready'"),
            postgresql_where=sa.text("state = 'ready'"),
        ),
        sa.Index(
            "delivery_lease",
            "lease_until",
            sqlite_where=sa.text("state = 'sending'"),
            postgresql_where=sa.text("state = 'sending'"),
        ),
        sa.Index("delivery_state", "state", "sink", "id"),
        # Without it SQLite looks for a lead's deliveries among all of a state.
        sa.Index("delivery_lead", "lead", "state", "sink"),
        sa.Index(
            "delivery_ref",
            "sink",
            "ref",
            sqlite_where=sa.text("ref IS NOT NULL"),
            postgresql_where=sa.text("ref IS NOT NULL"),
        ),
    )
    id: str = Field(primary_key=True)
    lead: str
    sink: str
    version: int
    key: str
    route: str = ""
    submission: str
    occasion: dict[str, Any] | None = json()  # what became of the lead, where that is what is told
    sale: dict[str, Any] | None = json()  # the bid it was sold for, where it was sold
    sentence: str = ""  # why it goes there, for whoever reads the message
    state: str = "ready"
    priority: int = 0  # first attempts go before retries, retries before replays
    attempts: int = 0
    rescues: int = 0  # how often a process died while holding it
    unclear: bool = False  # an earlier attempt may have arrived
    test: bool = False
    created_at: datetime = time(null=False)
    due_at: datetime | None = time()
    lease_until: datetime | None = time()
    lease_by: str | None = None
    fence: int = 0
    done_at: datetime | None = time()
    ref: str | None = None
    outcome: str | None = None
    reason: str | None = None


class AttemptRow(SQLModel, table=True):
    """One try at a delivery: the row is written before the first byte goes out."""

    __tablename__ = "attempt"
    __table_args__ = (sa.Index("attempt_delivery", "delivery", "number", "fence", unique=True),)
    id: int | None = counted()
    delivery: str
    number: int
    fence: int
    started_at: datetime = time(null=False)
    ended_at: datetime | None = time()
    outcome: str | None = None
    reason: str | None = None
    ms: float | None = None


class SinkRow(SQLModel, table=True):
    """Whether a sink is paused, and why."""

    __tablename__ = "sink_state"
    sink: str = Field(primary_key=True)
    paused_at: datetime | None = time()
    reason: str | None = None
