"""Takes files that others drop into a folder elsewhere: each once, none half written, and tells of bad ones."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Literal, Protocol

import httpx
from pydantic import Field

from hub.errors import BadInput, Misconfigured, Retry
from hub.families.lists import KeyColumn, keyed_lead
from hub.families.marks import mark_of, marks_in, marks_text
from hub.files import Layout, open_table
from hub.files.opening import refused_name, unfinished_name
from hub.lead import Page, RawLead
from hub.source import PollSource

MOST_FILES = 10_000  # in the folder at once: each is remembered
PIECE = 500  # rows handed over together

_TOLD = 10  # files that one message names


class FileChanged(Exception):
    """The file is not any more what it was when it was listed: it is looked at again later."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file as the folder lists it: its path below the folder, and a version that changes with what is in it."""

    name: str
    size: int
    version: str
    at: datetime

    @property
    def leaf(self) -> str:
        """Return the name without the folders."""
        return self.name.rpartition("/")[2]

    @property
    def mark(self) -> str:
        """Return what this version of the file is remembered by."""
        return mark_of(self.name, self.version)


class DropFolder(Protocol):
    """A folder elsewhere; every method raises Retry or Misconfigured."""

    async def files(self) -> Sequence[Dropped]:
        """Return the regular files in it."""

    async def fetch(self, file: Dropped, to: Path) -> None:
        """Write a file to a path; raises FileChanged when it is not as it was listed."""

    async def move(self, file: Dropped, to: str) -> None:
        """Move a file to another path below the folder; raises FileChanged when it is not as it was listed."""


class DropSource(PollSource):
    """Lists of leads in a folder elsewhere; authors write `place`.

    A file is taken when two looks, `settle` seconds apart or more, show it the same. The rows and the place in the file
    are committed together, and it is marked after that: what breaks off goes on where it was. A file that cannot be
    read stays, or goes to `failed`, and is told once; a new version of it is read again. Rows are known as those of a
    list file are: by `key`, else by their content, so that a row in two files is one lead.
    """

    every: ClassVar[timedelta] = timedelta(minutes=1)
    party: ClassVar[Literal["first", "second", "third"]] = "third"

    class Config(KeyColumn, Layout, PollSource.Config):
        """Which files are taken, how they are read, and what becomes of them."""

        files: str = Field("*", description="Names of the files that are taken, such as leads-*.csv.")
        recursive: bool = Field(False, description="Whether files in folders below are taken, too.")
        after: Literal["remember", "move"] = Field(
            "remember", description="What becomes of a file that was read; remember: it stays, and is known."
        )
        done: str = Field("done", pattern=r"^[^/\\]+$", description="Folder below, for files that were read.")
        failed: str = Field("failed", pattern=r"^[^/\\]+$", description="Folder below, for files that cannot be read.")
        settle: int = Field(
            60, ge=0, le=86400, description="Seconds for which a file must have stayed the same before it is read."
        )

    config: Config

    def place(self, http: httpx.AsyncClient) -> AbstractAsyncContextManager[DropFolder]:
        """Return the folder, opened; raises Retry or Misconfigured when it cannot be."""
        raise NotImplementedError

    async def fetch(self, cursor: str | None, http: httpx.AsyncClient) -> AsyncIterator[Page]:
        """Yield the rows of the files that are new, oldest file first."""
        memory, trouble = _Memory(cursor), list[BadInput | Misconfigured]()
        async with self.place(http) as place:
            files = sorted(self._wanted(await place.files()), key=lambda file: (file.at, file.name))
            if memory.look(files, int(self.clock.now().timestamp()) if self.config.settle else None):
                yield Page((), memory.text())
            for file in files:
                try:
                    async with aclosing(self._taken(place, file, memory)) as pages:
                        async for page in pages:
                            yield page
                except FileChanged:
                    continue
                except Retry:
                    if not trouble:
                        raise
                    break  # what is told once is told now; the next poll goes on
                except (BadInput, Misconfigured) as error:  # one file does not keep the others waiting
                    trouble.append(error)
        if trouble:
            raise _together(trouble)

    def _wanted(self, files: Iterable[Dropped]) -> list[Dropped]:
        ours = (f"{self.config.done}/", f"{self.config.failed}/")
        wanted = [
            file for file in files
            if not file.name.startswith(ours) and not unfinished_name(file.leaf)
            and fnmatchcase(file.name, self.config.files)
        ]  # fmt: skip
        if len(wanted) > MOST_FILES:
            words = f"There are {len(wanted):,} files, more than {MOST_FILES:,}."
            raise Misconfigured(f"{words} Move those that were read away (after: move), or name fewer `files`.")
        return wanted

    async def _taken(self, place: DropFolder, file: Dropped, memory: _Memory) -> AsyncGenerator[Page, None]:
        """Read a file unless that was done, and then put it where it belongs."""
        wrong: BadInput | None = None
        if not memory.knows(file):
            if memory.since(file) + self.config.settle > self.clock.now().timestamp():
                return
            try:
                async with aclosing(self._read(place, file, memory)) as pages:
                    async for page in pages:
                        yield page
            except BadInput as error:
                wrong = BadInput(f"The file {file.name!r:.200} cannot be read: {error.reason}")
            if not memory.knows(file):
                memory.end(file, bad=wrong is not None)
                yield Page((), memory.text())
        if self.config.after == "move":
            folder = self.config.failed if memory.is_bad(file) else self.config.done
            path = PurePosixPath(folder, file.name)
            await place.move(file, str(path.with_name(f"{file.at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{file.leaf}")))
        if wrong:
            raise wrong

    async def _read(self, place: DropFolder, file: Dropped, memory: _Memory) -> AsyncGenerator[Page, None]:
        reason = refused_name(file.leaf)
        if reason:
            raise BadInput(f"{reason}. Rename it.")
        if file.size > self.config.max_bytes:
            raise BadInput(f"it has {file.size / 1e6:,.1f} MB. Split it, or raise max_mb.")
        with tempfile.TemporaryDirectory(prefix="leadhub-") as folder:
            path = Path(folder, "file")
            await place.fetch(file, path)
            leads = self._leads(path)
            try:
                await asyncio.to_thread(_piece, leads, memory.rows(file))
                error: BadInput | None = None
                while error is None:
                    piece, error = await asyncio.to_thread(_piece, leads, PIECE)
                    memory.reach(file, len(piece))
                    if error is None and len(piece) < PIECE:  # the last rows and the end of the file are one
                        memory.end(file, bad=False)
                    if piece:
                        yield Page(tuple(piece), memory.text())
                    if memory.knows(file):
                        return
                raise error
            finally:
                with suppress(ValueError):  # a poll that was cancelled may leave a thread reading
                    leads.close()

    def _leads(self, path: Path) -> Generator[RawLead, None, None]:
        with open_table(path, self.config) as table:
            key = self.config.key_among(table.columns)
            for row in table.rows:
                yield keyed_lead(row, key)


