"""Secrets of sources and sinks: where each comes from, and another value in its place; none is ever shown."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from hub.api.access import Caller, CallerDep, HubDep, Masked, needs
from hub.api.connectors import Value, person_of
from hub.api.leads import listed
from hub.app import Hub, adding

router = APIRouter(prefix="/api", tags=["setup"], route_class=Masked)


@router.get("/sources/{source}/secrets", dependencies=[needs("operator")])
async def of_source(hub: HubDep, source: str) -> dict[str, Any]:
    """List the secret settings of a source, where each comes from, and whether it can be changed here."""
    return listed(told(hub, "source", source), None)


@router.get("/sinks/{sink}/secrets", dependencies=[needs("operator")])
async def of_sink(hub: HubDep, sink: str) -> dict[str, Any]:
    """List the secret settings of a sink, where each comes from, and whether it can be changed here."""
    return listed(told(hub, "sink", sink), None)


def told(hub: Hub, kind: adding.Kind, name: str) -> list[dict[str, Any]]:
    """Return the secret settings of a source or sink, without a value of any."""
    return [
        {
            "setting": ".".join(one.path), "comes": one.comes.partition(":")[0], "place": one.comes.partition(":")[2],
            "rotates": one.rotates, "keeps": one.keeps, "elsewhere": None if one.rotates else adding.elsewhere(one),
        }
        for one in adding.secrets(hub, kind, name)
    ]  # fmt: skip


@router.post("/sources/{source}/secrets/{setting}", dependencies=[needs("owner")])
async def rotate_of_source(hub: HubDep, caller: CallerDep, source: str, setting: str, body: Value) -> dict[str, Any]:
    """Put another value in the place of a source's secret; the old one goes on where the connector can have two."""
    return await rotated(hub, caller, "source", source, setting, body.value)


@router.post("/sinks/{sink}/secrets/{setting}", dependencies=[needs("owner")])
async def rotate_of_sink(hub: HubDep, caller: CallerDep, sink: str, setting: str, body: Value) -> dict[str, Any]:
    """Put another value in the place of a sink's secret; the old one goes on where the connector can have two."""
    return await rotated(hub, caller, "sink", sink, setting, body.value)


async def rotated(hub: Hub, caller: Caller, kind: adding.Kind, name: str, setting: str, value: str) -> dict[str, Any]:
    """Rotate a secret, for routes and pages."""
    path = tuple(setting.split(".", 1))
    return await adding.rotate(hub, kind, name, path, value, person_of(caller))
