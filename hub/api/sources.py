"""One source: how it does, what it sent and what becomes of that, how to call it, and a lead to try it with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from hub.alarms.looking import failing
from hub.alarms.words import sentence
from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.leads import Body, listed
from hub.api.problems import ApiError
from hub.api.setup import kinds_of
from hub.app import Hub
from hub.errors import BadInput, Unverified
from hub.intake import example, preview, proving
from hub.pipeline.reading import Answer
from hub.source import Source, WebhookSource
from hub.store import alarms as alarm_store
from hub.store import audit, sides, volumes

router = APIRouter(prefix="/api", tags=["setup"], route_class=Masked)

HOURS, DAYS, NEWEST = 48, 28, 5

Health = Literal["healthy", "silent", "failing", "never", "off"]


class Changed(Body):
    """A mapping that is only tried."""

    mapping: str = Field("", max_length=preview.LONGEST_MAPPING, description="As YAML; empty: only the one in force.")


def known(hub: Hub, name: str) -> Source:
    """Return a source; raises ApiError 404."""
    found = hub.plan.sources.get(name)
    if found is None:
        raise ApiError(404, f"There is no source {name[:64]!r}. Known: {', '.join(hub.plan.settings.sources)}.")
    return found


async def healths(hub: Hub) -> list[dict[str, Any]]:
    """Return how each source does: in one word, in one sentence, when it sent last, and how much of late."""
    now = hub.clock.now()
    await hub.volumes.flush()  # what came in the last seconds is still in memory
    seen = await hub.db.read(volumes.watches)
    polls = await hub.db.read(alarm_store.polls)
    day = await hub.db.read(sides.lately, now - timedelta(hours=24))
    week = await hub.db.read(sides.lately, now - timedelta(days=7))
    return [
        {
            "name": name, "connector": settings.connector, "title": type(hub.plan.sources[name]).title,
            "enabled": settings.enabled, "test": settings.test, "kinds": kinds_of(hub.plan.sources[name]),
            "flow": flow.name if (flow := hub.plan.settings.flow_of(name)) else None,
            "last": seen[name].last_at if name in seen else None, "day": day.get(name, 0), "week": week.get(name, 0),
            **_health(hub, name, seen.get(name), polls.get(name), now),
        }
        for name, settings in hub.plan.settings.sources.items()
    ]  # fmt: skip


def _health(
    hub: Hub, name: str, watch: volumes.Watch | None, poll: dict[str, Any] | None, now: datetime
) -> dict[str, Any]:
    alarms = [alarm for alarm in hub.alarms.desk.open if alarm.source == name]
    kinds = {alarm.kind for alarm in alarms}
    health: Health = "healthy"
    if not hub.plan.settings.sources[name].enabled:
        health = "off"
    elif failing(poll, now) or kinds & {"source.failed", "credential.expired"}:
        health = "failing"
    elif "source.silent" in kinds:
        health = "silent"
    elif watch is None:
        health = "never"
    says = {language: [sentence(alarm, now, language) for alarm in alarms] for language in ("en", "zh")}
    return {"health": health, "says": says["en"], "says_zh": says["zh"]}


@router.get("/sources/{source}", dependencies=[needs("viewer")])
async def one(hub: HubDep, source: str) -> dict[str, Any]:
    """Show a source: its health, address, flow, polls, how many it sent by the hour and the day, and its credential."""
    known(hub, source)
    found = next(one for one in await healths(hub) if one["name"] == source)
    now = hub.clock.now()
    begin = now.replace(minute=0, second=0, microsecond=0)
    hours = await hub.db.read(volumes.hours, source, begin - timedelta(days=DAYS))
    polls = await hub.db.read(alarm_store.polls)
    ends = (await hub.db.read(alarm_store.credentials)).get(f"source:{source}", (None, None))
    settings = hub.plan.settings.sources[source]
    return {
        **found, "poll": {k: v for k, v in (polls.get(source) or {}).items() if k != "source"} or None,
        "hours": [{"at": at, "number": hours.get(at, (0, 0))[0]} for at in _hours(begin)],
        "days": _days(hours, now, hub), "ends": ends[0], "refused": ends[1], "expires": settings.expires,
        "every": settings.every, "tags": dict(settings.tags), "trust": settings.trust, "needs_key": settings.needs_key,
        "mapping": hub.plan.mappings[source].name,
    }  # fmt: skip


def _hours(now: datetime) -> list[datetime]:
    return [now - timedelta(hours=number) for number in reversed(range(HOURS))]


def _days(hours: dict[datetime, tuple[int, int]], now: datetime, hub: Hub) -> list[dict[str, Any]]:
    """Return how many were sent on each day, in the hub's zone."""
    zone = hub.plan.settings.hub.zone
    today = now.astimezone(zone).date()
    numbers: dict[Any, int] = {}
    for at, (number, _) in hours.items():
        day = at.astimezone(zone).date()
        numbers[day] = numbers.get(day, 0) + number
    days = [today - timedelta(days=number) for number in reversed(range(DAYS))]
    return [{"day": day, "number": numbers.get(day, 0)} for day in days]