def _together(trouble: Sequence[BadInput | Misconfigured]) -> BadInput | Misconfigured:
    """Return one error that tells of all, as none of the files is told of again."""
    more = f" And {len(trouble) - _TOLD} more." if len(trouble) > _TOLD else ""
    return type(trouble[0])(" ".join(error.reason for error in trouble[:_TOLD]) + more)


def _piece(leads: Iterator[RawLead], most: int) -> tuple[list[RawLead], BadInput | None]:
    """Return the next rows, and what is wrong with the file where they end for that."""
    piece: list[RawLead] = []
    try:
        while len(piece) < most:
            piece.append(next(leads))
    except StopIteration:
        pass
    except BadInput as error:
        return piece, error
    return piece, None


class _Memory:
    """What is known of the files that are there, as it stands in the cursor."""

    def __init__(self, cursor: str | None) -> None:
        said: dict[str, Any] = json.loads(cursor) if cursor else {}
        self._done, self._bad = marks_in(said.get("done", "")), marks_in(said.get("bad", ""))
        self._seen: dict[str, int] = said.get("seen", {})  # since when, by the mark of a version
        self._at: dict[str, int] = said.get("at", {})  # rows of a file that is being read

    def look(self, files: Iterable[Dropped], now: int | None) -> bool:
        """Note what is there, since `now` if it is new, and forget the rest; return whether anything is different."""
        before, marks = self.text(), {file.mark for file in files}
        self._done &= marks
        self._bad &= marks
        waiting = marks - self._done - self._bad if now is not None else ()
        self._seen = {mark: self._seen.get(mark, now or 0) for mark in waiting}
        self._at = {mark: rows for mark, rows in self._at.items() if mark in marks}
        return self.text() != before

    def knows(self, file: Dropped) -> bool:
        return file.mark in self._done or file.mark in self._bad

    def is_bad(self, file: Dropped) -> bool:
        return file.mark in self._bad

    def since(self, file: Dropped) -> int:
        return self._seen.get(file.mark, 0)

    def rows(self, file: Dropped) -> int:
        return self._at.get(file.mark, 0)

    def reach(self, file: Dropped, rows: int) -> None:
        self._at[file.mark] = self.rows(file) + rows

    def end(self, file: Dropped, *, bad: bool) -> None:
        (self._bad if bad else self._done).add(file.mark)
        self._seen.pop(file.mark, None)
        self._at.pop(file.mark, None)

    def text(self) -> str:
        said = {"done": marks_text(self._done), "bad": marks_text(self._bad), "seen": self._seen, "at": self._at}
        return json.dumps({name: value for name, value in said.items() if value}, sort_keys=True)
