"""Catches what importing and constructing must not do: calls out, writes files, starts programs and threads."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

_EVENTS = """
    socket.connect socket.bind socket.sendto socket.sendmsg socket.getaddrinfo socket.gethostbyname
    socket.gethostbyaddr subprocess.Popen os.system os.exec os.posix_spawn os.spawn os.fork os.forkpty os.remove
    os.rename os.mkdir os.rmdir os.link os.symlink os.truncate shutil.rmtree shutil.move shutil.copyfile
    sqlite3.connect urllib.Request
"""
_NEVER = frozenset(_EVENTS.split())
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_caught: ContextVar[list[str] | None] = ContextVar("caught", default=None)


class NotStillError(OSError):
    """Something was done that may not be done here."""


@contextmanager
def stillness() -> Iterator[list[str]]:
    """Refuse network, programs and writing inside the block; yields what was tried, threads among it, in words."""
    _listen()
    caught: list[str] = []
    before = set(threading.enumerate())
    token = _caught.set(caught)
    try:
        yield caught
    finally:
        _caught.reset(token)
        if set(threading.enumerate()) - before:
            caught.append("starts a thread")


@cache
def _listen() -> None:
    """Add the audit hook (PEP 578) once; outside of `stillness` it does nothing, and none can ever be taken out."""
    sys.addaudithook(_hear)


def _hear(event: str, args: tuple[Any, ...]) -> None:
    caught = _caught.get()
    if caught is None or not (event in _NEVER or (event == "open" and _writes(args))):
        return
    if "__pycache__" in f"{args[:1]!r}":  # Python's own byte code
        return
    what = "writes a file" if event == "open" else f"does {event}"
    caught.append(what)
    raise NotStillError(f"it {what} here")


def _writes(args: tuple[Any, ...]) -> bool:
    if isinstance(args[0], int):  # a file that is open already: opening it was heard
        return False
    mode, flags = args[1], args[2] if len(args) > 2 else 0
    if isinstance(mode, str):
        return bool(set(mode) & set("wax+"))
    return bool(isinstance(flags, int) and flags & _WRITING)
