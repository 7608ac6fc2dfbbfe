"""A person out of everything: finds what speaks of them and blanks it, table by table."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import orjson
import phonenumbers
import sqlalchemy as sa
from sqlmodel import Session, col, select

from hub.failpoints import hit
from hub.store import care, search
from hub.store import leads as lead_store
from hub.store.columns import (
    ACTIVITY,
    ATTEMPT,
    DECISION,
    DELIVERY,
    EVENT,
    IDENTITY,
    LEAD,
    STANDING,
    SUBMISSION,
    TOUCH,
)
from hub.store.lineage import drop_leads
from hub.store.tables import SubmissionRow

FirstPart = Callable[[SubmissionRow], bytes]
"""Returns what a submission of several leads says of its first one, as the body of a submission of kind `row`."""

PAGE = 500
FRESH = 2_000  # newest submissions that are looked through again when the others were looked through before
GONE = "the lead was erased"
SHORTEST_NAME = 2

_LEAD_BLANK: dict[str, Any] = {
    **dict.fromkeys(("full_name", "email", "phone", "company", "country", "owner")), "body": "{}",
}  # fmt: skip
_SUBMISSION_BLANK: dict[str, Any] = {
    **dict.fromkeys(
        ("headers", "url", "client", "completed", "corrections", "candidate", "problems", "reason", "digest", "key",
         "idempotency_key")
    ),
    "body": b"",
}  # fmt: skip
_ACTIVITY_BLANK = dict.fromkeys(("data", "reason", "word", "ref"))
_PART = {"kind": "row", "headers": None, "url": None, "client": None, "digest": None}


@dataclass(frozen=True)
class Person:
    """Whom to erase: exact keys or leads, and e-mail addresses and E.164 numbers as people write them."""

    keys: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    leads: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()  # of their leads: others may have them, so they only find words of vendors

    @cached_property
    def mentions(self) -> re.Pattern[str]:
        """Return what finds the person in the words of a vendor about somebody."""
        names = [rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(self.names)]
        return re.compile("|".join([self.spellings.pattern, *names]), re.IGNORECASE)

    @cached_property
    def spellings(self) -> re.Pattern[str]:
        """Return what finds the person in free text; digits of a number may stand apart."""
        found = [re.escape(email) for email in sorted(self.emails)]
        for phone in sorted(self.phones):
            digits = str(phonenumbers.parse(phone).national_number)
            found.append(r"(?<!\d)" + r"[\s().-]{0,3}".join(digits) + r"(?!\d)")
            found.append(re.escape(phone))
        return re.compile("|".join(found) or r"(?!)", re.IGNORECASE)

    @property
    def needles(self) -> tuple[str, ...]:
        """Return patterns of SQL that every mention matches, for a first look."""
        words = [re.sub(r"([%_\\])", r"\\\1", word) for word in sorted(self.emails | self.names)]
        return tuple(f"%{text}%" for text in (*words, *sorted({phone[-1] for phone in self.phones})))


def leads_of(person: Person, *, session: Session) -> list[str]:
    """Return every lead of a person: whose keys are theirs, those merged into it, and closed ones of that spelling."""
    found = {*person.leads, *lead_store.owners(person.keys, session=session).values()}
    spelt = sa.or_(
        sa.false(), LEAD.c.email.in_(person.emails), LEAD.c.phone.in_(person.phones),
        sa.func.lower(LEAD.c.email).in_({email.lower() for email in person.emails}),
    )  # fmt: skip
    closed = sa.select(LEAD.c.id).where(LEAD.c.state.not_in(("open", "erased")), spelt)
    found |= set(session.execute(closed).scalars())
    while True:
        older = set(session.execute(sa.select(LEAD.c.id).where(LEAD.c.merged_into.in_(found))).scalars())
        if older <= found:
            return sorted(found)
        found |= older


def widened(person: Person, leads: Collection[str], *, session: Session) -> Person:
    """Return a person with everything that their leads are known by."""
    emails, phones, names = set(person.emails), set(person.phones), set(person.names)
    shown = (LEAD.c.email, LEAD.c.phone, LEAD.c.full_name)
    for part in lead_store.chunks(leads):
        for email, phone, name in session.execute(sa.select(*shown).where(LEAD.c.id.in_(part))):
            emails |= {email} if email else set()
            phones |= {phone} if phone else set()
            names |= {name} if name and len(name) >= SHORTEST_NAME else set()
    keys = person.keys | keys_of(leads, session=session)
    return Person(frozenset(keys), frozenset(emails), frozenset(phones), frozenset(leads), frozenset(names))


class Loose(NamedTuple):
    """Submissions that speak of a person and became no lead: those of nobody else, and those with others behind."""

    alone: list[str]
    first_of_many: list[str]


def fresh_from(*, session: Session) -> str:
    """Return the id after which the newest submissions stand."""
    query = sa.select(SUBMISSION.c.id).order_by(SUBMISSION.c.id.desc()).offset(FRESH).limit(1)
    return session.execute(query).scalar() or ""


def loose_submissions(person: Person, first_part: FirstPart, after: str = "", *, session: Session) -> Loose:
    """Return the submissions that speak of a person and became no lead: in quarantine, unreadable, undone.

    One that still waits to be run is left to its run, which knows who was erased.
    """
    found = Loose([], [])
    for row in _without_lead(after, session):
        texts = (text_of(row.body), *_said_of(row), unquote_plus(row.url or ""), row.reason or "")
        if any(person.spellings.search(text) for text in texts):
            kept = first_part(row) if row.kind == "http" and not _own(row, person) else b""
            whose = found.first_of_many if kept and not person.spellings.search(text_of(kept)) else found.alone
            whose.append(row.id)
    return found


def _own(row: SubmissionRow, person: Person) -> bool:
    return any(person.spellings.search(text) for text in _said_of(row))


def _said_of(row: SubmissionRow) -> tuple[str, str]:
    """Return what is kept of a submission's own lead: as it was read, and as a person corrected it."""
    return row.candidate or "", orjson.dumps(row.corrections).decode() if row.corrections else ""


