"""Submissions, deliveries and decisions: what waits, what failed, and what a person may do about it."""

from __future__ import annotations

import base64
from typing import Any

import orjson
from fastapi import APIRouter

from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.leads import After, Body, Limit, listed
from hub.api.problems import ApiError
from hub.store import deliveries as delivery_store
from hub.store import listing
from hub.store.audit import noted

router = APIRouter(prefix="/api", tags=["work"], route_class=Masked)

RETRIED = 10_000  # most deliveries made due again by one call


class Retried(Body):
    """Which deliveries to make due again."""

    ids: tuple[str, ...] = ()
    state: str | None = None
    sink: str | None = None


class Decided(Body):
    """Whether a held delivery arrived."""

    arrived: bool


@router.get("/submissions", dependencies=[needs("viewer")])
async def submissions(
    hub: HubDep, limit: Limit = 50, after: After = None, source: str | None = None, state: str | None = None
) -> dict[str, Any]:
    """List submissions, newest first; `state=quarantined` is what waits for a person."""
    where = {k: v for k, v in {"source": source, "state": state}.items() if v is not None}
    return listed(*await hub.db.read(listing.page, "submission", where, limit=limit, after=after))


@router.get("/submissions/{submission}", dependencies=[needs("operator")])
async def submission(hub: HubDep, submission: str) -> dict[str, Any]:
    """Show a submission with its raw bytes, in Base64."""
    row = await hub.db.read(listing.one, "submission", submission)
    if row is None:
        raise ApiError(404, f"There is no submission {submission[:64]!r}.")
    return {**row, "body": base64.b64encode(row["body"]).decode()}


@router.get("/decisions", dependencies=[needs("viewer")])
async def decisions(
    hub: HubDep, limit: Limit = 50, after: After = None, lead: str | None = None, status: str | None = None
) -> dict[str, Any]:
    """List decisions, newest first."""
    where = {k: v for k, v in {"lead": lead, "status": status}.items() if v is not None}
    return listed(*await hub.db.read(listing.page, "decision", where, limit=limit, after=after))


@router.get("/decisions/{decision}", dependencies=[needs("viewer")])
async def decision(hub: HubDep, decision: int) -> dict[str, Any]:
    """Show a decision: every step's outcome, every rule's verdict, who was considered."""
    row = await hub.db.read(listing.one, "decision", str(decision))
    if row is None:
        raise ApiError(404, f"There is no decision {decision}.")
    return {**row, "body": orjson.loads(row["body"])}


@router.get("/deliveries", dependencies=[needs("viewer")])
async def deliveries(
    hub: HubDep, limit: Limit = 50, after: After = None, state: str | None = None, sink: str | None = None,
    lead: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """List deliveries, newest first; `dead`, `rejected` and `unclear` ones wait for a person."""
    where = {k: v for k, v in {"state": state, "sink": sink, "lead": lead}.items() if v is not None}
    return listed(*await hub.db.read(listing.page, "delivery", where, limit=limit, after=after))


@router.get("/deliveries/{delivery}", dependencies=[needs("viewer")])
async def delivery(hub: HubDep, delivery: str) -> dict[str, Any]:
    """Show a delivery with every attempt."""
    row = await hub.db.read(listing.one, "delivery", delivery)
    if row is None:
        raise ApiError(404, f"There is no delivery {delivery[:64]!r}.")
    attempts, _ = await hub.db.read(listing.page, "attempt", {"delivery": delivery}, limit=200)
    return {**row, "attempts_made": list(reversed(attempts))}


@router.post("/deliveries/retry", dependencies=[needs("operator", right="replay")])
async def retry(hub: HubDep, caller: CallerDep, body: Retried) -> dict[str, int]:
    """Make dead, rejected or held deliveries due again, with the same key; those that arrived are not touched."""
    ids = list(body.ids)
    if not ids:
        where = {k: v for k, v in {"state": body.state, "sink": body.sink}.items() if v is not None}
        if body.state not in ("dead", "rejected", "unclear"):
            raise ApiError(422, "Name ids, or a state: dead, rejected or unclear.")
        rows, _ = await hub.db.read(listing.page, "delivery", where, limit=RETRIED)
        ids = [row["id"] for row in rows]
    now = hub.clock.now()
    again = noted(
        delivery_store.retry, "delivery.retried", by=caller.actor, at=now, target=body.sink,
        told=lambda number: {"deliveries": number} if number else None,
    )  # fmt: skip
    number = await hub.db.write(again, ids, now)
    return {"retried": number}


@router.post("/deliveries/{delivery}/decide", dependencies=[needs("operator")])
async def decide(hub: HubDep, caller: CallerDep, delivery: str, body: Decided) -> dict[str, bool]:
    """Settle a held delivery: it arrived, or it is to be sent again."""
    if await hub.db.read(listing.one, "delivery", delivery) is None:
        raise ApiError(404, f"There is no delivery {delivery[:64]!r}.")
    now = hub.clock.now()
    settle = noted(
        delivery_store.decide, "delivery.decided", by=caller.actor, at=now, target=delivery,
        told=lambda event: {"arrived": body.arrived} if event else None,
    )  # fmt: skip
    event = await hub.db.write(settle, delivery, body.arrived, now)
    if event is None:
        raise ApiError(409, f"The delivery {delivery} is not held.")
    hub.emit([event])
    return {"arrived": body.arrived}
