"""A lead to try a source with, and a question to try a sink with: pages of their own right, as they are limited."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api import sinks as sinks_api
from hub.api import sources as sources_api
from hub.api.access import CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.errors import LeadhubError
from hub.web.entry import Page
from hub.web.sentences import spoken
from hub.web.site import told, tongue_of
from hub.web.tongue import N_, Tongue

router = APIRouter(include_in_schema=False, route_class=Page)

STATUS = (N_("accepted"), N_("duplicate"), N_("quarantined"), N_("rejected"))


@router.post("/sources/{source}/test", dependencies=[needs("operator", right="send_test")])
async def source(request: Request, hub: HubDep, caller: CallerDep, source: str) -> Response:
    """Send a test lead through the real intake."""
    tongue, to = tongue_of(request), f"/sources/{quote(source)}"
    try:
        result = await sources_api.send_test(hub, request, caller, source)
    except (ApiError, LeadhubError) as error:
        return told(to, str(error), bad=True)
    known = f"?tested={quote(result['lead'])}" if result["lead"] else ""
    return told(f"{to}{known}", _says(result, tongue), bad=result["status"] in ("quarantined", "rejected"))


def _says(result: dict[str, Any], tongue: Tongue) -> str:
    status = tongue.word(result["status"])
    said = tongue.say(N_("The test lead was sent: %(status)s (%(submission)s)."), **{**result, "status": status})
    if result["problems"]:
        said += " " + "; ".join(spoken(tongue, problem["message"]) for problem in result["problems"])
    if not result["proved"]:
        said += " " + tongue.say(N_("The sender's proof was not tried: this vendor makes it in a way of its own."))
    return said


@router.post("/sinks/{sink}/try", dependencies=[needs("operator", right="send_test")])
async def sink(request: Request, hub: HubDep, caller: CallerDep, sink: str) -> Response:
    """Try a sink without leaving a lead in it."""
    tongue, to = tongue_of(request), f"/sinks/{quote(sink)}"
    try:
        result = await sinks_api.try_out(hub, caller, sink)
    except (ApiError, LeadhubError) as error:
        return told(to, str(error), bad=True)
    if not result["ok"]:
        return told(to, tongue.say(N_("It does not work: %(said)s"), said=spoken(tongue, result["said"])), bad=True)
    return told(to, tongue.say(N_("It works: the other side answered as it should.")))
