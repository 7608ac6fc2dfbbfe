"""What needs a person: one inbox, in which things that are alike are one group, and are decided together."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field

from hub.alarms.desk import alarm_of
from hub.alarms.words import sentence, subject
from hub.api.access import HubDep, Masked, needs
from hub.api.foreseen import seer
from hub.api.leads import After, Body, Limit, listed
from hub.api.problems import ApiError
from hub.app import Hub
from hub.attention import kinds, words
from hub.attention.foresight import LOOKED_AT, NOTHING, foretold
from hub.corrections import for_all
from hub.normal.text import LINES
from hub.store import inbox
from hub.store.alike import Group, digest_of, fold
from hub.store.alike import told_apart as apart
from hub.store.waiting import MOST, waiting_for_people

router = APIRouter(prefix="/api", tags=["work"], route_class=Masked)

Name = Annotated[str, Path(max_length=300, description="KIND:NAME:DIGEST, as the inbox lists it.")]
Kind = Annotated[str | None, Query(description="Only groups of this kind.", max_length=20)]


class Trial(Body):
    """What would be done with a group."""

    act: Literal["replay", "retry", "correct"] = "replay"
    accept: bool = Field(False, description="Wave the problems of the group through.")
    field: str | None = Field(None, max_length=80, description="To correct: which field.")
    value: str | None = Field(None, max_length=LINES, description="To correct: what is right for all of the group.")


@router.get("/attention", dependencies=[needs("viewer")])
async def attention(hub: HubDep, kind: Kind = None) -> dict[str, Any]:
    """List what waits for a person: things that are alike are one group, made of the newest of each kind.

    `more` names the kinds of which there is more than was looked at.
    """
    if kind is not None and kind not in kinds.ACTS:
        raise ApiError(422, f"{kind[:64]!r} is no kind. There are: {', '.join(kinds.ACTS)}.")
    wanted = [kind] if kind else list(kinds.ACTS)
    found, more = [], []
    for one in wanted:
        groups, beyond = await _groups(hub, one)
        found += [shown(hub, group) for group in groups]
        more += [one] if beyond else []
    return {**listed(found, None), "more": more, "newest": inbox.NEWEST}


async def waits(hub: Hub) -> dict[str, Any]:
    """Return how much waits for a person by kind, and in all; `more`: of some kind it is that much or more."""
    found = await hub.db.read(waiting_for_people)
    drift = kinds.drift(await hub.db.read(inbox.drifted), hub.plan.mappings)
    found |= {"drift": sum(group.number for group in drift), "plugins": len(hub.plugins.broken)}
    found["config"] = int(hub.publisher.refused is not None)
    return {"kinds": found, "total": sum(found.values()), "more": max(found.values()) >= MOST}


async def _groups(hub: Hub, kind: str) -> tuple[list[Group], bool]:
    """Return the groups of a kind, and whether there is more of it than was looked at."""
    if kind in inbox.PILES:
        return await hub.db.read(inbox.groups, kind)
    if kind == "drift":
        return kinds.drift(await hub.db.read(inbox.drifted), hub.plan.mappings), False
    if kind == "plugins":
        broken = [kinds.single("plugins", one.name, {"reason": one.reason}) for one in hub.plugins.broken]
        return broken, False
    refused = hub.publisher.refused
    return [kinds.single("config", "", {"reason": refused})] if refused else [], False


def shown(hub: Hub, group: Group) -> dict[str, Any]:
    """Return a group as programs read it, with what happened and what to do in both languages."""
    told = {
        "title": words.title(group.kind, "en"), "title_zh": words.title(group.kind, "zh"),
        "says": words.says(group, "en"), "says_zh": words.says(group, "zh"),
        "todo": words.todo(group, "en"), "todo_zh": words.todo(group, "zh"),
    }  # fmt: skip
    if group.kind == "alarms":
        told |= alarm_words(hub, group.example)
    return {**asdict(group), "id": group.id, "acts": list(kinds.ACTS[group.kind]), **told}


def alarm_words(hub: Hub, row: dict[str, Any]) -> dict[str, str]:
    """Return what an alarm is about and says, in both languages."""
    alarm, now = alarm_of(row), hub.clock.now()
    return {
        "about_en": subject(alarm, "en"), "about_zh": subject(alarm, "zh"),
        "says": sentence(alarm, now), "says_zh": sentence(alarm, now, "zh"),
    }  # fmt: skip


async def found(hub: Hub, id_: str) -> Group:
    """Return a group by its id; raises ApiError 404 for one that is not there (any more)."""
    kind, name, _ = split(id_)
    if kind in inbox.PILES:
        return _picked(fold(kind, (await hub.db.read(inbox.newest, kind, name))[0]), id_)
    return _picked((await _groups(hub, kind))[0], id_)


def _picked(groups: list[Group], id_: str) -> Group:
    for group in groups:
        if group.id == id_:
            return group
    raise ApiError(404, f"Nothing of {id_[:64]!r} waits any more.")


def split(id_: str) -> tuple[str, str, str]:
    """Return the kind, name and digest of a group's id; raises ApiError."""
    kind, _, rest = id_.partition(":")
    name, colon, digest = rest.rpartition(":")
    if kind not in kinds.ACTS or not colon:
        raise ApiError(404, f"{id_[:64]!r} is no group. Take it from GET /api/attention.")
    return kind, name, digest