@router.get("/sources/{source}/fields", dependencies=[needs("viewer")])
async def fields(hub: HubDep, source: str) -> dict[str, Any]:
    """List the fields a source has sent, since when, and which field of the lead each becomes."""
    known(hub, source)
    return listed(preview.docs(hub.plan.mappings[source], await hub.db.read(sides.fields_of, source)), None)


@router.get("/sources/{source}/example", dependencies=[needs("operator")])
async def called(hub: HubDep, request: Request, source: str) -> dict[str, Any]:
    """Show the address of a source, and commands that post an example to it; its secret is left out."""
    found = known(hub, source)
    address = address_of(hub, request, source)
    if not isinstance(found, WebhookSource):
        return {"address": None, "commands": None, "setting": None}
    post = example.post_of(found, hub.plan.mappings[source], hub.clock.now())
    proof = proving.prove(found, post, address, hub.clock.now()) if post is not None else None
    needs_key = hub.plan.settings.sources[source].needs_key
    text = proving.commands(proof, found, address, needs_key=needs_key) if proof is not None else None
    return {"address": address, "commands": text, "setting": proof.setting if proof else None}


def address_of(hub: Hub, request: Request, source: str) -> str:
    """Return where a source's sender posts to: at the public address, else where this page was asked for."""
    base = hub.plan.settings.hub.public_url or f"{request.url.scheme}://{request.url.netloc}"
    return f"{base.rstrip('/')}/in/{source}"


@router.post("/sources/{source}/preview", dependencies=[needs("operator")])
async def previewed(hub: HubDep, source: str, body: Changed) -> dict[str, Any]:
    """Show what the mapping in force, and one that is only tried, make of the newest submissions; nothing is kept."""
    known(hub, source)
    changed = preview.typed(body.mapping, source, hub.plan) if body.mapping.strip() else None
    rows = await hub.db.read(sides.newest_of, source, NEWEST)
    shown = preview.Preview(hub.db, hub.plan, clock=hub.clock, http=hub.http)
    failures = changed.check() if changed is not None else []
    return {**listed([await shown.of(row, changed) for row in rows], None), "failures": failures}


@router.post("/sources/{source}/test", dependencies=[needs("operator", right="send_test")])
async def send_test(hub: HubDep, request: Request, caller: CallerDep, source: str) -> dict[str, Any]:
    """Send an invented lead through the real intake, marked as a test: it reaches no sink, no cap and no report."""
    found = known(hub, source)
    if not hub.plan.settings.sources[source].enabled:
        raise ApiError(409, f"The source {source} is paused. Let it go on first.")
    answer, proved = await _tried(hub, found, address_of(hub, request, source))
    data = {"source": source, "submission": answer.submission}
    await hub.db.write(audit.note, "test.sent", by=caller.actor, at=hub.clock.now(), target=source, data=data)
    problems = [{"field": p.field, "code": p.code, "message": p.message} for p in answer.problems]
    told = {"submission": answer.submission, "lead": answer.lead, "status": answer.status}
    return {**told, "problems": problems, "proved": proved}


async def _tried(hub: Hub, source: Source, address: str) -> tuple[Answer, bool]:
    """Send what its vendor would, proof and all; where that is not known, hand the lead over as the connector would."""
    now = hub.clock.now()
    mapping = hub.plan.mappings[source.instance]
    if isinstance(source, WebhookSource) and type(source).complete is WebhookSource.complete:
        post = example.post_of(source, mapping, now)
        proof = proving.prove(source, post, address, now) if post is not None else None
        if proof is not None:
            try:
                return await hub.door.try_out(source.instance, proof.post.inbound(address, now)), True
            except Unverified as error:
                raise BadInput(f"The connector refused its own example: {error.reason}", status=409) from error
    return await hub.rows.try_one(source.instance, example.lead_of(mapping)), False
