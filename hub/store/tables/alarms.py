"""Alarms, and what they are judged by: the minutes in which sources sent something, and the ends of credentials."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from hub.store.tables.shapes import counted, json, time
from hub.store.types import Utc

_OPEN = sa.text("state = 'open'")


class AlarmRow(SQLModel, table=True):
    """Something a person must look at; of one name at most one is open, whatever number of processes judge."""

    __tablename__ = "alarm"
    __table_args__ = (
        sa.Index("alarm_open", "name", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        sa.Index("alarm_state", "state", "id"),
    )
    id: int | None = counted()
    name: str  # what it is about, such as silence:website
    kind: str
    source: str | None = None
    sink: str | None = None
    state: str = "open"  # open, closed
    level: int = 0  # told anew when it rises
    data: dict[str, Any] | None = json()
    raised_at: datetime = time(null=False)
    closed_at: datetime | None = time()
    acknowledged_at: datetime | None = time()
    acknowledged_by: str | None = None
    told: dict[str, Any] | None = json()  # by sink: `at`, `over`, or why it `failed`


class HourRow(SQLModel, table=True):
    """What a source sent in one hour."""

    __tablename__ = "source_hour"
    source: str = Field(primary_key=True)
    hour: datetime = Field(sa_column=sa.Column(Utc, primary_key=True))
    number: int = 0
    minutes: int = Field(default=0, sa_type=sa.BigInteger)  # a bit for each minute in which something came


class WatchRow(SQLModel, table=True):
    """When a source sent something, and since when it could have without a break of ours."""

    __tablename__ = "source_watch"
    source: str = Field(primary_key=True)
    first_at: datetime = time(null=False)
    last_at: datetime = time(null=False)
    watched_from: datetime | None = time()
    looked_at: datetime | None = time()


class CredentialRow(SQLModel, table=True):
    """What a vendor says of the credential of a source or sink."""

    __tablename__ = "credential"
    name: str = Field(primary_key=True)  # source:NAME, sink:NAME, certificate:HOST
    ends_at: datetime | None = time()
    refused: str | None = None
    checked_at: datetime = time(null=False)
