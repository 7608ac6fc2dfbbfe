"""What other systems say became of leads: their activities as they came, and where each lead stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from hub.store.tables.shapes import counted, json, time


class ActivityRow(SQLModel, table=True):
    """One thing that was done with a lead; kept once by the key its system gave it."""

    __tablename__ = "activity"
    __table_args__ = (sa.Index("activity_once", "sink", "key", unique=True), sa.Index("activity_lead", "lead", "at"))
    id: int | None = counted()
    lead: str
    sink: str
    key: str
    kind: str
    at: datetime = time(null=False)  # when it was done there
    heard_at: datetime = time(null=False)
    ref: str | None = None
    by: str | None = None
    human: bool = False
    word: str | None = None  # the status in that system's own words
    disposition: str | None = None
    value: float | None = None
    currency: str | None = None
    reason: str | None = Field(default=None, sa_type=sa.Text)
    data: dict[str, Any] | None = json()  # as received


class StandingRow(SQLModel, table=True):
    """Where a lead stands: its newest disposition, and the first answer of a person."""

    __tablename__ = "standing"
    __table_args__ = (sa.Index("standing_disposition", "disposition", "lead"),)
    lead: str = Field(primary_key=True)
    disposition: str | None = None
    disposed_at: datetime | None = time()
    value: float | None = None
    currency: str | None = None
    reason: str | None = Field(default=None, sa_type=sa.Text)
    responded_at: datetime | None = time()
    responded_by: str | None = None
    responded_through: str | None = None  # the sink that told of it


class NewsRow(SQLModel, table=True):
    """How far the news of a sink was heard, and how that went."""

    __tablename__ = "news"
    sink: str = Field(primary_key=True)
    cursor: str | None = Field(default=None, sa_type=sa.Text)
    asked_at: datetime | None = time()
    failed_at: datetime | None = time()
    reason: str | None = None
    heard: int = 0  # activities that are kept
    known: int = 0  # that came again
    skipped: int = 0  # of records that are no lead of ours
    reasons: dict[str, int] | None = json()  # of these, how many for which reason
    last: dict[str, int] | None = json()  # what the last asking saw
    failing_since: datetime | None = time()


class LetterRow(SQLModel, table=True):
    """A feedback webhook as it came. `state`: received, done, failed."""

    __tablename__ = "feedback_letter"
    __table_args__ = (sa.Index("letter_state", "state", "id"),)
    id: str = Field(primary_key=True)
    sink: str
    state: str = "received"
    received_at: datetime = time(null=False)
    method: str = "POST"
    url: str = ""
    headers: dict[str, Any] | None = json()
    body: bytes = b""
    reason: str | None = None
    tries: int = 0
