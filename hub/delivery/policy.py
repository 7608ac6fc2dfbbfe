"""What happens next after an attempt: pure, from the outcome to the delivery's next state."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from hub.errors import LeadhubError, Misconfigured, Retry, Unclear, Unreached
from hub.events import Event
from hub.http import MAX_RETRY_AFTER
from hub.lead import Lead, Rejected, Sent
from hub.nameless import nameless
from hub.settings import SinkSettings
from hub.sink import Outcome, Sink
from hub.store.deliveries import Result

UNCLEAR_WAIT = 60.0  # before an ambiguous send is repeated: an overloaded receiver may still be busy with it
SHORTEST_REST = 1.0  # a receiver that asks for no wait at all would be asked again at once, for ever
JITTER = 0.2
INSTANT = 1.0  # seconds within which a refused connection says that somebody just restarts

Repeats = Literal["always", "once", "never"]


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed delivery on its way out."""

    delivery: str
    number: int
    fence: int
    lead: Lead  # with its `delivery` filled in
    sink: str
    submission: str
    unclear: bool = False
    test: bool = False


def next_wait(number: int, waits: Sequence[float], rng: random.Random) -> float | None:
    """Return the seconds before attempt `number + 1`, jittered by a fifth; None when the list is used up."""
    if number > len(waits):
        return None
    return waits[number - 1] * rng.uniform(1 - JITTER, 1 + JITTER)


def repeats(sink: Sink, settings: SinkSettings) -> Repeats:
    """Return how often a send that may have arrived may be made again."""
    if settings.on_unclear != "auto":
        return "always" if settings.on_unclear == "repeat" else "never"
    if sink.repeatable or sink.searchable:
        return "always"
    return "once" if sink.recognisable else "never"


def rest_asked(outcome: Outcome | LeadhubError) -> float | None:
    """Return the seconds an answer asks to be left alone, a second to a day; None when it asks nothing sensible."""
    after = outcome.after if isinstance(outcome, Retry) else None
    if after is None or not math.isfinite(after) or after < 0:
        return None
    return min(max(after, SHORTEST_REST), MAX_RETRY_AFTER)


def unreached(outcomes: Sequence[Outcome | LeadhubError], seconds: float) -> list[int]:
    """Return which of these are worth a second try at once: the connection was refused quickly, nothing was sent."""
    if seconds >= INSTANT:
        return []
    return [place for place, outcome in enumerate(outcomes) if isinstance(outcome, Unreached)]


def put_off(job: Job, reason: str, seconds: float, now: datetime) -> Result:
    """Return a delivery that was not even tried, because its sink may not be called now; no attempt is used up."""
    due = now + timedelta(seconds=seconds)
    return Result(
        job.delivery, job.number, job.fence, "ready", "put off", now, due, reason, counts=False, unclear=job.unclear
    )


def stopped(job: Job, reason: str, now: datetime) -> Result:
    """Return a delivery that is not made any more, because it may not be; no attempt is used up."""
    return Result(
        job.delivery, job.number, job.fence, "superseded", "stopped", now, reason=reason, counts=False,
        unclear=job.unclear,
    )  # fmt: skip


def judge(
    job: Job,
    outcome: Outcome | LeadhubError,
    sink: Sink,
    settings: SinkSettings,
    now: datetime,
    rng: random.Random,
    ms: float,
) -> Result:
    """Return what becomes of a delivery after this outcome (reliability policy 2b and 2c)."""
    base = Result(job.delivery, job.number, job.fence, "ready", "retry", now, ms=round(ms, 1), unclear=job.unclear)
    if isinstance(outcome, Sent):
        base = replace(base, state="sent", outcome="sent", ref=outcome.ref, reason=outcome.note, unclear=False)
        return _told(base, job, "delivery.sent")
    if isinstance(outcome, Rejected):
        told = outcome.code is None or outcome.code in outcome.reason
        reason = outcome.reason if told else f"{outcome.code}: {outcome.reason}"
        return _over(replace(base, state="rejected", outcome="rejected", reason=reason), job, "delivery.rejected")
    if isinstance(outcome, Misconfigured):
        return replace(base, outcome="misconfigured", reason=outcome.reason, due_at=now, counts=False)
    if isinstance(outcome, Retry) and (rest := rest_asked(outcome)) is not None:
        base = replace(base, reason=outcome.reason, due_at=now + timedelta(seconds=rest), counts=False)
        return _told(base, job, "delivery.retried")
    return _again(base, job, outcome, sink, settings, rng)


def _again(
    base: Result, job: Job, outcome: LeadhubError, sink: Sink, settings: SinkSettings, rng: random.Random
) -> Result:
    """Return when a failed send is made again: by the retry list, and after doubt only where a repeat is safe."""
    unclear = not isinstance(outcome, Retry)  # an Unclear, or something we did not foresee
    reason = outcome.reason if isinstance(outcome, LeadhubError) else repr(outcome)[:200]
    base = replace(base, outcome="unclear" if unclear else "retry", reason=reason, unclear=unclear or job.unclear)
    allowed = repeats(sink, settings)
    if unclear and (allowed == "never" or (allowed == "once" and job.unclear)):
        return _told(replace(base, state="unclear"), job, "delivery.held")
    wait = next_wait(job.number, settings.retry, rng)
    if wait is None:
        said = f"given up after {job.number} attempts: {reason}"
        return _over(replace(base, state="dead", reason=said), job, "delivery.died")
    due = base.at + timedelta(seconds=max(wait, UNCLEAR_WAIT) if unclear else wait)
    return _told(replace(base, due_at=due), job, "delivery.retried")


def _over(result: Result, job: Job, kind: str) -> Result:
    """Return the end of a delivery; a sold lead that may have arrived is held, lest two buyers have it."""
    if result.unclear and job.lead.delivery.bid:
        said = f"an earlier attempt may have arrived; {result.reason}"
        return _told(replace(result, state="unclear", outcome="unclear", reason=said), job, "delivery.held")
    return _told(result, job, kind)


def _told(result: Result, job: Job, kind: str) -> Result:
    bid = job.lead.delivery.bid
    data = {
        "attempt": job.number,
        **({"reason": nameless(result.reason, [job.lead])} if result.reason else {}),
        **({"test": True} if job.test else {}),
        **({"price": bid.price, "currency": bid.currency} if bid and kind == "delivery.sent" else {}),
    }
    event = Event(kind, result.at, job.lead.id, job.submission, sink=job.sink, data=data)
    return replace(result, event=event)


def as_outcome(error: BaseException) -> LeadhubError:
    """Return an error of a send as one of ours; what a connector did not foresee may have arrived."""
    if isinstance(error, LeadhubError):
        return error
    if isinstance(error, TimeoutError):
        return Unclear("the attempt took too long and was ended")
    return Unclear(f"the connector broke: {type(error).__name__}: {str(error)[:200]}")
