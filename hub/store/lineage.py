"""Taking leads apart again: a submission out of a lead, an import out of the hub, a person out of everything."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from hub.lead import Lead
from hub.store import leads as lead_store
from hub.store.columns import (
    ATTEMPT,
    DECISION,
    DELIVERY,
    IDENTITY,
    LEAD,
    MERGE,
    SUBMISSION,
    SUGGESTION,
    TOUCH,
)
from hub.store.tables import MergeRow

KeysOf = dict[str, frozenset[str]]
"""The exact identity keys that each submission of a lead gives it."""


def joined(lead: str, *, session: Session) -> list[MergeRow]:
    """Return the merges of a lead that are not undone, oldest first."""
    rows = session.execute(
        sa.select(MergeRow).where(MergeRow.lead == lead, MergeRow.undone_at.is_(None)).order_by(MergeRow.id)  # type: ignore[union-attr,arg-type]
    ).scalars()
    found = list(rows)
    session.expunge_all()
    return found


def split(
    known: Lead, taken: Lead, submissions: Collection[str], stay: Iterable[str], now: datetime, *, session: Session
) -> None:
    """Move submissions of `known` to `taken`, with the keys only they gave; both leads' rows are written anew.

    `known` is the lead as it is without them, `taken` the lead they make; `stay` are the keys `known` still has.
    """
    for table in (SUBMISSION, TOUCH):
        column = table.c.id if table is SUBMISSION else table.c.submission
        session.execute(sa.update(table).where(column.in_(submissions), table.c.lead == known.id).values(lead=taken.id))
    kept = set(stay)
    moving = sa.select(IDENTITY.c.key).where(IDENTITY.c.lead == known.id)
    for key in list(session.execute(moving).scalars()):
        if key not in kept:
            session.execute(
                sa.update(IDENTITY).where(IDENTITY.c.key == key, IDENTITY.c.lead == known.id).values(lead=taken.id)
            )
    for lead in (known, taken):
        row = lead_store.row_of(lead, now)
        done = session.execute(sa.update(LEAD).where(LEAD.c.id == lead.id).values(**row, merged_into=None))
        if not done.rowcount:  # type: ignore[attr-defined]
            session.execute(sa.insert(LEAD).values(**row))
    undone = sa.or_(MERGE.c.submission.in_(submissions), MERGE.c.other == taken.id)
    session.execute(sa.update(MERGE).where(MERGE.c.lead == known.id, undone).values(undone_at=now))


def of_import(import_id: str, *, session: Session) -> list[tuple[str, str | None]]:
    """Return (submission, lead) of everything an import brought."""
    query = sa.select(SUBMISSION.c.id, SUBMISSION.c.lead).where(SUBMISSION.c.import_id == import_id)
    return [(id_, lead) for id_, lead in session.execute(query)]


def forget_submissions(ids: Iterable[str], *, session: Session) -> None:
    """Take submissions out of the hub as if they had not come; their bytes stay for the record."""
    for part in lead_store.chunks(ids):
        values = {"state": "undone", "lead": None, "key": None, "candidate": None, "due_at": None}
        session.execute(sa.update(SUBMISSION).where(SUBMISSION.c.id.in_(part)).values(**values))
        session.execute(sa.delete(TOUCH).where(TOUCH.c.submission.in_(part)))


def drop_leads(ids: Collection[str], state: str, now: datetime, *, session: Session) -> int:
    """Close leads that nothing is left of: their keys are free again; returns how many deliveries were still owed."""
    owed = 0
    for part in lead_store.chunks(ids):
        session.execute(sa.delete(IDENTITY).where(IDENTITY.c.lead.in_(part)))
        session.execute(sa.delete(SUGGESTION).where(sa.or_(SUGGESTION.c.lead.in_(part), SUGGESTION.c.other.in_(part))))
        session.execute(sa.update(LEAD).where(LEAD.c.id.in_(part)).values(state=state, updated_at=now))
        stop = {"state": "superseded", "reason": f"the lead was {state}"}
        done = session.execute(
            sa.update(DELIVERY).where(DELIVERY.c.lead.in_(part), DELIVERY.c.state == "ready").values(**stop)
        )
        owed += int(done.rowcount)  # type: ignore[attr-defined]
    return owed


def leads_of_person(keys: Collection[str], *, session: Session) -> list[str]:
    """Return every lead of a person, with those that were merged into them."""
    found = set(lead_store.owners(keys, session=session).values())
    while True:
        older = set(session.execute(sa.select(LEAD.c.id).where(LEAD.c.merged_into.in_(found))).scalars())
        if older <= found:
            return sorted(found)
        found |= older


def erase(ids: Collection[str], now: datetime, *, session: Session) -> dict[str, int]:
    """Blank everything personal of these leads in every table; returns how many rows of each were blanked."""
    blank = {
        "full_name": None,
        "email": None,
        "phone": None,
        "company": None,
        "country": None,
        "owner": None,
        "body": "{}",
    }
    counts = {"deliveries_stopped": drop_leads(ids, "erased", now, session=session)}
    submissions = list(session.execute(sa.select(SUBMISSION.c.id).where(SUBMISSION.c.lead.in_(ids))).scalars())
    children = sa.or_(SUBMISSION.c.id.in_(submissions), SUBMISSION.c.duplicate_of.in_(submissions))
    deliveries = list(session.execute(sa.select(DELIVERY.c.id).where(DELIVERY.c.lead.in_(ids))).scalars())
    todo = {
        "leads": sa.update(LEAD).where(LEAD.c.id.in_(ids)).values(**blank),
        "submissions": sa.update(SUBMISSION).where(children).values(
            body=b"", headers=None, url=None, client=None, completed=None, candidate=None, problems=None, reason=None,
            digest=None, key=None, idempotency_key=None,
        ),
        "touches": sa.delete(TOUCH).where(TOUCH.c.lead.in_(ids)),
        "decisions": sa.update(DECISION).where(DECISION.c.lead.in_(ids)).values(body="{}"),
        "deliveries": sa.update(DELIVERY).where(DELIVERY.c.lead.in_(ids)).values(sentence="", reason=None),
        "attempts": sa.update(ATTEMPT).where(ATTEMPT.c.delivery.in_(deliveries)).values(reason=None),
    }  # fmt: skip
    for name, statement in todo.items():
        counts[name] = int(session.execute(statement).rowcount)  # type: ignore[attr-defined]
    return counts
