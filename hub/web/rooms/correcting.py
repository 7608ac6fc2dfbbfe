"""Correcting what a submission says: the form, what it would do, and doing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api import correcting as api
from hub.api.access import Caller, CallerDep, HubDep, needs
from hub.api.attention import split
from hub.api.problems import ApiError
from hub.app import Hub
from hub.errors import LeadhubError
from hub.explain import phrases
from hub.web.correcting import GIVEN, changed, form_for
from hub.web.entry import Page
from hub.web.posted import LONGEST_TEXT, lists_of
from hub.web.rooms.attention_acts import recounted
from hub.web.site import explained, show, told, tongue_of
from hub.web.tongue import N_

router = APIRouter(include_in_schema=False, route_class=Page)

Form = Mapping[str, list[str]]

BECAME: Mapping[str, str] = {
    "accepted": N_("It is corrected, and goes on."),
    "quarantined": N_("It is corrected, and still held back: something else is wrong."),
    "rejected": N_("It is corrected, and was refused all the same."),
}
"""What is said once a submission was corrected and decided again."""


@router.get("/submissions/{submission}/correct", dependencies=[needs("operator")])
async def page(request: Request, hub: HubDep, submission: str, group: str = "", lead: str = "") -> Response:
    """Show what a submission says, with the form to correct it."""
    return await _formed(request, hub, submission, {"group": [group], "lead": [lead]})


async def _formed(request: Request, hub: Hub, submission: str, form: Form, wrong: str = "") -> Response:
    typed = {name: values[-1] for name, values in form.items()}
    shown = await form_for(hub, submission, tongue_of(request).language, typed=typed, wrong=wrong)
    back = _back(form)
    return await show(request, "correct/page.html", status=422 if wrong else 200, correcting=shown, **back)


@router.post("/submissions/{submission}/correct/preview", dependencies=[needs("operator")])
async def preview(request: Request, hub: HubDep, caller: CallerDep, submission: str) -> Response:
    """Show what would be made of the values typed, and who would be told; `back` shows the form with them again."""
    form = await lists_of(request, hub, longest=LONGEST_TEXT)
    if "back" in form:
        return await _formed(request, hub, submission, form)
    found = await api.correctable(hub, submission)
    fields = changed(found["fields"], {name: values[-1] for name, values in form.items()})
    if not fields:
        wrong = tongue_of(request).say(N_("Nothing is different from what was read."))
        return await _formed(request, hub, submission, form, wrong)
    return await _previewed(request, hub, caller, submission, form, fields)


async def _previewed(
    request: Request, hub: Hub, caller: Caller, submission: str, form: Form, fields: Mapping[str, str | None],
    wrong: str = "",
) -> Response:  # fmt: skip
    """Show what corrections would do, as things stand now."""
    accept = tuple(form.get("accept", ()))
    try:
        body = api.Corrected(fields=dict(fields), accept=accept, dry_run=True)
        seen = await api.correct(hub, caller, submission, body)
    except (ApiError, LeadhubError) as error:
        return await _formed(request, hub, submission, form, explained(request, error))
    read = {one["field"]: one["read"] for one in (await api.correctable(hub, submission))["fields"]}
    language = tongue_of(request).language
    seen["kept"] = [{**one, "says": phrases.why_not(one["why"], language)} for one in seen["kept"]]
    seen["problems"] = [{**one, "says": phrases.problem(one["code"], language)} for one in seen["problems"]]
    rows = [
        {"field": name, "read": read.get(name), "value": value, "becomes": seen["becomes"].get(name)}
        for name, value in fields.items()
    ]
    codes = sorted({one["code"] for one in seen["problems"]}) if seen["status"] == "quarantined" else []
    return await show(
        request, "correct/preview.html", status=409 if wrong else 200, submission=submission, rows=rows, seen=seen,
        given=GIVEN, accept=accept, codes=codes, wrong=wrong, **_back(form),
    )  # fmt: skip


@router.post("/submissions/{submission}/correct", dependencies=[needs("operator", right="replay")])
async def correct(request: Request, hub: HubDep, caller: CallerDep, submission: str) -> Response:
    """Correct a submission and decide it again, if the sinks that would be told are still those a person saw."""
    form = await lists_of(request, hub, longest=LONGEST_TEXT)
    given = {name.removeprefix(GIVEN): values[-1] for name, values in form.items() if name.startswith(GIVEN)}
    fields = {name: value or None for name, value in given.items()}
    body = api.Corrected(fields=fields, accept=tuple(form.get("accept", ())), to=tuple(form.get("to", ())))
    try:
        said = await api.correct(hub, caller, submission, body)
    except (ApiError, LeadhubError) as error:
        return await _previewed(request, hub, caller, submission, form, fields, explained(request, error))
    await recounted(request, hub)
    return told(_to(form, said), tongue_of(request).say(BECAME.get(said["status"], BECAME["accepted"])))


def _back(form: Form) -> dict[str, str]:
    """Return where a person came from: a group of what waits, or a lead."""
    group, lead = (form.get(name, [""])[-1][:300] for name in ("group", "lead"))
    if group:
        split(group)
    return {"group": group, "lead": lead if lead.startswith("lead_") else ""}


def _to(form: Form, said: Mapping[str, Any]) -> str:
    back = _back(form)
    if back["group"] and not back["lead"]:
        return f"/attention/{back['group']}" if said["status"] != "accepted" else "/attention"
    lead = back["lead"] or said["lead"]
    return f"/leads/{lead}#submissions" if lead else "/attention"
