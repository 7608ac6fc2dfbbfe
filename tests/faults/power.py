"""The power switch: what a recorded process wrote, and what a disk may hold of it when the current fails.

The model: a file keeps what was there at its last sync; of what was written since, any part may be there, also single
sectors of a write. A new, renamed or removed name is safe once its folder was synced, and names change in order. Disks
that lie about a sync are not in the model.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
CALLS = (
    "openat,lseek,pwrite64,write,writev,sendto,sendmsg,fsync,fdatasync,ftruncate,truncate,unlink,unlinkat,rename,"
    "renameat,renameat2"
)
OPTIONS = ("-y", "-xx", "-s", "4000000", "-e", f"trace={CALLS}")
CHOICES = ("none", "all", "random", "torn")

_LINE = re.compile(rb"^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$", re.DOTALL)
_FD = re.compile(rb"^(\d+)<((?:\\x[0-9a-f]{2}|[^>])*)>")
_TEXT = re.compile(rb'"((?:\\x[0-9a-f]{2})*)"')
_NUMBERS = re.compile(rb"^, (\d+)(?:, (\d+))?")
_ACK = re.compile(rb'\{"submission":"(sub_[0-9a-f.]+)"')
_SEND = re.compile(rb"webhook-id: ([^\r\n]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, in the order of the log."""

    kind: str  # write, truncate, sync, create, rename, unlink, ack, send
    path: str = ""
    offset: int = 0
    data: bytes = b""
    target: str = ""


def _bytes(hexed: bytes) -> bytes:
    return bytes.fromhex(hexed.replace(b"\\x", b"").decode())


def read_log(log: Path, folder: Path, base: Mapping[str, bytes]) -> list[Event]:
    """Return what happened to the files of a folder, and what was sent, from an strace log; `base` was there before."""
    return list(_Reader(str(folder), {path: len(data) for path, data in base.items()}).events(log))


