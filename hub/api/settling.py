"""Decides for a whole group of what waits: batch after batch, each bounded, each from where the last one stopped."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from hub.api import alarms as alarms_api
from hub.api import leads as leads_api
from hub.api import owners as owners_api
from hub.api import work as work_api
from hub.api.access import Caller, CallerDep, HubDep, Masked, needs
from hub.api.attention import Name, found, split
from hub.api.correcting import Corrected, correct_submission
from hub.api.foreseen import seer
from hub.api.leads import Body
from hub.api.problems import ApiError
from hub.app import Hub
from hub.attention.foresight import NOTHING
from hub.attention.kinds import ACTS
from hub.corrections import for_all
from hub.errors import LeadhubError
from hub.events import Event
from hub.normal.text import LINES
from hub.store import inbox
from hub.store.audit import noted
from hub.store.log import append

router = APIRouter(prefix="/api", tags=["work"], route_class=Masked)

BATCH = 50
MOST = 200
FAILED = 20  # things of which it is said why they failed
AT_ONCE = 16


class Batch(Body):
    """How far to go in one call, and where to go on: `after` is the `next` of the call before."""

    after: str | None = Field(None, max_length=200)
    limit: int = Field(BATCH, ge=1, le=MOST)


class Replays(Batch):
    """Whether the problems of the group are waved through; else they are judged anew, such as after a change."""

    accept: bool = False
    to: tuple[str, ...] | None = Field(
        None, max_length=500, description="The sinks a preview named: what would tell another one is left as it is."
    )


class CorrectedAlike(Replays):
    """One field, and the value that is right for all of the group."""

    field: str = Field(max_length=80)
    value: str = Field(max_length=LINES)


class Refused(Batch):
    """Why submissions are refused."""

    reason: str = Field("a person refused it", min_length=1, max_length=500)


class Settled(Batch):
    """Whether deliveries in doubt arrived; those that did not are sent again."""

    arrived: bool


class Assigned(Batch):
    """The rep who gets the leads."""

    to: str = Field(min_length=1, max_length=200)


class Compared(Batch):
    """Whether the two leads of each suggestion are one person."""

    same: bool


Act = Callable[[list[dict[str, Any]]], Awaitable[tuple[Counter[str], dict[str, str]]]]


async def _batch(hub: Hub, group: str, act: str, body: Batch, work: Act) -> dict[str, Any]:
    """Do the next batch of a group, oldest first; returns what became of it and where to go on."""
    kind, name, digest = split(group)
    if act not in ACTS[kind]:
        raise ApiError(422, f"{act} is nothing to do with {kind}.")
    rows, following = await hub.db.read(
        inbox.members, kind, name, digest, after=body.after, limit=body.limit, oldest_first=True
    )
    outcomes, failed = await work(rows) if rows else (Counter[str](), {})
    return {
        "group": group, "act": act, "done": len(rows), "outcomes": dict(outcomes),
        "failed": dict(list(failed.items())[:FAILED]), "next": following,
    }  # fmt: skip


async def _each(ids: Iterable[Any], do: Callable[[Any], Awaitable[str]]) -> tuple[Counter[str], dict[str, str]]:
    """Do one thing with each, a few at once; one that fails stops no other."""
    turn, outcomes, failed = asyncio.Semaphore(AT_ONCE), Counter[str](), dict[str, str]()

    async def run(id_: Any) -> None:
        async with turn:
            try:
                outcomes[await do(id_)] += 1
            except (ApiError, LeadhubError) as error:
                outcomes["failed"] += 1
                failed[str(id_)] = str(error)

    await asyncio.gather(*(run(id_) for id_ in ids))
    return outcomes, failed


@router.post("/attention/{group}/replay", dependencies=[needs("operator", right="replay")])
async def replay(hub: HubDep, caller: CallerDep, group: Name, body: Replays) -> dict[str, Any]:
    """Decide submissions of a group again, those first that came first; `accept` waves the group's problems through."""
    codes = await _codes(hub, group) if body.accept else ()

    async def again(id_: str) -> dict[str, Any]:
        return await leads_api.replay_submission(hub, caller, id_, leads_api.Replay(accept=codes))

    return await _batch(hub, group, "replay", body, lambda rows: _run(hub, rows, codes, NOTHING, body.to, again))


