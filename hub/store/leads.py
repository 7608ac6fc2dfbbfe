"""Leads and their identities: reading them in numbers, which is how the pipeline asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlmodel import Session

from hub.consents import NO_CONSENT, WAS_WITHDRAWN
from hub.lead import Lead
from hub.store.tables import DeliveryRow, IdentityRow, LeadRow, SubmissionRow

LEAD = LeadRow.__table__  # type: ignore[attr-defined]
IDENTITY = IdentityRow.__table__  # type: ignore[attr-defined]
DELIVERY = DeliveryRow.__table__  # type: ignore[attr-defined]
SUBMISSION = SubmissionRow.__table__  # type: ignore[attr-defined]

CHUNK = 400  # most values in one IN list
HOPS = 8  # most merges to follow

NEVER = "it was never delivered, and was deleted by retention"

T = TypeVar("T")


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Yield the values in lists that fit one statement."""
    whole = list(values)
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


def owners(keys: Iterable[str], *, session: Session) -> dict[str, str]:
    """Return the lead that owns each exact identity key; unknown keys are absent."""
    found: dict[str, str] = {}
    for part in chunks(keys):
        found.update((key, lead) for key, lead in session.execute(_OWNERS, {"keys": part}))
    return found


_OWNERS = sa.select(IDENTITY.c.key, IDENTITY.c.lead).where(
    IDENTITY.c.key.in_(sa.bindparam("keys", expanding=True)), IDENTITY.c.exact
)


def load(ids: Iterable[str], *, session: Session) -> dict[str, Lead]:
    """Return leads by the id asked for, following merges to the survivor; unknown and erased ones are absent."""
    asked = {i: i for i in ids}
    found: dict[str, Lead] = {}
    for _ in range(HOPS):
        rows: dict[str, tuple[str, str | None, str]] = {}
        for part in chunks(set(asked.values())):
            query = sa.select(LEAD.c.id, LEAD.c.state, LEAD.c.merged_into, LEAD.c.body).where(LEAD.c.id.in_(part))
            rows.update((id_, (state, into, body)) for id_, state, into, body in session.execute(query))
        following: dict[str, str] = {}
        for wanted, current in asked.items():
            state, into, body = rows.get(current, ("gone", None, ""))
            if state == "open":
                found[wanted] = Lead.model_validate_json(body)
            elif state == "merged" and into:
                following[wanted] = into
        asked = following
        if not asked:
            break
    return found


def kept(lead: str, *, session: Session) -> Lead | None:
    """Return a lead as its own row has it, also one that was merged into another."""
    body = session.execute(sa.select(LEAD.c.body).where(LEAD.c.id == lead, LEAD.c.state != "erased")).scalar()
    return Lead.model_validate_json(body) if body else None


def near(keys: Iterable[str], limit: int, *, session: Session) -> dict[str, list[str]]:
    """Return the leads that share each blocking key; one with more than `limit` leads says nothing and is left out."""
    found: dict[str, list[str]] = {}
    for part in chunks(keys):
        query = sa.select(IDENTITY.c.key, IDENTITY.c.lead).where(IDENTITY.c.key.in_(part), ~IDENTITY.c.exact)
        for key, lead in session.execute(query.limit(limit * len(part))):
            found.setdefault(key, []).append(lead)
    return {key: leads for key, leads in found.items() if len(leads) <= limit}


def sinks_of(ids: Iterable[str], *, session: Session) -> dict[str, frozenset[str]]:
    """Return the sinks that have or are owed each lead; deliveries that failed or were stopped do not count."""
    found: dict[str, set[str]] = {}
    for part in chunks(ids):
        query = (
            sa.select(DELIVERY.c.lead, DELIVERY.c.sink)
            .where(DELIVERY.c.lead.in_(part), DELIVERY.c.state.not_in(("dead", "rejected")), _NOT_STOPPED)
            .distinct()
        )
        for lead, sink in session.execute(query):
            found.setdefault(lead, set()).add(sink)
    return {lead: frozenset(sinks) for lead, sinks in found.items()}


_NOT_STOPPED = sa.func.coalesce(DELIVERY.c.reason, "").not_in((NO_CONSENT, WAS_WITHDRAWN, NEVER))


def seen_since(lead: str, source: str | None, since: datetime, *, session: Session) -> bool:
    """Return whether a lead had a submission (of that source) since then."""
    query = sa.select(SUBMISSION.c.id).where(SUBMISSION.c.lead == lead, SUBMISSION.c.received_at >= since)
    if source:
        query = query.where(SUBMISSION.c.source == source)
    return session.execute(query.limit(1)).first() is not None


def candidates(lead: str, *, session: Session) -> list[tuple[str, Lead]]:
    """Return what each submission of a lead said by itself, oldest first."""
    query = (
        sa.select(SUBMISSION.c.id, SUBMISSION.c.candidate)
        .where(SUBMISSION.c.lead == lead, SUBMISSION.c.state == "done", SUBMISSION.c.candidate.is_not(None))
        .order_by(SUBMISSION.c.id)
    )
    return [(id_, Lead.model_validate_json(body)) for id_, body in session.execute(query)]


def row_of(lead: Lead, now: datetime, *, body: str | None = None) -> dict[str, object]:
    """Return a lead's row; the columns repeat what lists and searches need."""
    return {
        "id": lead.id, "version": lead.version, "state": "open", "source": lead.source,
        "full_name": lead.name_text or None,
        "email": lead.email, "phone": lead.phone, "company": lead.company, "country": lead.country,
        "score": lead.score, "grade": lead.grade, "team": lead.team, "owner": lead.owner, "test": lead.test,
        "submitted_at": lead.submitted_at, "created_at": lead.created_at or now, "updated_at": lead.updated_at or now,
        "body": body if body is not None else lead.model_dump_json(exclude_defaults=True),
    }  # fmt: skip


def by_external(values: Sequence[str], *, session: Session) -> list[str]:
    """Return lead ids whose id, e-mail or phone is one of the values."""
    query = sa.select(LEAD.c.id).where(
        sa.or_(LEAD.c.id.in_(values), LEAD.c.email.in_(values), LEAD.c.phone.in_(values))
    )
    return list(session.execute(query.limit(50)).scalars())
