"""One lead on a rep's phone: who it is, why it came, and all that is done with it in two taps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api import feedback, followup, mine, owners
from hub.api import leads as leads_api
from hub.api import queue as queue_api
from hub.api.access import Caller, CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.app import Hub
from hub.errors import LeadhubError
from hub.feedback.reasons import OTHER
from hub.lead import Lead
from hub.people.reps import members
from hub.store import leads as lead_store
from hub.web.entry import Page
from hub.web.posted import form_of
from hub.web.rooms.mine import back_to, day_of
from hub.web.site import done, show, told, tongue_of
from hub.web.tongue import N_

router = APIRouter(include_in_schema=False, route_class=Page)

OUTCOMES: Mapping[str, Mapping[str, Any]] = {
    "reached": {"kind": "call", "disposition": "contacted"},
    "no_answer": {"kind": "call", "disposition": "no_answer"},
    "meeting": {"kind": "meeting", "disposition": "qualified"},
    "not_interested": {"kind": "call", "disposition": "lost"},
    "invalid": {"kind": "status", "disposition": "invalid"},
}
"""What a button says of a lead: which act it was, and what the lead is now."""

SAID: Mapping[str, str] = {
    "reached": N_("Noted: reached."),
    "no_answer": N_("Noted: nobody answered."),
    "meeting": N_("Noted: a meeting."),
    "not_interested": N_("Noted: not interested."),
    "invalid": N_("Noted: no real lead."),
}

NEWEST = 30
"""Things of a lead's history that are shown on a phone."""

Said = dict[str, str]


@router.get("/mine/{lead}", dependencies=[needs("viewer", rep=True)])
async def lead_page(request: Request, hub: HubDep, caller: CallerDep, lead: str) -> Response:
    """Show a lead of a rep; of another's a rep hears that there is none."""
    await mine.own(hub, caller, lead)
    care = (await hub.responding.handing.rounds([lead])).get(lead)
    person = (await hub.db.read(lead_store.load, [lead])).get(lead)
    if care is None or person is None or care["owner"] is None:
        raise ApiError(404, f"There is no lead {lead[:64]!r} that somebody has.")
    told_of = await feedback.activities(hub, caller, lead)
    tasks = await followup.tasks(hub, caller, lead=lead)
    settings = hub.plan.settings
    return await show(
        request, "mine/lead.html", lead=_known(person), care=queue_api.shown(hub, care), tasks=tasks["items"],
        history=[_line(one, tongue_of(request).language) for one in told_of["history"][-NEWEST:]][::-1],
        reasons=[*settings.lost_reasons, OTHER] if settings.lost_reasons else [],
        why=await _why(request, hub, caller, lead),
        back=f"/mine?{urlencode({'rep': care['owner']})}" if caller.role != "rep" else "/mine",
        others=sorted(set(members(settings)) - {care["owner"]}), may=caller.role != "viewer",
    )  # fmt: skip


def _known(lead: Lead) -> dict[str, Any]:
    known: dict[str, Any] = dict.fromkeys(_SHOWN) | lead.model_dump(mode="json", exclude_none=True)
    return known


_SHOWN = (
    "full_name", "company", "title", "email", "phone", "wechat", "country", "city", "interest", "message", "need",
    "budget", "timeline", "notes", "language", "website", "submitted_at", "source", "grade", "score",
)  # fmt: skip


