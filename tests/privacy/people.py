"""A person who gets into every corner of a hub, and what finds the traces of them."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

from hub.app import Hub
from hub.lead import Lead, Rejected
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
    await hub.flush()
    return {"lead": first["lead"], "bo": listed["lead"]}
