"""The audit log and its seals; what retention keeps, and what it deletes next."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from hub.api import audit as api
from hub.api import privacy
from hub.api.access import CallerDep, HubDep, needs
from hub.api.leads import After
from hub.app import Hub
from hub.store import users as user_store
from hub.store.retention import last_purge
from hub.web.audited import WORDS
from hub.web.entry import Page
from hub.web.posted import form_of
from hub.web.rooms.settings import show_place
from hub.web.site import done, partial
from hub.web.tongue import N_, Tongue

router = APIRouter(include_in_schema=False, route_class=Page)

AT_ONCE = 50
KINDS = (
    ("bodies", N_("Raw bytes of settled submissions")),
    ("leads", N_("Leads nothing happened with")),
    ("attempts", N_("What was noted of attempts")),
    ("quarantine", N_("Submissions in quarantine")),
    ("dead", N_("Deliveries that were given up")),
    ("consent", N_("Consent records of leads that are gone")),
)


@router.get("/settings/audit", dependencies=[needs("admin")])
async def log(
    request: Request, hub: HubDep, after: After = None, what: str = "", who: str = "", target: str = ""
) -> Response:
    """Show who did what, newest first."""
    asked = {"what": what.strip()[:80], "who": who.strip()[:80], "target": target.strip()[:120]}
    where = {name: value for name, value in asked.items() if value}
    if "who" in where:
        where["who"] = await _id_of(hub, where["who"])
    found = await api.entries(hub, AT_ONCE, after, **where)
    names = {row["id"]: row["name"] for row in await hub.db.read(user_store.listed)}
    items = [{**row, "person": names.get(row["who"].removeprefix("user:"), "")} for row in found["items"]]
    following = f"/settings/audit?{urlencode({**asked, 'after': found['next']})}" if found["next"] else None
    page = "settings/entries.html" if partial(request) else None
    return await show_place(request, "audit", template=page, items=items, next=following, asked=asked, words=WORDS)


async def _id_of(hub: Hub, who: str) -> str:
    """Return the id of a caller that may be typed as a user's name."""
    user = await hub.db.read(user_store.find, who.removeprefix("user:"))
    return f"user:{user['id']}" if user else who


@router.get("/settings/audit/verify", dependencies=[needs("admin")])
async def verify(request: Request, hub: HubDep) -> Response:
    """Walk the whole log, and show whether every entry is as it was sealed."""

    async def work() -> dict[str, Any]:
        return await api.verify(hub)

    found = await request.app.state.kept.ask("audit verify", work, heavy=True)
    report = found.value or {}
    broken = [str(one) for one in report.get("broken", ())]
    page = "settings/verified.html" if partial(request) else None
    return await show_place(
        request, "verify", template=page, report=report, broken=broken, pending=found.pending, at=found.at
    )


@router.get("/settings/retention", dependencies=[needs("admin")])
async def retention(request: Request, hub: HubDep) -> Response:
    """Show what is kept how long, when something was last deleted, and what the next night would delete."""

    async def work() -> list[dict[str, Any]]:
        return list((await privacy.retention(hub))["items"])

    found = await request.app.state.kept.ask(("retention", hub.plan.revision), work, heavy=True)
    rules = hub.plan.settings.retention
    own = {name: rules.sources[name].model_fields_set for name in rules.sources}
    kept = [
        {"name": words, "seconds": getattr(rules, kind), "kind": kind,
         "others": [{"source": name, "seconds": rules.of(name, kind)} for name, set_ in own.items() if kind in set_]}
        for kind, words in KINDS
    ]  # fmt: skip
    last = await hub.db.read(last_purge)
    page = "settings/going.html" if partial(request) else None
    return await show_place(
        request, "retention", template=page, kept=kept, due=found.value or [], pending=found.pending,
        kinds=dict(KINDS), last=last,
    )  # fmt: skip


@router.post("/settings/retention", dependencies=[needs("owner")])
async def purge(request: Request, hub: HubDep, caller: CallerDep) -> Response:
    """Delete now what has reached its age."""
    await form_of(request, hub)
    request.app.state.kept.forget()
    return await done(request, privacy.purge(hub, caller), "/settings/retention", _purged)


def _purged(counts: dict[str, int], tongue: Tongue) -> str:
    if not counts:
        return tongue.say("Nothing had reached its age.")
    said = [f"{tongue.say(dict(KINDS).get(kind, kind))}: {tongue.number(number)}" for kind, number in counts.items()]
    return tongue.say("Deleted. %(what)s", what="; ".join(said))
