"""Runs one submission through its flow's steps and records what each of them did."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from hub.lead import Problem
from hub.pipeline.context import RunContext
from hub.pipeline.reading import OF_A_LEAD
from hub.plan import Flow
from hub.step import Stop, Work

Record = dict[str, Any]
Counted = tuple[str, str, str]
"""A lead counted for a member: team, member, day."""


class Ended:
    """The end of a run: the last state of the work, how it ended, a record per step, who it was counted for."""

    __slots__ = ("counted", "reason", "status", "steps", "work")

    def __init__(
        self, work: Work, status: str, reason: str | None, steps: list[Record], counted: Counted | None = None
    ) -> None:
        self.work, self.status, self.reason, self.steps, self.counted = work, status, reason, steps, counted


async def run(work: Work, flow: Flow, ctx: RunContext, *, only: frozenset[str] | None = None) -> Ended:
    """Run the steps in order, or those named in `only`; a step that raises sends the submission to quarantine."""
    records: list[Record] = []
    counted: Counted | None = None
    for step, options in flow.steps:
        if only is not None and step.name not in only:
            continue
        started = time.perf_counter()
        try:
            result = await step.run(work, ctx, options)
        except Exception as error:
            if isinstance(error, SQLAlchemyError) and not isinstance(error, OF_A_LEAD):
                raise  # the database cannot be asked now, which says nothing of this lead
            return _broken(work, step.name, error, records, started, counted)
        if isinstance(result, Stop):
            records.append(_record(step.name, result.work, started, result.status))
            return Ended(result.work, result.status, result.reason, records, counted)
        records.append(_record(step.name, result, started, "passed"))
        if _is_given(work, result):
            counted = _count(result, ctx)
        work = result
        if work.quarantine:
            reason = "; ".join(p.message for p in work.quarantine)
            return Ended(work, "quarantined", reason, records, counted)
    return Ended(work, "accepted", None, records, counted)


def _record(step: str, after: Work, started: float, outcome: str) -> Record:
    took = int((time.perf_counter() - started) * 1e6)
    return {"step": step, "us": took, **after.notes.get(step, {}), "outcome": outcome}


def _is_given(before: Work, after: Work) -> bool:
    """Return whether a step gave the lead to somebody, which merging it into a known lead does not."""
    given = after.lead.owner and not before.lead.owner and after.merged == before.merged
    return bool(given) and not after.lead.test


def day_of(ctx: RunContext) -> str:
    """Return today's date in the hub's time zone."""
    return ctx.clock.now().astimezone(ctx.settings.hub.zone).date().isoformat()


def _count(work: Work, ctx: RunContext) -> Counted:
    """Count the assignment before the next run is decided; nothing awaits between choosing and counting."""
    counted = (work.lead.team or "", work.lead.owner or "", day_of(ctx))
    ctx.rotations.count(*counted)
    return counted


def _broken(
    work: Work, step: str, error: Exception, records: list[Record], started: float, counted: Counted | None
) -> Ended:
    said = f'Step "{step}" failed: {type(error).__name__}: {str(error)[:200]}. Fix it and replay the submission.'
    records.append({"step": step, "us": int((time.perf_counter() - started) * 1e6), "outcome": "failed", "error": said})
    problem = Problem(field="", code="step_failed", message=said)
    return Ended(work.change(quarantine=(problem,)), "quarantined", said, records, counted)
