"""Reads files into submissions: streamed, resumable, twice is once; and takes an import back."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, select

from hub.clock import Clock
from hub.errors import BadInput, ConfigError, LeadhubError
from hub.events import Event
from hub.files.opening import Seen, look, settled, unfinished_name
from hub.ids import Ids
from hub.intake.guard import Guard
from hub.intake.rows import Counts, Rows
from hub.lead import RawLead
from hub.plan import Plan
from hub.source import FileSource
from hub.store.columns import IMPORT, SUBMISSION
from hub.store.database import Database
from hub.store.tables import ImportRow

PIECE = 500  # rows committed together
_STATES = {"done": "accepted", "received": "waiting"}
AHEAD = 3  # pieces under way: one is read while another is decided and a third committed


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: its id, how it ended, and the counts of what became of its rows."""

    id: str
    state: str  # done, failed, known
    counts: Counts
    reason: str | None = None


class Imports:
    """Imports files; every row that is not kept is counted with its reason."""

    def __init__(
        self,
        db: Database,
        plan: Callable[[], Plan],
        rows: Rows,
        *,
        clock: Clock,
        ids: Ids,
        emit: Callable[[Iterable[Event]], None],
        guard: Guard | None = None,
    ) -> None:
        self._guard = guard
        self.db, self.plan, self.rows, self.clock, self.ids, self.emit = db, plan, rows, clock, ids, emit
        self._told: dict[Path, str] = {}
        self._seen: dict[Path, tuple[Seen | None, bool]] = {}

    async def import_file(self, path: Path, name: str) -> Imported:
        """Read a file into a source and return what became of it."""
        last: dict[str, Any] = {}
        async for line in self.steps(path, name):
            last = line
        return Imported(last["import"], last["state"], Counts(last["counts"]), last["reason"])

    async def steps(self, path: Path, name: str) -> AsyncIterator[dict[str, Any]]:
        """Read a file into a source; yields how far it has come, and at last what became of it.

        A file that was read whole before is known, and a broken-off one goes on where it stopped.
        """
        source = self._source(name)
        checksum = await asyncio.to_thread(_checksum, path)
        row = await self.db.write(_begin, self.ids("imp"), name, path.name, checksum, self.clock.now())
        if row.state == "done":
            counts = Counts(row.counts or {})
            said = f"This file was imported before, as {row.id}. Take that back first: leadhub import --undo {row.id}."
            yield _line(row.id, "known", row.rows, counts, said)
            return
        state, reason = "done", None
        try:
            async for at in self._pieces(source.read(path), name, row):
                yield _line(row.id, "running", at, Counts(read=at))
        except BadInput as error:
            state, reason = "failed", error.reason
        counts = await self.db.read(_counts, row.id)
        await self.db.write(_end, row.id, state, dict(counts), reason, self.clock.now())
        data = {"import": row.id, "file": path.name, "state": state, **counts}
        self.emit([Event("import.finished", self.clock.now(), source=name, data=data)])
        problems = await self.db.read(_problems, row.id)
        yield {**_line(row.id, state, counts["read"], counts, reason), "problems": problems}

    async def _pieces(self, leads: Iterator[RawLead], name: str, row: ImportRow) -> AsyncIterator[int]:
        """Take the file piece by piece, a few ahead of what is decided; yields the rows that are done."""
        at = row.rows
        ahead: deque[tuple[int, asyncio.Task[Counts]]] = deque()
        try:
            await asyncio.to_thread(_skip, leads, at)
            while piece := await asyncio.to_thread(_piece, leads):
                if self._guard:
                    await self._guard.turn()
                at += len(piece)
                ahead.append((at, asyncio.create_task(self.rows.take(name, piece, import_id=row.id, at_row=at))))
                if len(ahead) >= AHEAD:
                    yield await _done(ahead)
            while ahead:
                yield await _done(ahead)
        finally:
            await asyncio.gather(*(task for _, task in ahead), return_exceptions=True)

    def _source(self, name: str) -> FileSource:
        source = self.plan().sources.get(name)
        if not isinstance(source, FileSource):
            known = [n for n, s in self.plan().sources.items() if isinstance(s, FileSource)]
            said = f'"{name}" is no source that reads files. Known: {", ".join(known) or "none"}.'
            raise ConfigError(said, key=name)
        return source

    async def watch(self, name: str, folder: Path) -> list[Imported]:
        """Import the files of a watched folder that have stopped growing since the last look."""
        source = self.plan().sources.get(name)
        pattern = getattr(source.config, "path", None) if source else None
        if not pattern or (self._guard and self._guard.holding):
            return []
        done = []
        for path in await asyncio.to_thread(_matching, folder, pattern):
            try:
                if not await asyncio.to_thread(self._settled, path):
                    continue
                result = await self.import_file(path, name)
            except BadInput as error:
                self._tell_once(name, path, error.reason[:300])
                continue
            except Exception as error:
                self._seen.pop(path, None)  # not the file's fault: it is tried again
                if not isinstance(error, (LeadhubError, OSError)):
                    raise
                self._tell_once(name, path, str(error)[:300])
                continue
            if result.state != "known":
                done.append(result)
        return done

    def _tell_once(self, name: str, path: Path, reason: str) -> None:
        """Tell of a file that cannot be read; not again while the reason stays the same."""
        if self._told.get(path) != reason:
            self._told[path] = reason
            data = {"file": path.name, "reason": reason}
            self.emit([Event("source.failed", self.clock.now(), source=name, data=data)])

    def _settled(self, path: Path) -> bool:
        """Return whether nobody is writing to a file since the last look; each state of it is reported once."""
        if unfinished_name(path.name):
            return False
        now = look(path)
        before, read = self._seen.get(path, (None, False))
        ready = settled(before, now)
        self._seen[path] = (now, ready)
        return ready and not (read and before == now)


