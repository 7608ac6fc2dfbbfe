"""One lead's walk in parts, each newest first and paged by key: it stays fast however much was sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import orjson
import sqlalchemy as sa
from sqlmodel import Session

from hub.lead import Lead
from hub.store.columns import (
    ACTIVITY,
    ATTEMPT,
    CARE,
    CONSENT,
    DECISION,
    DELIVERY,
    IDENTITY,
    LEAD,
    MERGE,
    OWNERSHIP,
    SUBMISSION,
    SUGGESTION,
    TASK,
    TOUCH,
)
from hub.store.leads import chunks
from hub.store.listing import as_key
from hub.store.tables import AuditRow

AUDIT: sa.Table = AuditRow.__table__  # type: ignore[attr-defined]

PARTS: Mapping[str, tuple[sa.Table, Any]] = MappingProxyType(
    {
        "submissions": (SUBMISSION, SUBMISSION.c.id), "touches": (TOUCH, TOUCH.c.submission),
        "decisions": (DECISION, DECISION.c.id), "deliveries": (DELIVERY, DELIVERY.c.id),
        "merges": (MERGE, MERGE.c.id), "activities": (ACTIVITY, ACTIVITY.c.id), "moves": (OWNERSHIP, OWNERSHIP.c.id),
        "rounds": (CARE, CARE.c.id), "tasks": (TASK, TASK.c.id), "consents": (CONSENT, CONSENT.c.id),
    }
)  # fmt: skip
"""The parts of a walk: each one's table, and the column it is paged by."""

_HEAVY = frozenset(("body", "candidate", "completed"))


def part(
    name: str, lead: str, *, limit: int = 20, after: str | None = None, session: Session
) -> tuple[list[dict[str, Any]], str | None]:
    """Return rows of a part, newest first, and the key after which the next page starts; decisions with their body."""
    table, key = PARTS[name]
    heavy = _HEAVY if name != "decisions" else frozenset()
    shown: list[Any] = [column for column in table.columns if column.name not in heavy]
    if name == "submissions":
        shown.append(sa.func.length(SUBMISSION.c.body).label("size"))
    query = sa.select(*shown).where(table.c.lead == lead).order_by(key.desc()).limit(limit + 1)
    if after is not None:
        query = query.where(key < as_key(key, after))
    rows = [dict(row) for row in session.execute(query).mappings()]
    if name == "decisions":
        rows = [{**row, "body": orjson.loads(row["body"])} for row in rows]
    return rows[:limit], str(rows[limit - 1][key.name]) if len(rows) > limit else None


def attempts(deliveries: Iterable[str], *, session: Session) -> dict[str, list[dict[str, Any]]]:
    """Return every attempt at these deliveries, oldest first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for ids in chunks(deliveries):
        query = sa.select(ATTEMPT).where(ATTEMPT.c.delivery.in_(ids)).order_by(ATTEMPT.c.id)
        for row in session.execute(query).mappings():
            found.setdefault(row["delivery"], []).append(dict(row))
    return found


def said(submissions: Iterable[str], *, session: Session) -> dict[str, Lead]:
    """Return what each of these submissions says by itself, as its last run read it; those without are absent."""
    found: dict[str, Lead] = {}
    for ids in chunks(submissions):
        query = sa.select(SUBMISSION.c.id, SUBMISSION.c.candidate).where(SUBMISSION.c.id.in_(ids))
        found.update((id_, Lead.model_validate_json(body)) for id_, body in session.execute(query) if body)
    return found


def decided(submissions: Iterable[str], *, session: Session) -> dict[str, dict[str, Any]]:
    """Return the newest decision on each of these submissions, with its id."""
    found: dict[str, dict[str, Any]] = {}
    for ids in chunks(submissions):
        query = sa.select(DECISION.c.id, DECISION.c.submission, DECISION.c.body).where(DECISION.c.submission.in_(ids))
        for row in session.execute(query.order_by(DECISION.c.id)):
            found[row.submission] = {"id": row.id, **orjson.loads(row.body)}
    return found


def decision(number: int, *, session: Session) -> tuple[dict[str, Any], int] | None:
    """Return a decision, and the number of the newest one on the same submission."""
    row = session.execute(sa.select(DECISION).where(DECISION.c.id == number)).mappings().first()
    if row is None:
        return None
    newest = sa.select(sa.func.max(DECISION.c.id)).where(DECISION.c.submission == row["submission"])
    return {**row, "body": orjson.loads(row["body"])}, int(session.execute(newest).scalar_one())


def standing(lead: str, *, session: Session) -> dict[str, Any] | None:
    """Return the row of a lead as it is, also of one that is merged, erased or closed."""
    shown = [column for column in LEAD.columns if column.name != "body"]
    row = session.execute(sa.select(*shown).where(LEAD.c.id == lead)).mappings().first()
    return dict(row) if row else None


def alike(lead: str, *, session: Session) -> list[dict[str, Any]]:
    """Return the leads that may be the same person, with the number of the suggestion."""
    mine = sa.or_(SUGGESTION.c.lead == lead, SUGGESTION.c.other == lead)
    query = sa.select(SUGGESTION).where(mine, SUGGESTION.c.state == "open").order_by(SUGGESTION.c.id.desc()).limit(10)
    return [dict(row) for row in session.execute(query).mappings()]


def keys(lead: str, *, session: Session) -> list[dict[str, Any]]:
    """Return the keys a lead is recognised by, with the submission that gave each."""
    query = sa.select(IDENTITY).where(IDENTITY.c.lead == lead, IDENTITY.c.exact).order_by(IDENTITY.c.key).limit(50)
    return [dict(row) for row in session.execute(query).mappings()]


def noted(targets: Collection[str], limit: int, *, session: Session) -> list[dict[str, Any]]:
    """Return the newest lines of the audit log about any of these: a lead, its submissions, its deliveries."""
    found: list[dict[str, Any]] = []
    for some in chunks(targets):
        query = sa.select(AUDIT).where(AUDIT.c.target.in_(some)).order_by(AUDIT.c.id.desc()).limit(limit)
        found += [dict(row) for row in session.execute(query).mappings()]
    return sorted(found, key=lambda row: -row["id"])[:limit]
