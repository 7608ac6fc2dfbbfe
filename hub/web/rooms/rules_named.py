"""Teams, pools and calendars: a list of each, and a form for one; and the reasons why leads are lost."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from hub import draft as edits
from hub import worktime
from hub.api.access import CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.app import Hub
from hub.draft.tree import found_at
from hub.draft.uses import renamed, uses
from hub.errors import ConfigError
from hub.settings import CalendarSettings
from hub.settings.shapes import NAME
from hub.web.editor import wording
from hub.web.editor.desk import Desk, Wrong, desk_of, kept, ruled
from hub.web.editor.kinds import shown
from hub.web.editor.parts import PARTS
from hub.web.entry import Page
from hub.web.posted import form_of, lists_of
from hub.web.rooms.rules_form import Sheet, pieces_of, posted
from hub.web.site import told, tongue_of
from hub.web.tongue import N_, Tongue

router = APIRouter(prefix="/rules", include_in_schema=False, route_class=Page)

Section = Literal["teams", "pools", "calendars"]
FREE_DAYS = 10
WRONG_NAME = N_("A name has small letters, digits, - and _, and is not there yet.")


@router.get("/reasons", dependencies=[needs("admin")])
async def reasons(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Show why leads are lost."""
    desk = await desk_of(hub, caller)
    listed = desk.data.get("lost_reasons")
    text = "\n".join(map(str, listed)) if isinstance(listed, list) else ""
    return await ruled(request, "rules/reasons.html", desk, tab="reasons", text=text, wrong=None)


