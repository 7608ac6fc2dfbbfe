"""Ends a process whose event loop stands still, so that what it held is taken up by the next one."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import signal
import sys
import threading

log = logging.getLogger("leadhub")

LOOKS = 10  # times the loop is looked at before it counts as standing still


class StallWatch:
    """A thread that asks the loop to answer, and kills the process when it does not for `seconds`.

    A step or connector that never returns would otherwise take the whole hub with it, for ever. Time in which this
    whole process was stopped does not count.
    """

    def __init__(self, seconds: float) -> None:
        self._wait = seconds / LOOKS
        self._seconds = seconds
        self._answered = threading.Event()
        self._ended = threading.Event()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to watch a loop."""
        threading.Thread(target=self._watch, args=(loop,), name="stall", daemon=True).start()

    def stop(self) -> None:
        """Watch no more."""
        self._ended.set()

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        missed = 0
        while not loop.is_closed():
            self._answered.clear()
            try:
                loop.call_soon_threadsafe(self._answered.set)
            except RuntimeError:  # it was closed meanwhile
                return
            if self._ended.wait(self._wait):
                return
            missed = 0 if self._answered.is_set() else missed + 1
            if missed >= LOOKS:
                self._end()

    def _end(self) -> None:
        log.critical(
            "event=process.stalled seconds=%g detail='the process ends; what it held is run again'", self._seconds
        )
        faulthandler.dump_traceback(sys.__stderr__ or 2)
        os.kill(os.getpid(), signal.SIGKILL)
