"""What a lead is made of: what each submission said by itself, and what was found out at its run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlmodel import Session

from hub.lead import Lead
from hub.store import leads as lead_store
from hub.store import search
from hub.store.columns import DECISION, LEAD, SUBMISSION


@dataclass(frozen=True, slots=True)
class Part:
    """One submission of a lead: what it said, with what was found for it, and each step's record of its last run."""

    submission: str
    source: str
    received_at: datetime
    lead: Lead
    steps: Mapping[str, Mapping[str, Any]]


def made_of(lead: str, *, session: Session) -> tuple[Lead, list[Part]] | None:
    """Return an open lead and its parts, oldest first; None when there is nothing that it is made of."""
    known = lead_store.load([lead], session=session).get(lead)
    query = (
        sa.select(SUBMISSION.c.id, SUBMISSION.c.source, SUBMISSION.c.received_at, SUBMISSION.c.candidate)
        .where(SUBMISSION.c.lead == lead, SUBMISSION.c.state == "done", SUBMISSION.c.candidate.is_not(None))
        .order_by(SUBMISSION.c.id)
    )
    rows = list(session.execute(query))
    if known is None or known.id != lead or not rows:
        return None
    steps = _steps((row.id for row in rows), session)
    parts = [
        Part(row.id, row.source, row.received_at, Lead.model_validate_json(row.candidate), steps.get(row.id, {}))
        for row in rows
    ]
    return known, parts


def _steps(submissions: Iterable[str], session: Session) -> dict[str, dict[str, Any]]:
    """Return what each step noted at the last run of each submission that was accepted."""
    found: dict[str, dict[str, Any]] = {}
    for part in lead_store.chunks(submissions):
        query = sa.select(DECISION.c.submission, DECISION.c.body).where(
            DECISION.c.submission.in_(part), DECISION.c.status == "accepted"
        )
        for submission, body in session.execute(query.order_by(DECISION.c.id)):
            found[submission] = {record["step"]: record for record in orjson.loads(body).get("steps", ())}
    return found


def write(
    lead: Lead, before: int, flow: str, candidates: Mapping[str, Lead], now: datetime, *, session: Session
) -> bool:
    """Write a lead and what its submissions say, unless it is not at version `before` any more; returns whether."""
    current = sa.and_(LEAD.c.id == lead.id, LEAD.c.version == before, LEAD.c.state == "open")
    row, old = lead_store.row_of(lead, now), search.before([lead.id], session=session)
    done = session.execute(sa.update(LEAD).where(current).values(**row, flow=flow))
    if not done.rowcount:  # type: ignore[attr-defined]
        return False
    search.follow(old, [row], session=session)
    for submission, said in candidates.items():
        body = said.model_dump_json(exclude_defaults=True)
        session.execute(sa.update(SUBMISSION).where(SUBMISSION.c.id == submission).values(candidate=body))
    return True
