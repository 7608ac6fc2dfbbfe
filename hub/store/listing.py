"""Lists of rows, newest first, paged by key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from hub.errors import BadInput
from hub.store import tables

MOST = 200
MOST_DIGITS = 18  # of a number that every database takes

KEYS: Mapping[str, str] = {
    "lead": "id", "submission": "id", "delivery": "id", "decision": "id", "event": "id", "suggestion": "id",
    "file_import": "id", "touch": "submission", "attempt": "id", "config_revision": "id", "api_key": "id",
    "audit": "id", "link": "id", "alarm": "id", "erasure": "id",
}  # fmt: skip
"""The tables that can be listed, with the column they are paged by."""

_HEAVY = {
    "submission": {"body", "headers", "candidate", "completed", "corrections"},
    "lead": {"body"},
    "decision": {"body"},
    "config_revision": {"text"},
    "api_key": {"digest"},
    "file_import": {"mapping", "problems"},
    "erasure": {"places", "kept"},
}


def columns(table: str) -> list[Any]:
    """Return the columns a listing shows: not the bodies, never a key's hash."""
    found = SQLModel.metadata.tables[table]
    return [column for column in found.columns if column.name not in _HEAVY.get(table, ())]


def page(
    table: str,
    where: Mapping[str, Any],
    *,
    limit: int = 50,
    after: str | None = None,
    since: datetime | None = None,
    session: Session,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return rows and the key after which the next page starts, None at the end."""
    found = SQLModel.metadata.tables[table]
    key = found.c[KEYS[table]]
    query = sa.select(*columns(table)).order_by(key.desc()).limit(limit + 1)
    for name, value in where.items():
        query = query.where(found.c[name] == value)
    if after is not None:
        query = query.where(key < as_key(key, after))
    if since is not None:
        query = query.where(found.c["at" if "at" in found.c else "created_at"] >= since)
    rows = [dict(row) for row in session.execute(query).mappings()]
    more = len(rows) > limit
    return rows[:limit], str(rows[limit - 1][KEYS[table]]) if more else None


def one(table: str, key: str, *, session: Session) -> dict[str, Any] | None:
    """Return a whole row by its key, bodies included."""
    found = SQLModel.metadata.tables[table]
    column = found.c[KEYS[table]]
    row = session.execute(sa.select(found).where(column == as_key(column, key))).mappings().first()
    return dict(row) if row else None


def as_key(column: Any, text: str) -> Any:
    """Return what a caller gave for a key as its column has it; raises BadInput for what cannot be one."""
    if not isinstance(column.type, sa.Integer | sa.BigInteger):
        return text
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise BadInput(f"{text[:64]!r} is no place in this list. Take it from `next`.", status=422)
    return int(text)


def of_lead(lead: str, *, session: Session) -> dict[str, list[dict[str, Any]]]:
    """Return everything that is known of one lead's walk, oldest first."""
    parts: dict[str, Any] = {
        "submissions": (tables.SubmissionRow, "lead"), "touches": (tables.TouchRow, "lead"),
        "decisions": (tables.DecisionRow, "lead"), "deliveries": (tables.DeliveryRow, "lead"),
        "merges": (tables.MergeRow, "lead"), "events": (tables.EventRow, "lead"),
    }  # fmt: skip
    found: dict[str, list[dict[str, Any]]] = {}
    for name, (row, column) in parts.items():
        table = row.__table__
        shown = [c for c in table.columns if c.name not in {"body", "candidate", "completed"} or name == "decisions"]
        order = next(iter(table.primary_key.columns))
        query = sa.select(*shown).where(table.c[column] == lead).order_by(order).limit(1000)
        found[name] = [dict(r) for r in session.execute(query).mappings()]
    ids = [row["id"] for row in found["deliveries"]]
    attempt = tables.AttemptRow.__table__  # type: ignore[attr-defined]
    query = sa.select(attempt).where(attempt.c.delivery.in_(ids)).order_by(attempt.c.id)
    found["attempts"] = [dict(r) for r in session.execute(query).mappings()]
    return found


def of_submission(submission: str, *, session: Session) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the decisions on one submission, and the deliveries it led to, oldest first."""
    decision = tables.DecisionRow.__table__  # type: ignore[attr-defined]
    delivery = tables.DeliveryRow.__table__  # type: ignore[attr-defined]
    parts = [
        sa.select(table).where(table.c.submission == submission).order_by(table.c.id) for table in (decision, delivery)
    ]
    decisions, deliveries = ([dict(row) for row in session.execute(part).mappings()] for part in parts)
    return decisions, deliveries


def lookup(text: str, *, session: Session) -> list[str]:
    """Return lead ids that an id, submission id, e-mail address or phone number stands for."""
    lead = tables.LeadRow.__table__  # type: ignore[attr-defined]
    submission = tables.SubmissionRow.__table__  # type: ignore[attr-defined]
    if text.startswith("sub_"):
        query = sa.select(submission.c.lead).where(submission.c.id == text, submission.c.lead.is_not(None))
    elif text.startswith("lead_"):
        query = sa.select(lead.c.id).where(lead.c.id == text)
    else:
        query = sa.select(lead.c.id).where(
            sa.or_(sa.func.lower(lead.c.email) == text.lower(), lead.c.phone == text), lead.c.state == "open"
        )
    return list(session.execute(query.limit(20)).scalars())


def walk(table: str, after: str | None, limit: int, *, session: Session) -> list[dict[str, Any]]:
    """Return the next rows of a table, oldest first, whole: for exports."""
    found = SQLModel.metadata.tables[table]
    key = found.c[KEYS[table]]
    query = sa.select(found).order_by(key).limit(limit)
    if after is not None:
        query = query.where(key > as_key(key, after))
    return [dict(row) for row in session.execute(query).mappings()]
