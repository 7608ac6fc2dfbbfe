"""Gives many callers one statement: what comes while a write is under way shares the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from hub.store.database import Database

T = TypeVar("T")


class Together(Generic[T]):
    """Writes items by one function of a list; each caller waits until its own are committed."""

    def __init__(
        self, db: Database, write: Callable[..., Any], *args: Any, heard: Callable[[Any], None] | None = None
    ) -> None:
        self._db, self._write, self._args, self._heard = db, write, args, heard
        self._waiting: list[tuple[Sequence[T], asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, items: Sequence[T]) -> None:
        """Return when the items are committed; raises what the write raised."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((items, future))
        if self._task is None:
            self._task = asyncio.create_task(self._flush())
        await future

    async def _flush(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                error: Exception | None = None
                try:
                    said = await self._db.write(
                        self._write, [item for items, _ in batch for item in items], *self._args
                    )
                    if self._heard:
                        self._heard(said)
                except Exception as caught:
                    error = caught
                for _, future in batch:
                    if future.done():
                        continue
                    if error is not None:
                        future.set_exception(error)
                    else:
                        future.set_result(None)
        finally:
            self._task = None
