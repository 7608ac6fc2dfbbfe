"""A person out of everything: finds what speaks of them and blanks it, table by table."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import unquote_plus

import orjson
import phonenumbers
import sqlalchemy as sa
from sqlmodel import Session, col, select

from hub.store import leads as lead_store
from hub.store.columns import ATTEMPT, DECISION, DELIVERY, EVENT, LEAD, SUBMISSION, TOUCH
from hub.store.lineage import drop_leads
from hub.store.tables import SubmissionRow

FirstPart = Callable[[SubmissionRow], bytes]
"""Returns what a submission of several leads says of its first one, as the body of a submission of kind `row`."""

PAGE = 500

_LEAD_BLANK: dict[str, Any] = {
    **dict.fromkeys(("full_name", "email", "phone", "company", "country", "owner")), "body": "{}",
}  # fmt: skip
_SUBMISSION_BLANK: dict[str, Any] = {
    **dict.fromkeys(
        ("headers", "url", "client", "completed", "candidate", "problems", "reason", "digest", "key", "idempotency_key")
    ),
    "body": b"",
}


@dataclass(frozen=True)
class Person:
    """Whom to erase: the exact keys, and the e-mail address and E.164 number as people write them."""

    keys: frozenset[str]
    email: str | None = None
    phone: str | None = None

    @cached_property
    def spellings(self) -> re.Pattern[str]:
        """Return what finds the person in free text; digits of a number may stand apart."""
        found = [re.escape(self.email)] if self.email else []
        if self.phone:
            digits = str(phonenumbers.parse(self.phone).national_number)
            found.append(r"(?<!\d)" + r"[\s().-]{0,3}".join(digits) + r"(?!\d)")
            found.append(re.escape(self.phone))
        return re.compile("|".join(found), re.IGNORECASE)


def leads_of(person: Person, *, session: Session) -> list[str]:
    """Return every lead of a person: whose keys are theirs, those merged into it, and closed ones of that spelling."""
    found = set(lead_store.owners(person.keys, session=session).values())
    same = [LEAD.c.email == person.email, sa.func.lower(LEAD.c.email) == (person.email or "").lower()]
    spelt = [*(same if person.email else []), *([LEAD.c.phone == person.phone] if person.phone else [])]
    closed = sa.select(LEAD.c.id).where(LEAD.c.state.not_in(("open", "erased")), sa.or_(*spelt))
    found |= set(session.execute(closed).scalars())
    while True:
        older = set(session.execute(sa.select(LEAD.c.id).where(LEAD.c.merged_into.in_(found))).scalars())
        if older <= found:
            return sorted(found)
        found |= older


def loose_submissions(person: Person, *, session: Session) -> list[str]:
    """Return the submissions that speak of a person and became no lead: in quarantine, unreadable, undone."""
    found = []
    for row in _without_lead(session):
        texts = (_text(row.body), row.candidate or "", unquote_plus(row.url or ""))
        if any(person.spellings.search(text) for text in texts):
            found.append(row.id)
    return found


def _without_lead(session: Session) -> Iterator[Any]:
    after = ""
    shown = (SUBMISSION.c.id, SUBMISSION.c.body, SUBMISSION.c.candidate, SUBMISSION.c.url)
    while True:
        query = sa.select(*shown).where(SUBMISSION.c.lead.is_(None), SUBMISSION.c.id > after)
        rows = session.execute(query.order_by(SUBMISSION.c.id).limit(PAGE)).all()
        yield from rows
        if len(rows) < PAGE:
            return
        after = rows[-1].id


def _text(body: bytes) -> str:
    """Return a body as a person would read it: JSON without its escapes, a form without its percent signs."""
    try:
        return orjson.dumps(orjson.loads(body)).decode()
    except ValueError:
        return unquote_plus(body.decode("utf-8", "replace"))


def blank(
    leads: Collection[str], loose: Collection[str], first_part: FirstPart, now: datetime, *, session: Session
) -> dict[str, int]:
    """Blank everything personal of these leads and submissions; returns how many rows of each table were blanked."""
    counts = {"deliveries_stopped": drop_leads(leads, "erased", now, session=session)}
    mine = [*_of_leads(leads, session), *loose]
    mine += [id_ for id_ in _ids(SUBMISSION.c.duplicate_of, mine, session) if id_ not in mine]
    parents = _parents(mine, session)
    deliveries = _ids(DELIVERY.c.lead, leads, session, DELIVERY.c.id)
    counts |= {
        "leads": _set(LEAD, LEAD.c.id, leads, _LEAD_BLANK, session),
        "submissions": _set(SUBMISSION, SUBMISSION.c.id, mine, _SUBMISSION_BLANK, session),
        "touches": _drop_touches(mine, session),
        "decisions": _set(DECISION, DECISION.c.lead, leads, {"body": "{}"}, session),
        "deliveries": _set(DELIVERY, DELIVERY.c.id, deliveries, {"sentence": "", "reason": None}, session),
        "attempts": _set(ATTEMPT, ATTEMPT.c.delivery, deliveries, {"reason": None}, session),
        "events": _set(EVENT, EVENT.c.lead, leads, {"data": None}, session),
    }
    _set(DECISION, DECISION.c.submission, mine, {"body": "{}"}, session)
    _set(EVENT, EVENT.c.submission, mine, {"data": None}, session)
    for row in parents:
        body = b"" if row.duplicate_of else first_part(row)
        kept = {"body": body, "kind": "row", "headers": None, "url": None, "client": None, "digest": None}
        _set(SUBMISSION, SUBMISSION.c.id, [row.id], kept, session)
    return counts


def _of_leads(leads: Collection[str], session: Session) -> list[str]:
    return _ids(SUBMISSION.c.lead, leads, session)


def _ids(column: Any, values: Iterable[str], session: Session, id_: Any = SUBMISSION.c.id) -> list[str]:
    found: list[str] = []
    for part in lead_store.chunks(values):
        found += session.execute(sa.select(id_).where(column.in_(part))).scalars()
    return found


def _parents(submissions: Collection[str], session: Session) -> list[SubmissionRow]:
    """Return the submissions that hold a lead of the person beside leads of others."""
    wanted = {id_.partition(".")[0] for id_ in submissions if "." in id_} - set(submissions)
    rows = [
        row
        for part in lead_store.chunks(wanted)
        for row in session.exec(select(SubmissionRow).where(col(SubmissionRow.id).in_(part)))
    ]
    session.expunge_all()
    return rows


def _drop_touches(submissions: Collection[str], session: Session) -> int:
    number = 0
    for part in lead_store.chunks(submissions):
        done = session.execute(sa.delete(TOUCH).where(TOUCH.c.submission.in_(part)))
        number += int(done.rowcount)  # type: ignore[attr-defined]
    return number


def _set(table: sa.Table, column: Any, values: Iterable[str], change: dict[str, Any], session: Session) -> int:
    number = 0
    for part in lead_store.chunks(values):
        done = session.execute(sa.update(table).where(column.in_(part)).values(**change))
        number += int(done.rowcount)  # type: ignore[attr-defined]
    return number