@router.get("/attention/{group}", dependencies=[needs("viewer")])
async def one(hub: HubDep, group: Name, limit: Limit = 50, after: After = None) -> dict[str, Any]:
    """Show a group, and the things in it, newest first."""
    kind, name, digest = split(group)
    if kind not in inbox.PILES:
        return {"group": shown(hub, await found(hub, group)), **listed([], None)}
    rows, more = await hub.db.read(inbox.newest, kind, name)
    told = shown(hub, _picked(fold(kind, rows), group))
    if after is None:  # what the group was made of is at hand
        mine = [row for row in rows if digest_of(kind, row) == digest]
        goes_on = len(mine) > limit or more
        page, following = mine[:limit], str((mine[:limit] or rows)[-1]["id"]) if goes_on else None
    else:
        page, following = await hub.db.read(inbox.members, kind, name, digest, limit=limit, after=after)
    return {"group": told, **listed(await _named(hub, kind, page), following)}


async def _named(hub: Hub, kind: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return things with who they are about, and what is to be said of each."""
    if kind == "alarms":
        return [{**row, **alarm_words(hub, row)} for row in rows]
    if kind == "quarantined":
        told = [apart(row["problems"]) for row in rows]
        said = [{"says": words.problems(one, "en"), "says_zh": words.problems(one, "zh")} for one in told]
        return [{**row, **one} for row, one in zip(rows, said, strict=True)]
    known = await hub.db.read(inbox.people, {row[name] for row in rows for name in ("lead", "other") if row.get(name)})
    return [
        {**row, "person": known.get(str(row.get("lead"))), "twin": known.get(str(row.get("other")))} for row in rows
    ]


@router.post("/attention/{group}/preview", dependencies=[needs("operator")])
async def preview(hub: HubDep, group: Name, body: Trial) -> dict[str, Any]:
    """Say what would become of a group before anything is done: nothing is sent, and nothing is written.

    Looks at the oldest of the group, which go first; `number` is how many there are, `looked_at` how many were tried.
    """
    kind, name, digest = split(group)
    it = await found(hub, group)
    if body.act not in kinds.ACTS[kind]:
        raise ApiError(422, f"{body.act} is nothing to do with {kind}.")
    rows, following = await hub.db.read(inbox.members, kind, name, digest, limit=LOOKED_AT, oldest_first=True)
    said = {"group": group, "act": body.act, "number": it.number, "more": following is not None}
    ids = [row["id"] for row in rows]
    if body.act != "retry":
        fields = for_all(body.field or "", body.value) if body.act == "correct" else NOTHING
        codes = frozenset(one["code"] for one in it.about["problems"]) if body.accept else frozenset[str]()
        told = foretold(await seer(hub).replays(ids, codes, fields))
        return {**said, "accept": sorted(codes), "field": body.field, "value": body.value, **told}
    return {**said, **await _resent(hub, name, rows)}


async def _resent(hub: Hub, sink: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what would become of deliveries if they were sent again: each under the key it had."""
    left = await hub.db.read(inbox.superseded, [row["id"] for row in rows])
    lane, known = hub.dispatcher.lanes.get(sink), hub.plan.sinks.get(sink)
    tests = Counter(bool(row["test"]) for row in rows)[True]
    return {
        "looked_at": len(rows), "tests": tests, "superseded": left, "again": len(rows) - left - tests, "sink": sink,
        "repeatable": bool(getattr(known, "repeatable", False)), "configured": known is not None,
        "paused": bool(lane and lane.gate.paused),
    }  # fmt: skip
