"""The connectors there are, and adding a source or a sink with one of them."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field, ValidationError

from hub.abilities import abilities, confirmed, kind_of, purpose
from hub.api.access import Caller, CallerDep, HubDep, Masked, needs
from hub.api.leads import Body, listed
from hub.api.problems import ApiError
from hub.app import Hub, adding
from hub.app.adding import Wanted
from hub.app.drafting import Person
from hub.connector import Connector
from hub.families.buyer import BuyerSink
from hub.families.listener import Listener
from hub.families.message import Teller

router = APIRouter(prefix="/api", tags=["setup"], route_class=Masked)


class New(Body):
    """A source or sink to add. `secrets` are in the open here, and are kept in files; by setting, dots between."""

    name: str = Field(max_length=63)
    connector: str = Field(max_length=100)
    settings: dict[str, Any] = Field(default_factory=dict, description="Settings of the connector, no secrets.")
    common: dict[str, Any] = Field(default_factory=dict, description="Settings that every source or sink has.")
    secrets: dict[str, str] = Field(default_factory=dict, description="Secret settings, such as api_key.", repr=False)


class NewSource(New):
    """A source; `flow` takes its leads."""

    flow: str | None = Field(None, max_length=200)


class NewSink(New):
    """A sink; `routes` deliver to it, each as [flow, route]."""

    routes: tuple[tuple[str, str], ...] = ()


class Value(Body):
    """A new secret."""

    value: str = Field(min_length=1, max_length=70_000, repr=False)


def person_of(caller: Caller) -> Person:
    """Return a caller as the author of a configuration."""
    return Person(caller.id, caller.name or caller.id, caller.role == "owner", caller.actor)


@router.get("/connectors", dependencies=[needs("viewer")])
async def connectors(hub: HubDep, kind: Literal["source", "sink"] | None = None) -> dict[str, Any]:
    """List the connectors: vendor, family, whether leads come or go, what each can do, how much of it was checked."""
    found = hub.plan.registry.all("connector")
    items = [_short(hub, cls) for _, cls in sorted(found.items())]
    return listed([one for one in items if kind in (None, one["kind"])], None)


def _short(hub: Hub, cls: type[Connector]) -> dict[str, Any]:
    provider = hub.plan.registry.provider("connector", cls.name)
    return {
        "name": cls.name, "title": cls.title, "kind": kind_of(cls), "family": family_of(cls, shipped=provider.shipped),
        "plugin": None if provider.shipped else provider.plugin, "can": abilities(cls), "confirmed": confirmed(cls),
        "says": purpose(cls), "listens": issubclass(cls, Listener), "tells": issubclass(cls, Teller),
        "bids": issubclass(cls, BuyerSink),
    }  # fmt: skip


def family_of(cls: type[Connector], *, shipped: bool) -> str:
    """Return the family of a shipped connector, which is the folder it stands in; none of another."""
    return Path(inspect.getfile(cls)).parent.name if shipped else ""


@router.get("/connectors/{connector}", dependencies=[needs("viewer")])
async def connector(hub: HubDep, connector: str) -> dict[str, Any]:
    """Show a connector: the JSON Schema of its settings, and which facts of it were checked against the vendor."""
    cls = known(hub, connector)
    facts = {"checked": list(cls.confirmed), "unchecked": list(cls.unconfirmed), "docs_url": cls.docs_url}
    return {**_short(hub, cls), **facts, "settings": cls.Config.model_json_schema()}


def known(hub: Hub, name: str) -> type[Connector]:
    """Return a connector; raises ApiError 404."""
    found: type[Connector] | None = hub.plan.registry.all("connector").get(name)
    if found is None:
        raise ApiError(404, f"There is no connector {name[:64]!r}.")
    return found


@router.post("/sources", dependencies=[needs("owner")], status_code=201)
async def add_source(hub: HubDep, caller: CallerDep, body: NewSource) -> dict[str, Any]:
    """Add a source: its secrets go into files, the rest into hub.yaml, and that is published."""
    return await added(hub, caller, wanted_of(body, "source", flow=body.flow))


@router.post("/sinks", dependencies=[needs("owner")], status_code=201)
async def add_sink(hub: HubDep, caller: CallerDep, body: NewSink) -> dict[str, Any]:
    """Add a sink: its secrets go into files, the rest into hub.yaml, and that is published."""
    return await added(hub, caller, wanted_of(body, "sink", routes=body.routes))


def wanted_of(body: New, kind: adding.Kind, **more: Any) -> Wanted:
    """Return what a call wants to be added."""
    secrets = {tuple(name.split(".", 1)): value for name, value in body.secrets.items()}
    return Wanted(kind, body.name, body.connector, body.settings, body.common, secrets, **more)


async def added(hub: Hub, caller: Caller, wanted: Wanted) -> dict[str, Any]:
    """Add a source or sink; raises ApiError 422 for settings that its connector does not take."""
    try:
        revision = await adding.add(hub, wanted, person_of(caller))
    except ValidationError as error:
        raise ApiError(422, first_of(error)) from error
    return {"kind": wanted.kind, "name": wanted.name, "revision": revision}


def first_of(error: ValidationError) -> str:
    """Return the first mistake in settings, in one sentence without what was typed."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "The settings"
    return f"{where}: {first['msg'].removeprefix('Value error, ').rstrip('.')}."


@router.post("/sources/{source}/pause", dependencies=[needs("operator")])
async def pause(hub: HubDep, caller: CallerDep, source: str) -> dict[str, Any]:
    """Pause a source: senders are told that there is none, it is polled no more, its folder is not looked into."""
    return await _switched(hub, caller, source, on=False)


@router.post("/sources/{source}/resume", dependencies=[needs("operator")])
async def resume(hub: HubDep, caller: CallerDep, source: str) -> dict[str, Any]:
    """Let a paused source go on; a poll takes up what came meanwhile."""
    return await _switched(hub, caller, source, on=True)


async def _switched(hub: Hub, caller: Caller, source: str, *, on: bool) -> dict[str, Any]:
    if source not in hub.plan.settings.sources:
        raise ApiError(404, f"There is no source {source[:64]!r}.")
    if hub.plan.settings.sources[source].enabled == on:
        return {"source": source, "enabled": on, "revision": hub.plan.revision}
    return {"source": source, "enabled": on, "revision": await adding.switch(hub, source, on, person_of(caller))}