def _without_lead(after: str, session: Session) -> Iterator[SubmissionRow]:
    while True:
        loose = (col(SubmissionRow.lead).is_(None), col(SubmissionRow.state) != "received")
        query = select(SubmissionRow).where(*loose, col(SubmissionRow.id) > after)
        rows = session.exec(query.order_by(col(SubmissionRow.id)).limit(PAGE)).all()
        session.expunge_all()
        yield from rows
        if len(rows) < PAGE:
            return
        after = rows[-1].id


def text_of(body: bytes) -> str:
    """Return a body as a person would read it: JSON without its escapes, a form without its percent signs."""
    try:
        return orjson.dumps(orjson.loads(body)).decode()
    except ValueError:
        return unquote_plus(body.decode("utf-8", "replace"))


def keys_of(leads: Collection[str], *, session: Session) -> set[str]:
    """Return every exact key of these leads."""
    found: set[str] = set()
    for part in lead_store.chunks(leads):
        query = sa.select(IDENTITY.c.key).where(IDENTITY.c.lead.in_(part), IDENTITY.c.exact)
        found |= set(session.execute(query).scalars())
    return found


def submissions_of(leads: Collection[str], loose: Collection[str], *, session: Session) -> list[str]:
    """Return the submissions of these leads, the loose ones, and the repeats of both."""
    mine = [*_ids(SUBMISSION.c.lead, leads, session), *loose]
    return [*mine, *(id_ for id_ in _ids(SUBMISSION.c.duplicate_of, mine, session) if id_ not in mine)]


