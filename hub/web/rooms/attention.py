"""What needs a person: one inbox, where a thing is mended once for all that are alike."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api import attention as api
from hub.api.access import ROLES, Caller, CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.app import Hub
from hub.attention.kinds import ACTS
from hub.attention.words import explained as in_our_words
from hub.attention.words import likeness, title
from hub.errors import LeadhubError
from hub.labels import Language
from hub.normal.text import LINES
from hub.people.reps import known
from hub.store import submissions
from hub.web.correcting import for_all, form_for
from hub.web.entry import Page
from hub.web.posted import LONGEST_TEXT, form_of
from hub.web.rooms import lead_bytes
from hub.web.site import explained, show, tongue_of
from hub.web.tongue import N_

router = APIRouter(include_in_schema=False, route_class=Page)

ROWS = 25

_NOTHING: Mapping[str, Any] = MappingProxyType(
    {"reason": "", "fields": (), "alike": (), "problems": (), "route": "", "team": ""}
)

WHY = (N_("has this lead already and takes no updates"),)
"""Why a sink is not told; what a person did not agree to is said in the words of the rule."""

WHERE: Mapping[str, str] = MappingProxyType(
    {
        "paused": "/sinks/{name}", "dead": "/sinks/{name}", "unclear": "/sinks/{name}", "rejected": "/sinks/{name}",
        "letters": "/sinks/{name}", "quarantined": "/sources/{name}", "unassigned": "/sources/{name}",
        "drift": "/sources/{name}/mapping", "config": "/rules", "plugins": "/settings",
    }
)  # fmt: skip
"""Where the cause of a kind is mended."""


@router.get("/attention", dependencies=[needs("viewer")])
async def inbox(request: Request, hub: HubDep, caller: CallerDep, kind: str = "", part: str = "") -> Response:
    """Show all that waits for a person: what is alike is one group."""
    if kind and kind not in ACTS:
        raise ApiError(404, f"{kind[:64]!r} is no kind of what waits.")
    answer = await request.app.state.kept.ask("attention", functools.partial(api.attention, hub))
    found = {"groups": None, "more": [], "newest": 0, "kinds": []} if answer.pending else _seen(request, answer, kind)
    template = "attention/groups.html" if part else "attention/page.html"
    return await show(request, template, **found, kind=kind, may=may(caller), at=answer.at)


def _seen(request: Request, answer: Any, kind: str) -> dict[str, Any]:
    """Return the groups of a kind, or all, as the reader's language has them, and how much there is of each kind."""
    language = tongue_of(request).language
    groups = [told(group, language) for group in answer.value["items"]]
    numbers = Counter[str]()
    for group in groups:
        numbers[group["kind"]] += group["number"]
    kinds = [{"kind": one, "title": title(one, language), "number": numbers[one]} for one in ACTS if numbers[one]]
    more = [title(one, language) for one in answer.value["more"]]
    shown = [group for group in groups if kind in ("", group["kind"])]
    return {"groups": shown, "kinds": kinds, "more": more, "newest": answer.value["newest"]}


def told(group: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Return a group in one language, with where its cause is mended."""
    end = "_zh" if language == "zh" else ""
    where = WHERE.get(group["kind"], "").format(name=quote(group["name"], safe=""))
    said = {name: group[f"{name}{end}"] for name in ("title", "says", "todo")}
    alarm = group.get("about_zh" if end else "about_en")
    about = {**_NOTHING, **group["about"]}
    if in_our_words(about["problems"]):
        about["reason"] = ""
    about["alike"] = [likeness(one, language) for one in about["alike"]]
    return {**group, **said, "about": about, "where": where, "subject": alarm or group["name"]}


def may(caller: Caller) -> bool:
    """Return whether a caller may decide."""
    return caller.role in ROLES and ROLES.index(caller.role) >= ROLES.index("operator")


@router.get("/attention/submissions/{submission}", dependencies=[needs("operator")])
async def submission(request: Request, hub: HubDep, submission: str, group: str = "") -> Response:
    """Show a submission that is held back exactly as it came, with what is wrong with it."""
    row = await hub.db.read(submissions.get, submission)
    if row is None:
        raise ApiError(404, f"There is no submission {submission[:64]!r}.")
    correcting = await form_for(hub, submission, tongue_of(request).language)
    return await show(
        request, "attention/submission.html", submission=lead_bytes.seen(row), group=group, lead="",
        correcting=correcting,
    )  # fmt: skip


@router.get("/attention/{group}", dependencies=[needs("viewer")])
async def one(request: Request, hub: HubDep, caller: CallerDep, group: str, after: str | None = None) -> Response:
    """Show a group: what happened, what can be done for all alike, and the things in it, newest first."""
    return await shown(request, hub, caller, group, after)


async def shown(
    request: Request, hub: Hub, caller: Caller, group: str, after: str | None = None, *, wrong: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """Return the page of a group; `wrong` is what was wrong with what was asked for, and `typed` what that was."""
    try:
        found = await api.one(hub, group, ROWS, after)
    except ApiError as error:
        if error.status != 404:
            raise
        return await show(request, "attention/gone.html", status=404)
    language = tongue_of(request).language
    reps = [["", ""], *([name, name] for name in sorted(known(hub.plan.settings)))]
    items = [_row(row, language) for row in found["items"]]
    return await show(
        request, "attention/group.html", status=422 if wrong else 200, group=told(found["group"], language),
        rows=items, next=found["next"], may=may(caller), reps=reps, wrong=wrong, typed=typed or {},
        correct_pairs=for_all(found["group"]["about"].get("problems") or (), tongue_of(request)),
    )  # fmt: skip


def _row(row: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """Return one thing of a group in one language."""
    said = row.get("says_zh" if language == "zh" else "says", "")
    return {**row, "says": said, "likeness": [likeness(one, language) for one in row.get("reasons") or ()]}


@router.get("/attention/{group}/preview", dependencies=[needs("operator")])
async def preview(request: Request, hub: HubDep, group: str, act: str = "replay", accept: str = "") -> Response:
    """Show what would become of a group before anything is done: who would be told, and who would not."""
    if act not in ("replay", "retry"):
        raise ApiError(404, "There is no such page.")
    try:
        return await _previewed(request, hub, group, api.Trial(act=act, accept=bool(accept)), accept)
    except ApiError as error:
        if error.status != 404:
            raise
        return await show(request, "attention/gone.html", status=404)


@router.post("/attention/{group}/preview", dependencies=[needs("operator")])
async def preview_correction(request: Request, hub: HubDep, caller: CallerDep, group: str) -> Response:
    """Show what one correction for all of a group would do; what was typed is in no address."""
    form = await form_of(request, hub, longest=LONGEST_TEXT)
    if not form.get("field"):
        missing = tongue_of(request).say(N_("Choose a field."))
        return await shown(request, hub, caller, group, wrong=missing, typed=form)
    try:
        body = api.Trial(act="correct", field=form.get("field", "")[:80], value=form.get("value", "")[:LINES])
        return await _previewed(request, hub, group, body, "")
    except (ApiError, LeadhubError) as error:
        return await shown(request, hub, caller, group, wrong=explained(request, error), typed=form)


async def _previewed(request: Request, hub: Hub, group: str, body: api.Trial, accept: str) -> Response:
    seen = await api.preview(hub, group, body)
    whole = told(api.shown(hub, await api.found(hub, group)), tongue_of(request).language)
    return await show(request, "attention/preview.html", seen=seen, group=whole, accept=accept)
