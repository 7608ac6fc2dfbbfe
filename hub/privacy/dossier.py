"""Writes down everything that is known of one person, in a form people and machines read (GDPR 15 and 20, PIPL 45)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import orjson
import sqlalchemy as sa
from sqlmodel import Session

from hub import explain
from hub.clock import Clock
from hub.escape import cell
from hub.pipeline.reading import first_part
from hub.plan import Plan
from hub.privacy.person import known
from hub.store import audit, erasure, listing
from hub.store import leads as lead_store
from hub.store.audit import Actor
from hub.store.columns import ACTIVITY, CONSENT, DECISION, LEAD, SUBMISSION, TOUCH
from hub.store.database import Database
from hub.store.erasure import Person, text_of
from hub.store.places import sinks_of
from hub.store.tables import SubmissionRow

PARTS = ("leads", "submissions", "touches", "consents", "activities", "decisions", "recipients")


class Dossier:
    """Collects what there is of a person; who asked for it stands in the audit log."""

    def __init__(self, db: Database, plan: Callable[[], Plan], *, clock: Clock) -> None:
        self.db, self.plan, self.clock = db, plan, clock

    async def of(self, person: Person, by: Actor) -> dict[str, Any]:
        """Return everything of a person; every part is empty for nobody."""
        found = await self.db.read(self._collect, person)
        await self.db.write(_note, [lead["id"] for lead in found["leads"]], by, self.clock.now())
        return {"made_at": self.clock.now().isoformat(), "hub": self.plan().settings.hub.name, **found}

    def _collect(self, person: Person, *, session: Session) -> dict[str, Any]:
        whole = known(person, session=session)
        leads = sorted(whole.leads)
        part = partial(first_part, self.plan().sources)
        loose = erasure.loose_submissions(whole, part, session=session).alone
        submissions = erasure.submissions_of(leads, loose, session=session)
        return {
            "leads": [_plain(row) for row in _rows(LEAD, LEAD.c.id, leads, session)],
            "submissions": list(_submissions(submissions, part, session)),
            "touches": [dict(row) for row in _rows(TOUCH, TOUCH.c.submission, submissions, session)],
            "consents": [dict(row) for row in _rows(CONSENT, CONSENT.c.lead, leads, session)],
            "activities": [dict(row) for row in _rows(ACTIVITY, ACTIVITY.c.lead, leads, session)],
            "decisions": [_decision(row) for row in _rows(DECISION, DECISION.c.submission, submissions, session)],
            "recipients": [self._recipient(one) for one in sinks_of(leads, session=session)],
        }

    def _recipient(self, one: Mapping[str, Any]) -> dict[str, Any]:
        settings = self.plan().settings.sinks.get(one["sink"])
        return {
            "recipient": one["sink"], "system": settings.connector if settings else None,
            "region": settings.region if settings else None, "id_there": one["ref"], "since": one["at"],
            "state": one["delivery"], "lead": one["lead"],
        }  # fmt: skip


def as_csv(dossier: Mapping[str, Any]) -> str:
    """Return a dossier as rows of part, number, field and value; cells are safe to open in a spreadsheet."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("part", "number", "field", "value"))
    for part in PARTS:
        for number, row in enumerate(dossier[part], 1):
            writer.writerows((part, number, cell(name), cell(value)) for name, value in _flat(row))
    return out.getvalue()


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value, 1):
            yield from _flat(inner, f"{name}.{place}")
    elif value is not None:
        yield name, value.isoformat() if isinstance(value, datetime) else str(value)


def _rows(table: sa.Table, column: Any, values: list[str], session: Session) -> Iterator[Mapping[str, Any]]:
    key = next(iter(table.primary_key.columns))
    for part in lead_store.chunks(values):
        for row in session.execute(sa.select(table).where(column.in_(part)).order_by(key)).mappings():
            yield dict(row)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a lead as it was made of what came in; what it is made of stands once, in its `values`."""
    body = orjson.loads(row["body"])
    return {"state": row["state"], "merged_into": row["merged_into"], **body, "id": row["id"]}


def _submissions(ids: list[str], part: Callable[[SubmissionRow], bytes], session: Session) -> Iterator[dict[str, Any]]:
    """Yield submissions with the bytes that came; of one that held several people, only this one's part."""
    heads = {column.name for column in listing.columns("submission")} | {"headers", "corrections"}
    for row in _rows(SUBMISSION, SUBMISSION.c.id, ids, session):
        said = {name: value for name, value in row.items() if name in heads}
        yield {**said, "body": text_of(_own_body(row, part, session))}


def _own_body(row: Mapping[str, Any], part: Callable[[SubmissionRow], bytes], session: Session) -> bytes:
    several = sa.exists().where(SUBMISSION.c.parent == row["id"])
    body: bytes = row["body"]
    if row["kind"] == "http" and session.execute(sa.select(several)).scalar():
        return part(SubmissionRow(**row))
    return body


def _decision(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a decision in words."""
    said = {name: row[name] for name in ("id", "submission", "lead", "kind", "flow", "status", "at")}
    body = orjson.loads(row["body"])
    words = {language: explain.sentence(body, language) for language in ("en", "zh")} if body else {}
    return {**said, "why": words, "steps": explain.trail(body) if body else []}


def _note(leads: list[str], by: Actor, now: datetime, *, session: Session) -> None:
    target = leads[0] if leads else None
    audit.note("person.exported", by=by, at=now, target=target, data={"leads": len(leads)}, session=session)
