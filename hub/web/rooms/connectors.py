"""Adding a source or a sink: the connectors there are, and a form made of the settings of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from hub.api import connectors as api
from hub.api.access import Caller, CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.app import Hub, adding
from hub.app.adding import Kind, Wanted
from hub.connector import Connector
from hub.errors import ConfigError, Conflict
from hub.settings import SinkSettings, SourceSettings
from hub.source import FileSource, PollSource, WebhookSource
from hub.web.configform import Input, inputs, mistakes, typed
from hub.web.entry import Page
from hub.web.hints import hints_of
from hub.web.posted import lists_of
from hub.web.rooms.sources import may
from hub.web.site import explained, partial, show, told, tongue_of
from hub.web.tongue import N_, Tongue

router = APIRouter(include_in_schema=False, route_class=Page)

FAMILIES: Mapping[str, str] = {
    "forms": N_("Forms"), "ads": N_("Ad platforms"), "events": N_("Events and booths"), "lists": N_("Lists"),
    "mail": N_("E-mail"), "calls": N_("Calls"), "messages": N_("Messages"), "crm": N_("CRM systems"),
    "sheets": N_("Sheets and files"), "chat": N_("Chats"), "sms": N_("SMS"),
    "conversions": N_("Conversions, back to ad platforms"), "": N_("Plugins"),
}  # fmt: skip
CAN = (
    N_("files"), N_("reconcile"), N_("outcomes"), N_("tell"), N_("bid"), N_("find"), N_("update"), N_("erase"),
    N_("feedback by poll"), N_("feedback by webhook"), N_("feedback by poll and webhook"),
)  # fmt: skip
"""What connectors can do, beside what sources do."""

LONGEST = 512 << 10

Form = Mapping[str, list[str]]


@router.get("/sources/new", dependencies=[needs("owner")])
async def choose_source(request: Request, hub: HubDep, caller: CallerDep, q: str = "") -> Response:
    """Show the connectors that leads can come from."""
    return await _choose(request, hub, caller, "source", q)


@router.get("/sinks/new", dependencies=[needs("owner")])
async def choose_sink(request: Request, hub: HubDep, caller: CallerDep, q: str = "") -> Response:
    """Show the connectors that leads can go to."""
    return await _choose(request, hub, caller, "sink", q)


async def _choose(request: Request, hub: Hub, caller: Caller, kind: Kind, q: str) -> Response:
    words = q.lower().split()[:8]
    items = (await api.connectors(hub, kind))["items"]
    families: dict[str, list[dict[str, Any]]] = {name: [] for name in FAMILIES}
    for one in items:
        said = _said(request, hub, one)
        texts = [text for row in (one, said) for text in (row["title"], row["says"], *row["can"])]
        family = tongue_of(request).word(FAMILIES.get(one["family"], one["family"]))
        searched = " ".join((one["name"], one["family"], family, *texts)).lower()
        if all(word in searched for word in words):
            families.setdefault(one["family"], []).append(said)
    template = "connectors/found.html" if partial(request) else "connectors/choose.html"
    found = [{"family": FAMILIES.get(name, name), "connectors": ones} for name, ones in families.items() if ones]
    return await show(request, template, kind=kind, q=q, found=found, may=may(caller))


def _said(request: Request, hub: Hub, one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a connector with its title, what it does and what it can, in the reader's language."""
    hints = hints_of(request, hub.plan.registry.all("connector")[one["name"]])
    can = [_able(hints.tongue, able) for able in one["can"]]
    return {**one, "title": hints.title(one["title"]), "says": hints.said(one["says"]), "can": can}


def _able(tongue: Tongue, able: str) -> str:
    batch, _, number = able.partition("batch ")
    return tongue.say(N_("%(number)s in one call"), number=number) if not batch and number else tongue.word(able)


@router.get("/sources/new/{connector}", dependencies=[needs("owner")])
async def source_form(request: Request, hub: HubDep, connector: str) -> Response:
    """Show the form of a source."""
    return await _form(request, hub, "source", connector, {})


@router.get("/sinks/new/{connector}", dependencies=[needs("owner")])
async def sink_form(request: Request, hub: HubDep, connector: str) -> Response:
    """Show the form of a sink."""
    return await _form(request, hub, "sink", connector, {})


@router.post("/sources/new/{connector}", dependencies=[needs("owner")])
async def add_source(request: Request, hub: HubDep, caller: CallerDep, connector: str) -> Response:
    """Add a source as the form says; what is wrong is said at its input."""
    return await _posted(request, hub, caller, "source", connector)


@router.post("/sinks/new/{connector}", dependencies=[needs("owner")])
async def add_sink(request: Request, hub: HubDep, caller: CallerDep, connector: str) -> Response:
    """Add a sink as the form says; what is wrong is said at its input."""
    return await _posted(request, hub, caller, "sink", connector)