def _line(import_id: str, state: str, rows: int, counts: Counts, reason: str | None = None) -> dict[str, Any]:
    return {"import": import_id, "state": state, "rows": rows, "counts": dict(counts), "reason": reason}


def _matching(folder: Path, pattern: str) -> list[Path]:
    path = Path(pattern)
    if not path.is_absolute():
        return sorted(folder.glob(pattern))
    return sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))


def _checksum(path: Path) -> str:
    look(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _skip(leads: Iterator[RawLead], number: int) -> None:
    for _ in islice(leads, number):
        pass


def _piece(leads: Iterator[RawLead]) -> list[RawLead]:
    return list(islice(leads, PIECE))


def _begin(import_id: str, source: str, name: str, checksum: str, now: Any, *, session: Session) -> ImportRow:
    """Return the import of this file that is under way or done, or a new one."""
    query = select(ImportRow).where(
        ImportRow.source == source, ImportRow.digest == checksum, ImportRow.state != "undone"
    )
    row = session.exec(query).first()
    if row is None:
        row = ImportRow(id=import_id, source=source, name=name, digest=checksum, started_at=now)
        session.add(row)
        session.flush()
    session.refresh(row)
    session.expunge(row)
    return row


async def _done(ahead: deque[tuple[int, asyncio.Task[Counts]]]) -> int:
    at, task = ahead.popleft()
    await task
    return at


def _counts(import_id: str, *, session: Session) -> Counts:
    """Return what became of an import's rows, also of those of a run that broke off."""
    read = int(session.execute(sa.select(IMPORT.c.rows).where(IMPORT.c.id == import_id)).scalar_one())
    query = sa.select(SUBMISSION.c.state, sa.func.count()).where(SUBMISSION.c.import_id == import_id)
    found = {state: int(number) for state, number in session.execute(query.group_by(SUBMISSION.c.state))}
    names = {"done": "accepted", "received": "waiting"}
    return Counts({"read": read, "known": read - sum(found.values()), **{names.get(s, s): n for s, n in found.items()}})


def _end(import_id: str, state: str, counts: dict[str, int], reason: str | None, now: Any, *, session: Session) -> None:
    values = {"state": state, "counts": counts, "reason": reason, "ended_at": now}
    session.execute(sa.update(IMPORT).where(IMPORT.c.id == import_id).values(**values))


def _problems(import_id: str, *, session: Session) -> list[dict[str, Any]]:
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
