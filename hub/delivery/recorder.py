"""Writes outcomes of attempts down, many in one statement."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hub.store.database import Database
from hub.store.deliveries import Result, settle


class Recorder:
    """Outcomes that come while a write is under way share the next one."""

    def __init__(self, db: Database, holder: str) -> None:
        self._db, self._holder = db, holder
        self._waiting: list[tuple[Sequence[Result], asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, results: Sequence[Result]) -> None:
        """Return when the outcomes are committed."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((results, future))
        if self._task is None:
            self._task = asyncio.create_task(self._write())
        await future

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                try:
                    await self._db.write(settle, [r for results, _ in batch for r in results], self._holder)
                except Exception as error:
                    for _, future in batch:
                        future.set_exception(error)
                    continue
                for _, future in batch:
                    if not future.done():
                        future.set_result(None)
        finally:
            self._task = None
