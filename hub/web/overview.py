"""The overview at `/` and a lead's walk at `/leads/{lead}`."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from hub import explain
from hub.api.access import HubDep, needs, seen
from hub.app import Hub
from hub.store import leads as lead_store
from hub.store import listing
from hub.store.summary import summary
from hub.web import forms
from hub.web.entry import Page
from hub.web.page import Safe, figures, link, page, table, text

router = APIRouter(include_in_schema=False, route_class=Page)

NEWEST = 25


@router.get("/", dependencies=[needs("viewer")])
async def overview(request: Request, hub: HubDep) -> Response:
    """Show what came in, what became of it, and what needs a person."""
    found = await hub.db.read(summary)
    newest, _ = await hub.db.read(listing.page, "lead", {"state": "open"}, limit=NEWEST)
    median = found["median_seconds_to_delivery"]
    return page(
        hub.plan.settings.hub.name,
        figures(
            [
                ("received", found["received"]),
                ("leads", found["leads"]),
                ("merged", found["merged"]),
                ("near matches to look at", found["suggestions"]),
                ("median from submit to delivery", f"{median:.1f} s" if median is not None else "none yet"),
            ]
        ),
        _attention(hub, found),
        Safe("<h2>Sources</h2>"),
        _counts("source", found["sources"], ("done", "duplicate", "quarantined", "rejected", "received")),
        Safe("<h2>Sinks</h2>"),
        _counts("sink", found["sinks"], ("sent", "ready", "sending", "rejected", "unclear", "dead")),
        Safe("<h2>Newest leads</h2>"),
        _newest(await seen(request, newest)),
        forms.sign_out(),
        form=True,
    )


def _attention(hub: Hub, found: dict[str, Any]) -> Safe:
    lines = [f'Sink "{name}" is paused: {reason}' for name, reason in found["paused"].items()]
    quarantined = sum(states.get("quarantined", 0) for states in found["sources"].values())
    stuck = {s: sum(states.get(s, 0) for states in found["sinks"].values()) for s in ("dead", "unclear", "rejected")}
    lines += [f"{quarantined} submissions wait in quarantine."] if quarantined else []
    lines += [f"{number} deliveries are {state}." for state, number in stuck.items() if number]
    lines += [f"The plugin {broken.name} could not be loaded: {broken.reason}" for broken in hub.plugins.broken]
    lines += ["The changed configuration is wrong; the old one stays."] if hub.publisher.refused else []
    if not lines:
        return Safe("")
    return Safe("<h2>Needs a person</h2><ul>" + "".join(f"<li class=bad>{text(line)}</li>" for line in lines) + "</ul>")


def _counts(first: str, counts: dict[str, dict[str, int]], states: tuple[str, ...]) -> Safe:
    rows = [(name, *(found.get(state, 0) for state in states)) for name, found in counts.items()]
    return table((first, *states), rows)


def _newest(leads: list[dict[str, Any]]) -> Safe:
    rows = [
        (
            link(f"/leads/{r['id']}", r["id"]),
            r["full_name"],
            r["company"],
            r["country"],
            r["source"],
            r["grade"],
            r["owner"],
        )
        for r in leads
    ]
    return table(("lead", "name", "company", "country", "source", "grade", "owner"), rows)


@router.get("/leads/{lead}", dependencies=[needs("viewer")])
async def walk(request: Request, hub: HubDep, lead: str) -> Response:
    """Show one lead: the plain sentence, the trail, its submissions and deliveries."""
    current = (await hub.db.read(lead_store.load, [lead])).get(lead)
    if current is None:
        return page("No such lead", Safe(f"<p>{link('/', 'Back')}</p>"), status=404)
    found = await hub.db.read(listing.of_lead, current.id)
    decision = orjson.loads(found["decisions"][-1]["body"]) if found["decisions"] else {}
    values = current.model_dump(mode="json", include={"values"})["values"]
    told = {
        "lead": current.id, "title": current.name, "values": values, "deliveries": found["deliveries"],
        "submissions": found["submissions"],
        **_said({**decision, "deliveries": found["deliveries"]}, hub.plan.settings.hub.language),
    }  # fmt: skip
    told = await seen(request, told)
    fields = [(name, one.get("value"), one.get("raw"), one.get("source")) for name, one in told["values"].items()]
    return page(
        told["title"],
        *_decided(told),
        Safe("<h2>Fields</h2>"),
        table(("field", "value", "as received", "from"), fields),
        Safe("<h2>Deliveries</h2>"),
        _columns(told["deliveries"], ("sink", "route", "state", "attempts", "ref", "reason")),
        Safe("<h2>Submissions</h2>"),
        _columns(told["submissions"], ("id", "source", "received_at", "state")),
        Safe(f"<p>{link('/', 'Overview')}</p>"),
    )


def _said(decision: dict[str, Any], language: Any) -> dict[str, Any]:
    """Return the plain sentence in both languages, and the trail under it."""
    sentences = {lang: explain.sentence(decision, lang) for lang in ("en", "zh")}
    return {"sentences": sentences, "trail": explain.trail(decision, language)}


def _decided(told: dict[str, Any]) -> list[Safe]:
    said = [Safe(f"<p lang={lang}>{text(sentence)}</p>") for lang, sentence in told["sentences"].items()]
    trail = "".join(_line(line) for line in told["trail"])
    return [*said, Safe(f"<h2>How it was decided</h2><ul class=trail>{trail}</ul>")]


def _columns(rows: list[dict[str, Any]], names: tuple[str, ...]) -> Safe:
    return table([name.replace("_", " ") for name in names], [[row[name] for name in names] for row in rows])


def _line(line: str) -> str:
    under = " class=under" if line.startswith(" ") else ""
    return f"<li{under}>{text(line.strip())}</li>"
