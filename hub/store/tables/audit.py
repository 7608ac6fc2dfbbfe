"""Who did what: the append-only audit log; every entry is sealed with the one before it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from hub.store.tables.shapes import json, time


class AuditRow(SQLModel, table=True):
    """One entry; numbers have no gaps, triggers forbid to change or delete one, and none holds personal data."""

    __tablename__ = "audit"
    __table_args__ = (
        sa.Index("audit_what", "what", "id"),
        sa.Index("audit_who", "who", "id"),
        sa.Index("audit_target", "target", "id"),
    )
    id: int = Field(primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False})
    at: datetime = time(null=False)
    who: str  # user:ID, key:ID, local, hub, anonymous
    what: str
    target: str | None = None
    address: str | None = None
    request: str | None = None
    before: str | None = None  # keyed hashes of what was and of what is
    after: str | None = None
    data: dict[str, Any] | None = json()
    key_id: str  # which key sealed it
    seal: str  # HMAC-SHA256 over this entry and the seal before it
