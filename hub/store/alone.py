"""Something that one at a time may do: in this process by a lock, among processes by one of PostgreSQL's."""

from __future__ import annotations

import asyncio
import contextlib
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from hub.store.silence import Impatient

WAIT = 10  # seconds for another process to be done; longer, it stands still
IDLE = 5  # seconds after which a connection is not trusted any more: one that fell silent would cost as long to notice
HOLD = 5  # seconds a holder may take; the server then frees it, also of one whose connection fell silent

_TAKE = "SELECT pg_advisory_xact_lock(%s)"


class Alone:
    """A name that is held by one at a time, among processes by an open transaction of PostgreSQL.

    The server ends a transaction that stands still, so whoever is gone holds nothing up. A holder that took too long
    learns by a number (`hub.store.dealing`) that somebody else went on.
    """

    def __init__(self, url: sa.URL | None, name: str) -> None:
        self._lock = asyncio.Lock()
        self._key = zlib.crc32(f"leadhub {name}".encode())
        self._engine = _engine(url) if url is not None else None
        self._thread = ThreadPoolExecutor(1, "alone") if url is not None else None
        self._connection: Any = None
        self._used = 0.0

    async def take(self) -> None:
        """Wait until it is free, and hold it."""
        await self._lock.acquire()
        try:
            if self._thread is not None:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._acquire)
        except BaseException:
            self._lock.release()
            raise

    async def release(self) -> None:
        """Let the next one have it."""
        try:
            if self._thread is not None:
                await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, self._free))
        finally:
            self._lock.release()

    def close(self) -> None:
        """Give it up for good."""
        if self._thread is not None and self._engine is not None:
            self._thread.shutdown(wait=True)
            self._drop()
            self._engine.dispose()

    def _acquire(self) -> None:
        assert self._engine is not None
        if time.monotonic() - self._used > IDLE:
            self._drop()
        for last in (False, True):
            try:
                self._connection = self._connection or self._engine.connect()
                self._connection.begin()
                self._connection.exec_driver_sql(_TAKE, (self._key,))
                self._used = time.monotonic()
                return
            except DBAPIError as error:  # the connection was lost since the last time: a new one may do
                self._drop()
                if last or not error.connection_invalidated:
                    raise

    def _free(self) -> None:
        try:
            self._connection.rollback()
        except DBAPIError:  # the server let it go, with the connection or after its time
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(DBAPIError):
                self._connection.invalidate()
                self._connection.close()
        self._connection = None


def _engine(url: sa.URL) -> sa.Engine:
    options = f"-c lock_timeout={WAIT}s -c idle_in_transaction_session_timeout={HOLD}s"
    engine = sa.create_engine(
        url, hide_parameters=True, pool_size=1, max_overflow=0,
        connect_args={"options": options, "connect_timeout": 5, "keepalives_idle": 10},
    )  # fmt: skip
    sa.event.listen(engine, "do_connect", lambda _dialect, _record, args, named: Impatient.connect(*args, **named))
    return engine
