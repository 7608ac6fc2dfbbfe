"""Files that somebody is about to read in: looked at, mapped, tried, and on their way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from hub.store.tables.shapes import json, time


class DraftRow(SQLModel, table=True):
    """A file before it is an import, and while it is one; nothing of what stands in the file is kept here.

    `state`: new, trying, tried, running, done, failed. The file lies on one machine, which `host` names.
    """

    __tablename__ = "import_draft"
    __table_args__ = (sa.Index("draft_state", "state"), sa.Index("draft_import", "import_id"))
    id: str = Field(primary_key=True)
    name: str
    place: str  # upload: it is ours and goes when it was read; inbox: it lies there, and stays
    path: str  # inside the workspace
    size: int = Field(sa_type=sa.BigInteger)
    source: str
    layout: dict[str, Any] | None = json()  # how it is to be read, where what was found out is wrong
    columns: dict[str, str] | None = json()  # the field each column goes to, where somebody chose; "": none
    mapping: str | None = Field(default=None, sa_type=sa.Text)  # the same as a mapping; none: that of the source
    state: str = "new"
    rows: int = 0  # of a dry run under way
    total: int | None = None  # rows in the file, once it was read whole
    trial: dict[str, Any] | None = json()  # what a dry run found: numbers, codes, and places in the file
    import_id: str | None = None
    reason: str | None = None
    host: str
    holder: str | None = None  # the process that works on it
    by: str
    created_at: datetime = time(null=False)
    changed_at: datetime = time(null=False)
    began_at: datetime | None = time()  # this run, which may go on with what another began
    began_rows: int = 0