def _line(one: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return a line of the history in the reader's language."""
    said = one["says_zh"] if language == "zh" else one["says"]
    return {"at": one["at"], "what": one["what"], "words_said": said}


async def _why(request: Request, hub: Hub, caller: Caller, lead: str) -> str | None:
    """Return the sentence that says why the lead went where it is; None for one that nothing was decided on."""
    language: Any = tongue_of(request).language
    try:
        found = await leads_api.explained(hub, caller, lead, language)
    except (ApiError, LeadhubError):
        return None
    return str(found["sentence"])


@router.post("/mine/{lead}/take", dependencies=[needs("operator", rep=True)])
async def take(request: Request, hub: HubDep, caller: CallerDep, lead: str) -> Response:
    """Say that the rep takes the lead up; the prospect's clock goes on until somebody answers."""
    said = await form_of(request, hub)
    work = feedback.note(hub, caller, lead, feedback.Noted(kind="accept"))
    return await done(request, work, back_to(said), N_("It is yours. Call now."))


@router.post("/mine/{lead}/outcome", dependencies=[needs("operator", rep=True)])
async def outcome(request: Request, hub: HubDep, caller: CallerDep, lead: str) -> Response:
    """Note what came of a try; the first that a person notes stops the prospect's clock."""
    said = await form_of(request, hub)
    which = said.get("outcome", "")
    if which not in OUTCOMES:
        raise ApiError(422, "Say what came of it.")
    known = hub.plan.settings.lost_reasons
    reason, words = said.get("reason", "")[:200] or None, said.get("words", "").strip()[:2000] or None
    if which == "not_interested" and known and not (reason or words):
        return told(f"/mine/{lead}", tongue_of(request).say(N_("Say why it was lost.")), bad=True)
    noted = feedback.Noted(**OUTCOMES[which], reason=reason if which == "not_interested" else None, words=words)
    return await done(request, feedback.note(hub, caller, lead, noted), back_to(said), SAID[which])


@router.post("/mine/{lead}/note", dependencies=[needs("operator", rep=True)])
async def note(request: Request, hub: HubDep, caller: CallerDep, lead: str) -> Response:
    """Write a note."""
    said = await form_of(request, hub)
    words = said.get("words", "").strip()[:2000]
    if not words:
        return told(f"/mine/{lead}", tongue_of(request).say(N_("Write something first.")), bad=True)
    work = feedback.note(hub, caller, lead, feedback.Noted(kind="note", words=words))
    return await done(request, work, back_to(said), N_("Noted."))


@router.post("/mine/{lead}/task", dependencies=[needs("operator", rep=True)])
async def task(request: Request, hub: HubDep, caller: CallerDep, lead: str) -> Response:
    """Plan the next step."""
    said, tongue = await form_of(request, hub), tongue_of(request)
    due = day_of(said.get("when") or said.get("day", ""), hub)
    if due is None:
        return told(f"/mine/{lead}", tongue.say(N_("Choose a day.")), bad=True)
    text = said.get("text", "").strip()[:2000] or tongue.say(N_("Call again"))
    wanted = followup.NewTask(lead=lead, text=text, due_at=due)
    return await done(request, followup.add(hub, caller, wanted), back_to(said), N_("Planned for %(day)s."),
                      day=tongue.day(due))  # fmt: skip


@router.post("/mine/{lead}/return", dependencies=[needs("operator", rep=True)])
async def give_back(request: Request, hub: HubDep, caller: CallerDep, lead: str) -> Response:
    """Put the lead back into a pool, with a reason."""
    said = await form_of(request, hub)
    reason = (said.get("words", "").strip() or said.get("reason", "").strip())[:500]
    if not reason:
        return told(f"/mine/{lead}", tongue_of(request).say(N_("Say why you give it back.")), bad=True)
    work = owners.give_back(hub, caller, lead, owners.Return(reason=reason))
    return await _left(request, work, said, lead, N_("It is back in the pool."))


@router.post("/mine/{lead}/transfer", dependencies=[needs("operator", rep=True)])
async def transfer(request: Request, hub: HubDep, caller: CallerDep, lead: str) -> Response:
    """Hand the lead to a colleague."""
    said = await form_of(request, hub)
    if not said.get("to"):
        return told(f"/mine/{lead}", tongue_of(request).say(N_("Choose who gets it.")), bad=True)
    body = owners.Transfer(to=said["to"][:200], reason=said.get("words", "").strip()[:500] or None)
    work = owners.transfer(hub, caller, lead, body)
    return await _left(request, work, said, lead, N_("%(rep)s has it now."), body.to)


async def _left(request: Request, work: Any, said: Said, lead: str, words: str, rep: str = "") -> Response:
    """Wait for what takes the lead from the rep; where it fails, the lead's page says so."""
    try:
        await work
    except (ApiError, LeadhubError) as error:
        return told(f"/mine/{lead}", str(error), bad=True)
    request.app.state.kept.forget()
    return told(back_to(said), tongue_of(request).say(words, rep=rep) if rep else tongue_of(request).say(words))
