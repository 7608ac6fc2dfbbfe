"""Whether anything is new: the newest number of each table that grows, which costs one look into each index."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

TOPICS = {
    "leads": ("event", "id"), "deliveries": ("attempt", "id"), "answers": ("activity", "id"),
    "owners": ("ownership", "id"), "rules": ("config_revision", "id"), "alarms": ("alarm", "id"),
}  # fmt: skip
"""What pages may want to be fresh about, and the table and column whose newest number tells."""


def pulse(*, session: Session) -> dict[str, int]:
    """Return by topic a number that changes when something is new."""
    tables = SQLModel.metadata.tables
    newest = [
        sa.select(sa.func.max(tables[table].c[key])).scalar_subquery().label(topic)
        for topic, (table, key) in TOPICS.items()
    ]
    open_alarms = sa.select(sa.func.count()).where(tables["alarm"].c.state == "open").scalar_subquery()
    row = session.execute(sa.select(*newest, open_alarms.label("open"))).one()._mapping
    found = {topic: int(row[topic] or 0) for topic in TOPICS}
    found["alarms"] = found["alarms"] * 1_000_000 + int(row["open"])
    return found
