"""What people do on the page of a lead; each act is the API's own, with its rights and its line in the audit log."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from hub.api import feedback, followup, owners, privacy, work
from hub.api import leads as leads_api
from hub.api.access import Caller, CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.app import Hub
from hub.errors import LeadhubError
from hub.web.entry import Page
from hub.web.posted import form_of, lists_of
from hub.web.rooms import lead as room
from hub.web.site import done, explained, told, tongue_of
from hub.web.tongue import N_

router = APIRouter(include_in_schema=False, route_class=Page)


async def _tried(
    request: Request, hub: Hub, caller: Caller, lead: str, form: str, typed: Mapping[str, str], work_: Awaitable[Any],
    part: str, said: str,
) -> Response:  # fmt: skip
    """Do what a form asks and go back to the page; where it is not taken, show the form again as it was typed."""
    try:
        await work_
    except ValidationError as error:
        first = error.errors()[0]
        says = explained(request, f"{first['loc'][0] if first['loc'] else form}: {first['msg']}.")
    except (ApiError, LeadhubError) as error:
        if isinstance(error, ApiError) and error.status in (403, 404):
            raise
        says = explained(request, error)
    else:
        return told(f"/leads/{lead}#{part}", tongue_of(request).say(said))
    current = await room.own(hub, caller, lead)
    return await room.shown(request, hub, caller, current, wrong={"form": form, "says": says, **typed})


def _given(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what was filled in; an empty field was not."""
    return {name: value.strip() for name, value in typed.items() if value.strip()}


@router.post("/leads/{lead}/activities", dependencies=[needs("operator", rep=True)])
async def note(request: Request, hub: HubDep, caller: CallerDep, lead: str) -> Response:
    """Note what a person did with the lead."""
    typed = await form_of(request, hub)

    async def noted() -> None:
        await feedback.note(hub, caller, lead, feedback.Noted(**_given(typed)))

    return await _tried(request, hub, caller, lead, "note", typed, noted(), "activities", N_("Noted."))


@router.post("/leads/{lead}/tasks", dependencies=[needs("operator", rep=True)])
async def plan(request: Request, hub: HubDep, caller: CallerDep, lead: str) -> Response:
    """Write down what is to be done with the lead; the time is one of the hub's zone."""
    typed = await form_of(request, hub)

    async def planned() -> None:
        try:
            due = datetime.fromisoformat(typed.get("due", "")).replace(tzinfo=hub.plan.settings.hub.zone)
        except ValueError as error:
            raise ApiError(422, tongue_of(request).say("Say until when.")) from error
        await followup.add(hub, caller, followup.NewTask(lead=lead, text=typed.get("text", "").strip(), due_at=due))

    return await _tried(request, hub, caller, lead, "task", typed, planned(), "activities", N_("Planned."))


@router.post("/leads/{lead}/tasks/{task}/done", dependencies=[needs("operator", rep=True)])
async def finish(request: Request, hub: HubDep, caller: CallerDep, lead: str, task: leads_api.Number) -> Response:
    """Say that a task is done."""
    await form_of(request, hub)
    return await done(request, followup.done(hub, caller, task), f"/leads/{lead}#activities", N_("Done, well."))


@router.post("/leads/{lead}/transfer", dependencies=[needs("operator", rep=True)])
async def transfer(request: Request, hub: HubDep, caller: CallerDep, lead: str) -> Response:
    """Hand the lead to a rep."""
    typed = await form_of(request, hub)

    async def handed() -> None:
        await owners.transfer(hub, caller, lead, owners.Transfer(**_given(typed)))

    return await _tried(request, hub, caller, lead, "transfer", typed, handed(), "response", N_("It is handed on."))


@router.post("/leads/{lead}/return", dependencies=[needs("operator", rep=True)])
async def give_back(request: Request, hub: HubDep, caller: CallerDep, lead: str) -> Response:
    """Put the lead into a pool, with a reason."""
    typed = await form_of(request, hub)

    async def given() -> None:
        await owners.give_back(hub, caller, lead, owners.Return(**_given(typed)))

    return await _tried(request, hub, caller, lead, "return", typed, given(), "response", N_("It is given back."))


