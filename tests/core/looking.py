"""Looks into a hub's database, as a person with a SQL prompt would."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from hub.app import Hub
from hub.lead import Lead
from hub.store import leads as lead_store


async def all_rows(hub: Hub, table: str) -> list[dict[str, Any]]:
    """Return every row of a table, in the order of its key."""
    return await rows(hub, table)


async def rows(hub: Hub, table: str, **where: Any) -> list[dict[str, Any]]:
    """Return the rows of a table that match."""
    return await hub.db.read(_rows, table, where)


def _rows(table: str, where: dict[str, Any], *, session: Any) -> list[dict[str, Any]]:
    found = SQLModel.metadata.tables[table]
    query = sa.select(found).order_by(*found.primary_key.columns)
    for name, value in where.items():
        query = query.where(found.c[name] == value)
    return [dict(row) for row in session.execute(query).mappings()]


async def lead_of(hub: Hub, lead: str) -> Lead:
    """Return a lead by id."""
    return (await hub.db.read(lead_store.load, [lead]))[lead]


DECIDED = {"version": 1, "updated_at": None, "score": None, "grade": None}


def same(one: Lead, other: Lead) -> bool:
    """Return whether two leads say the same of a person, whatever their version and score."""
    return one.model_copy(update=DECIDED) == other.model_copy(update=DECIDED)
