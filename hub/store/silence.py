"""Connections to PostgreSQL that do not wait for ever for a server that says nothing any more."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg

ANSWER_SECONDS = 14.0  # the server ends a statement after 15 by itself, unless it cannot say so any more

_T = TypeVar("_T")


class Impatient(psycopg.Connection[Any]):
    """Closes itself when an answer takes too long.

    The server's own time-outs do not help where the way to it is gone and nobody told us (a firewall that forgot the
    connection, a host that was unplugged): the driver alone would wait for hours.
    """

    def wait(self, gen: Generator[Any, Any, _T], *args: Any, **kwargs: Any) -> _T:
        """Wait for an answer; raises psycopg.OperationalError when it does not come in time."""
        try:
            return super().wait(_in_time(gen), *args, **kwargs)
        except Silent:
            self.close()
            raise


class ImpatientAsync(psycopg.AsyncConnection[Any]):
    """The same for an event loop; whoever waits for notifications asks for something now and then."""

    async def wait(self, gen: Generator[Any, Any, _T], *args: Any, **kwargs: Any) -> _T:
        """Wait for an answer; raises psycopg.OperationalError when it does not come in time."""
        try:
            return await super().wait(_in_time(gen), *args, **kwargs)
        except Silent:
            await self.close()
            raise


class Silent(psycopg.OperationalError):
    """The server did not answer."""


def _in_time(gen: Generator[Any, Any, _T]) -> Generator[Any, Any, _T]:
    """Do the same as an exchange of psycopg's, which is told at least ten times a second that nothing came."""
    until = time.monotonic() + ANSWER_SECONDS
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > until:
                raise Silent(f"the connection is lost: no answer within {ANSWER_SECONDS:.0f} seconds")
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
