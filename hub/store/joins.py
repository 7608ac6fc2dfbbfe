"""Joining leads: everything of one moves to the other, and what moved is kept, so that it can be undone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from hub.errors import BadInput
from hub.store import care, holds, search
from hub.store.columns import CONSENT, DELIVERY, IDENTITY, LEAD, MERGE, SUBMISSION, SUGGESTION, TOUCH
from hub.store.deliveries import JOINED, OPEN


def join(lead: str, other: str, at: datetime, *, submission: str | None, why: str | None, session: Session) -> None:
    """Move everything of another lead to the surviving one; `submission` is the one that showed it, if one did."""
    moved = list(session.execute(sa.select(SUBMISSION.c.id).where(SUBMISSION.c.lead == other)).scalars())
    mine = sa.select(IDENTITY.c.key).where(IDENTITY.c.lead == lead)
    session.execute(sa.delete(IDENTITY).where(IDENTITY.c.lead == other, ~IDENTITY.c.exact, IDENTITY.c.key.in_(mine)))
    for table in (IDENTITY, TOUCH, SUBMISSION, CONSENT):
        session.execute(sa.update(table).where(table.c.lead == other).values(lead=lead))
    holds.share(other, lead, session=session)
    care.end([other], at, care.JOINED, session=session)
    search.forget([other], session=session)
    session.execute(sa.update(LEAD).where(LEAD.c.id == other).values(state="merged", merged_into=lead, updated_at=at))
    row = {"lead": lead, "other": other, "submission": submission, "at": at, "why": why, "moved": moved}
    session.execute(sa.insert(MERGE), [row])
    decide_pair(lead, other, "joined", session=session)


def owe_once(lead: str, joined: Collection[str], *, session: Session) -> None:
    """Let what is still owed for joined leads go only to sinks that have nothing of the surviving one."""
    its = DELIVERY.alias("its")
    there = sa.exists().where(its.c.lead == lead, its.c.sink == DELIVERY.c.sink, its.c.state.in_((*OPEN, "sent")))
    waiting = sa.and_(DELIVERY.c.lead.in_(joined), DELIVERY.c.state == "ready", there)
    session.execute(sa.update(DELIVERY).where(waiting).values(state="superseded", reason=JOINED))


class Pair(NamedTuple):
    """The two leads of a suggestion, and what became of it: open, joined, separate."""

    lead: str
    other: str
    state: str


def undecided(suggestion: int, states: Collection[str], *, session: Session) -> Pair:
    """Return a suggestion in one of these states; raises BadInput."""
    query = sa.select(SUGGESTION.c.lead, SUGGESTION.c.other, SUGGESTION.c.state).where(SUGGESTION.c.id == suggestion)
    row = session.execute(query).first()
    if row is None:
        raise BadInput(f"There is no suggestion {suggestion}.", status=404)
    if row.state not in states:
        raise BadInput(f"The suggestion {suggestion} is decided already: {_WORDS[row.state]}", status=409)
    return Pair(*row)


_WORDS = {
    "joined": "the leads were joined. `unmerge` takes them apart.",
    "separate": "they are two people. `accept` joins them all the same.",
}


def decide(suggestion: int, state: str, *, session: Session) -> None:
    """Note what a person says of a suggestion: `joined` or `separate`."""
    session.execute(sa.update(SUGGESTION).where(SUGGESTION.c.id == suggestion).values(state=state))


def decide_pair(lead: str, other: str, state: str, *, session: Session) -> None:
    """Note what became of the suggestion of two leads, if there is one."""
    one, two = sorted((lead, other))
    pair = (SUGGESTION.c.lead == one, SUGGESTION.c.other == two)
    session.execute(sa.update(SUGGESTION).where(*pair).values(state=state))
