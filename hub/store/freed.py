"""Frees keys that a lead no longer has once a submission is read anew: the number in a typo is somebody else's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import sqlalchemy as sa
from sqlmodel import Session

from hub.lead import Lead
from hub.normal.keys import of_all
from hub.step import Identity
from hub.store import leads as lead_store
from hub.store.columns import IDENTITY


class Replayed(Protocol):
    """A run of a submission that was run before: what it says now, and the keys that gives."""

    submission: str
    lead: Lead | None
    candidate: str | None
    identities: tuple[Identity, ...]


def free(runs: Iterable[Replayed], *, session: Session) -> None:
    """Take the keys off leads that only these submissions gave, and do not give any more.

    It looks at what they said before, so it comes before that is written anew.
    """
    by_lead: dict[str, list[Replayed]] = {}
    for run in runs:
        if run.lead is not None:
            by_lead.setdefault(run.lead.id, []).append(run)
    for lead, again in by_lead.items():
        before = dict(lead_store.candidates(lead, session=session))
        gone = _gone(before, again)
        for part in lead_store.chunks(sorted(gone)):
            this = sa.and_(IDENTITY.c.lead == lead, IDENTITY.c.key.in_(part))
            session.execute(sa.delete(IDENTITY).where(this))


def _gone(before: Mapping[str, Lead], again: Iterable[Replayed]) -> frozenset[str]:
    """Return the keys that nothing gives any more; those of a number without a country are only in the run's own."""
    now = {run.submission: Lead.model_validate_json(run.candidate) for run in again if run.candidate}
    kept = {identity.key for run in again for identity in run.identities}
    old = of_all(before[submission] for submission in now if submission in before)
    return old - kept - of_all({**before, **now}.values())
