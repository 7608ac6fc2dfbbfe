"""The truth about what was received: an append-only JSONL file, fsynced in groups before the answers go out."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import threading
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Self

import orjson

from hub.testing.sandbox.call import Record

_Item = tuple[bytes, "asyncio.Future[None]"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One request received; `status` is the one answered, None where the connection was reset instead."""

    id: int
    time: str
    vendor: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    status: int | None = None
    records: tuple[Record, ...] = ()
    step: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Return the entry in one line of the file."""
        raw = json.loads(line)
        body = base64.b64decode(raw.pop("body64")) if "body64" in raw else raw.pop("body").encode()
        records = tuple(Record(**record) for record in raw.pop("records"))
        return cls(**raw, body=body, records=records)

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)

    @property
    def key(self) -> str | None:
        """Return the key of the first record."""
        return self.records[0].key if self.records else None

    @property
    def seen(self) -> str | None:
        """Return what the vendor did with the first record."""
        return self.records[0].seen if self.records else None


def read_ledger(path: Path) -> Iterator[Entry]:
    """Yield the entries of a ledger file; a last line torn by a crash is left out."""
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield Entry.read(line)


class Ledger:
    """Appends entries from one event loop; a thread writes and fsyncs all that came in while it was busy."""

    def __init__(self, path: Path, fsync: Callable[[int], None] = os.fsync) -> None:
        self._fsync = fsync
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._offsets = array("Q", _offsets(self._file))
        self._end = self._offsets.pop()  # an offset per entry, so that reading after an id seeks
        os.ftruncate(self._file, self._end)
        _sync_folder(path.parent)
        self._durable = len(self._offsets)
        self._queue: SimpleQueue[_Item | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._broken: OSError | None = None
        self._thread = threading.Thread(target=self._work, name="sandbox-ledger", daemon=True)
        self._thread.start()

    @property
    def next_id(self) -> int:
        """Return the id the next entry gets; ids count from 1 and go on over restarts."""
        return len(self._offsets) + 1

    def append(self, entry: dict[str, Any], body: bytes) -> asyncio.Future[None]:
        """Return a future that is done when the entry is on disk; raises OSError in it when it cannot be."""
        line = _line(self.next_id, entry, body)
        done = self._loop.create_future()
        self._offsets.append(self._end)
        self._end += len(line)
        self._queue.put((line, done))
        return done

    def entries(self, vendor: str | None = None, after: int = 0) -> Iterator[Entry]:
        """Yield the durable entries after an id, of one vendor or of all."""
        for number in range(max(after, 0), self._durable):
            start = self._offsets[number]
            end = self._offsets[number + 1] if number + 1 < len(self._offsets) else self._end
            entry = Entry.read(os.pread(self._file, end - start, start))
            if vendor is None or entry.vendor == vendor:
                yield entry

    def close(self) -> None:
        """Write what is waiting and close the file."""
        self._queue.put(None)
        self._thread.join()
        os.close(self._file)

    def _work(self) -> None:
        going = True
        while going:
            batch: list[_Item | None] = [self._queue.get()]
            try:
                while True:
                    batch.append(self._queue.get_nowait())
            except Empty:
                pass
            items = [item for item in batch if item is not None]
            going = len(items) == len(batch)
            if items:
                error = self._write(b"".join(line for line, _ in items))
                self._loop.call_soon_threadsafe(self._settle, items, error)

    def _write(self, data: bytes) -> OSError | None:
        """Write and fsync; once that failed nothing is durable any more, whatever a later fsync claims."""
        try:
            if self._broken:
                return self._broken
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._file, rest) :]
            self._fsync(self._file)
        except OSError as error:
            self._broken = error
            return error
        return None

    def _settle(self, items: list[_Item], error: OSError | None) -> None:
        if error is None:
            self._durable += len(items)
        for _, done in items:
            if done.done():  # the request was cancelled while it waited
                continue
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)


def _line(number: int, entry: dict[str, Any], body: bytes) -> bytes:
    try:
        return orjson.dumps({"id": number, **entry, "body": body.decode()}) + b"\n"
    except (UnicodeDecodeError, orjson.JSONEncodeError):
        return json.dumps({"id": number, **entry, "body64": base64.b64encode(body).decode()}).encode() + b"\n"


def _offsets(file: int) -> Iterator[int]:
    """Yield where each whole line starts, and last where the next one will."""
    yield 0
    position = 0
    while chunk := os.pread(file, 1 << 20, position):
        found = chunk.find(b"\n")
        while found >= 0:
            yield position + found + 1
            found = chunk.find(b"\n", found + 1)
        position += len(chunk)


def _sync_folder(folder: Path) -> None:
    """Make the file's name durable too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