class _Reader:
    """Turns lines into events; a call that was interrupted in the log counts where it ended, a write where it began."""

    def __init__(self, folder: str, ends: dict[str, int]) -> None:
        self.folder = folder
        self._open: dict[bytes, tuple[str, bytes]] = {}  # thread: call, arguments
        self._ends = ends  # how long each file is, for what is appended
        self._at: dict[tuple[bytes, str], int] = {}  # where the next write of a descriptor goes, unless it appends

    def events(self, log: Path) -> Iterator[Event]:
        with log.open("rb") as lines:
            for line in lines:
                found = _LINE.match(line.rstrip(b"\n"))
                if found is None:
                    continue
                thread, resumed, call, rest = found.groups()
                if resumed:
                    name, arguments = self._open.pop(thread, ("", b""))
                    yield from self._ended(name, arguments + rest)
                elif rest.endswith(b"<unfinished ...>"):
                    self._open[thread] = (call.decode(), rest[: -len(b"<unfinished ...>")])
                    yield from self._begun(call.decode(), rest)
                else:
                    yield from self._begun(call.decode(), rest)
                    yield from self._ended(call.decode(), rest)

    def _inside(self, path: str) -> str | None:
        """Return a path below the folder; None for others, and for what lives in memory only."""
        whole = path if path.startswith("/") else f"{self.folder}/{path}"
        if whole == self.folder:
            return "."
        if not whole.startswith(f"{self.folder}/") or whole.endswith(("-shm", ".log", "run.json", "run.new")):
            return None
        return whole[len(self.folder) + 1 :]

    def _begun(self, call: str, rest: bytes) -> Iterator[Event]:
        """Yield what holds from the moment a call was made: bytes may leave, and may reach the disk."""
        if call not in ("pwrite64", "write", "writev", "sendto", "sendmsg"):
            return
        where = _FD.match(rest)
        text = b"".join(_bytes(part) for part in _TEXT.findall(rest[where.end() :])) if where else b""
        if not where or not text:
            return
        path = _bytes(where[2]).decode("utf-8", "replace") if where[2].startswith(b"\\x") else where[2].decode()
        if path.startswith(("socket", "TCP")):
            yield from (Event("ack", data=one) for one in _ACK.findall(text) if not text.startswith(b"POST"))
            if text.startswith(b"POST"):
                yield from (Event("send", data=one.strip()) for one in _SEND.findall(text[:4096]))
            return
        inside = self._inside(path)
        if inside is not None:
            offset = self._at.get((where[1], inside), self._ends.get(inside, 0))
            if call == "pwrite64":
                found = _NUMBERS.match(rest[rest.rindex(b'"') + 1 :])
                offset = int(found[2]) if found and found[2] else 0
            elif (where[1], inside) in self._at:
                self._at[where[1], inside] = offset + len(text)
            self._ends[inside] = max(self._ends.get(inside, 0), offset + len(text))
            yield Event("write", inside, offset, text)

    def _ended(self, call: str, rest: bytes) -> Iterator[Event]:
        """Yield what holds once a call has come back without an error."""
        if re.search(rb"\) += -1 ", rest):
            return
        if call in ("fsync", "fdatasync"):
            yield from (Event("sync", path) for path in self._of_fd(rest))
        elif call == "ftruncate":
            for path in self._of_fd(rest):
                size = int(re.search(rb">, (\d+)", rest)[1])  # type: ignore[index]
                self._ends[path] = size
                yield Event("truncate", path, size)
        elif call == "openat":
            yield from self._opened(rest)
        elif call == "lseek":
            for path in self._of_fd(rest):
                descriptor = rest.partition(b"<")[0]
                if (descriptor, path) in self._at:
                    self._at[descriptor, path] = int(rest.rpartition(b"= ")[2])
        elif call.startswith(("rename", "unlink", "truncate")):
            names = [self._inside(_bytes(one).decode()) for one in _TEXT.findall(rest)]
            if call.startswith("rename") and len(names) == 2 and names[0] and names[1]:
                self._ends[names[1]] = self._ends.pop(names[0], 0)
                yield Event("rename", names[0], target=names[1])
            elif call.startswith("unlink") and names and names[0]:
                self._ends.pop(names[0], None)
                yield Event("unlink", names[0])
            elif call == "truncate" and names and names[0]:
                yield Event("truncate", names[0], int(re.search(rb'", (\d+)', rest)[1]))  # type: ignore[index]

    def _opened(self, rest: bytes) -> Iterator[Event]:
        path = self._inside(_bytes(_TEXT.findall(rest)[0]).decode())
        if path is None:
            return
        descriptor = re.search(rb"= (\d+)<", rest)
        if descriptor:
            self._at.pop((descriptor[1], path), None)
            if b"O_APPEND" not in rest:
                self._at[descriptor[1], path] = 0
        if b"O_CREAT" in rest:
            yield Event("create", path)
        if b"O_TRUNC" in rest:
            self._ends[path] = 0
            yield Event("truncate", path, 0)

    def _of_fd(self, rest: bytes) -> list[str]:
        where = _FD.match(rest)
        if where is None:
            return []
        path = self._inside(_bytes(where[2]).decode("utf-8", "replace") if where[2].startswith(b"\\x") else "")
        return [] if path is None else [path]


@dataclass(slots=True)
class _File:
    synced: bytearray = field(default_factory=bytearray)
    pending: list[Event] = field(default_factory=list)

    def sync(self) -> None:
        """Make everything that was written safe."""
        for event in self.pending:
            _apply(self.synced, event)
        self.pending.clear()

    def image(self, choice: str, rng: random.Random) -> bytes:
        """Return what the disk may hold."""
        image = bytearray(self.synced)
        for event in self.pending:
            if choice == "all" or (choice == "random" and rng.random() < 0.5):
                _apply(image, event)
            elif choice == "torn":
                _tear(image, event, rng)
        return bytes(image)


