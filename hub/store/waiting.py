"""How much waits for a person, counted up to a bound: a number beyond it helps nobody, and takes time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import ALARM, CARE, SUGGESTION
from hub.store.deliveries import TABLE as DELIVERY
from hub.store.submissions import TABLE as SUBMISSION
from hub.store.tables import SinkRow

MOST = 1_000

_SINK = SinkRow.__table__  # type: ignore[attr-defined]


def _questions() -> Mapping[str, tuple[Any, ...]]:
    """Return by kind what the rows are that wait."""
    return {
        "quarantined": (SUBMISSION.c.state == "quarantined",),
        "dead": (DELIVERY.c.state == "dead",),
        "unclear": (DELIVERY.c.state == "unclear",),
        "rejected": (DELIVERY.c.state == "rejected",),
        "unassigned": (CARE.c.current, CARE.c.pool == "unassigned", CARE.c.closed_at.is_(None), ~CARE.c.test),
        "paused": (_SINK.c.paused_at.is_not(None),),
        "alarms": (ALARM.c.state == "open",),
        "suggestions": (SUGGESTION.c.state == "open",),
    }


def waiting_for_people(*, session: Session) -> dict[str, int]:
    """Return by kind how much waits for a person, MOST for as much or more."""
    parts = [
        sa.select(sa.func.count()).select_from(sa.select(sa.literal(1)).where(*where).limit(MOST).subquery())
        .scalar_subquery().label(kind)
        for kind, where in _questions().items()
    ]  # fmt: skip
    return dict(session.execute(sa.select(*parts)).one()._mapping)
