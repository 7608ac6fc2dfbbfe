"""What a copy of the database knows of itself."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from hub.store.tables.shapes import time


class CopyRow(SQLModel, table=True):
    """Says that this database is a copy made at that time; whoever starts on it first settles what is in doubt."""

    __tablename__ = "copy_mark"
    id: int = Field(default=1, primary_key=True)
    made_at: datetime | None = time()
    paused: bool = False  # let no sink send before a person looked
    stopped: bool = False  # nothing ran after it was made: nothing is in doubt
