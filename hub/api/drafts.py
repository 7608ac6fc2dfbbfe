"""The configuration, changed from afar: drafted, checked, simulated, published, taken back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import Field

from hub import draft as edits
from hub.api.access import Caller, CallerDep, HubDep, Masked, hub_of, needs
from hub.api.leads import Body
from hub.api.problems import ApiError
from hub.app import Hub, drafting, matching
from hub.app.drafting import Draft, Person
from hub.app.simulating import Simulation, Simulations
from hub.draft import difference
from hub.yamlfile import MAX_BYTES

router = APIRouter(prefix="/api/config", tags=["setup"], route_class=Masked)

Revision = Annotated[int, Path(ge=1, lt=10**15)]


class Text(Body):
    """A whole hub.yaml. `base`: the digest of the one it was made from; another one is there: it is refused."""

    text: str = Field(max_length=MAX_BYTES)
    base: str | None = None


class Edit(Body):
    """One change at a path, such as ["flows", 0, "routes", 1]."""

    do: Literal["put", "remove", "insert", "move"]
    where: tuple[str | int, ...] = Field(min_length=1)
    value: Any = None
    number: int = 0
    to: int = 0


class Rule(Body):
    """A rule to look at; `flow`: only leads of its sources."""

    rule: str = Field(max_length=20_000)
    flow: str | None = None


class Span(Body):
    """The days a simulation looks back."""

    days: float = Field(7.0, gt=0, le=3650)


def person_of(caller: Caller) -> Person:
    """Return a caller as the author of a configuration."""
    return Person(caller.id, caller.name or caller.id, caller.role == "owner", caller.actor)


async def change(hub: Hub, caller: Caller, edit: Any) -> Draft:
    """Change the caller's draft with a function of its text; raises ConfigError for what may not be changed."""
    return await drafting.change(hub, person_of(caller), edit)


@router.get("", dependencies=[needs("admin")])
async def running(hub: HubDep) -> dict[str, Any]:
    """Show the configuration in force, with its digest; secrets that stand in it are hidden."""
    draft = await drafting.draft_of(hub, "")
    shown = drafting.shown(hub, draft.text)
    return {"text": shown, "digest": draft.running, "revision": hub.plan.revision, "writable": drafting.writable(hub)}


@router.get("/draft", dependencies=[needs("admin")])
async def draft(hub: HubDep, caller: CallerDep) -> dict[str, Any]:
    """Show the caller's draft, with what is wrong with it and how it differs; without one, what is in force."""
    return told(hub, await drafting.draft_of(hub, caller.id))


def told(hub: Hub, found: Draft) -> dict[str, Any]:
    """Return a draft as answers have it."""
    base, text = drafting.shown(hub, found.base_text), drafting.shown(hub, found.text)
    return {
        "text": text, "base": found.base, "stale": found.stale, "changes": found.changes,
        "changed_at": found.changed_at, "error": drafting.trouble(hub, found.text) if found.changes else None,
        "diff": difference.unified(base, text),
    }  # fmt: skip


@router.put("/draft", dependencies=[needs("admin")])
async def write(hub: HubDep, caller: CallerDep, body: Text) -> dict[str, Any]:
    """Replace the caller's draft by a whole text; what is hidden in it stays as it is."""
    return told(hub, await rewrite(hub, caller, body.text, body.base))


async def rewrite(hub: Hub, caller: Caller, text: str, base: str | None = None) -> Draft:
    """Replace the caller's draft by a whole text."""
    found = await drafting.draft_of(hub, caller.id)
    if base is not None and base not in (found.base, found.running):
        raise ApiError(409, "The configuration was changed meanwhile. Look at what changed, then change it anew.")
    plain = drafting.given_back(text.replace("\r\n", "\n"), found.text)
    return await change(hub, caller, lambda _: plain)


@router.post("/draft/edits", dependencies=[needs("admin")])
async def edit(hub: HubDep, caller: CallerDep, body: list[Edit]) -> dict[str, Any]:
    """Change the caller's draft place by place; comments, order and quotes of all else stay as they are."""

    def apply(text: str) -> str:
        for one in body:
            text = _applied(text, one)
        return text

    return told(hub, await change(hub, caller, apply))


