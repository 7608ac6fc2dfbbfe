"""What a replay would do, and the guard that lets it do nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hub.api.problems import ApiError
from hub.app import Hub
from hub.attention.foresight import NOTHING, Foresight
from hub.replays import REPLAYABLE
from hub.store import walks


def seer(hub: Hub) -> Foresight:
    """Return what foresees replays with the configuration in force."""
    return Foresight(hub.db, lambda: hub.plan, clock=hub.clock, http=hub.http, erased=hub.pipeline.erased)


async def foreseen(
    hub: Hub, submission: str, accept: Collection[str] = (), fields: Mapping[str, str | None] = NOTHING
) -> dict[str, Any]:
    """Return what a replay of a submission would do now, with these fields corrected: who gets it, or not, and why."""
    found = await seer(hub).replays([submission], frozenset(accept), fields)
    if not found:
        raise ApiError(404, f"There is no submission {submission[:64]!r}.")
    one = found[0]
    return {
        "submission": submission, "status": one.status, "test": one.test, "known": one.known,
        "first": list(one.first), "again": list(one.again),
        "kept": [{"sink": sink, "why": why} for sink, why in one.kept],
        "problems": [problem.model_dump() for problem in one.problems], "becomes": dict(one.becomes),
    }  # fmt: skip


async def guard(
    hub: Hub, submission: str, to: Collection[str] | None, accept: Collection[str] = (),
    fields: Mapping[str, str | None] = NOTHING,
) -> None:  # fmt: skip
    """Raise ApiError 409 where a replay would tell other sinks than those a person saw and agreed to; None: any."""
    if to is None:
        return
    now = await foreseen(hub, submission, accept, fields)
    told = {*now["first"], *now["again"]}
    if told != set(to):
        names = ", ".join(sorted(told)) or "none"
        raise ApiError(409, f"It is different by now: the sinks that would be told are {names}. Look at it again.")


async def replayable(hub: Hub, lead: str) -> str:
    """Return the newest submission of a lead that can be decided again; raises ApiError 409 where there is none."""
    after: str | None = None
    for _ in range(5):
        rows, after = await hub.db.read(walks.part, "submissions", lead, limit=200, after=after)
        for row in rows:
            if row["state"] in REPLAYABLE:
                return str(row["id"])
        if after is None:
            break
    raise ApiError(409, f"The lead {lead} has no submission that can be decided again.")
