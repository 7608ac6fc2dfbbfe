"""Looks names up, so that a name server that is silent about one name keeps nobody else waiting."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import Any

Found = list[tuple[Any, ...]]
Key = tuple[str, int, int]


class Lookups:
    """Asks the system for addresses: each name once at a time, in a thread of its own.

    The event loop has a few threads for all names, and a silent name server keeps each of them for ten seconds or more.
    """

    def __init__(self) -> None:
        self._asked: dict[Key, asyncio.Future[Found]] = {}

    async def find(self, host: str, port: int, family: int) -> Found:
        """Return what getaddrinfo says; raises OSError. Who asks for the same meanwhile gets the same answer."""
        key = host, port, family
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.get_running_loop().create_future()
            asked.add_done_callback(lambda done: self._answered(key, done))
            threading.Thread(target=_ask, args=(key, asked), name="names", daemon=True).start()
        return await asyncio.shield(asked)

    def _answered(self, key: Key, done: asyncio.Future[Found]) -> None:
        del self._asked[key]
        done.cancelled() or done.exception()  # nobody may wait for it any more


def _ask(key: Key, asked: asyncio.Future[Found]) -> None:
    host, port, family = key
    found: Found | OSError
    try:
        found = list(socket.getaddrinfo(host, port, family, socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        found = error if isinstance(error, OSError) else OSError(f"{host[:100]!r} is no name: {error}")
    with suppress(RuntimeError):  # the loop was closed meanwhile
        asked.get_loop().call_soon_threadsafe(_settle, asked, found)


def _settle(asked: asyncio.Future[Found], found: Found | OSError) -> None:
    if asked.done():
        return
    if isinstance(found, OSError):
        asked.set_exception(found)
    else:
        asked.set_result(found)