@router.post("/attention/{group}/correct", dependencies=[needs("operator", right="replay")])
async def correct(hub: HubDep, caller: CallerDep, group: Name, body: CorrectedAlike) -> dict[str, Any]:
    """Put one value in the place of a field in all submissions of a group, and decide them again, as `replay` does.

    Not for fields that tell people apart, such as `phone`: they are corrected one by one.
    """
    fields = for_all(body.field, body.value)
    codes = await _codes(hub, group) if body.accept else ()

    async def again(id_: str) -> dict[str, Any]:
        return await correct_submission(hub, caller, id_, Corrected(fields=fields, accept=codes))

    return await _batch(hub, group, "correct", body, lambda rows: _run(hub, rows, codes, fields, body.to, again))


async def _run(
    hub: Hub, rows: list[dict[str, Any]], codes: tuple[str, ...], fields: Mapping[str, str | None],
    agreed: tuple[str, ...] | None, again: Callable[[str], Awaitable[dict[str, Any]]],
) -> tuple[Counter[str], dict[str, str]]:  # fmt: skip
    """Decide submissions again, but none that would tell a sink that nobody agreed to."""
    ids = [row["id"] for row in rows]
    beyond = await _beyond(hub, ids, codes, fields, agreed)

    async def one(id_: str) -> str:
        if id_ in beyond:
            raise ApiError(409, f"It would also tell {', '.join(beyond[id_])}. Look at what it does, then run it.")
        return str((await again(id_))["status"])

    return await _each(ids, one)


async def _beyond(
    hub: Hub, ids: list[str], codes: tuple[str, ...], fields: Mapping[str, str | None], agreed: tuple[str, ...] | None
) -> dict[str, list[str]]:
    """Return which submissions would tell sinks that nobody agreed to, and which those are; None: any may be told."""
    if agreed is None:
        return {}
    foreseen = await seer(hub).replays(ids, frozenset(codes), fields)
    told = {one.submission: sorted({*one.first, *one.again} - set(agreed)) for one in foreseen if not one.test}
    return {id_: sinks for id_, sinks in told.items() if sinks}


async def _codes(hub: Hub, group: str) -> tuple[str, ...]:
    """Return the problem codes of a group; one thing of it tells them, since they are what its things share."""
    kind, name, digest = split(group)
    if kind != "quarantined":
        raise ApiError(422, f"replay is nothing to do with {kind}.")
    rows, _ = await hub.db.read(inbox.members, kind, name, digest, limit=1)
    return tuple(sorted({str(one.get("code")) for row in rows for one in row["problems"] or ()}))


@router.post("/attention/{group}/reject", dependencies=[needs("operator", right="replay")])
async def reject(hub: HubDep, caller: CallerDep, group: Name, body: Refused) -> dict[str, Any]:
    """Refuse submissions of a group; they stay on record, and a replay takes one up after all."""

    async def one(id_: str) -> str:
        said = await leads_api.reject_submission(hub, caller, id_, leads_api.Refused(reason=body.reason))
        return said["status"]

    return await _batch(hub, group, "reject", body, lambda rows: _each([row["id"] for row in rows], one))


@router.post("/attention/{group}/retry", dependencies=[needs("operator", right="replay")])
async def retry(hub: HubDep, caller: CallerDep, group: Name, body: Batch) -> dict[str, Any]:
    """Make deliveries of a group due again, each under the key it had."""

    async def work(rows: list[dict[str, Any]]) -> tuple[Counter[str], dict[str, str]]:
        ids = tuple(row["id"] for row in rows)
        said = await work_api.retry(hub, caller, work_api.Retried(ids=ids, sink=split(group)[1]))
        return Counter(due=said["retried"], superseded=len(ids) - said["retried"]), {}

    return await _batch(hub, group, "retry", body, work)