@router.post("/leads/{lead}/reassign", dependencies=[needs("operator")])
async def reassign(request: Request, hub: HubDep, caller: CallerDep, lead: str) -> Response:
    """Deal the lead anew in its team."""
    await form_of(request, hub)
    dealt = owners.reassign(hub, caller, lead, owners.Deal())
    return await done(request, dealt, f"/leads/{lead}#response", N_("It is dealt anew."))


@router.post("/leads/{lead}/claim", dependencies=[needs("operator", rep=True)])
async def claim(request: Request, hub: HubDep, caller: CallerDep, lead: str) -> Response:
    """Take the lead out of its pool."""
    await form_of(request, hub)
    return await done(request, owners.claim(hub, caller, lead), f"/leads/{lead}", N_("It is yours."))


@router.post("/leads/{lead}/withdraw", dependencies=[needs("operator")])
async def withdraw(request: Request, hub: HubDep, caller: CallerDep, lead: str) -> Response:
    """Take the person's consent back."""
    await form_of(request, hub)
    taken = privacy.withdraw(hub, caller, lead, privacy.Withdrawal())
    return await done(request, taken, f"/leads/{lead}#consents", N_("The consent is taken back."))


@router.post("/leads/{lead}/deliveries/{delivery}/retry", dependencies=[needs("operator", right="replay")])
async def retry(request: Request, hub: HubDep, caller: CallerDep, lead: str, delivery: str) -> Response:
    """Send a delivery again; one that is held is settled as not arrived."""
    await form_of(request, hub)
    row = await work.delivery(hub, delivery)
    again = (
        work.decide(hub, caller, delivery, work.Decided(arrived=False))
        if row["state"] == "unclear"
        else work.retry(hub, caller, work.Retried(ids=(delivery,)))
    )
    return await done(request, again, f"/leads/{lead}#deliveries", N_("It is sent again."))


@router.post("/leads/{lead}/deliveries/{delivery}/arrived", dependencies=[needs("operator")])
async def arrived(request: Request, hub: HubDep, caller: CallerDep, lead: str, delivery: str) -> Response:
    """Settle a held delivery: it has arrived."""
    await form_of(request, hub)
    settled = work.decide(hub, caller, delivery, work.Decided(arrived=True))
    return await done(request, settled, f"/leads/{lead}#deliveries", N_("It counts as arrived."))


@router.post("/leads/{lead}/replay", dependencies=[needs("operator", right="replay")])
async def replay(request: Request, hub: HubDep, caller: CallerDep, lead: str) -> Response:
    """Decide a submission again, if the sinks that would be told are still those a person saw."""
    form = await lists_of(request, hub)
    which, to = form.get("submission", [""])[-1], tuple(form.get("to", ()))
    again = leads_api.replay_submission(hub, caller, which, leads_api.Replay(to=to))
    return await done(request, again, f"/leads/{lead}#replay", N_("It was decided again."))


@router.post("/leads/{lead}/unmerge", dependencies=[needs("operator")])
async def unmerge(request: Request, hub: HubDep, caller: CallerDep, lead: str) -> Response:
    """Take a submission or a joined lead out of the lead."""
    form = await form_of(request, hub)
    body = leads_api.Unmerge(submission=form.get("submission") or None, other=form.get("other") or None)
    try:
        made = await leads_api.unmerge(hub, caller, lead, body)
    except (ApiError, LeadhubError) as error:
        return told(f"/leads/{lead}#merges", str(error), bad=True)
    says = tongue_of(request).say("It was taken out. This is the lead it makes.")
    return told(f"/leads/{made['made']}", says)


@router.post("/leads/{lead}/suggestions/{suggestion}/accept", dependencies=[needs("operator")])
async def accept(request: Request, hub: HubDep, caller: CallerDep, lead: str, suggestion: leads_api.Number) -> Response:
    """Join two leads that are one person."""
    await form_of(request, hub)
    joined = leads_api.accept(hub, caller, suggestion)
    return await done(request, joined, f"/leads/{lead}#merges", N_("They are one lead now."))


@router.post("/leads/{lead}/suggestions/{suggestion}/dismiss", dependencies=[needs("operator")])
async def dismiss(request: Request, hub: HubDep, lead: str, suggestion: leads_api.Number) -> Response:
    """Keep two leads apart."""
    await form_of(request, hub)
    return await done(request, leads_api.dismiss(hub, suggestion), f"/leads/{lead}#merges", N_("They stay two leads."))