def blank(
    leads: Collection[str], loose: Collection[str], first_part: FirstPart, now: datetime, *, session: Session
) -> dict[str, int]:
    """Blank everything personal of these leads and submissions; returns how many rows of each table were blanked."""
    mine = submissions_of(leads, loose, session=session)
    search.forget(leads, session=session)  # while their rows still say which words they have
    counts = {
        "leads": set_rows(LEAD, LEAD.c.id, leads, _LEAD_BLANK, session),
        "identities": _count(IDENTITY, IDENTITY.c.lead, leads, session),
        "submissions": blank_submissions(mine, first_part, session=session),
        "touches": _drop_touches(mine, session),
        "decisions": set_rows(DECISION, DECISION.c.lead, leads, {"body": "{}"}, session),
    }
    hit("erase.halfway")
    counts |= blank_traces(leads, session=session)
    counts["deliveries_stopped"] = drop_leads(leads, "erased", now, session=session)
    set_rows(DECISION, DECISION.c.submission, mine, {"body": "{}"}, session)
    set_rows(EVENT, EVENT.c.submission, mine, {"data": None}, session)
    return counts


def blank_submissions(ids: Collection[str], first_part: FirstPart, *, session: Session) -> int:
    """Blank submissions, and their part in those that held several leads; returns how many were blanked."""
    parents = _parents(ids, session)
    number = set_rows(SUBMISSION, SUBMISSION.c.id, ids, _SUBMISSION_BLANK, session)
    for row in parents:
        set_rows(SUBMISSION, SUBMISSION.c.id, [row.id], {**_PART, "body": _rest(row, first_part)}, session)
    return number


def reduce_submissions(ids: Collection[str], first_part: FirstPart, *, session: Session) -> int:
    """Leave of submissions of several leads what they say of the first; returns how many those were."""
    rows = _rows(ids, session)
    for row in rows:
        set_rows(SUBMISSION, SUBMISSION.c.id, [row.id], {**_PART, "body": _rest(row, first_part)}, session)
    return len(rows)


def _rest(row: SubmissionRow, first_part: FirstPart) -> bytes:
    return b"" if row.duplicate_of else first_part(row)


def blank_traces(leads: Collection[str], *, session: Session) -> dict[str, int]:
    """Blank what deliveries, their attempts and events say of these leads."""
    deliveries = _ids(DELIVERY.c.lead, leads, session, DELIVERY.c.id)
    told = {"sentence": "", "reason": sa.case((DELIVERY.c.reason == GONE, GONE), else_=None)}
    return {
        "deliveries": set_rows(DELIVERY, DELIVERY.c.id, deliveries, told, session),
        "attempts": set_rows(ATTEMPT, ATTEMPT.c.delivery, deliveries, {"reason": None}, session),
        "activities": set_rows(ACTIVITY, ACTIVITY.c.lead, leads, _ACTIVITY_BLANK, session),
        "rounds": care.blank(leads, session=session),
        "standings": set_rows(STANDING, STANDING.c.lead, leads, {"reason": None}, session),
        "events": set_rows(EVENT, EVENT.c.lead, leads, {"data": None}, session),
    }


def _ids(column: Any, values: Iterable[str], session: Session, id_: Any = SUBMISSION.c.id) -> list[str]:
    found: list[str] = []
    for part in lead_store.chunks(values):
        found += session.execute(sa.select(id_).where(column.in_(part))).scalars()
    return found


def _parents(submissions: Collection[str], session: Session) -> list[SubmissionRow]:
    """Return the submissions that hold a lead of the person beside leads of others."""
    return _rows({id_.partition(".")[0] for id_ in submissions if "." in id_} - set(submissions), session)


def _rows(ids: Collection[str], session: Session) -> list[SubmissionRow]:
    rows = [
        row
        for part in lead_store.chunks(ids)
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


def _count(table: sa.Table, column: Any, values: Iterable[str], session: Session) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    return sum(int(session.execute(query.where(column.in_(part))).scalar_one()) for part in lead_store.chunks(values))


def set_rows(table: sa.Table, column: Any, values: Iterable[str], change: dict[str, Any], session: Session) -> int:
    """Change rows by a column's values, however many; returns how many rows there were."""
    number = 0
    for part in lead_store.chunks(values):
        done = session.execute(sa.update(table).where(column.in_(part)).values(**change))
        number += int(done.rowcount)  # type: ignore[attr-defined]
    return number