@router.post("/attention/{group}/settle", dependencies=[needs("operator", right="replay")])
async def settle(hub: HubDep, caller: CallerDep, group: Name, body: Settled) -> dict[str, Any]:
    """Say for deliveries in doubt that they arrived, or send them again."""

    async def one(id_: str) -> str:
        await work_api.decide(hub, caller, id_, work_api.Decided(arrived=body.arrived))
        return "arrived" if body.arrived else "due"

    return await _batch(hub, group, "settle", body, lambda rows: _each([row["id"] for row in rows], one))


@router.post("/attention/{group}/assign", dependencies=[needs("operator")])
async def assign(hub: HubDep, caller: CallerDep, group: Name, body: Assigned) -> dict[str, Any]:
    """Hand leads that nobody has to a rep."""

    async def work(rows: list[dict[str, Any]]) -> tuple[Counter[str], dict[str, str]]:
        wanted = owners_api.Transfers(to=body.to, leads=tuple(row["lead"] for row in rows))
        said = await owners_api.transfer_many(hub, caller, wanted)
        return Counter(assigned=said["moved"], failed=len(said["failed"])), said["failed"]

    return await _batch(hub, group, "assign", body, work)


@router.post("/attention/{group}/decide", dependencies=[needs("operator")])
async def decide(hub: HubDep, caller: CallerDep, group: Name, body: Compared) -> dict[str, Any]:
    """Say of pairs of leads that they are one person each, or two."""

    async def work(rows: list[dict[str, Any]]) -> tuple[Counter[str], dict[str, str]]:
        outcomes, failed = Counter[str](), dict[str, str]()
        for row in rows:  # one after the other: the same lead may be in several pairs
            part = await _each([row["id"]], lambda id_: _compared(hub, caller, id_, body.same))
            outcomes, failed = outcomes + part[0], failed | part[1]
        return outcomes, failed

    return await _batch(hub, group, "decide", body, work)


async def _compared(hub: Hub, caller: Caller, suggestion: int, same: bool) -> str:
    if same:
        await leads_api.accept(hub, caller, suggestion)
        return "joined"
    await leads_api.dismiss(hub, suggestion)
    return "separate"


@router.post("/attention/{group}/read", dependencies=[needs("operator", right="replay")])
async def read(hub: HubDep, caller: CallerDep, group: Name, body: Batch) -> dict[str, Any]:
    """Let feedback that could not be read be read once more."""

    async def work(rows: list[dict[str, Any]]) -> tuple[Counter[str], dict[str, str]]:
        again = noted(
            inbox.read_again, "letter.retried", by=caller.actor, at=hub.clock.now(), target=split(group)[1],
            told=lambda number: {"letters": number} if number else None,
        )  # fmt: skip
        number = await hub.db.write(again, [row["id"] for row in rows])
        return Counter(due=number), {}

    return await _batch(hub, group, "read", body, work)


@router.post("/attention/{group}/note", dependencies=[needs("operator")])
async def note(hub: HubDep, caller: CallerDep, group: Name, body: Batch) -> dict[str, Any]:
    """Look after the alarms of a group, or note that a source's new fields were seen: nobody is asked any more."""
    kind, source, _ = split(group)
    if kind == "drift":
        return await _seen(hub, caller, group, source)

    async def one(id_: int) -> str:
        await alarms_api.acknowledge(hub, caller, id_)
        return "noted"

    return await _batch(hub, group, "note", body, lambda rows: _each([row["id"] for row in rows], one))


async def _seen(hub: Hub, caller: Caller, group: str, source: str) -> dict[str, Any]:
    fields, now = (await found(hub, group)).about["fields"], hub.clock.now()
    event = Event("schema.noted", now, source=source, data={"fields": fields})
    seen = noted(append, "schema.noted", by=caller.actor, at=now, target=source)
    await hub.db.write(seen, [event])
    return {
        "group": group, "act": "note", "done": len(fields), "outcomes": {"noted": len(fields)}, "failed": {},
        "next": None,
    }  # fmt: skip