def _applied(text: str, one: Edit) -> str:
    if one.do == "put":
        return edits.put(text, one.where, one.value)
    if one.do == "remove":
        return edits.remove(text, one.where)
    if one.do == "insert":
        return edits.insert(text, one.where, one.number, one.value)
    return edits.move(text, one.where, one.number, one.to)


@router.delete("/draft", dependencies=[needs("admin")])
async def discard(hub: HubDep, caller: CallerDep) -> dict[str, Any]:
    """Throw the caller's draft away."""
    await drafting.discard(hub, person_of(caller))
    return told(hub, await drafting.draft_of(hub, caller.id))


@router.post("/draft/rebase", dependencies=[needs("admin")])
async def rebase(hub: HubDep, caller: CallerDep) -> dict[str, Any]:
    """Bring the caller's draft onto what somebody else published meanwhile; refused where both touch the same lines."""
    return told(hub, await drafting.catch_up(hub, person_of(caller)))


@router.post("/draft/publish", dependencies=[needs("admin")])
async def publish(hub: HubDep, caller: CallerDep) -> dict[str, Any]:
    """Write the caller's draft into hub.yaml, and put it in force as a revision of theirs."""
    try:
        return {"revision": await drafting.publish(hub, person_of(caller))}
    except OSError as error:
        raise _unwritten(error) from error


@router.post("/revisions/{revision}/restore", dependencies=[needs("admin")])
async def restore(hub: HubDep, caller: CallerDep, revision: Revision) -> dict[str, Any]:
    """Publish an earlier configuration again, as a new revision; one that cannot be used any more is refused."""
    try:
        return {"revision": await drafting.restore(hub, person_of(caller), revision)}
    except OSError as error:
        raise _unwritten(error) from error
    except LookupError as error:
        raise _unknown(revision) from error


def _unwritten(error: OSError) -> ApiError:
    said = f"hub.yaml cannot be written here: {error.strerror}. Take the text along, and put it there by hand."
    return ApiError(409, said)


def _unknown(revision: int) -> ApiError:
    return ApiError(404, f"There is no revision {revision}.")


@router.get("/revisions/{revision}", dependencies=[needs("admin")])
async def revision_text(hub: HubDep, revision: Revision, against: int | None = None) -> dict[str, Any]:
    """Show a configuration that ran, and how it differs from another one; secrets that stand in it are hidden."""
    try:
        text = drafting.shown(hub, await drafting.text_of(hub, revision))
        other = drafting.shown(hub, await drafting.text_of(hub, against)) if against is not None else None
    except LookupError as error:
        raise _unknown(int(error.args[0])) from error
    return {"id": revision, "text": text, "diff": difference.unified(other, text) if other is not None else None}


@router.post("/rule", dependencies=[needs("admin")])
async def rule(hub: HubDep, body: Rule) -> dict[str, Any]:
    """Say what a rule means and which of the newest leads it takes, or what is wrong with it."""
    return await matching.judged(hub, body.rule, body.flow)


@router.post("/draft/simulate", dependencies=[needs("admin")])
async def simulate(request: Request, hub: HubDep, caller: CallerDep, body: Span) -> dict[str, Any]:
    """Begin to try the caller's draft on the leads of the last days; the answer names the simulation."""
    found = await drafting.draft_of(hub, caller.id)
    hub.try_plan(found.text)
    return {"simulation": simulations(request).begin(found.text, body.days)}


@router.get("/simulations/{simulation}", dependencies=[needs("admin")])
async def simulation(request: Request, simulation: str) -> dict[str, Any]:
    """Show how far a simulation has come, and what it found."""
    return told_of(found(request, simulation))


def simulations(request: Request) -> Simulations:
    """Return the simulations of this application."""
    state = request.app.state
    if not hasattr(state, "simulations"):
        state.simulations = Simulations(hub_of(request))
    kept: Simulations = state.simulations
    return kept


def found(request: Request, name: str) -> Simulation:
    """Return a simulation; raises ApiError when it is not known here any more."""
    one = simulations(request).find(name)
    if one is None:
        raise ApiError(404, "This simulation is not known here any more. Begin it anew.")
    return one


def told_of(one: Simulation) -> dict[str, Any]:
    """Return a simulation as answers have it."""
    return {
        "state": one.state, "days": one.days, "done": one.done, "of": one.of, "result": one.result, "error": one.error,
    }  # fmt: skip
