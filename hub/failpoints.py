"""Named places where a test ends, breaks or holds up a running hub; off unless HUB_FAILPOINT is set."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from hub.errors import ConfigError, suggest

VARIABLE = "HUB_FAILPOINT"

POINTS: Mapping[str, str] = {
    "intake.read": "a request's body is read, nothing is kept",
    "intake.inserted": "a submission is inserted, not committed",
    "intake.committed": "a submission is committed, nobody was answered",
    "intake.answered": "the answer to a submission is handed to the network",
    "route.swept": "due submissions are claimed, not committed",
    "route.claimed": "a batch of submissions is about to be read",
    "route.decided": "the rules have run, nothing of it is stored",
    "route.inserted": "lead, decision and deliveries are inserted, not committed",
    "route.committed": "lead, decision and deliveries are committed, nothing is sent",
    "deliver.claimed": "due deliveries are claimed and their attempts inserted, not committed",
    "deliver.started": "an attempt is committed, no connection was made for it",
    "deliver.connected": "the connection to the sink stands, no body was sent",
    "deliver.half_sent": "half of the body is sent",
    "deliver.all_sent": "the whole request is sent, no answer was read",
    "deliver.answered": "the answer of the sink is read",
    "deliver.settled": "the outcome is written, not committed",
    "deliver.committed": "the outcome is committed",
    "rescue.taken": "deliveries of a dead process are taken back, not committed",
    "tick.taken": "a tick of a schedule is taken, its work has not begun",
    "poll.fetched": "a page of a poll is fetched, nothing of it is kept",
    "poll.inserted": "the page's leads are inserted, the cursor is where it was",
    "poll.committed": "leads and cursor are committed together",
    "import.inserted": "a piece of a file is inserted, the import's row is where it was",
    "import.committed": "a piece of a file and how far it was read are committed",
    "erase.halfway": "some tables are blanked, not committed",
    "erase.committed": "a person is blanked, the log of earlier writes is not",
    "migrate.statement": "one statement of a migration has run, not committed",
}
"""Every failpoint, and what is so when it is reached."""

_SET = os.environ.get(VARIABLE, "")  # read once: when it is empty, a point costs one look at this name
_FORM = re.compile(r"(?P<name>[a-z._]+)(?::(?P<nth>[1-9][0-9]*))?=(?P<what>kill|raise|sleep:(?P<seconds>[0-9.]+))")
_FLUSH = 0.05  # seconds that let half a body leave this process before the next half


class Struck(RuntimeError):
    """A failpoint was told to raise."""


@dataclass(frozen=True, slots=True)
class _Armed:
    nth: int
    what: str
    seconds: float
    times: Iterator[int] = field(default_factory=lambda: itertools.count(1))


def hit(name: str) -> None:
    """Do what HUB_FAILPOINT says about this place; as a rule, nothing."""
    if _SET:
        _strike(name)


def on() -> bool:
    """Return whether any failpoint is armed."""
    return bool(_SET)


def check() -> str | None:
    """Return the words of HUB_FAILPOINT when it is set; raises ConfigError for a name or action that is not known."""
    armed()
    return _SET or None


@cache
def armed() -> Mapping[str, _Armed]:
    """Return the armed points: `NAME[:NTH]=kill|raise|sleep:SECONDS`, several with commas between them."""
    found: dict[str, _Armed] = {}
    for part in filter(None, (part.strip() for part in _SET.split(","))):
        said = _FORM.fullmatch(part)
        if said is None:
            raise ConfigError(f"{VARIABLE}: {part[:200]!r} is no failpoint. Write NAME[:NTH]=kill|raise|sleep:SECONDS.")
        if said["name"] not in POINTS:
            offered = suggest(said["name"], POINTS)
            raise ConfigError(f"{VARIABLE}: there is no {said['name']!r}. {offered} There are: {', '.join(POINTS)}.")
        found[said["name"]] = _Armed(int(said["nth"] or 1), said["what"].partition(":")[0], float(said["seconds"] or 0))
    return found


def _strike(name: str) -> None:
    point = armed().get(name)
    if point is None or next(point.times) != point.nth:
        return
    if point.what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if point.what == "raise":
        raise Struck(f"the failpoint {name} was told to raise")
    time.sleep(point.seconds)


async def in_halves(body: bytes) -> AsyncIterator[bytes]:
    """Yield a body in two parts, and reach the points of sending between them."""
    hit("deliver.connected")
    middle = len(body) // 2
    yield body[:middle]
    await asyncio.sleep(_FLUSH)
    hit("deliver.half_sent")
    yield body[middle:]
    await asyncio.sleep(_FLUSH)
    hit("deliver.all_sent")
