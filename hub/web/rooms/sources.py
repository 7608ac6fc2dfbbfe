"""Where leads come from: how each source does, how it is called, what it sends and what becomes of that."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api import connectors as connectors_api
from hub.api import secrets as secrets_api
from hub.api import setup
from hub.api import sources as api
from hub.api.access import ROLES, Caller, CallerDep, HubDep, needs
from hub.app import Hub
from hub.connector import Connector
from hub.errors import ConfigError
from hub.intake import preview
from hub.source import FileSource, PollSource
from hub.web.entry import Page
from hub.web.hints import hints_of, titled
from hub.web.posted import form_of
from hub.web.site import done, explained, partial, show, tongue_of
from hub.web.tongue import N_, Tongue

router = APIRouter(prefix="/sources", include_in_schema=False, route_class=Page)

HEALTH = (N_("healthy"), N_("silent"), N_("failing"), N_("never"), N_("off"), N_("resting"), N_("paused"))
KINDS = (N_("push"), N_("poll"), N_("file"))


def may(caller: Caller) -> dict[str, bool]:
    """Return what a caller may do, for the buttons of a page."""
    rank = ROLES.index(caller.role) if caller.role in ROLES else -1
    return {role: rank >= ROLES.index(role) for role in ROLES}


def spoken(request: Request, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row whose sentences are in the reader's language."""
    zh = tongue_of(request).language == "zh"
    return {**titled(request, row), "says": row["says_zh"] if zh else row["says"], "says_zh": None}


