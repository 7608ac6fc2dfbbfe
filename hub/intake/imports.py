"""Reads files into submissions: streamed, resumable, twice is once; and takes an import back."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hub.clock import Clock
from hub.errors import BadInput, ConfigError, LeadhubError
from hub.events import Event
from hub.files import Layout
from hub.files.opening import Seen, look, settled, unfinished_name
from hub.ids import Ids
from hub.intake.guard import Guard
from hub.intake.rows import Counts, Rows
from hub.lead import RawLead
from hub.pipeline.ownmaps import parsed
from hub.pipeline.reading import Answer
from hub.plan import Plan
from hub.source import FileSource
from hub.store import fileimports as store
from hub.store.database import Database
from hub.store.tables import ImportRow

PIECE = 500  # rows committed together
SHOWN = 5  # rows that are named for a problem
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

    async def steps(
        self, path: Path, name: str, *, mapping: str | None = None, layout: Mapping[str, Any] | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """Read a file into a source; yields how far it has come, and at last what became of it.

        A file that was read whole before is known, and a broken-off one goes on where it stopped. `mapping` is the text
        of a mapping for this import alone, `layout` how the file is to be read where its source would do it otherwise.
        """
        source = read_as(self.file_source(name), layout)
        if mapping is not None:
            parsed(mapping, "the mapping of this import", self.plan())
        checksum = await asyncio.to_thread(_checksum, path)
        row = await self.db.write(store.begin, self.ids("imp"), name, path.name, checksum, self.clock.now(), mapping)
        if row.state == "done":
            counts = Counts(row.counts or {})
            said = f"This file was imported before, as {row.id}. Take that back first: leadhub import --undo {row.id}."
            yield _line(row.id, "known", row.rows, counts, said)
            return
        state, reason, firsts = "done", None, Firsts()
        try:
            async for at in self._pieces(source.read(path), name, row, firsts):
                yield _line(row.id, "running", at, Counts(read=at))
        except BadInput as error:
            state, reason = "failed", error.reason
        yield {**await self._ended(row, state, reason), "first": firsts.told()}

    async def _ended(self, row: ImportRow, state: str, reason: str | None) -> dict[str, Any]:
        """Note how a run ended, and return what became of the rows, also of those of a run that broke off before."""
        counts = await self.db.read(store.counts, row.id)
        merged = await self.db.read(store.merged, row.id)
        problems = await self.db.read(store.problems, row.id)
        found = {"state": state, "counts": dict(counts), "reason": reason, "merged": merged, "problems": problems}
        await self.db.write(store.end, row.id, {**found, "ended_at": self.clock.now()})
        data = {"import": row.id, "file": row.name, "state": state, **counts}
        self.emit([Event("import.finished", self.clock.now(), source=row.source, data=data)])
        return {**_line(row.id, state, counts["read"], counts, reason), "problems": problems, "merged": merged}

    async def _pieces(self, leads: Iterator[RawLead], name: str, row: ImportRow, firsts: Firsts) -> AsyncIterator[int]:
        """Take the file piece by piece, a few ahead of what is decided; yields the rows that are done."""
        at = row.rows
        ahead: deque[tuple[int, asyncio.Task[Counts]]] = deque()
        try:
            await asyncio.to_thread(_skip, leads, at)
            while piece := await asyncio.to_thread(_piece, leads):
                if self._guard:
                    await self._guard.turn()
                at += len(piece)
                taking = self.rows.take(name, piece, import_id=row.id, at_row=at, seen=firsts.see)
                ahead.append((at, asyncio.create_task(taking)))
                if len(ahead) >= AHEAD:
                    yield await _done(ahead)
            while ahead:
                yield await _done(ahead)
        finally:
            await asyncio.gather(*(task for _, task in ahead), return_exceptions=True)

    def file_source(self, name: str) -> FileSource:
        """Return a source that reads files; raises ConfigError for any other name."""
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


class Firsts:
    """The first rows of a file that have each problem; rows are counted from 1, without the header."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], list[int]] = {}
        self._rows: Counter[tuple[str, str]] = Counter()

    def see(self, number: int, answer: Answer) -> None:
        """Note what became of a row."""
        for found in {(answer.status, problem.code) for problem in answer.problems}:
            self._rows[found] += 1
            rows = self._found.setdefault(found, [])
            rows.append(number)
            rows.sort()
            del rows[SHOWN:]

    def told(self) -> list[dict[str, Any]]:
        """Return each problem with what became of such rows, how many there are and the first of them."""
        return [
            {"status": status, "code": code, "rows": number, "first": self._found[status, code]}
            for (status, code), number in self._rows.most_common()
        ]


def read_as(source: FileSource, layout: Mapping[str, Any] | None) -> FileSource:
    """Return a source that reads files another way than its settings say; raises ConfigError for what cannot be."""
    if not layout:
        return source
    try:
        given = Layout.model_validate(dict(layout)).model_dump(include=set(layout))
    except ValidationError as error:
        first = error.errors()[0]
        said = str(first["msg"]).removeprefix("Value error, ")
        raise ConfigError(f"{'.'.join(map(str, first['loc']))}: {said}.", key=str(first["loc"][0])) from error
    made = type(source)(source.instance, source.config.model_copy(update=given), source.clock)
    made.networks = source.networks
    return made


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


async def _done(ahead: deque[tuple[int, asyncio.Task[Counts]]]) -> int:
    at, task = ahead.popleft()
    await task
    return at