async def _posted(request: Request, hub: Hub, caller: Caller, kind: Kind, connector: str) -> Response:
    form = await lists_of(request, hub, longest=LONGEST)
    wanted, wrong = _wanted(hub, kind, connector, form)
    errors = {at: explained(request, said) for at, said in (wrong or _mistakes(hub, wanted)).items()}
    if partial(request):  # as it is typed
        hints = hints_of(request, _known(hub, kind, connector))
        rows = [{"at": at, "name": hints.label(at.partition(".")[2]), "says": said} for at, said in errors.items()]
        return await show(request, "connectors/checked.html", errors=rows, started=bool(wanted.name))
    if not errors:
        try:
            await adding.add(hub, wanted, api.person_of(caller))
        except (ConfigError, Conflict, ApiError) as error:
            errors = {"": explained(request, error)}
    if errors:
        return await _form(request, hub, kind, connector, form, errors, status=422)
    request.app.state.kept.forget()
    tongue = tongue_of(request)
    if kind == "sink":
        return told(f"/sinks/{quote(wanted.name)}?new", tongue.say(N_("%(name)s was added."), name=wanted.name))
    push = issubclass(api.known(hub, connector), WebhookSource)
    to = f"/sources/{quote(wanted.name)}/use?new" if push else f"/sources/{quote(wanted.name)}?new"
    return told(to, tongue.say(N_("%(name)s was added."), name=wanted.name))


def _wanted(hub: Hub, kind: Kind, connector: str, form: Form) -> tuple[Wanted, dict[str, str]]:
    """Return what a form wants, and what of it cannot be read."""
    cls = _known(hub, kind, connector)
    flat = {name: values[-1] for name, values in form.items()}
    own, common = typed(inputs(cls.Config), flat), typed(_common(kind, cls), flat)
    routes = tuple(_pair(value) for value in form.get("route", ()))
    flow = flat.get("flow") or None
    name = flat.get("name", "").strip()
    wanted = Wanted(kind, name, connector, own.settings, common.settings, own.secrets, flow, routes)
    return wanted, {**own.wrong, **common.wrong}


def _pair(value: str) -> tuple[str, str]:
    flow, _, route = value.partition("\n")
    return flow, route


def _mistakes(hub: Hub, wanted: Wanted) -> dict[str, str]:
    cls = adding.connector_of(hub, wanted.kind, wanted.connector)
    try:
        adding.check(hub, wanted)
    except ValidationError as error:
        if error.title == cls.Config.__name__:
            return mistakes(error, cls.Config)
        return {f"all.{one['loc'][0]}": f"{one['msg'].rstrip('.')}." for one in error.errors(include_input=False)}
    except ConfigError as error:
        return {"name" if str(error).startswith(("A name", "There is a")) else "": str(error)}
    except Exception as error:  # a connector may refuse its settings in words of its own
        return {"": f"{str(error)[:300].rstrip('.')}."}
    return {}


def _known(hub: Hub, kind: Kind, connector: str) -> type[Connector]:
    try:
        return adding.connector_of(hub, kind, connector)
    except ConfigError as error:
        raise ApiError(404, str(error)) from error


def _common(kind: Kind, cls: type[Connector]) -> list[Input]:
    """Return the inputs of what every source or sink has; only what is polled or looked into has an interval."""
    model = SourceSettings if kind == "source" else SinkSettings
    names = [one for one in adding.OPEN[kind] if one != "every" or issubclass(cls, (PollSource, FileSource))]
    return [one.under("all") for name in names for one in inputs(model) if one.path == (name,)]


async def _form(
    request: Request, hub: Hub, kind: Kind, connector: str, form: Form,
    errors: Mapping[str, str] | None = None, *, status: int = 200,
) -> Response:  # fmt: skip
    cls = _known(hub, kind, connector)
    own, common = inputs(cls.Config), _common(kind, cls)
    secret = {one.name for one in own if one.kind in ("secret", "secret_pairs")}
    values = {name: given[-1] for name, given in form.items() if name not in secret}
    about, hints = await api.connector(hub, connector), hints_of(request, cls)
    flows = hub.plan.settings.flows
    routes = [{"value": f"{f.name}\n{r.name}", "words": f"{f.name}: {r.name}"} for f in flows for r in f.routes]
    return await show(
        request, "connectors/form.html", status=status, kind=kind,
        about={**_said(request, hub, about), **hints.about(cls), "settings": None},
        inputs=[hints.input(one) for one in own], common=[hints.input(one) for one in common], values=values,
        errors=dict(errors or {}), flows=[flow.name for flow in flows], routes=routes,
        chosen=list(form.get("route", ())), lost=bool(errors) and any(form.get(name, [""])[-1] for name in secret),
        waits=kind == "sink" and not about["listens"],
    )  # fmt: skip
