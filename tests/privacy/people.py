"""A person who gets into every corner of a hub, and what finds the traces of them."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from hub.app import Hub
from hub.inbound import Inbound
from hub.lead import Lead, Rejected
from hub.news import Activity
from hub.outcome import Disposition
from hub.replays import REPLAYABLE
from hub.store import letters, submissions
from hub.store.activities import Heard
from hub.store.audit import Actor
from hub.testing.fakes import HandClock
from tests.conftest import post, settled


async def send(hub: Hub, data: dict[str, Any], clock: HandClock) -> dict[str, Any]:
    """Hand a form over, a minute after the one before."""
    clock.turn(60)
    return (await post(hub, json.dumps(data))).json()


CANARY = {
    "id": "c1", "full_name": "Canary Byrd", "email": "canary.byrd@example.com", "phone": "139 1111 2222",
    "company": "Birdcage", "message": "call Canary at 139-1111-2222", "title": "Canary in chief",
}  # fmt: skip
TRACES = ("canary", "byrd", "1391111", "139 1111", "139-1111", "birdcage")


def refuses_by_name(lead: Lead) -> Rejected:
    return Rejected(f"{lead.full_name} <{lead.email}> is on a list")


async def traces(hub) -> list[str]:
    """Return `table.column: text` of everything that still speaks of the canary."""
    return await hub.db.read(_traces)


def _traces(*, session) -> list[str]:
    found = []
    for table in SQLModel.metadata.sorted_tables:
        for row in session.execute(sa.select(table)).mappings():
            for column, value in row.items():
                text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                if any(trace in text.lower() for trace in TRACES):
                    found.append(f"{table.name}.{column}: {text[:80]}")
    return found


async def planted(hub, clock) -> dict[str, str]:
    """Let the canary into every corner: a lead with versions, refusals, duplicates, lists, quarantine, an import."""
    hub.plan.sinks["chat"].answer = refuses_by_name
    first = await send(hub, CANARY, clock)
    await settled(hub)
    await corrected(hub, clock, first["submission"])
    await send(hub, {**CANARY, "id": "c2", "budget": "birdcage money"}, clock)
    await send(hub, CANARY, clock)  # a duplicate
    await send(
        hub, {"id": "q1", "full_name": "Canary Byrd", "email": "canary.byrd@example", "phone": "13911112222"}, clock
    )
    await post(hub, '{"email": "canary.byrd@example.com", broken')
    await post(hub, json.dumps({**CANARY, "id": "t1", "test": True}))
    people = [{"id": "l1", "full_name": "Bo Li", "email": "bo@example.com"}, {**CANARY, "id": "l2"}]
    listed = (await post(hub, json.dumps(people))).json()
    await settled(hub)
    await told(hub, clock, first["lead"])
    await hub.flush()
    return {"lead": first["lead"], "bo": listed["lead"]}


async def corrected(hub, clock, submission: str) -> None:
    """Correct what the canary said, and somebody else's form, which speaks of the canary by that alone."""
    who = Actor("user:ann")
    await hub.replays.correct(submission, {"title": "Canary first"}, by=who)
    held = await send(hub, {"id": "k1", "full_name": "Nobody"}, clock)
    changes = {"message": "ask canary.byrd@example.com"}
    await hub.db.write(submissions.correct, held["submission"], changes, who.who, clock.now(), REPLAYABLE)


async def told(hub, clock, lead: str) -> None:
    """Let another system speak of the canary: of their lead, of another's, and in a letter nobody can read."""
    said = Activity(
        "a1",
        clock.now(),
        "call",
        lead=lead,
        word="Canary Byrd says no",
        by="ann",
        data={"who": "canary.byrd@example.com"},
    )
    closed = dataclasses.replace(said, key="a2", kind="status", word="lost", reason="Canary Byrd has moved", data={})
    await hub.hearing.note("chat", Heard(said, Disposition.UNKNOWN, True), Heard(closed, Disposition.LOST, True))
    letter = Inbound(
        "POST", "https://hub.test/feedback/chat", {}, {}, b'{"from": "canary.byrd@example.com"', clock.now()
    )
    await hub.db.write(letters.put, "fbk_1", "chat", letter)
