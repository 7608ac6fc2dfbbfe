"""Acts on many leads at once: what would become of each is said first, and afterwards what did."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field

from hub.api.access import Caller, CallerDep, HubDep, Masked, needs
from hub.api.finding import NAMES, Filters, every
from hub.api.foreseen import replayable, seer
from hub.api.leads import Body
from hub.api.problems import ApiError
from hub.app import Hub
from hub.errors import LeadhubError
from hub.people.reps import known
from hub.response.handing import AT_ONCE

router = APIRouter(prefix="/api", tags=["leads"], route_class=Masked)

MOST = 1_000  # leads of one call
REPLAYED = 200  # of one call that decides anew
Act = Literal["transfer", "return", "recycle", "reassign"]


class Several(Body):
    """Which leads: those named, or the newest ones of a list."""

    leads: tuple[str, ...] = Field((), max_length=MOST, description="The ids of the leads.")
    filters: dict[str, str] | None = Field(None, description="Instead: as GET /api/leads has them.")
    dry_run: bool = Field(False, description="Only say what it would be.")


class Bulk(Several):
    """What is done with them."""

    act: Act
    to: str | None = Field(None, max_length=200, description="The rep who gets them; for `transfer`.")
    pool: str | None = Field(None, max_length=200, description="The pool; none: where the team falls back to.")
    reason: str | None = Field(None, max_length=500, description="Why; needed for `return`.")


@router.post("/leads/bulk", dependencies=[needs("operator")])
async def bulk(hub: HubDep, caller: CallerDep, body: Bulk) -> dict[str, Any]:
    """Hand on, give back, recycle or deal anew many leads; one that cannot does not stop the others."""
    _checked(hub, body)
    wanted = await chosen(hub, caller, body)
    rounds = await hub.responding.handing.rounds(wanted)
    failed = {lead: why for lead in wanted if (why := _refused(hub, body, rounds.get(lead)))}
    go = [lead for lead in wanted if lead not in failed]
    held = Counter(rounds[lead]["owner"] or f"pool {rounds[lead]['pool']}" for lead in go)
    told = {"act": body.act, "dry_run": body.dry_run, "leads": len(wanted), "from": dict(held)}
    if body.dry_run:
        return {**told, "go": len(go), "failed": failed, "ids": go}
    to: Counter[str] = Counter()

    async def one(lead: str) -> None:
        moved = await _moved(hub, caller, body, lead)
        to[moved.care["owner"] or f"pool {moved.care['pool']}"] += 1

    failed |= await _each(go, one)
    return {**told, "go": to.total(), "to": dict(to), "failed": failed, "ids": []}


@router.post("/leads/replay", dependencies=[needs("operator", right="replay")])
async def replay(hub: HubDep, caller: CallerDep, body: Several) -> dict[str, Any]:
    """Decide the newest submission of many leads again; `dry_run` says which sinks would be told."""
    wanted = (await chosen(hub, caller, body))[:REPLAYED]
    newest: dict[str, str] = {}

    async def find(lead: str) -> None:
        newest[lead] = await replayable(hub, lead)

    failed = await _each(wanted, find)
    told = {"act": "replay", "dry_run": body.dry_run, "leads": len(wanted), "from": {}}
    if body.dry_run:
        return {**told, "go": len(newest), "failed": failed, "ids": list(newest), **await _foreseen(hub, newest)}
    became: Counter[str] = Counter()

    async def one(lead: str) -> None:
        answer = await hub.replays.replay(newest[lead], by=caller.actor)
        became[answer.status] += 1

    failed |= await _each(list(newest), one)
    return {**told, "go": became.total(), "to": dict(became), "failed": failed, "ids": []}


async def chosen(hub: Hub, caller: Caller, body: Several) -> list[str]:
    """Return the leads that are meant, at most `MOST`; raises ApiError when none are named."""
    if bool(body.leads) == (body.filters is not None):
        raise ApiError(422, "Name either `leads` or `filters`.")
    if body.leads:
        return list(dict.fromkeys(body.leads))
    unknown = sorted(set(body.filters or {}) - set(NAMES))
    if unknown:
        raise ApiError(422, f"There is no filter {unknown[0][:64]!r}. There are: {', '.join(NAMES)}.")
    found: list[str] = []
    async for rows in every(hub, caller, Filters(**(body.filters or {}))):
        found += [row["id"] for row in rows]
        if len(found) >= MOST:
            break
    return found[:MOST]


def _checked(hub: Hub, body: Bulk) -> None:
    if body.act == "transfer" and not body.dry_run and not body.to:
        raise ApiError(422, "to: Say which rep gets them.")
    if body.act == "return" and not body.dry_run and not body.reason:
        raise ApiError(422, "reason: Say why they are given back.")
    if body.to and body.to not in known(hub.plan.settings):
        raise ApiError(422, f"to: There is no rep {body.to[:64]!r} in any team.")


def _refused(hub: Hub, body: Bulk, care: Any) -> str | None:
    """Return why an act cannot be done with a lead that stands so; None when it can."""
    if care is None:
        return "It has no owner or pool to change: it is a test, joined or gone."
    if body.act == "transfer" and body.to is not None and care["owner"] == body.to:
        return "This rep has it already."
    if body.act in ("return", "recycle") and care["owner"] is None:
        return "Nobody has it: it waits in a pool."
    if body.act == "reassign" and care["team"] not in hub.plan.settings.teams:
        return "It belongs to no team that is there. Transfer it to a rep."
    return None


async def _moved(hub: Hub, caller: Caller, body: Bulk, lead: str) -> Any:
    desk, by = hub.responding.desk, caller.actor
    if body.act == "transfer":
        return await desk.transfer(lead, str(body.to), reason=body.reason, by=by)
    if body.act == "return":
        return await desk.give_back(lead, str(body.reason), pool=body.pool, by=by)
    if body.act == "recycle":
        return await desk.recycle(lead, body.pool, body.reason or "by hand", by=by)
    return await desk.reassign(lead, body.reason or "by hand", by=by)


async def _each(leads: Sequence[str], work: Callable[[str], Awaitable[None]]) -> dict[str, str]:
    """Do something with each lead, a few side by side; returns why it failed, by lead."""
    failed: dict[str, str] = {}
    free = asyncio.Semaphore(AT_ONCE)

    async def one(lead: str) -> None:
        async with free:
            try:
                await work(lead)
            except (ApiError, LeadhubError) as error:
                failed[lead] = str(error)

    await asyncio.gather(*(one(lead) for lead in leads))
    return {lead: failed[lead] for lead in leads if lead in failed}


async def _foreseen(hub: Hub, newest: dict[str, str]) -> dict[str, Any]:
    """Return how often each sink would be told: of leads that are new to it, and again."""
    found = await seer(hub).replays(list(newest.values()), frozenset())
    return {
        "first": dict(Counter(sink for one in found for sink in one.first)),
        "again": dict(Counter(sink for one in found for sink in one.again)),
        "becomes": dict(Counter(one.status for one in found)),
    }
