"""Takes leads in numbers: a page of a poll, a piece of a file; kept together with how far we have come."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.clock import Clock
from hub.errors import Conflict
from hub.failpoints import hit
from hub.ids import Ids
from hub.intake.volumes import Volumes
from hub.lead import RawLead
from hub.pipeline.engine import Pipeline
from hub.pipeline.reading import LEASE, Answer, Item, content_key, digest, pack, storable_key
from hub.store import submissions as store
from hub.store.database import Database
from hub.store.tables import CursorRow, ImportRow

CURSOR = CursorRow.__table__  # type: ignore[attr-defined]
IMPORT = ImportRow.__table__  # type: ignore[attr-defined]

Seen = Callable[[int, Answer], None]

Counts = Counter[str]
"""How many leads were read, known before, accepted, merged, duplicate, quarantined, rejected."""


class Rows:
    """Stores raw leads as submissions and runs them."""

    def __init__(
        self, db: Database, pipeline: Pipeline, *, clock: Clock, ids: Ids, volumes: Volumes | None = None
    ) -> None:
        self.db, self.pipeline, self.clock, self.ids = db, pipeline, clock, ids
        self._volumes = volumes or Volumes(db, clock)

    async def take(
        self,
        source: str,
        leads: Sequence[RawLead],
        *,
        cursor: str | None = None,
        import_id: str | None = None,
        at_row: int | None = None,
        seen: Seen | None = None,
    ) -> Counts:
        """Keep leads and the cursor (or import row) in one transaction, run them, and count what became of them.

        `seen` is told of each new row, by its number in the file, what became of it.
        """
        now = self.clock.now()
        rows, items = self._prepare(source, leads, now, import_id)
        fresh = await self.db.write(_keep, source, rows, cursor, import_id, at_row, now)
        hit("import.committed" if import_id else "poll.committed")
        waiting = [item for item in items if item.id in fresh]
        if waiting:
            self._volumes.note(source, len(waiting))
        if self.pipeline.observer.tracer:
            self.pipeline.observer.tracer.taken([item.id for item in waiting], source)
        for item in waiting:
            item.future = asyncio.get_running_loop().create_future()
            self.pipeline.offer(item)
        answers = await asyncio.gather(*(item.future for item in waiting if item.future))
        if seen is not None:
            _tell(seen, (at_row or 0) - len(leads), items, waiting, answers)
        return _counted(len(leads), len(leads) - len(waiting), answers)

    async def try_one(self, source: str, raw: RawLead) -> Answer:
        """Keep one lead as a test that a person sends, run it, and return what became of it; it moves no cursor."""
        now = self.clock.now()
        id_ = self.ids("sub")
        tested = replace(raw, key=f"test:{id_}", test=True)
        body = pack(tested)
        row = store.row(
            id=id_, source=source, kind="row", received_at=now, body=body, digest=digest(body), key=tested.key,
            due_at=now + LEASE, test=True,
        )  # fmt: skip
        await self.db.write(store.add, [row])
        item = Item(id_, source, now, raw=tested, digest=row["digest"], completed=True, polled=True, trial=True)
        item.future = asyncio.get_running_loop().create_future()
        self.pipeline.offer(item)
        return await item.future

    def _prepare(
        self, source: str, leads: Sequence[RawLead], now: datetime, import_id: str | None
    ) -> tuple[list[dict[str, Any]], list[Item]]:
        rows, items = [], []
        for given in leads:
            raw = storable_key(given)
            body = pack(raw)
            key = raw.key or content_key(raw)
            keyed = raw if raw.key else RawLead(
                key, raw.data, raw.submitted_at, raw.test, raw.spam, raw.problems, raw.tags
            )  # fmt: skip
            row = store.row(
                id=self.ids("sub"), source=source, kind="row", received_at=now, body=body, digest=digest(body), key=key,
                import_id=import_id, due_at=now + LEASE, test=raw.test,
            )  # fmt: skip
            rows.append(row)
            items.append(
                Item(
                    row["id"], source, now, raw=keyed, digest=row["digest"], completed=True,
                    polled=True if import_id is None else None, import_id=import_id,
                )
            )  # fmt: skip
        return rows, items


def _tell(seen: Seen, before: int, items: list[Item], waiting: list[Item], answers: Sequence[Answer]) -> None:
    """Tell what became of each new row, by its number; `before` rows came before the first of these."""
    places = {item.id: number for number, item in enumerate(items, before + 1)}
    for item, answer in zip(waiting, answers, strict=True):
        seen(places[item.id], answer)


def _keep(
    source: str,
    rows: list[dict[str, Any]],
    cursor: str | None,
    import_id: str | None,
    at_row: int | None,
    now: datetime,
    *,
    session: Session,
) -> set[str]:
    """Insert the rows that are new or changed, move the cursor, and return the ids of the new ones."""
    known = store.known_keys(((source, row["key"]) for row in rows), session=session)
    polled = True if import_id is None else None
    fresh: list[dict[str, Any]] = []
    for row in rows:
        first = known.get((source, row["key"]))
        if first is None:
            known[source, row["key"]] = store.First(row["id"], None, row["digest"], polled)
            fresh.append(row)
        elif not first.same(row["digest"], polled):
            fresh.append({**row, "key": None})  # the same id with other content is an update
    if fresh:
        store.add(fresh, session=session)
    hit("import.inserted" if import_id else "poll.inserted")
    if import_id is not None:
        _move_import(import_id, at_row or 0, len(rows), session)
    else:
        move_cursor(source, cursor, now, seen=len(rows), new=len(fresh), session=session)
    return {row["id"] for row in fresh}


def _move_import(import_id: str, at_row: int, number: int, session: Session) -> None:
    """Remember how far a file was read; the piece before must be there, or a resumed import would skip it."""
    before = sa.and_(IMPORT.c.id == import_id, IMPORT.c.rows == at_row - number)
    done = session.execute(sa.update(IMPORT).where(before).values(rows=at_row))
    if not done.rowcount:  # type: ignore[attr-defined]
        raise Conflict(f"The rows before row {at_row - number + 1} of the import {import_id} are not kept.")


def move_cursor(source: str, cursor: str | None, now: datetime, *, seen: int, new: int, session: Session) -> None:
    """Remember how far a poll has come, and that it went well."""
    values: dict[str, Any] = {"polled_at": now, "failed_at": None, "reason": None}
    if cursor is not None:
        values["value"] = cursor
    counted = {"seen": CURSOR.c.seen + seen, "new": CURSOR.c.new + new}
    done = session.execute(sa.update(CURSOR).where(CURSOR.c.source == source).values(**values, **counted))
    if not done.rowcount:  # type: ignore[attr-defined]
        session.execute(
            sa.insert(CURSOR), [{"source": source, "value": cursor, "polled_at": now, "seen": seen, "new": new}]
        )


def note_failure(source: str, reason: str, now: datetime, *, session: Session) -> None:
    """Remember that a poll failed, and why; the cursor stays where it is."""
    done = session.execute(sa.update(CURSOR).where(CURSOR.c.source == source).values(failed_at=now, reason=reason))
    if not done.rowcount:  # type: ignore[attr-defined]
        session.execute(
            sa.insert(CURSOR), [{"source": source, "failed_at": now, "reason": reason, "seen": 0, "new": 0}]
        )


def cursor_of(source: str, *, session: Session) -> str | None:
    """Return how far the polls of a source have come."""
    found: str | None = session.execute(sa.select(CURSOR.c.value).where(CURSOR.c.source == source)).scalar()
    return found


def _counted(read: int, known: int, answers: Sequence[Answer]) -> Counts:
    counts: Counts = Counter({"read": read, "known": known})
    counts.update(answer.status for answer in answers)
    return counts
