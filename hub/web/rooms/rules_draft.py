"""The draft as a whole: its text, its difference, its simulation, and its publication."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from hub.api import drafts
from hub.api.access import Caller, CallerDep, HubDep, needs
from hub.api.problems import ApiError
from hub.app import Hub, drafting, revisions
from hub.draft import difference
from hub.errors import ConfigError, LeadhubError
from hub.store import leads as lead_store
from hub.web.editor.desk import KEPT, Desk, banner, ruled
from hub.web.entry import Page
from hub.web.posted import LONGEST_TEXT, form_of
from hub.web.site import done, show, told, tongue_of
from hub.web.tongue import N_, Tongue

router = APIRouter(prefix="/rules", include_in_schema=False, route_class=Page)

SPANS = (7, 30, 90)
EXAMPLES = 20


async def _desk(hub: Hub, caller: Caller) -> Desk:
    """Return the desk of a person, also where their draft cannot be read."""
    return Desk(hub, caller, await drafting.draft_of(hub, caller.id), {})


@router.get("/text", dependencies=[needs("admin")])
async def text(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Show the whole text."""
    desk = await _desk(hub, caller)
    return await _text(request, desk, drafting.shown(hub, desk.draft.text), drafting.trouble(hub, desk.draft.text))


async def _text(request: Request, desk: Desk, text: str, wrong: dict[str, Any] | None, status: int = 200) -> Response:
    return await ruled(
        request, "rules/text.html", desk, tab="text", status=status, text=text, wrong=wrong, base=desk.draft.base
    )


