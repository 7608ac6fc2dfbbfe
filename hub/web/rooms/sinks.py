"""Where leads go: how each sink does, what waits for it, what it was sent, and its secrets."""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api import secrets as secrets_api
from hub.api import setup
from hub.api import sinks as api
from hub.api import work as work_api
from hub.api.access import CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.app import Hub
from hub.store import sides
from hub.web.entry import Page
from hub.web.hints import hints_of
from hub.web.kept import Answer
from hub.web.posted import form_of
from hub.web.rooms.sources import may, rotated, spoken
from hub.web.site import done, partial, show, tongue_of
from hub.web.tongue import N_, Tongue

router = APIRouter(prefix="/sinks", include_in_schema=False, route_class=Page)

STATES = (N_("all"),)
PAGE = 50


@router.get("", dependencies=[needs("viewer")])
async def sinks(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Show every sink with its health, what waits for it and what it took."""
    rows = [spoken(request, row) for row in await api.states(hub)]
    counted = await _counted(request, hub)
    template = "sinks/list.html" if partial(request) else "sinks/page.html"
    return await show(
        request, template, sinks=rows, loads=counted.value, pending=counted.pending, may=may(caller), most=sides.MOST
    )  # fmt: skip


async def _counted(request: Request, hub: Hub) -> Answer:
    """Return what waits for each sink, counted now or a moment ago."""

    async def count() -> dict[str, Any]:
        return {name: _without_hours(await api.load(hub, name)) for name in hub.plan.settings.sinks}

    answer: Answer = await request.app.state.kept.ask("sinks", count)
    return answer


def _without_hours(load: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in load.items() if name != "hours"}


@router.get("/{sink}", dependencies=[needs("viewer")])
async def sink(request: Request, hub: HubDep, caller: CallerDep, sink: str) -> Response:
    """Show how a sink does, what waits for it, and what one may do with it."""
    found = spoken(request, await api.facts(hub, sink))
    counted: Answer = await request.app.state.kept.ask(("sink", sink), lambda: api.load(hub, sink))
    tongue, load = tongue_of(request), counted.value
    hours = [[tongue.when(one["at"], "EEE HH:mm"), one["number"]] for one in load["hours"]] if load else []
    rows, _ = await hub.db.read(sides.deliveries_of, sink, ("dead", "unclear", "rejected"), limit=5)
    connector = type(api.known(hub, sink))
    about = hints_of(request, connector).about(connector)
    template = "sinks/load.html" if partial(request) else "sinks/one.html"
    return await show(
        request, template, sink=found, load=_without_hours(load) if load else None, pending=counted.pending,
        hours=hours, about=about, may=may(caller), tab="state", failures=_told(rows), most=sides.MOST,
        fresh=request.query_params.get("new") is not None,
    )  # fmt: skip


def _told(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return deliveries with what a page shows of each."""
    names = ("id", "lead", "state", "route", "attempts", "created_at", "due_at", "done_at", "outcome", "reason", "test")
    return [{name: row[name] for name in names} for row in rows]


@router.get("/{sink}/deliveries", dependencies=[needs("viewer")])
async def deliveries(
    request: Request, hub: HubDep, caller: CallerDep, sink: str, state: str = "all", after: str | None = None
) -> Response:
    """Show the deliveries to a sink, newest first."""
    if state not in get_args(api.State):
        raise ApiError(422, f"{state[:32]!r} is no state of a delivery.")
    found = await api.deliveries(hub, sink, PAGE, after, state)  # type: ignore[arg-type]
    head = spoken(request, await api.facts(hub, sink))
    more = f"?{urlencode({'state': state, 'after': found['next']})}" if found["next"] else None
    return await show(
        request, "sinks/deliveries.html", sink=head, rows=_told(found["items"]), state=state,
        states=["all", "trouble", *api.STATES], more=more, may=may(caller), tab="deliveries",
    )  # fmt: skip


@router.get("/{sink}/secrets", dependencies=[needs("operator")])
async def secrets(request: Request, hub: HubDep, caller: CallerDep, sink: str) -> Response:
    """Show where the secrets of a sink come from; an owner may put others in their place."""
    head = spoken(request, await api.facts(hub, sink))
    hints = hints_of(request, type(api.known(hub, sink)))
    held = [{**one, **hints.named(one["setting"])} for one in secrets_api.told(hub, "sink", sink)]
    return await show(request, "sinks/secrets.html", sink=head, held=held, may=may(caller), tab="secrets")


@router.post("/{sink}/secrets/{setting}", dependencies=[needs("owner")])
async def rotate(request: Request, hub: HubDep, caller: CallerDep, sink: str, setting: str) -> Response:
    """Put another value in the place of a secret."""
    value = (await form_of(request, hub, longest=256 << 10)).get("value", "").strip()
    work = secrets_api.rotated(hub, caller, "sink", sink, setting, value)
    return await done(request, work, f"/sinks/{quote(sink)}/secrets", rotated)


@router.post("/{sink}/pause", dependencies=[needs("operator")])
async def pause(request: Request, hub: HubDep, caller: CallerDep, sink: str) -> Response:
    """Pause a sink, with a reason; its leads wait."""
    reason = (await form_of(request, hub)).get("reason", "").strip()[:300]
    body = setup.Reason(reason=reason) if reason else setup.Reason()
    return await _acted(request, sink, setup.pause(hub, caller, sink, body), N_("It is paused; its leads wait."))


@router.post("/{sink}/resume", dependencies=[needs("operator")])
async def resume(request: Request, hub: HubDep, caller: CallerDep, sink: str) -> Response:
    """Let a paused sink take leads again."""
    return await _acted(request, sink, setup.resume(hub, caller, sink), N_("It takes leads again."))


@router.post("/{sink}/retry", dependencies=[needs("operator", right="replay")])
async def retry(request: Request, hub: HubDep, caller: CallerDep, sink: str) -> Response:
    """Make the deliveries of a state due again, or one of them."""
    form = await form_of(request, hub)
    ids = tuple(filter(None, [form.get("id")]))
    api.known(hub, sink)
    body = work_api.Retried(ids=ids, state=None if ids else form.get("state"), sink=sink)
    return await _acted(request, sink, work_api.retry(hub, caller, body), _retried)


def _retried(result: dict[str, Any], tongue: Tongue) -> str:
    return tongue.say(N_("Deliveries sent again: %(number)s."), number=tongue.number(result["retried"]))


async def _acted(request: Request, sink: str, work: Any, said: Any) -> Response:
    answer = await done(request, work, f"/sinks/{quote(sink)}", said)
    request.app.state.kept.forget()
    return answer
