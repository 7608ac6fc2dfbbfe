"""What sinks that write files share: which file a lead belongs to, one writer at a time, what a failing disk means."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import httpx
from pydantic import Field, field_validator

from hub.errors import Misconfigured, Retry
from hub.families.disk import folder_lock
from hub.families.table import Columns
from hub.lead import Lead, Rejected, Sent
from hub.sink import Outcome, Outcomes, Sink
from hub.zone import TimeZone

_PASSING = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EAGAIN, errno.ENOLCK, errno.EBUSY, errno.ESTALE))
_IN_USE = frozenset((errno.EACCES,) if os.name == "nt" else ())  # Windows refuses a file that Excel has open


class FileSink(Sink):
    """A sink that keeps leads in a file; authors write `write`, which may block.

    A repeat is harmless: the file itself tells which leads it has.
    """

    repeatable = True
    updates = True
    rate = None
    concurrency = 1
    key_columns: ClassVar[tuple[str, ...]] = ("id",)  # always among the columns, or a repeat could not be told

    class Config(Sink.Config, Columns):
        """Which file, and which columns."""

        path: str = Field(
            description="File to write, such as out/leads-{date}.csv; {date} is the day the lead came in."
        )
        time_zone: TimeZone = Field("UTC", description="Time zone of {date}, such as Asia/Shanghai.")

        @field_validator("path")
        @classmethod
        def _one_file(cls, path: str) -> str:
            bare = path.replace("{date}", "")
            if not path.strip() or set(bare) & set("{}\0") or path.endswith(("/", "\\")):
                raise ValueError("Write the path of one file; {date} is the only placeholder.")
            return path

    config: Config

    def ready(self) -> None:
        """Prepare the columns, and a lock for each file there will be."""
        self._locks: dict[Path, threading.Lock] = {}
        self._zone = ZoneInfo(self.config.time_zone)
        chosen = dict.fromkeys(self.config.columns)
        self.columns: tuple[str, ...] = (*chosen, *(name for name in self.key_columns if name not in chosen))

    def write(self, path: Path, leads: Sequence[Lead]) -> Outcomes:
        """Write the leads to the file and return one outcome for each; runs in a thread, alone with the file."""
        raise NotImplementedError

    def drop(self, path: Path, lead: str) -> int:
        """Take the rows of a lead out of a file and return how many they were; runs in a thread, alone with the file.

        Raises OSError, Retry while somebody has the file open, Misconfigured for a file that is not ours.
        """
        raise NotImplementedError

    async def forget(self, lead: Lead, ref: str | None, http: httpx.AsyncClient) -> Sent | Rejected | None:
        """Take an erased person's rows out of the file that they were written to."""
        path = Path(ref) if ref else None
        if path is None or type(self).drop is FileSink.drop or not self._ours(path):
            return None
        await asyncio.to_thread(self._dropped, self._locks.setdefault(path, threading.Lock()), path, lead.id)
        return Sent(ref)

    def _ours(self, path: Path) -> bool:
        """Return whether a path is one that `path` can mean."""
        before, day, after = self.config.path.partition("{date}")
        if not day:
            return path == Path(self.config.path)
        said = path.as_posix()
        return said.startswith(Path(f"{before}x").as_posix()[:-1]) and said.endswith(after.replace("{date}", ""))

    def _dropped(self, lock: threading.Lock, path: Path, lead: str) -> int:
        with lock, folder_lock(path.parent):
            return self.drop(path, lead) if path.exists() else 0

    def path_for(self, lead: Lead) -> Path:
        """Return the file a lead belongs to, the same for every attempt and version."""
        day = (lead.created_at or lead.submitted_at or self.clock.now()).astimezone(self._zone)
        return Path(self.config.path.replace("{date}", day.strftime("%Y-%m-%d")))

    async def send(self, leads: Sequence[Lead], http: httpx.AsyncClient) -> Outcomes:
        """Write the leads, file by file."""
        outcomes: dict[int, Outcome] = {}
        files: dict[Path, list[int]] = {}
        for at, lead in enumerate(leads):
            files.setdefault(self.path_for(lead), []).append(at)
        for path, places in files.items():
            lock = self._locks.setdefault(path, threading.Lock())
            said = await asyncio.to_thread(self._alone, lock, path, [leads[at] for at in places])
            outcomes.update(zip(places, said, strict=True))
        return [outcomes[at] for at in range(len(leads))]

    def _alone(self, lock: threading.Lock, path: Path, leads: Sequence[Lead]) -> Outcomes:
        """Write under the lock, which the thread holds: a send that is cancelled leaves its thread running."""
        try:
            with lock:
                path.parent.mkdir(parents=True, exist_ok=True)
                with folder_lock(path.parent):
                    return self.write(path, leads)
        except OSError as error:
            said = f"{path} cannot be written: {error.strerror or type(error).__name__}."
            if error.errno in _PASSING | _IN_USE:
                return [Retry(said, after=60.0)] * len(leads)
            return [Misconfigured(f"{said} Check the path, its owner and its rights.")] * len(leads)
        except (Retry, Misconfigured) as error:
            return [error] * len(leads)
