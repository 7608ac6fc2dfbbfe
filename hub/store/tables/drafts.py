"""What somebody is writing and has not published yet."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from hub.store.tables.shapes import time


class ConfigDraftRow(SQLModel, table=True):
    """A changed configuration, one for each person who changes one."""

    __tablename__ = "config_draft"
    who: str = Field(primary_key=True)  # the caller's id, never a name
    base: str  # the digest of the configuration it was begun on
    text: str = Field(sa_type=sa.Text)
    changed_at: datetime = time(null=False)
