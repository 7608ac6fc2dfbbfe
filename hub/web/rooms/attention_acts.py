"""Deciding for all that is alike: batch after batch, with what became of it so far."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api import leads as leads_api
from hub.api import settling as api
from hub.api import setup as setup_api
from hub.api import work as work_api
from hub.api.access import Caller, CallerDep, HubDep, needs
from hub.api.attention import split, waits
from hub.api.problems import ApiError
from hub.app import Hub
from hub.attention.kinds import ACTS
from hub.errors import LeadhubError
from hub.web.entry import Page
from hub.web.posted import form_of
from hub.web.rooms.attention import shown
from hub.web.site import done, partial, show, told, tongue_of
from hub.web.tongue import N_

router = APIRouter(include_in_schema=False, route_class=Page)

Form = Mapping[str, str]
Act = Callable[[Hub, Caller, str, Form], Awaitable[dict[str, Any]]]

OUTCOMES = (N_("due"), N_("arrived"), N_("assigned"), N_("noted"))
"""What became of things, beside the states they may be in."""

KEPT = ("accept", "sinks", "field", "value", "reason", "arrived", "to", "same")
"""What a form says once and every batch after it says again."""


def _agreed(form: Form) -> tuple[str, ...] | None:
    """Return the sinks that the preview named; None for a form that comes from elsewhere."""
    return tuple(filter(None, form["sinks"].split(","))) if "sinks" in form else None


def _batch(form: Form) -> dict[str, Any]:
    return {"after": form.get("after") or None}


ALL: Mapping[str, Act] = MappingProxyType(
    {
        "replay": lambda hub, caller, group, form: api.replay(
            hub, caller, group, api.Replays(**_batch(form), accept=form.get("accept") == "yes", to=_agreed(form))
        ),
        "correct": lambda hub, caller, group, form: api.correct(
            hub,
            caller,
            group,
            api.CorrectedAlike(
                **_batch(form),
                accept=form.get("accept") == "yes",
                to=_agreed(form),
                field=form.get("field", "")[:80],
                value=form.get("value", ""),
            ),
        ),
        "reject": lambda hub, caller, group, form: api.reject(
            hub, caller, group, api.Refused(**_batch(form), reason=form["reason"])
        ),
        "retry": lambda hub, caller, group, form: api.retry(hub, caller, group, api.Batch(**_batch(form))),
        "settle": lambda hub, caller, group, form: api.settle(
            hub, caller, group, api.Settled(**_batch(form), arrived=form.get("arrived") == "yes")
        ),
        "assign": lambda hub, caller, group, form: api.assign(
            hub, caller, group, api.Assigned(**_batch(form), to=form["to"])
        ),
        "decide": lambda hub, caller, group, form: api.decide(
            hub, caller, group, api.Compared(**_batch(form), same=form.get("same") == "yes")
        ),
        "read": lambda hub, caller, group, form: api.read(hub, caller, group, api.Batch(**_batch(form))),
        "note": lambda hub, caller, group, form: api.note(hub, caller, group, api.Batch(**_batch(form))),
    }
)
"""What may be done with a whole group."""

ONE: Mapping[str, Callable[[Hub, Caller, str], Awaitable[Any]]] = MappingProxyType(
    {
        "accept": lambda hub, caller, id_: _accepted(hub, caller, id_),
        "reject": lambda hub, caller, id_: leads_api.reject_submission(hub, caller, id_, leads_api.Refused()),
        "retry": lambda hub, caller, id_: work_api.retry(hub, caller, work_api.Retried(ids=(id_,))),
        "arrived": lambda hub, caller, id_: work_api.decide(hub, caller, id_, work_api.Decided(arrived=True)),
        "again": lambda hub, caller, id_: work_api.decide(hub, caller, id_, work_api.Decided(arrived=False)),
        "join": lambda hub, caller, id_: leads_api.accept(hub, caller, _number(id_)),
        "part": lambda hub, _, id_: leads_api.dismiss(hub, _number(id_)),
        "resume": lambda hub, caller, id_: setup_api.resume(hub, caller, id_),
    }
)
"""What may be done with one thing of a group."""


async def _accepted(hub: Hub, caller: Caller, submission: str) -> Any:
    """Replay one submission with all its problems waved through: a person has looked at it."""
    row = await work_api.submission(hub, submission)
    codes = tuple(str(one.get("code")) for one in row["problems"] or ())
    return await leads_api.replay_submission(hub, caller, submission, leads_api.Replay(accept=codes))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise ApiError(422, f"{text[:64]!r} is no suggestion.")
    return int(text)


@router.post("/attention/{group}/one/{act}", dependencies=[needs("operator", right="replay")])
async def one(request: Request, hub: HubDep, caller: CallerDep, group: str, act: str) -> Response:
    """Decide on one thing of a group, and go back to the others."""
    form = await form_of(request, hub)
    if act not in ONE:
        raise ApiError(404, "There is no such page.")
    split(group)
    answer = await done(request, ONE[act](hub, caller, form.get("id", "")), _back(group), N_("Done."))
    await recounted(request, hub)
    return answer


async def recounted(request: Request, hub: Hub) -> None:
    """Let every page count anew, and the navigation be right at once."""
    kept = request.app.state.kept
    kept.forget()
    await kept.ask("waiting", functools.partial(waits, hub))


def _back(group: str) -> str:
    return "/attention" if split(group)[0] == "paused" else f"/attention/{group}"


@router.post("/attention/{group}/{act}", dependencies=[needs("operator", right="replay")])
async def act(request: Request, hub: HubDep, caller: CallerDep, group: str, act: str) -> Response:
    """Do the next batch with a group, and show what became of it so far; the page goes on by itself."""
    form = await form_of(request, hub)
    if act not in ALL or act not in ACTS[split(group)[0]]:
        raise ApiError(404, "There is no such page.")
    missing = _missing(act, form)
    if missing:
        return await shown(request, hub, caller, group, wrong=tongue_of(request).say(missing))
    try:
        said = await ALL[act](hub, caller, group, form)
    except (ApiError, LeadhubError) as error:
        return _stopped(request, group, str(error))
    if partial(request):
        request.app.state.kept.forget()
    else:
        await recounted(request, hub)
    template = "attention/progress.html" if partial(request) else "attention/acted.html"
    return await show(request, template, **_so_far(form, said))


def _stopped(request: Request, group: str, why: str) -> Response:
    """Go back to the group and say there why it did not go on."""
    answer = told(f"/attention/{group}", why, bad=True)
    if partial(request):
        answer.status_code, answer.headers["hx-redirect"] = 200, f"/attention/{group}"
    return answer


def _missing(act: str, form: Form) -> str:
    """Return what a form lacks."""
    if act == "reject" and not form.get("reason", "").strip():
        return N_("Say why they are refused.")
    if act == "assign" and not form.get("to"):
        return N_("Choose who gets them.")
    return N_("The reason is too long.") if len(form.get("reason", "")) > 500 else ""


def _so_far(form: Form, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what became of a group up to this batch; the numbers of the batches before come with the form."""
    before = {name.removeprefix("n-"): _count(form, name) for name in form if name.startswith("n-")}
    outcomes = {name: before.get(name, 0) + said["outcomes"].get(name, 0) for name in {**before, **said["outcomes"]}}
    ended = _count(form, "done") + said["done"]
    return {
        "group_id": said["group"], "act": said["act"], "ended": ended, "whole": max(_count(form, "of"), ended),
        "outcomes": {name: number for name, number in outcomes.items() if number}, "failed": said["failed"],
        "following": said["next"], "again": {name: form[name] for name in KEPT if name in form},
    }  # fmt: skip


def _count(form: Form, name: str) -> int:
    text = form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
