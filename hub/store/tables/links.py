"""Campaign links that people made."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from hub.store.tables.shapes import counted, time


class LinkRow(SQLModel, table=True):
    """A tagged link; the same one is kept once. No person is in it."""

    __tablename__ = "link"
    __table_args__ = (sa.Index("link_once", "digest", unique=True), sa.Index("link_campaign", "campaign", "id"))
    id: int | None = counted()
    at: datetime = time(null=False)
    by: str = ""
    digest: str  # SHA-256 of the address
    page: str = Field(sa_type=sa.Text)
    address: str = Field(sa_type=sa.Text)
    campaign: str | None = None
    source: str | None = None
    medium: str | None = None
    term: str | None = None
    content: str | None = None
    tag: str | None = None  # utm_id