def _apply(image: bytearray, event: Event) -> None:
    if event.kind == "truncate":
        del image[event.offset :]
        image.extend(bytes(event.offset - len(image)))
        return
    if len(image) < event.offset:
        image.extend(bytes(event.offset - len(image)))
    image[event.offset : event.offset + len(event.data)] = event.data


def _tear(image: bytearray, event: Event, rng: random.Random) -> None:
    """Apply some sectors of a write, each or not."""
    if event.kind == "truncate":
        if rng.random() < 0.5:
            _apply(image, event)
        return
    at = 0
    while at < len(event.data):
        end = min(at + SECTOR - (event.offset + at) % SECTOR, len(event.data))
        if rng.random() < 0.6:
            _apply(image, Event("write", event.path, event.offset + at, event.data[at:end]))
        at = end


class Disk:
    """A folder as a disk holds it while events happen."""

    def __init__(self, base: dict[str, bytes]) -> None:
        self._names = {path: _File(bytearray(data)) for path, data in base.items()}
        self._safe = dict(self._names)
        self._moves: list[
            tuple[str, str, _File | None]
        ] = []  # names that changed and are not synced: folder, name, file

    def happen(self, event: Event) -> None:
        """Take one event in."""
        if event.kind in ("write", "truncate"):
            self._file(event.path).pending.append(event)
        elif event.kind == "sync":
            self._sync(event.path)
        elif event.kind == "create" and event.path not in self._names:
            self._move(event.path, _File())
        elif event.kind == "rename":
            moved = self._file(event.path)
            self._move(event.target, moved)
            self._move(event.path, None)
        elif event.kind == "unlink":
            self._move(event.path, None)

    def _file(self, path: str) -> _File:
        if path not in self._names:
            self._move(path, _File())
        return self._names[path]

    def _move(self, path: str, file: _File | None) -> None:
        self._moves.append((str(Path(path).parent), path, file))
        if file is None:
            self._names.pop(path, None)
        else:
            self._names[path] = file

    def _sync(self, path: str) -> None:
        if path in self._names:
            self._names[path].sync()
            return
        kept = []
        for move in self._moves:
            if move[0] == path:
                _rename(self._safe, move)
            else:
                kept.append(move)
        self._moves = kept

    def image(self, choice: str, rng: random.Random) -> dict[str, bytes]:
        """Return the files that are there when the current comes back."""
        names = dict(self._safe)
        most = {"none": 0, "all": len(self._moves)}.get(choice, rng.randint(0, len(self._moves)))
        for move in self._moves[:most]:
            _rename(names, move)
        return {path: file.image(choice, rng) for path, file in names.items()}


def _rename(names: dict[str, _File], move: tuple[str, str, _File | None]) -> None:
    _, path, file = move
    if file is None:
        names.pop(path, None)
    else:
        names[path] = file


@dataclass(frozen=True, slots=True)
class Cut:
    """One power cut: what the disk holds, and what the world had been told before."""

    place: int
    choice: str
    files: dict[str, bytes]
    acked: frozenset[str]
    sent: frozenset[str]


def cuts(
    base: dict[str, bytes], events: Sequence[Event], number: int, rng: random.Random, sent_before: Iterable[str] = ()
) -> Iterator[Cut]:
    """Yield so many power cuts, spread over the log; at each place several that the disk may make of it."""
    each = (*CHOICES, "random", "torn", "torn", "random")
    places = sorted(rng.randint(0, len(events)) for _ in range(max(1, number // len(each))))
    disk, at = Disk(base), 0
    acked: set[str] = set()
    sent: set[str] = set(sent_before)
    for place in places:
        while at < place:
            event = events[at]
            disk.happen(event)
            if event.kind == "ack":
                acked.add(event.data.decode())
            elif event.kind == "send":
                sent.add(event.data.decode())
            at += 1
        for choice in each:
            yield Cut(place, choice, disk.image(choice, rng), frozenset(acked), frozenset(sent))