@router.post("/reasons", dependencies=[needs("admin")])
async def change_reasons(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Keep the reasons that were typed, one a line."""
    form = await form_of(request, hub)
    desk = await desk_of(hub, caller)
    text = form.get("reasons", "")
    lines = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))

    def edit(whole: str) -> str:
        return edits.put(whole, ("lost_reasons",), lines) if lines else edits.remove(whole, ("lost_reasons",))

    async def again(wrong: dict[str, Any]) -> Response:
        return await ruled(request, "rules/reasons.html", desk, tab="reasons", status=422, text=text, wrong=wrong)

    return await kept(request, desk, edit, "/rules/reasons", again)


@router.get("/{section}", dependencies=[needs("admin")])
async def entries(request: Request, hub: HubDep, caller: CallerDep, section: Section) -> Response:
    """Show all entries of a section."""
    desk = await desk_of(hub, caller)
    part, tongue = PARTS[section], tongue_of(request)
    items = [
        {"name": name, "facts": _facts(section, one, tongue) if isinstance(one, dict) else []}
        for name, one in desk.section(section).items()
    ]
    return await ruled(
        request, "rules/named.html", desk, tab=section, section=section, title=tongue.say(part.title),
        says=tongue.say(part.says), add=tongue.say(part.add), items=items,
    )  # fmt: skip


def _facts(section: str, one: dict[str, Any], tongue: Tongue) -> list[list[str]]:
    """Return what is said of an entry in the list."""
    if section == "teams":
        members = [str(m.get("name")) for m in one.get("members") or () if isinstance(m, dict)]
        strategy = str(one.get("strategy", "round_robin"))
        return [
            [tongue.say(N_("Members")), ", ".join(members)],
            [tongue.say(N_("Who is next")), tongue.say(wording.STRATEGIES.get(strategy, strategy))],
            [tongue.say(N_("Working time")), str(one.get("calendar") or tongue.say(N_("all hours")))],
        ]
    if section == "calendars":
        hours = str(one.get("hours", "Mon-Fri 09:00-18:00"))
        zone, holidays = str(one.get("time_zone", "UTC")), str(one.get("holidays") or "–")
        said = (N_("Working hours"), hours), (N_("Time zone"), zone), (N_("Public holidays of"), holidays)
        return [[tongue.say(words), value] for words, value in said]
    taken_by = ", ".join(shown(one.get("teams"), "many")) or tongue.say(N_("all"))
    return [[tongue.say(N_("Teams")), taken_by]]


@router.post("/{section}/add", dependencies=[needs("admin")])
async def add(request: Request, hub: HubDep, caller: CallerDep, section: Section) -> Response:
    """Add an entry of a name."""
    form = await form_of(request, hub)
    desk = await desk_of(hub, caller)
    name = form.get("name", "").strip()
    if not re.fullmatch(NAME, name) or name in desk.section(section):
        return told(f"/rules/{section}", tongue_of(request).say(WRONG_NAME), bad=True)

    async def again(wrong: dict[str, Any]) -> Response:
        return told(f"/rules/{section}", str(wrong["says"]), bad=True)

    to = f"/rules/{section}/{name}"
    return await kept(request, desk, lambda text: edits.put(text, (section, name), {}), to, again)


@router.get("/{section}/{name}", dependencies=[needs("admin")])
async def entry(request: Request, hub: HubDep, caller: CallerDep, section: Section, name: str) -> Response:
    """Show the form of an entry."""
    desk = await desk_of(hub, caller)
    return await _page(request, desk, section, name, _entry(desk, section, name))


def _entry(desk: Desk, section: str, name: str) -> dict[str, Any]:
    found = desk.section(section).get(name, desk)
    if found is desk:
        raise ApiError(404, "There is nothing of that name in your draft.")
    return found if isinstance(found, dict) else {}


async def _page(
    request: Request, desk: Desk, section: Section, name: str, values: dict[str, Any], wrong: Wrong | None = None,
    more: str = "",
) -> Response:  # fmt: skip
    part = PARTS[section]
    return await ruled(
        request, "rules/entry.html", desk, tab=section, status=422 if wrong else 200, wrong=wrong, section=section,
        name=name, title=tongue_of(request).say(part.title), pieces=pieces_of(request, desk, part.pieces, values, more),
        free=_free(desk.hub, section, values), used=_used(desk, section, name, tongue_of(request)),
    )  # fmt: skip


def _used(desk: Desk, section: str, name: str, tongue: Tongue) -> list[dict[str, str]]:
    """Return who names an entry, each once, with the way there."""
    found: dict[str, dict[str, str]] = {}
    for where in uses(desk.data, section, name):
        if where[0] == "flows":
            words = tongue.say(N_("route %(name)s"), name=str(found_at(desk.data, (*where[:4], "name"))))
            found[f"/rules/flows/{where[1]}/routes/{where[3]}"] = {"words": words}
        else:
            said = N_("team %(name)s") if where[0] == "teams" else N_("pool %(name)s")
            found[f"/rules/{where[0]}/{where[1]}"] = {"words": tongue.say(said, name=where[1])}
    return [{**one, "href": href} for href, one in found.items()]


@router.post("/{section}/{name}", dependencies=[needs("admin")])
async def change(request: Request, hub: HubDep, caller: CallerDep, section: Section, name: str) -> Response:
    """Keep what was typed about an entry; a button asks for one row more."""
    form = await lists_of(request, hub)
    desk = await desk_of(hub, caller)
    sheet = Sheet(PARTS[section].pieces, (section, name), f"/rules/{section}/{name}")

    async def page(values: dict[str, Any], wrong: Wrong | None, more: str) -> Response:
        return await _page(request, desk, section, name, values, wrong, more)

    return await posted(request, desk, sheet, form, _entry(desk, section, name), page)


@router.post("/{section}/{name}/remove", dependencies=[needs("admin")])
async def remove(request: Request, hub: HubDep, caller: CallerDep, section: Section, name: str) -> Response:
    """Take an entry out; refused while anything names it."""
    await form_of(request, hub)
    desk = await desk_of(hub, caller)

    tongue, here = tongue_of(request), f"/rules/{section}/{name}"
    used = [one["words"] for one in _used(desk, section, name, tongue)]
    if used:
        said = N_("%(name)s is still used: %(places)s. Change these first.")
        return told(here, tongue.say(said, name=name, places=", ".join(used)), bad=True)

    async def again(wrong: Wrong) -> Response:
        return told(here, str(wrong["says"]), bad=True)

    return await kept(request, desk, lambda text: edits.remove(text, (section, name)), f"/rules/{section}", again)


@router.post("/{section}/{name}/rename", dependencies=[needs("admin")])
async def rename(request: Request, hub: HubDep, caller: CallerDep, section: Section, name: str) -> Response:
    """Give an entry another name, wherever it is named."""
    form = await form_of(request, hub)
    desk = await desk_of(hub, caller)
    _entry(desk, section, name)
    other, here = form.get("name", "").strip(), f"/rules/{section}/{name}"
    if not re.fullmatch(NAME, other) or other in desk.section(section):
        return told(here, tongue_of(request).say(WRONG_NAME), bad=True)

    async def again(wrong: Wrong) -> Response:
        return told(here, str(wrong["says"]), bad=True)

    to = f"/rules/{section}/{other}"
    return await kept(request, desk, lambda text: renamed(text, section, name, other), to, again)


def _free(hub: Hub, section: str, values: dict[str, Any]) -> dict[str, Any] | None:
    """Return the next days on which nobody works although it is their weekday, and weekends that are worked."""
    if section != "calendars":
        return None
    try:
        settings = CalendarSettings.model_validate(values)
        calendar = worktime.build(settings, hub.office.folder)
        today = hub.clock.now().astimezone(calendar.zone).date()
        days = [today + timedelta(days=number) for number in range(400)]
        return {"days": _different(calendar, days), "until": _known_until(settings.holidays, days[-1])}
    except (ValidationError, ConfigError, ValueError):
        return None


def _different(calendar: worktime.Calendar, days: list[date]) -> list[dict[str, Any]]:
    found = []
    for day in days:
        usual, today = bool(calendar.hours.week[day.weekday()]), bool(calendar.hours_of(day))
        if usual != today:
            found.append({"day": datetime(day.year, day.month, day.day, 12, tzinfo=calendar.zone), "works": today})
    return found[:FREE_DAYS]


def _known_until(holidays: str | None, last: date) -> int | None:
    """Return the last year whose moved days are known, where the list goes past it."""
    known = worktime.known_until(holidays) if holidays else None
    return known if known is not None and last.year > known else None
