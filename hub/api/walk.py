"""One lead's walk in parts: bounded however long it is, with the bytes that came and what was made of them."""

from __future__ import annotations

import re
from typing import Any, Literal

from fastapi import APIRouter
from starlette.responses import Response

from hub import explain
from hub.api import mine
from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.foreseen import foreseen, replayable
from hub.api.leads import After, Limit, Number, lead_of, listed
from hub.api.problems import ApiError
from hub.app import Hub
from hub.lead import Lead
from hub.store import leads as lead_store
from hub.store import listing, walks

router = APIRouter(prefix="/api", tags=["leads"], route_class=Masked)

Part = Literal[
    "submissions", "touches", "decisions", "deliveries", "merges", "activities", "moves", "rounds", "tasks", "consents"
]
OPERATORS = frozenset(("consents",))
"""Parts that say more than a viewer or a rep may know."""

NEWEST = 50
"""Submissions whose values are held against those of the lead."""


async def current(hub: Hub, lead: str) -> Lead:
    """Return a lead as it is; raises ApiError 404 where it is not there, or not there any more."""
    found = (await hub.db.read(lead_store.load, [lead])).get(lead)
    if found is None:
        raise ApiError(404, f"There is no lead {lead[:64]!r}.")
    return found


@router.get("/leads/{lead}/walk/{part}", dependencies=[needs("viewer", rep=True)])
async def part(
    hub: HubDep, caller: CallerDep, lead: str, part: Part, limit: Limit = 20, after: After = None
) -> dict[str, Any]:
    """List one part of a lead's walk, newest first: deliveries with every attempt, decisions whole."""
    await mine.own(hub, caller, lead)
    if part in OPERATORS and caller.role in ("viewer", "rep"):
        raise ApiError(403, f"This needs the role operator; the user has {caller.role}.")
    rows, following = await hub.db.read(walks.part, part, lead, limit=limit, after=after)
    if part == "deliveries":
        attempts = await hub.db.read(walks.attempts, [row["id"] for row in rows])
        rows = [{**row, "attempts_made": attempts.get(row["id"], [])} for row in rows]
    return listed(rows, following)


@router.get("/leads/{lead}/fields", dependencies=[needs("viewer", rep=True)])
async def fields(hub: HubDep, caller: CallerDep, lead: str) -> dict[str, Any]:
    """Show where each value of a lead came from: as received, from whom, when, and which values it beat and why.

    The newest submissions are held against it, `looked_at` of them.
    """
    await mine.own(hub, caller, lead)
    found = await current(hub, lead)
    rows, following = await hub.db.read(walks.part, "submissions", found.id, limit=NEWEST)
    ids = [row["id"] for row in rows]
    ids += [value.submission for value in found.values.values() if value.submission]
    said, decided = await hub.db.read(walks.said, set(ids)), await hub.db.read(walks.decided, set(ids))
    told = explain.fields(found, said, decided)
    return {"lead": found.id, "fields": told, "extra": found.extra, "tags": found.tags, "looked_at": len(rows),
            "more": following is not None}  # fmt: skip


@router.get("/decisions/{decision}/story", dependencies=[needs("viewer")])
async def story(hub: HubDep, decision: Number, language: Literal["en", "zh"] = "en") -> dict[str, Any]:
    """Tell a decision whole: the sentence, what each step changed, every rule's parts, points and candidates."""
    return await told(hub, decision, language)


async def told(hub: Hub, decision: int, language: Literal["en", "zh"]) -> dict[str, Any]:
    """Return a decision with everything that can be said of it; `values` says whether its values are still there."""
    found = await hub.db.read(walks.decision, decision)
    if found is None:
        raise ApiError(404, f"There is no decision {decision}.")
    row, newest = found
    body = row["body"]
    over = {str(one.get("over")) for one in explain.contests(body)}
    said = await hub.db.read(walks.said, {row["submission"], *over} - {""})
    own = said.pop(row["submission"], None) if newest == row["id"] else None
    passed = explain.scoring(body, language)
    return {
        **{name: row[name] for name in ("id", "submission", "lead", "kind", "flow", "revision", "status", "at")},
        "sentence": explain.sentence(body, language) if body else "",
        "trail": explain.trail(body, language) if body else [],
        "steps": _steps(body, own, said, language),
        "values": own is not None,
        "routes": explain.tree(body, language),
        "points": explain.points(body, language),
        "passed_over": passed,
        **explain.people(body, language),
    }  # fmt: skip


def _steps(
    body: dict[str, Any], own: Lead | None, said: dict[str, Lead], language: Literal["en", "zh"]
) -> list[dict[str, Any]]:
    """Return what each step changed, and what is said of it line by line."""
    changed = explain.changes(body, own, said)
    one_by_one = ({**body, "steps": [record]} for record in body.get("steps") or ())
    return [{**one, "says": explain.trail(record, language)} for one, record in zip(changed, one_by_one, strict=True)]


@router.get("/submissions/{submission}/raw", dependencies=[needs("operator")])
async def raw(hub: HubDep, submission: str) -> Response:
    """Hand over the bytes of a submission exactly as they came, as a file that no browser opens."""
    row = await hub.db.read(listing.one, "submission", submission)
    if row is None:
        raise ApiError(404, f"There is no submission {submission[:64]!r}.")
    if not row["body"]:
        raise ApiError(410, f"The bytes of the submission {submission[:64]} are gone: erased, or of age.")
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", submission)
    headers = {
        "content-disposition": f'attachment; filename="{name}.bin"', "x-content-type-options": "nosniff",
        "cache-control": "no-store", "content-security-policy": "default-src 'none'; sandbox",
    }  # fmt: skip
    return Response(row["body"], media_type="application/octet-stream", headers=headers)


@router.get("/leads/{lead}/replay", dependencies=[needs("operator")])
async def foresee(hub: HubDep, lead: str) -> dict[str, Any]:
    """Say what a replay of a lead's newest submission would do: which sinks get it, get it again, or get nothing."""
    return await foreseen(hub, await replayable(hub, (await current(hub, await lead_of(hub, lead))).id))


@router.get("/submissions/{submission}/replay", dependencies=[needs("operator")])
async def foresee_submission(hub: HubDep, submission: str) -> dict[str, Any]:
    """Say what a replay of this submission would do, with the configuration in force."""
    return await foreseen(hub, submission)
