"""The whole history of a lead, as rows: what was done with it, who had it, and its rounds."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.activities import family
from hub.store.columns import ACTIVITY, CARE, OWNERSHIP, TASK

_HIDDEN = ("viewed",)  # who looked at a lead in a pool did nothing with it


def of_lead(lead: str, *, session: Session) -> dict[str, list[dict[str, Any]]]:
    """Return the rounds of a lead and of those that went into it, its moves, activities and tasks; oldest first."""
    whole = family(lead, session=session)
    queries = {
        "round": sa.select(CARE).where(CARE.c.lead.in_(whole)).order_by(CARE.c.started_at, CARE.c.id),
        "owner": sa.select(OWNERSHIP)
        .where(OWNERSHIP.c.lead.in_(whole), OWNERSHIP.c.act.not_in(_HIDDEN))
        .order_by(OWNERSHIP.c.id),
        "activity": sa.select(ACTIVITY).where(ACTIVITY.c.lead.in_(whole)).order_by(ACTIVITY.c.at, ACTIVITY.c.id),
        "task": sa.select(TASK).where(TASK.c.lead.in_(whole)).order_by(TASK.c.created_at, TASK.c.id),
    }
    return {what: [dict(row) for row in session.execute(query).mappings()] for what, query in queries.items()}
