"""Runs one submission through its flow's steps and records what each of them did."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from hub.lead import Lead, Problem, Touch, misfit
from hub.pipeline.context import RunContext
from hub.pipeline.erased import Gone
from hub.pipeline.reading import OF_A_LEAD
from hub.plan import Flow
from hub.settings.models import CORRECT_STEP
from hub.step import Options, Step, Stop, Work

Record = dict[str, Any]


class Ended:
    """The end of a run: the last state of the work, how it ended, a record per step, whether somebody got the lead."""

    __slots__ = ("given", "gone", "reason", "status", "steps", "work")

    def __init__(
        self,
        work: Work,
        status: str,
        reason: str | None,
        steps: list[Record],
        given: bool = False,
        gone: Gone | None = None,
    ) -> None:
        self.work, self.status, self.reason, self.steps, self.given = work, status, reason, steps, given
        self.gone = gone  # the person was erased: nothing of this is kept


async def run(work: Work, flow: Flow, ctx: RunContext, *, only: frozenset[str] | None = None) -> Ended:
    """Run the steps in order, or those named in `only`; a step that raises sends the submission to quarantine."""
    records: list[Record] = []
    given = False
    for step, options in flow.steps:
        if (only is not None and step.name not in only) or (step.name == CORRECT_STEP and not work.corrections):
            continue  # hardly any is ever corrected, so no record says that this one was not
        started = time.perf_counter()
        try:
            own = step.name not in flow.foreign
            result = await (step.run(work, ctx, options) if own else _of_others(step, work, ctx, options))
        except Exception as error:
            if isinstance(error, SQLAlchemyError) and not isinstance(error, OF_A_LEAD):
                raise  # the database cannot be asked now, which says nothing of this lead
            return _broken(work, step.name, _raised(step.name, error), records, started)
        if ctx.erased and (gone := _gone(work, result, ctx)):
            return Ended(work, "rejected", gone.reason, [], gone=gone)
        if isinstance(result, Stop):
            records.append(_record(step.name, result.work, started, result.status))
            return Ended(result.work, result.status, result.reason, records)
        records.append(_record(step.name, result, started, "passed"))
        if not own and result.lead is not work.lead:  # our own steps say it themselves
            records[-1]["changed"] = _changed(work.lead, result.lead)
        given = given or _is_given(work, result)
        work = result
        if work.quarantine:
            reason = "; ".join(p.message for p in work.quarantine)
            return Ended(work, "quarantined", reason, records)
    return Ended(work, "accepted", None, records, given)


def _gone(before: Work, result: Work | Stop, ctx: RunContext) -> Gone | None:
    """Return whether a step found out that the person was erased: it made the keys they are known by."""
    after = result.work if isinstance(result, Stop) else result
    if ctx.erased is None or after.identities is before.identities:
        return None
    return ctx.erased.judge(after, by_will=ctx.by_will, returning=ctx.settings.privacy.returning)


class Unfit(Exception):
    """A step handed on what cannot be loaded again."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


async def _of_others(step: Step, work: Work, ctx: RunContext, options: Options) -> Work | Stop:
    """Run a step that leadhub does not ship: it keeps to its time, and what it hands on can be stored."""
    async with asyncio.timeout(ctx.settings.hub.step_within):
        result = await step.run(work, ctx, options)
    wrong = _wrong(step.name, work, result)
    if wrong:
        raise Unfit(wrong)
    return result


def _record(step: str, after: Work, started: float, outcome: str) -> Record:
    took = int((time.perf_counter() - started) * 1e6)
    return {"step": step, "us": took, **after.notes.get(step, {}), "outcome": outcome}


def _changed(before: Lead, after: Lead) -> list[str]:
    """Return the names of what a step changed of a lead; the values stand with the submission."""
    known = before.__dict__
    told = (name for name, value in after.__dict__.items() if name not in _BESIDE and value != known.get(name))
    return sorted(told)


_BESIDE = frozenset(("values", "problems", "touch", "first_touch", "version", "updated_at"))


def _is_given(before: Work, after: Work) -> bool:
    """Return whether a step gave the lead to somebody, which merging it into a known lead does not."""
    given = after.lead.owner and after.lead.owner != before.lead.owner and after.merged == before.merged
    return bool(given) and not after.lead.test


def _raised(step: str, error: Exception) -> Problem:
    if isinstance(error, Unfit):
        return error.problem
    said = f'Step "{step}" failed: {type(error).__name__}: {str(error)[:200]}. Fix it and replay the submission.'
    return Problem(field="", code="step_failed", message=said)


_PARTS = {"lead": Lead, "candidate": Lead, "touch": Touch}  # what is stored of a work and must be loaded again


def _wrong(step: str, before: Work, result: Any) -> Problem | None:
    """Return what a step of others changed to something that cannot be loaded again, None when all is well."""
    after = result.work if isinstance(result, Stop) else result
    if not isinstance(after, Work):
        said = f'Step "{step}" returned {type(after).__name__}, not the work. Let it return Work or Stop, then replay.'
        return Problem(field="", code="step_failed", message=said)
    for part, kind in _PARTS.items():
        old, new = getattr(before, part), getattr(after, part)
        if new is old or (new is None and part == "candidate"):
            continue
        found = misfit(new, old) if isinstance(new, kind) else ("", f"it must be a {kind.__name__}")
        if found:
            field = found[0] if part == "lead" and found[0] else f"{part}.{found[0]}".rstrip(".")
            said = f'Step "{step}" set the field "{field}" to what it cannot hold: {found[1]}. Fix it, then replay.'
            return Problem(field=field, code="step_failed", message=said)
    return None


def _broken(work: Work, step: str, problem: Problem, records: list[Record], started: float) -> Ended:
    said = problem.message
    records.append({"step": step, "us": int((time.perf_counter() - started) * 1e6), "outcome": "failed", "error": said})
    return Ended(work.change(quarantine=(problem,)), "quarantined", said, records)
