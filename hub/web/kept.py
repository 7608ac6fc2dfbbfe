"""Answers to slow questions: an old one is shown at once while a new one is worked out, one at a time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.clock import Clock
from hub.errors import brief

log = logging.getLogger("leadhub")

MOST = 200
PATIENCE = 0.1
"""Seconds a page waits for an answer before it shows the one of before, or that it is being counted."""
FOR_ITS_COST = 20
"""An answer is good for so many times what it took: counting never takes more than a twentieth of a core."""
LONGEST = 600.0


@dataclass(slots=True)
class Answer:
    """What was found, and when; None while nothing was found yet."""

    value: Any = None
    at: datetime | None = None
    taken: float = 0.0
    asked_at: float = 0.0

    @property
    def pending(self) -> bool:
        """Return whether there is nothing to show yet."""
        return self.at is None


class Kept:
    """Keeps the newest answer to each question."""

    def __init__(self, clock: Clock, patience: float = PATIENCE) -> None:
        self._clock, self._patience = clock, patience
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()
        self._working: dict[Hashable, asyncio.Task[None]] = {}
        self._turns = {heavy: asyncio.Semaphore(1) for heavy in (False, True)}

    async def ask(self, question: Hashable, work: Callable[[], Awaitable[Any]], *, heavy: bool = False) -> Answer:
        """Return the answer: a new one if that is quick, else the last one; errors of a quick one are raised.

        Heavy work, such as a report over all leads, waits for other heavy work alone, and nothing else waits for it.
        """
        task = self.begin(question, work, heavy=heavy)
        if task is None:
            self._answers.move_to_end(question)
            return self._answers[question]
        await asyncio.wait((task,), timeout=self._patience)
        if task.done():
            task.result()
        return self._answers.get(question) or Answer()

    def begin(
        self, question: Hashable, work: Callable[[], Awaitable[Any]], *, heavy: bool = False
    ) -> asyncio.Task[None] | None:
        """Begin to work out a new answer, and do not wait for it; None while the last one is good."""
        answer = self._answers.get(question)
        if answer is not None and time.monotonic() - answer.asked_at < min(LONGEST, FOR_ITS_COST * answer.taken):
            return None
        task = self._working.get(question)
        if task is None:
            task = self._working[question] = asyncio.create_task(self._work(question, work, heavy))
            task.add_done_callback(lambda ended: self._ended(question, ended))
        return task

    def last(self, question: Hashable) -> Any:
        """Return the last answer to a question, None where there is none."""
        answer = self._answers.get(question)
        return answer.value if answer else None

    def forget(self) -> None:
        """Forget all answers: something was changed by hand, and whoever did looks for it next."""
        for answer in self._answers.values():
            answer.asked_at = float("-inf")

    async def _work(self, question: Hashable, work: Callable[[], Awaitable[Any]], heavy: bool) -> None:
        async with self._turns[heavy]:
            began = time.monotonic()
            value = await work()
        self._answers[question] = Answer(value, self._clock.now(), time.monotonic() - began, time.monotonic())
        self._answers.move_to_end(question)
        if len(self._answers) > MOST:
            self._answers.popitem(last=False)

    def _ended(self, question: Hashable, task: asyncio.Task[None]) -> None:
        self._working.pop(question, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.warning("event=page.uncounted question=%r error=%s", str(question)[:80], brief(error))
