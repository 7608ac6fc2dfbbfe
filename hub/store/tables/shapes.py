"""The shapes of columns that many tables have."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Field

from hub.store.types import Json, Utc

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite counts only INTEGER keys up by itself


def time(*, null: bool = True, index: bool = False) -> Any:
    """Return a column of a time in UTC."""
    return Field(default=None, sa_type=Utc, nullable=null, index=index)


def json() -> Any:
    """Return a column of a JSON value."""
    return Field(default=None, sa_type=Json, nullable=True)


def counted() -> Any:
    """Return a key that the database counts up."""
    return Field(default=None, primary_key=True, sa_type=_BIG)
