"""Imports of files as rows: begun, gone on with, ended, and what became of what they brought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, select

from hub.store.columns import IMPORT, MERGE, SUBMISSION
from hub.store.tables import ImportRow

STATES = {"done": "accepted", "received": "waiting"}


def begin(
    import_id: str, source: str, name: str, checksum: str, now: Any, mapping: str | None, *, session: Session
) -> ImportRow:
    """Return the import of this file that is under way or done, or a new one.

    Rows keep the mapping they were read by.
    """
    query = select(ImportRow).where(
        ImportRow.source == source, ImportRow.digest == checksum, ImportRow.state != "undone"
    )
    row = session.exec(query).first()
    if row is None:
        row = ImportRow(id=import_id, source=source, name=name, digest=checksum, started_at=now, mapping=mapping)
        session.add(row)
        session.flush()
    elif row.state != "done" and not row.rows:
        row.mapping = mapping
        session.flush()
    session.refresh(row)
    session.expunge(row)
    return row


def counts(import_id: str, *, session: Session) -> Counter[str]:
    """Return what became of an import's rows, also of those of a run that broke off."""
    read = int(session.execute(sa.select(IMPORT.c.rows).where(IMPORT.c.id == import_id)).scalar_one())
    query = sa.select(SUBMISSION.c.state, sa.func.count()).where(SUBMISSION.c.import_id == import_id)
    found = {state: int(number) for state, number in session.execute(query.group_by(SUBMISSION.c.state))}
    said = {STATES.get(state, state): number for state, number in found.items()}
    return Counter({"read": read, "known": read - sum(found.values()), **said})


def merged(import_id: str, *, session: Session) -> int:
    """Return how many rows of an import went into leads that were known, also by a row before them."""
    both = sa.and_(MERGE.c.lead == SUBMISSION.c.lead, MERGE.c.submission == SUBMISSION.c.id)
    query = sa.select(sa.func.count(sa.distinct(SUBMISSION.c.id))).select_from(SUBMISSION).join(MERGE, both)
    return int(session.execute(query.where(SUBMISSION.c.import_id == import_id)).scalar_one())


def end(import_id: str, values: Mapping[str, Any], *, session: Session) -> None:
    """Note how an import ended."""
    session.execute(sa.update(IMPORT).where(IMPORT.c.id == import_id).values(**values))


def problems(import_id: str, *, session: Session) -> list[dict[str, Any]]:
    """Return how many rows of an import have each problem, with one of them as an example."""
    query = sa.select(SUBMISSION.c.id, SUBMISSION.c.problems).where(
        SUBMISSION.c.import_id == import_id, SUBMISSION.c.problems.is_not(None)
    )
    numbers: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for submission, problems in session.execute(query):
        for code in {problem["code"] for problem in problems}:
            numbers[code] += 1
            examples.setdefault(code, submission)
    return [{"code": code, "rows": number, "example": examples[code]} for code, number in numbers.most_common()]
