"""Lists of leads that people keep by a name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from hub.store.tables.shapes import counted, json, time


class ViewRow(SQLModel, table=True):
    """A list that somebody keeps: what it is filtered by and which columns it shows; shared ones are for everybody."""

    __tablename__ = "saved_view"  # "view" is a word of SQL
    __table_args__ = (sa.Index("saved_view_name", "owner", "name"),)
    id: int | None = counted()
    owner: str  # who made it, as the audit log names them
    name: str
    shared: bool = False
    filters: dict[str, Any] | None = json()
    columns: list[str] | None = json()
    created_at: datetime = time(null=False)