@router.post("/text", dependencies=[needs("admin")])
async def write(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Keep the whole text in the draft, also one that is wrong."""
    form = await form_of(request, hub, longest=LONGEST_TEXT)
    typed = form.get("text", "").replace("\r\n", "\n")
    try:
        await drafts.rewrite(hub, caller, typed, form.get("base"))
    except (ApiError, LeadhubError) as error:
        wrong = {"says": error.bare if isinstance(error, ConfigError) else str(error), "line": None, "key": None}
        return await _text(request, await _desk(hub, caller), typed, wrong, 422)
    return told("/rules/text", tongue_of(request).say(KEPT))


@router.post("/text/check", dependencies=[needs("admin")])
async def check(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Say what is wrong with a text, as somebody types it."""
    form = await form_of(request, hub, longest=LONGEST_TEXT)
    draft = await drafting.draft_of(hub, caller.id)
    wrong = judged(hub, caller, form.get("text", "").replace("\r\n", "\n"), draft)
    return await show(request, "rules/judged.html", wrong=wrong)


def judged(hub: Hub, caller: Caller, typed: str, draft: drafting.Draft) -> dict[str, Any] | None:
    """Return what is wrong with a text that somebody types, None when nothing is."""
    try:
        plain = drafting.given_back(typed, draft.text)
        drafting.allowed(draft.base_text, plain, drafts.person_of(caller))
    except ConfigError as error:
        return {"says": error.bare, "line": error.line, "key": error.key}
    return drafting.trouble(hub, plain)


@router.get("/hub.yaml", dependencies=[needs("admin")])
async def download(hub: HubDep, caller: CallerDep) -> Response:
    """Hand the draft out as a file; secrets that stand in it are hidden."""
    draft = await drafting.draft_of(hub, caller.id)
    headers = {"content-disposition": 'attachment; filename="hub.yaml"', "cache-control": "no-store"}
    return Response(drafting.shown(hub, draft.text), headers=headers, media_type="application/yaml")


@router.get("/changes", dependencies=[needs("admin")])
async def changes(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Show what is not published, what it would change for leads, and publish it."""
    desk = await _desk(hub, caller)
    draft = desk.draft
    base, mine = drafting.shown(hub, draft.base_text), drafting.shown(hub, draft.text)
    theirs = difference.rows(base, drafting.shown(hub, hub.plan.text)) if draft.stale else []
    name = request.query_params.get("simulation", "")
    return await ruled(
        request, "rules/changes.html", desk, tab="changes", rows=difference.rows(base, mine), theirs=theirs,
        text=mine, seen=revisions.digest_of(draft.text),
        writable=drafting.writable(hub), file=str(hub.office.config.name), spans=list(SPANS),
        simulation=await _simulation(request, hub, name) if name else None,
    )  # fmt: skip


@router.post("/changes/{number}/back", dependencies=[needs("admin")])
async def take_back(
    request: Request, hub: HubDep, caller: CallerDep, number: Annotated[int, Path(ge=0, lt=10_000)]
) -> Response:
    """Take one change of the draft back, and keep the others."""
    form = await form_of(request, hub)
    draft = await drafting.draft_of(hub, caller.id)
    if form.get("seen") != revisions.digest_of(draft.text):
        return told(
            "/rules/changes", tongue_of(request).say(N_("Your draft is another one by now. Look again.")), bad=True
        )
    base, mine = drafting.shown(hub, draft.base_text), drafting.shown(hub, draft.text)
    said = N_("That change is undone. The others are still in your draft.")
    return await done(
        request, drafts.rewrite(hub, caller, difference.without(base, mine, number)), "/rules/changes", said
    )


@router.post("/simulate", dependencies=[needs("admin")])
async def simulate(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Begin to try the draft on the leads of the last days."""
    form = await form_of(request, hub)
    days = form.get("days", "")
    span = drafts.Span(days=float(days) if days.isdigit() and 0 < int(days) <= 3650 else 7.0)
    try:
        said = await drafts.simulate(request, hub, caller, span)
    except (ApiError, LeadhubError) as error:
        return told("/rules/changes", str(error), bad=True)
    return RedirectResponse(f"/rules/changes?simulation={said['simulation']}#simulated", 303)


@router.get("/simulations/{name}", dependencies=[needs("admin")])
async def simulation(request: Request, hub: HubDep, name: str) -> Response:
    """Show how far a simulation has come, or what it found: a part of the page."""
    return await show(request, "rules/simulation.html", simulation=await _simulation(request, hub, name))


async def _simulation(request: Request, hub: Hub, name: str) -> dict[str, Any]:
    one = drafts.simulations(request).find(name)
    told = drafts.told_of(one) if one else {"state": "gone", "days": 0, "done": 0, "of": 0, "result": {}, "error": None}
    shown = [example["lead"] for example in told["result"].get("examples", [])[:EXAMPLES]]
    leads = await hub.db.read(lead_store.load, shown) if shown else {}
    names = {id_: lead.name or lead.company or id_ for id_, lead in leads.items()}
    return {**told, "name": name, "names": names, "most": EXAMPLES}


@router.post("/publish", dependencies=[needs("admin")])
async def publish(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Publish the draft."""
    await form_of(request, hub)
    said = drafts.publish(hub, caller)
    answer = await done(request, said, "/rules/changes", _published)
    request.app.state.kept.forget()
    return answer


def _published(result: dict[str, Any], tongue: Tongue) -> str:
    return tongue.say(N_("Published as revision %(number)s. It is in force now."), number=result["revision"])


@router.post("/discard", dependencies=[needs("admin")])
async def discard(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Throw the draft away."""
    await form_of(request, hub)
    return await done(request, drafts.discard(hub, caller), "/rules/changes", N_("Your draft is thrown away."))


@router.post("/rebase", dependencies=[needs("admin")])
async def rebase(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Bring the draft onto what was published meanwhile."""
    await form_of(request, hub)
    said = N_("Your changes stand on what runs now. Look at them once more, then publish.")
    return await done(request, drafts.rebase(hub, caller), "/rules/changes", said)


@router.get("/draft/banner", dependencies=[needs("admin")])
async def draft_banner(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Show what is not published: a part of the page, which asks again when somebody publishes."""
    return await show(request, "rules/banner.html", draft=await banner(await _desk(hub, caller)))
