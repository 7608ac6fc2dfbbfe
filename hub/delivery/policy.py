"""What happens next after an attempt: pure, from the outcome to the delivery's next state."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hub.errors import LeadhubError, Misconfigured, Retry, Unclear
from hub.events import Event
from hub.lead import Lead, Rejected, Sent
from hub.settings import SinkSettings
from hub.sink import Outcome, Sink
from hub.store.deliveries import Result

UNCLEAR_WAIT = 60.0  # before an ambiguous send is repeated: an overloaded receiver may still be busy with it
JITTER = 0.2
UNASKED_REST = 60.0  # after a 429 that does not say how long


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


def may_repeat(job: Job, sink: Sink, settings: SinkSettings) -> bool:
    """Return whether a send that may have arrived may be made again."""
    if settings.on_unclear != "auto":
        return settings.on_unclear == "repeat"
    return sink.repeatable or sink.searchable or (sink.recognisable and not job.unclear)


def judge(
    job: Job, outcome: Outcome | LeadhubError, sink: Sink, settings: SinkSettings, now: datetime, rng: random.Random, ms: float
) -> Result:
    """Return what becomes of a delivery after this outcome (reliability policy 2b and 2c)."""
    base = Result(job.delivery, job.number, job.fence, "ready", "retry", now, ms=round(ms, 1), unclear=job.unclear)
    if isinstance(outcome, Sent):
        return _told(replace(base, state="sent", outcome="sent", ref=outcome.ref, reason=outcome.note, unclear=False), job, "delivery.sent")
    if isinstance(outcome, Rejected):
        reason = f"{outcome.code}: {outcome.reason}" if outcome.code and outcome.code not in outcome.reason else outcome.reason
        return _told(replace(base, state="rejected", outcome="rejected", reason=reason), job, "delivery.rejected")
    if isinstance(outcome, Misconfigured):
        return replace(base, outcome="misconfigured", reason=outcome.reason, due_at=now, counts=False)
    if isinstance(outcome, Retry) and outcome.after is not None:
        due = now + timedelta(seconds=outcome.after)
        return _told(replace(base, reason=outcome.reason, due_at=due, counts=False), job, "delivery.retried")
    unclear = not isinstance(outcome, Retry)  # an Unclear, or something we did not foresee
    reason = outcome.reason if isinstance(outcome, LeadhubError) else repr(outcome)
    base = replace(base, outcome="unclear" if unclear else "retry", reason=reason, unclear=unclear or job.unclear)
    if unclear and not may_repeat(job, sink, settings):
        return _told(replace(base, state="unclear"), job, "delivery.held")
    wait = next_wait(job.number, settings.retry, rng)
    if wait is None:
        return _told(replace(base, state="dead", reason=f"given up after {job.number} attempts: {reason}"), job, "delivery.died")
    due = now + timedelta(seconds=max(wait, UNCLEAR_WAIT) if unclear else wait)
    return _told(replace(base, due_at=due), job, "delivery.retried")


def _told(result: Result, job: Job, kind: str) -> Result:
    data = {"attempt": job.number, **({"reason": result.reason} if result.reason else {}), **({"test": True} if job.test else {})}
    event = Event(kind, result.at, job.lead.id, job.submission, sink=job.sink, data=data)
    return replace(result, event=event)


def as_outcome(error: BaseException) -> LeadhubError:
    """Return an error of a send as one of ours; what a connector did not foresee may have arrived."""
    if isinstance(error, LeadhubError):
        return error
    if isinstance(error, TimeoutError):
        return Unclear("the attempt took too long and was ended")
    return Unclear(f"the connector broke: {type(error).__name__}: {str(error)[:200]}")
