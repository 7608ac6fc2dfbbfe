"""Backups in the workspace: made while the hub runs, one at a time, listed and checked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.backup import making
from hub.errors import BadInput, Conflict, LeadhubError, brief
from hub.store.audit import Actor, note

if TYPE_CHECKING:
    from hub.app.hub import Hub

FOLDER = "backups"
MOST = 500
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,150}\.backup")


@dataclass(frozen=True, slots=True)
class Work:
    """What is under way: a backup that is made, or one that is checked."""

    what: str  # making, checking
    name: str
    since: datetime


class Backups:
    """The folder of backups of a workspace. Putting one back is a command: nothing may run meanwhile."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._turn = asyncio.Lock()
        self.work: Work | None = None
        self.checked: dict[str, dict[str, Any]] = {}  # what the last check of each found
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def folder(self) -> Path:
        """Return the folder."""
        return self._hub.office.folder / FOLDER

    async def listed(self) -> list[dict[str, Any]]:
        """Return the backups, the newest first, with what the last check of each found."""
        return [{**row, "checked": self.checked.get(row["name"])} for row in await asyncio.to_thread(self._files)]

    def _files(self) -> list[dict[str, Any]]:
        found = []
        for path in self.folder.glob("*.backup") if self.folder.is_dir() else ():
            if path.is_file() and not path.is_symlink():
                stat = path.stat()
                at = datetime.fromtimestamp(stat.st_mtime, UTC)
                row = {"name": path.name, "bytes": stat.st_size, "at": at, "encrypted": making.is_sealed(path)}
                found.append(row)
        return sorted(found, key=lambda row: (row["at"], row["name"]), reverse=True)[:MOST]

    def make(self, passphrase: str | None, by: Actor) -> asyncio.Task[dict[str, Any]]:
        """Begin to make a backup; the task returns what it is. Raises Conflict while one is made or checked."""
        now = self._hub.clock.now()
        name = f"leadhub-{now:%Y%m%dT%H%M%SZ}{'-sealed' if passphrase else ''}.backup"
        return self._spawn(Work("making", name, now), self._make(name, passphrase, by, now))

    def check(self, name: str, passphrase: str | None, by: Actor) -> asyncio.Task[dict[str, Any]]:
        """Begin to read a backup to its end; the task returns what was found."""
        path = self.path(name)
        return self._spawn(Work("checking", name, self._hub.clock.now()), self._check(path, passphrase, by))

    async def done(self) -> None:
        """Return when nothing is under way."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def path(self, name: str) -> Path:
        """Return where a backup lies; raises BadInput for what is none."""
        path = self.folder / name
        if not _NAME.fullmatch(name) or not path.is_file() or path.is_symlink():
            raise BadInput(f"There is no backup {name[:200]!r}.", status=404)
        return path

    def _spawn(self, work: Work, run: Any) -> asyncio.Task[dict[str, Any]]:
        if self.work is not None:
            run.close()
            raise Conflict(f"{self.work.name} is under way. Wait until it is done.")
        self.work = work
        task: asyncio.Task[dict[str, Any]] = asyncio.create_task(run)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.work = None
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited may have gone

    async def _make(self, name: str, passphrase: str | None, by: Actor, now: datetime) -> dict[str, Any]:
        self.folder.mkdir(exist_ok=True, mode=0o700)
        path = self.folder / name
        if path.exists():
            raise Conflict(f"{name} is there already. Try again in a second.")
        await self._alone(making.write, self._hub.db, path, passphrase, now)
        size = path.stat().st_size
        about = {"bytes": size, "encrypted": bool(passphrase)}
        await self._hub.db.write(note, "backup.made", by=by, at=self._hub.clock.now(), target=name, data=about)
        return {"name": name, "at": now, **about}

    async def _check(self, path: Path, passphrase: str | None, by: Actor) -> dict[str, Any]:
        now = self._hub.clock.now()
        try:
            schema, made = await self._alone(making.check, path, passphrase)
            found: Mapping[str, Any] = {"sound": True, "schema": schema, "made_at": made, "reason": None}
        except LeadhubError as error:
            found = {"sound": False, "schema": None, "made_at": None, "reason": str(error)}
        self.checked[path.name] = {**found, "at": now}
        about = {"sound": found["sound"]}
        await self._hub.db.write(note, "backup.checked", by=by, at=now, target=path.name, data=about)
        return {"name": path.name, **self.checked[path.name]}

    async def _alone(self, fn: Any, *args: Any) -> Any:
        async with self._turn:
            try:
                return await asyncio.to_thread(fn, *args)
            except OSError as error:
                raise LeadhubError(f"The folder {FOLDER}/ cannot be used: {brief(error)}.") from error