@router.get("", dependencies=[needs("viewer")])
async def sources(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Show every source with its health, its last lead and how much it sends."""
    rows = [spoken(request, row) for row in await api.healths(hub)]
    template = "sources/list.html" if partial(request) else "sources/page.html"
    return await show(request, template, sources=rows, may=may(caller))


@router.get("/{source}", dependencies=[needs("viewer")])
async def source(request: Request, hub: HubDep, caller: CallerDep, source: str) -> Response:
    """Show how a source does, by the hour and the day, and what one may do with it."""
    found = spoken(request, await api.one(hub, source))
    tongue = tongue_of(request)
    hours = [[tongue.when(one["at"], "EEE HH:mm"), one["number"]] for one in found.pop("hours")]
    days = [[tongue.day(f"{one['day']}T12:00:00+00:00"), one["number"]] for one in found.pop("days")]
    return await show(
        request, "sources/one.html", source=found, about=_about(request, hub, source), hours=hours, days=days,
        may=may(caller), tab="state", tested=request.query_params.get("tested"),
        fresh=request.query_params.get("new") is not None,
    )  # fmt: skip


def _about(request: Request, hub: Hub, name: str) -> dict[str, Any]:
    """Return what pages say of a source's connector."""
    found: Connector = api.known(hub, name)
    counts = isinstance(found, PollSource) and type(found).count is not PollSource.count
    return {
        **hints_of(request, type(found)).about(type(found)), "polled": isinstance(found, PollSource), "counts": counts,
        "path": found.config.path if isinstance(found, FileSource) else None,
        "flow": flow.name if (flow := hub.plan.settings.flow_of(name)) else None,
    }  # fmt: skip


@router.get("/{source}/use", dependencies=[needs("viewer")])
async def use(request: Request, hub: HubDep, caller: CallerDep, source: str) -> Response:
    """Show how a source is called: its address, commands that post an example, and the fields it has sent."""
    fields = (await api.fields(hub, source))["items"]
    example = await api.called(hub, request, source) if may(caller)["operator"] else None
    return await show(
        request, "sources/use.html", source=await _head(request, hub, source), about=_about(request, hub, source),
        fields=fields, example=example, address=api.address_of(hub, request, source), may=may(caller), tab="use",
        mapping=hub.plan.mappings[source].name, fresh=request.query_params.get("new") is not None,
    )  # fmt: skip


async def _head(request: Request, hub: Hub, source: str) -> dict[str, Any]:
    api.known(hub, source)
    return next(spoken(request, row) for row in await api.healths(hub) if row["name"] == source)


@router.get("/{source}/mapping", dependencies=[needs("operator")])
async def mapping(request: Request, hub: HubDep, caller: CallerDep, source: str) -> Response:
    """Show what the mapping makes of the newest submissions, with a box to try another one in."""
    head = await _head(request, hub, source)
    text = preview.text_of(hub.plan.mappings[source])
    return await _mapped(request, hub, caller, head, text, "")


@router.post("/{source}/mapping", dependencies=[needs("operator")])
async def try_mapping(request: Request, hub: HubDep, caller: CallerDep, source: str) -> Response:
    """Show what a changed mapping makes of the newest submissions, beside the one in force; nothing is kept."""
    head = await _head(request, hub, source)
    form = await form_of(request, hub, longest=preview.LONGEST_MAPPING * 3)
    text = form.get("mapping", "").replace("\r\n", "\n")
    return await _mapped(request, hub, caller, head, text, text)


async def _mapped(
    request: Request, hub: Hub, caller: Caller, head: dict[str, Any], text: str, changed: str
) -> Response:
    wrong: str | None = None
    running = preview.text_of(hub.plan.mappings[head["name"]])
    tried = changed if changed.strip() != running.strip() else ""
    try:
        found = await api.previewed(hub, head["name"], api.Changed(mapping=tried))
    except ConfigError as error:
        wrong, found = explained(request, error), await api.previewed(hub, head["name"], api.Changed())
    template = "sources/made.html" if partial(request) else "sources/mapping.html"
    made = [_beside(one) for one in found["items"]]
    return await show(
        request, template, source=head, typed=text, wrong=wrong, failures=found["failures"], made=made,
        may=may(caller), tab="mapping", tried=bool(tried) and wrong is None, name=hub.plan.mappings[head["name"]].name,
    )  # fmt: skip


def _beside(one: dict[str, Any]) -> dict[str, Any]:
    """Return a submission with the fields of both mappings beside each other."""
    now, other = one["now"], one["changed"]
    if now is None:
        return {**one, "rows": [], "left": [], "left_now": [], "problems": []}
    shown = other if other is not None else now
    both = {**now["lead"], **now["touch"], **now["mapped"], **shown["lead"], **shown["touch"], **shown["mapped"]}
    rows = [
        {"field": name, "now": _cell(now, name), "changed": _cell(other, name) if other is not None else None,
         "differs": other is not None and _cell(now, name) != _cell(other, name)}
        for name in both
    ]  # fmt: skip
    return {**one, "rows": rows, "left": shown["left"], "left_now": now["left"], "problems": shown["problems"]}


def _cell(made: dict[str, Any], name: str) -> dict[str, Any]:
    return {"mapped": made["mapped"].get(name), "lead": made["lead"].get(name) or made["touch"].get(name)}


@router.get("/{source}/secrets", dependencies=[needs("operator")])
async def secrets(request: Request, hub: HubDep, caller: CallerDep, source: str) -> Response:
    """Show where the secrets of a source come from; an owner may put others in their place."""
    head = await _head(request, hub, source)
    hints = hints_of(request, type(api.known(hub, source)))
    told = [{**one, **hints.named(one["setting"])} for one in secrets_api.told(hub, "source", source)]
    return await show(request, "sources/secrets.html", source=head, held=told, may=may(caller), tab="secrets")


@router.post("/{source}/secrets/{setting}", dependencies=[needs("owner")])
async def rotate(request: Request, hub: HubDep, caller: CallerDep, source: str, setting: str) -> Response:
    """Put another value in the place of a secret."""
    value = (await form_of(request, hub, longest=256 << 10)).get("value", "").strip()
    work = secrets_api.rotated(hub, caller, "source", source, setting, value)
    return await done(request, work, f"/sources/{quote(source)}/secrets", rotated)


def rotated(result: dict[str, Any], tongue: Tongue) -> str:
    """Say what became of a rotated secret."""
    if result["kept"]:
        return tongue.say(
            N_("%(setting)s was changed. The value before it is still good: change the sender's side, too."),
            setting=result["setting"],
        )
    return tongue.say(N_("%(setting)s was changed."), setting=result["setting"])


@router.post("/{source}/poll", dependencies=[needs("operator")])
async def poll(request: Request, hub: HubDep, source: str) -> Response:
    """Poll a source now."""
    return await _acted(request, source, setup.poll(hub, source), _polled)


def _polled(result: dict[str, Any], tongue: Tongue) -> str:
    if result["counts"] is None:
        return tongue.say(N_("The poll failed, or one is under way; the page says why."))
    counts = result["counts"]
    new = counts.get("read", 0) - counts.get("known", 0)
    return tongue.say(N_("Polled: %(read)s read, %(new)s of them new."), read=counts.get("read", 0), new=new)


@router.post("/{source}/reconcile", dependencies=[needs("operator")])
async def reconcile(request: Request, hub: HubDep, source: str) -> Response:
    """Count the platform's leads against ours, and fill what is missing."""
    since = (await form_of(request, hub)).get("since", "").strip() or None
    return await _acted(request, source, setup.reconcile(hub, source, since), _reconciled)


def _reconciled(result: dict[str, Any], tongue: Tongue) -> str:
    said = tongue.say(
        N_("The platform holds %(platform)s leads of that time, we hold %(ours)s; %(filled)s were filled in.")
    )
    if result["missing"]:
        said += " " + tongue.say(N_("%(missing)s are still missing."))
    return said % result


@router.post("/{source}/pause", dependencies=[needs("operator")])
async def pause(request: Request, hub: HubDep, caller: CallerDep, source: str) -> Response:
    """Pause a source."""
    work = connectors_api.pause(hub, caller, source)
    return await _acted(request, source, work, N_("It is paused: senders are turned away, nothing is read."))


@router.post("/{source}/resume", dependencies=[needs("operator")])
async def resume(request: Request, hub: HubDep, caller: CallerDep, source: str) -> Response:
    """Let a paused source go on."""
    return await _acted(request, source, connectors_api.resume(hub, caller, source), N_("It goes on."))


async def _acted(request: Request, source: str, work: Any, said: Any) -> Response:
    answer = await done(request, work, f"/sources/{quote(source)}", said)
    request.app.state.kept.forget()
    return answer
