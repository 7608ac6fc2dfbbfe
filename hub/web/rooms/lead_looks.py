"""What a person looks at before a lead is changed for good: what a replay would do, what comes apart, what differs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from hub.api import foreseen, mine, walk
from hub.api import leads as leads_api
from hub.api.access import CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.errors import LeadhubError
from hub.explain import phrases
from hub.store import listing
from hub.web.entry import Page
from hub.web.site import show, told, tongue_of
from hub.web.tongue import N_, Tongue

Which = Annotated[int, Query(ge=0, lt=10**listing.MOST_DIGITS)]

router = APIRouter(include_in_schema=False, route_class=Page)


@router.get("/leads/{lead}/replay", dependencies=[needs("operator")])
async def replay(request: Request, hub: HubDep, lead: str, submission: str = "") -> Response:
    """Show who would be told again, and who would not, if the lead's newest submission was decided again."""
    try:
        which = submission or await foreseen.replayable(hub, (await walk.current(hub, lead)).id)
        seen = await foreseen.foreseen(hub, which)
    except (ApiError, LeadhubError) as error:
        return told(f"/leads/{lead}", str(error), bad=True)
    language = tongue_of(request).language
    seen["kept"] = [{**one, "says": phrases.why_not(one["why"], language)} for one in seen["kept"]]
    return await show(request, "lead/replay.html", lead=lead, seen=seen)


@router.get("/leads/{lead}/unmerge", dependencies=[needs("operator")])
async def unmerge(
    request: Request, hub: HubDep, caller: CallerDep, lead: str, submission: str = "", other: str = ""
) -> Response:
    """Show what would come apart."""
    body = leads_api.Unmerge(submission=submission or None, other=other or None, dry_run=True)
    try:
        seen = await leads_api.unmerge(hub, caller, lead, body)
    except (ApiError, LeadhubError) as error:
        return told(f"/leads/{lead}#merges", str(error), bad=True)
    what, which = ("other", other) if other else ("submission", submission)
    return await show(request, "lead/unmerge.html", lead=lead, seen=seen, what=what, which=which)


@router.get("/leads/{lead}/compare", dependencies=[needs("viewer", rep=True)])
async def compare(request: Request, hub: HubDep, caller: CallerDep, lead: str, one: Which, other: Which) -> Response:
    """Show two decisions on a lead side by side, and in what they differ."""
    await mine.own(hub, caller, lead)
    tongue = tongue_of(request)
    both = [await walk.told(hub, number, tongue.language) for number in sorted((one, other))]
    if any(found["lead"] != lead for found in both):
        raise ApiError(404, "This lead has no such decision.")
    shown = [{name: found[name] for name in _HEAD} for found in both]
    rows = differences(both[0], both[1], tongue)
    return await show(request, "lead/compare.html", lead=lead, first=shown[0], second=shown[1], rows=rows)


_HEAD = ("id", "sentence", "status", "at", "revision", "submission")


def differences(first: dict[str, Any], second: dict[str, Any], tongue: Tongue) -> list[dict[str, Any]]:
    """Return in what two stories differ: status, grade, points, each route's verdict, owner, who was considered."""
    one, other = _plain(first, tongue), _plain(second, tongue)
    names = dict.fromkeys([*one, *other])
    return [
        {"what": name, "one": one.get(name), "other": other.get(name)}
        for name in names
        if one.get(name) != other.get(name)
    ]


def _plain(story: dict[str, Any], tongue: Tongue) -> dict[str, Any]:
    """Return a story as lines that can be held against another's."""
    said: dict[str, Any] = {tongue.say("Status"): tongue.word(story["status"])}
    for step in story["steps"]:
        for name in ("score", "grade", "owner", "team", "pool"):
            if step["step"] in ("score", "assign") and name in step["fields"]:
                said[tongue.say(_NAMES[name])] = step["fields"][name]["after"]
    for route in story["routes"]:
        verdict = tongue.say(_VERDICTS.get(route["verdict"], route["verdict"]))
        said[tongue.say("Route %(route)s", route=route["route"])] = verdict
    for point in story["points"]:
        said[tongue.say("Points: %(reason)s", reason=point["says"])] = point["points"]
    for rep in story["candidates"]:
        said[tongue.say("Rep %(name)s", name=rep.get("name"))] = rep["says"]
    return said


_NAMES = {"score": "Points", "grade": "Grade", "owner": "Owner", "team": "Team", "pool": "Pool"}
_VERDICTS = {"matched": "true", "passed_over": "false", "not_asked": N_("not asked"), "error": "cannot be judged"}
