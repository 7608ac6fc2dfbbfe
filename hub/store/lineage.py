"""Taking leads apart again: a submission or a joined lead out of a lead, an import out of the hub."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from hub.lead import Lead
from hub.store import care, consent, holds, search
from hub.store import leads as lead_store
from hub.store.columns import CONSENT, DELIVERY, IDENTITY, LEAD, MERGE, SUBMISSION, SUGGESTION, TOUCH
from hub.store.deliveries import JOINED


def brought(lead: str, other: str, *, session: Session) -> set[str]:
    """Return the submissions that a joined lead brought along; none when it was not joined, or is apart again."""
    query = sa.select(MERGE.c.moved).where(MERGE.c.lead == lead, MERGE.c.other == other, MERGE.c.undone_at.is_(None))
    return {id_ for moved in session.execute(query).scalars() for id_ in moved or ()}


def joins_by(submissions: Iterable[str], *, session: Session) -> list[tuple[str, str]]:
    """Return the (lead, joined lead) that these submissions brought together, newest first."""
    found: list[tuple[int, str, str]] = []
    for part in lead_store.chunks(submissions):
        query = sa.select(MERGE.c.id, MERGE.c.lead, MERGE.c.other).where(
            MERGE.c.submission.in_(part), MERGE.c.other.is_not(None), MERGE.c.undone_at.is_(None)
        )
        found += [(row.id, row.lead, row.other) for row in session.execute(query)]
    return [(lead, other) for _, lead, other in sorted(found, reverse=True)]


def move(known: str, taken: str, submissions: Collection[str], now: datetime, *, session: Session) -> None:
    """Move submissions and touches of a lead to the one taken out of it, and note that their merge is undone.

    What a joined lead was owed is owed again.
    """
    for part in lead_store.chunks(submissions):
        mine = ((SUBMISSION, SUBMISSION.c.id), (TOUCH, TOUCH.c.submission), (CONSENT, CONSENT.c.submission))
        for table, column in mine:
            session.execute(sa.update(table).where(column.in_(part), table.c.lead == known).values(lead=taken))
        children = SUBMISSION.c.duplicate_of.in_(part)
        session.execute(sa.update(SUBMISSION).where(children, SUBMISSION.c.lead == known).values(lead=taken))
    consent.copy(known, taken, session=session)
    holds.share(known, taken, session=session)
    undone = sa.or_(MERGE.c.submission.in_(submissions), MERGE.c.other == taken)
    session.execute(sa.update(MERGE).where(MERGE.c.lead == known, undone).values(undone_at=now))
    owed = sa.and_(DELIVERY.c.lead == taken, DELIVERY.c.state == "superseded", DELIVERY.c.reason == JOINED)
    session.execute(sa.update(DELIVERY).where(owed).values(state="ready", due_at=now, reason=None))


def share_keys(
    known: str,
    taken: str,
    submissions: Collection[str],
    mine: Collection[str],
    theirs: Collection[str],
    *,
    joined: bool,
    session: Session,
) -> None:
    """Give the lead taken out the keys only it gives; one both give stays, unless a joined lead had it first.

    `mine` are the keys that what stays gives, `theirs` those of what leaves. Keys that many may have are copied.
    """
    rows = list(session.execute(sa.select(IDENTITY).where(IDENTITY.c.lead == known)))
    for row in rows:
        first = row.submission in submissions
        if row.key in mine and not (joined and row.exact and first):
            if row.key in theirs and not row.exact:
                copied = {**row._mapping, "lead": taken, "submission": min(submissions)}
                session.execute(sa.insert(IDENTITY).values(**copied))
        elif row.key in theirs or first:
            this = sa.and_(IDENTITY.c.key == row.key, IDENTITY.c.lead == known)
            session.execute(sa.update(IDENTITY).where(this).values(lead=taken))


def drop_keys(
    lead: str, submissions: Collection[str], rest: Collection[str], theirs: Collection[str], *, session: Session
) -> None:
    """Free the keys of a lead that only these submissions gave; `rest` are the keys that the others give."""
    query = sa.select(IDENTITY.c.key, IDENTITY.c.submission).where(IDENTITY.c.lead == lead)
    gone = [
        row.key
        for row in session.execute(query)
        if row.key not in rest and (row.key in theirs or row.submission in submissions)
    ]
    for part in lead_store.chunks(gone):
        session.execute(sa.delete(IDENTITY).where(IDENTITY.c.lead == lead, IDENTITY.c.key.in_(part)))


def rewrite(leads: Iterable[Lead], now: datetime, *, session: Session) -> None:
    """Write leads as they are now: open, whatever they were."""
    for lead in leads:
        row, old = lead_store.row_of(lead, now), search.before([lead.id], session=session)
        done = session.execute(sa.update(LEAD).where(LEAD.c.id == lead.id).values(**row, merged_into=None))
        if not done.rowcount:  # type: ignore[attr-defined]
            session.execute(sa.insert(LEAD).values(**row))
        search.follow(old, [row], session=session)


def of_import(import_id: str, *, session: Session) -> dict[str, str | None]:
    """Return the submissions an import brought, with the lead of each."""
    query = sa.select(SUBMISSION.c.id, SUBMISSION.c.lead).where(SUBMISSION.c.import_id == import_id)
    return {row.id: row.lead for row in session.execute(query)}


def forget_submissions(ids: Iterable[str], now: datetime, *, session: Session) -> int:
    """Take submissions out of the hub as if they had not come; their bytes stay for the record.

    Returns how many deliveries are not sent now. One that went instead of an earlier submission's is sent.
    """
    earlier = DELIVERY.alias("earlier")
    stopped = 0
    for part in lead_store.chunks(ids):
        values = {"state": "undone", "lead": None, "key": None, "candidate": None, "due_at": None}
        session.execute(sa.update(SUBMISSION).where(SUBMISSION.c.id.in_(part)).values(**values))
        session.execute(sa.delete(TOUCH).where(TOUCH.c.submission.in_(part)))
        session.execute(sa.update(CONSENT).where(CONSENT.c.submission.in_(part)).values(lead=None))
        session.execute(sa.update(MERGE).where(MERGE.c.submission.in_(part)).values(undone_at=now))
        owed_before = sa.exists().where(
            earlier.c.lead == DELIVERY.c.lead,
            earlier.c.sink == DELIVERY.c.sink,
            earlier.c.state == "superseded",
            earlier.c.submission.not_in(part),
        )
        mine = sa.and_(DELIVERY.c.submission.in_(part), DELIVERY.c.state == "ready", ~owed_before)
        done = session.execute(
            sa.update(DELIVERY).where(mine).values(state="superseded", reason="the import was undone")
        )
        stopped += int(done.rowcount)  # type: ignore[attr-defined]
    return stopped


def drop_leads(ids: Collection[str], state: str, now: datetime, *, session: Session) -> int:
    """Close leads that nothing is left of: their keys are free again; returns how many deliveries were still owed."""
    owed = 0
    for part in lead_store.chunks(ids):
        session.execute(sa.delete(IDENTITY).where(IDENTITY.c.lead.in_(part)))
        session.execute(sa.delete(SUGGESTION).where(sa.or_(SUGGESTION.c.lead.in_(part), SUGGESTION.c.other.in_(part))))
        search.forget(part, session=session)
        session.execute(sa.update(LEAD).where(LEAD.c.id.in_(part)).values(state=state, updated_at=now))
        care.end(part, now, state, session=session)
        stop = {"state": "superseded", "reason": f"the lead was {state}"}
        done = session.execute(
            sa.update(DELIVERY).where(DELIVERY.c.lead.in_(part), DELIVERY.c.state == "ready").values(**stop)
        )
        owed += int(done.rowcount)  # type: ignore[attr-defined]
    return owed
