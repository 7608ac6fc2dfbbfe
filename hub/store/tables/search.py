"""By which words leads are found."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

_WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")  # how a word begins is a range of bytes


class WordRow(SQLModel, table=True):
    """A word of an open lead, as `hub.normal.finding` makes them; written and taken away with the lead itself."""

    __tablename__ = "word"
    __table_args__ = ({"sqlite_with_rowid": False},)
    term: str = Field(primary_key=True, sa_type=_WORD)
    lead: str = Field(primary_key=True)
