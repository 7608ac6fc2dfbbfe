"""What happened and under which rules: events, configurations that ran, and keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from hub.store.tables.shapes import counted, json, time


class EventRow(SQLModel, table=True):
    """What happened; append-only."""

    __tablename__ = "event"
    __table_args__ = (sa.Index("event_lead", "lead"), sa.Index("event_kind", "kind", "id"))
    id: int | None = counted()
    at: datetime = time(null=False)
    kind: str
    lead: str | None = None
    submission: str | None = None
    source: str | None = None
    sink: str | None = None
    data: dict[str, Any] | None = json()


class RevisionRow(SQLModel, table=True):
    """A configuration that ran."""

    __tablename__ = "config_revision"
    id: int | None = counted()
    digest: str = Field(index=True)
    text: str = Field(sa_type=sa.Text)
    published_at: datetime = time(null=False)
    published_by: str = ""
    diff: str | None = Field(default=None, sa_type=sa.Text)


class KeyRow(SQLModel, table=True):
    """An API key; only its hash is kept."""

    __tablename__ = "api_key"
    id: str = Field(primary_key=True)
    digest: str = Field(unique=True)
    role: str
    name: str = ""  # what it is for
    prefix: str = ""  # how it begins, so that people can tell keys apart
    source: str | None = None  # a key of the role `source` posts to this source's address, and nothing else
    created_at: datetime = time(null=False)
    expires_at: datetime | None = time()
    last_used_at: datetime | None = time()
    revoked_at: datetime | None = time()
