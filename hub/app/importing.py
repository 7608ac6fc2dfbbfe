"""Files on their way in: looked at, mapped, tried and read in, by this process, whoever still watches."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.app.choosing import Choosing
from hub.errors import BadInput, Conflict, LeadhubError, brief
from hub.intake.looks import count
from hub.intake.uploads import Uploads
from hub.store import drafts as store
from hub.store import nodes
from hub.store.audit import Actor, note

if TYPE_CHECKING:
    from hub.app.hub import Hub

log = logging.getLogger("leadhub")

EVERY = 60.0
KEPT = timedelta(days=1)
"""How long a file that was uploaded lies here when nobody goes on with it."""


class Importing:
    """Works on files before they are imports; each is a row, and a process that ends leaves it to the next."""

    def __init__(self, hub: Hub) -> None:
        self._hub, self.host = hub, socket.gethostname()
        self.uploads = Uploads(hub.office.folder)
        self.choosing = Choosing(hub, self.uploads)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Go on with what a former process was at."""
        self._hub.schedule.every(EVERY, "imports", self.round)
        await self._take_over()

    async def stop(self) -> None:
        """Break off; what is kept stays, and the next start goes on there."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def add(self, id_: str, path: Path, source: str, *, upload: bool, by: Actor) -> dict[str, Any]:
        """Keep a file as one to be looked at; raises ConfigError where the source reads no files."""
        hub, now = self._hub, self._hub.clock.now()
        hub.imports.file_source(source)
        row = {
            "id": id_, "name": path.name, "place": "upload" if upload else "inbox", "path": self.uploads.relative(path),
            "size": self.uploads.size(path), "source": source, "host": self.host, "by": by.who, "created_at": now,
            "changed_at": now, "state": "new", "rows": 0, "began_rows": 0,
        }  # fmt: skip
        await hub.db.write(store.add, row)
        if upload:
            await hub.db.write(note, "file.uploaded", by=by, at=now, target=id_, data={"bytes": row["size"]})
        return await self.get(id_)

    async def get(self, draft: str) -> dict[str, Any]:
        """Return a draft; raises BadInput where there is none."""
        row = await self._hub.db.read(store.get, draft)
        if row is None:
            raise BadInput(
                f"There is no file {draft[:64]!r} here. It was read in, or nobody touched it for a day.", 404
            )
        return row

    def path(self, row: Mapping[str, Any]) -> Path:
        """Return where a draft's file lies; raises BadInput where that is another machine, or it is gone."""
        if row["host"] != self.host:
            raise BadInput(f"The file lies on the machine {row['host']}. Open leadhub there.", status=409)
        path = self.uploads.at(row["path"])
        if not path.is_file():
            raise BadInput(f"The file {row['name']!r} is gone. Upload it again.", status=409)
        return path

    async def change(self, draft: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Change what was chosen; what a dry run found does not hold any more."""
        fresh = {"state": "new", "trial": None, "reason": None, "changed_at": self._hub.clock.now()}
        if not await self._hub.db.write(store.take, draft, {**fresh, **values}):
            await self.get(draft)
            raise Conflict("The file is being read now. Wait until that is done.")
        return await self.get(draft)

    async def drop(self, draft: str) -> None:
        """Forget a file; one that was uploaded goes, one of the inbox stays where it lies."""
        row = await self.get(draft)
        if not await self._hub.db.write(store.drop, draft):
            raise Conflict("The file is being read now. Wait until that is done.")
        if row["place"] == "upload":
            await asyncio.to_thread(self.uploads.remove, draft)

    async def try_it(self, draft: str) -> dict[str, Any]:
        """Begin a dry run."""
        return await self._begin(draft, "trying", {"rows": 0, "trial": None})

    async def run(self, draft: str, by: Actor) -> dict[str, Any]:
        """Begin to read the file in; one that broke off goes on where it stopped."""
        row = await self._begin(draft, "running", {})
        about = {"source": row["source"], "bytes": row["size"]}
        await self._hub.db.write(note, "import.begun", by=by, at=self._hub.clock.now(), target=draft, data=about)
        return row

    async def wait(self, draft: str, seconds: float) -> None:
        """Return when the work on a file is done, or so many seconds have passed."""
        task = self._tasks.get(draft)
        if task is not None:
            await asyncio.wait((task,), timeout=seconds)

    async def _begin(self, draft: str, state: str, values: Mapping[str, Any]) -> dict[str, Any]:
        row, now = await self.get(draft), self._hub.clock.now()
        self.path(row)
        begun = {"state": state, "holder": self._hub.holder, "reason": None, "began_at": now, "changed_at": now}
        before = await self._hub.db.read(store.rows_of, row["import_id"])
        if not await self._hub.db.write(store.take, draft, {**begun, "began_rows": before, **values}):
            raise Conflict("The file is being read already.")
        row = await self.get(draft)
        self._spawn(row)
        return row

    def _spawn(self, row: dict[str, Any]) -> None:
        task = asyncio.create_task(self._work(row))
        self._tasks[row["id"]] = task
        task.add_done_callback(lambda _: self._tasks.pop(row["id"], None))

    async def _work(self, row: dict[str, Any]) -> None:
        try:
            await (self._try(row) if row["state"] == "trying" else self._run(row))
        except (LeadhubError, OSError) as error:
            said = str(error) if isinstance(error, LeadhubError) else f"It cannot be read: {error.strerror}."
            await self._put(row, state="failed", reason=said[:500])
        except Exception as error:
            log.error("event=import.failed draft=%s error=%s", row["id"], brief(error))
            await self._put(row, state="failed", reason="Something broke here; it is in the log.")

    def _steps(self, row: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        reader = self._hub.trials.dry_run if row["state"] == "trying" else self._hub.imports.steps
        return reader(self.path(row), row["source"], mapping=row["mapping"], layout=row["layout"])

    async def _try(self, row: dict[str, Any]) -> None:
        last: dict[str, Any] = {}
        async for line in self._steps(row):
            last = line
            if line["state"] == "running":
                await self._put(row, rows=line["rows"])
        found = {name: last.get(name) for name in ("state", "counts", "merged", "first", "reason", "import")}
        await self._put(row, state="tried", trial=found, total=last["rows"])

    async def _run(self, row: dict[str, Any]) -> None:
        if row["total"] is None:
            source = self.choosing.source(row)
            await self._put(row, total=await asyncio.to_thread(count, source, self.path(row)))
        last: dict[str, Any] = {}
        async for line in self._steps(row):
            if not last:
                await self._put(row, import_id=line["import"])
            last = line
        failed = last["state"] == "failed"
        await self._put(row, state="failed" if failed else "done", reason=last["reason"], import_id=last["import"])
        if not failed and row["place"] == "upload":
            await asyncio.to_thread(self.uploads.remove, row["id"])

    async def _put(self, row: Mapping[str, Any], **values: Any) -> None:
        await self._hub.db.write(store.put, row["id"], {**values, "changed_at": self._hub.clock.now()})

    async def round(self) -> None:
        """Take over what a process left that is gone, and clear away what nobody goes on with."""
        await self._take_over()
        hub = self._hub
        before = hub.clock.now() - KEPT
        for draft in await hub.db.read(store.old, before):
            if await hub.db.write(store.drop, draft):
                await asyncio.to_thread(self.uploads.remove, draft)
        for id_ in await asyncio.to_thread(self.uploads.old, before):  # what a process that died left half uploaded
            if await hub.db.read(store.get, id_) is None:
                await asyncio.to_thread(self.uploads.remove, id_)

    async def _take_over(self) -> None:
        """Go on with imports whose process is gone; what was only tried is tried again when somebody asks."""
        hub = self._hub
        alive = {row["id"] for row in await hub.db.read(nodes.listed) if hub.clock.now() - row["seen_at"] < nodes.GONE}
        alive = {hub.holder} if hub.db.sqlite else alive | {hub.holder}
        for row in await hub.db.read(store.abandoned, self.host, alive):
            now = hub.clock.now()
            goes_on = row["state"] == "running"
            before = await hub.db.read(store.rows_of, row["import_id"])
            fresh = {"holder": hub.holder, "began_at": now, "began_rows": before} if goes_on else {"state": "new"}
            if await hub.db.write(store.take_over, row["id"], row["holder"], fresh) and goes_on:
                self._spawn({**row, **fresh})
