"""One sink: how it does, what waits for it, what it was sent, and whether it answers when it is tried."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Literal

from fastapi import APIRouter

from hub.alarms.words import sentence
from hub.api import feedback
from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.leads import After, Limit, listed
from hub.api.problems import ApiError
from hub.app import Hub
from hub.connector import Connector
from hub.errors import LeadhubError, Misconfigured, brief
from hub.families.message import Message, Teller, Wording
from hub.lead import Lead, Rejected
from hub.sink import Sink
from hub.store import alarms as alarm_store
from hub.store import audit, sides
from hub.store import deliveries as delivery_store

router = APIRouter(prefix="/api", tags=["setup"], route_class=Masked)

HOURS = 48
PATIENCE = 30.0
STATES = sides.STATES

State = Literal["ready", "sending", "sent", "rejected", "unclear", "dead", "superseded", "all", "trouble"]
Way = Literal["tell", "credential", "search"]
_GROUPS = {"all": STATES, "trouble": ("dead", "unclear", "rejected")}


def known(hub: Hub, name: str) -> Sink:
    """Return a sink; raises ApiError 404."""
    found = hub.plan.sinks.get(name)
    if found is None:
        raise ApiError(404, f"There is no sink {name[:64]!r}. Known: {', '.join(hub.plan.settings.sinks)}.")
    return found


async def states(hub: Hub) -> list[dict[str, Any]]:
    """Return of each sink what needs no counting: its connector, whether it is paused and why, and its breaker."""
    now = hub.clock.now()
    paused = await hub.db.read(delivery_store.paused)
    resting = await hub.db.read(alarm_store.resting)
    found = []
    for name, settings in hub.plan.settings.sinks.items():
        lane = hub.dispatcher.lanes.get(name)
        stored = (paused[name][1] or "paused") if name in paused else None
        reason = (lane.gate.paused or stored) if lane else stored
        breaker = lane.gate.breaker.state if lane else ("open" if name in resting else "closed")
        alarms = [alarm for alarm in hub.alarms.desk.open if alarm.sink == name]
        says = {language: [sentence(alarm, now, language) for alarm in alarms] for language in ("en", "zh")}
        found.append(
            {
                "name": name, "connector": settings.connector, "title": type(hub.plan.sinks[name]).title,
                "enabled": settings.enabled, "paused": reason, "breaker": breaker,
                "sending": len(lane.held) if lane else 0, "says": says["en"], "says_zh": says["zh"],
                "health": health_of(settings.enabled, reason, breaker, {alarm.kind for alarm in alarms}),
                "routes": routes_of(hub, name),
            }
        )  # fmt: skip
    return found


def health_of(enabled: bool, paused: str | None, breaker: str, alarms: set[str]) -> str:
    """Return how a sink does in one word: off, paused, failing, resting or healthy."""
    if not enabled:
        return "off"
    if paused is not None:
        return "paused"
    if breaker != "closed":
        return "resting"
    return "failing" if alarms & {"credential.expired", "delivery.piled"} else "healthy"


def routes_of(hub: Hub, sink: str) -> list[str]:
    """Return the routes that deliver to a sink, as `flow: route`."""
    flows = hub.plan.settings.flows
    return [f"{flow.name}: {route.name}" for flow in flows for route in flow.routes if sink in route.to]


async def load(hub: Hub, sink: str) -> dict[str, Any]:
    """Return how much waits for a sink and since when, and how much it took in each of the last hours."""
    now = hub.clock.now()
    stuck = await hub.db.read(sides.stuck, sink)
    hours = await hub.db.read(sides.sent_by_hour, sink, now, HOURS)
    begin = now.replace(minute=0, second=0, microsecond=0)
    slots = [begin - timedelta(hours=number) for number in reversed(range(HOURS))]
    sent = [{"at": at, "number": hours.get(at, 0)} for at in slots]
    return {**stuck, "hours": sent, "day": sum(one["number"] for one in sent[-24:]), "most": sides.MOST}


@router.get("/sinks/{sink}", dependencies=[needs("viewer")])
async def one(hub: HubDep, sink: str) -> dict[str, Any]:
    """Show a sink: paused or resting, what waits and since when, sent by the hour, its credential, its feedback."""
    return {**await facts(hub, sink), **await load(hub, sink)}


async def facts(hub: Hub, sink: str) -> dict[str, Any]:
    """Return what is known of a sink without counting."""
    found = known(hub, sink)
    settings = hub.plan.settings.sinks[sink]
    ends = (await hub.db.read(alarm_store.credentials)).get(f"sink:{sink}", (None, None))
    heard = next((row for row in (await feedback.feedback(hub))["items"] if row["sink"] == sink), None)
    state = next(one for one in await states(hub) if one["name"] == sink)
    lane = {"rate": found.rate if settings.rate is None else settings.rate, "batch": settings.batch or found.batch}
    return {
        **state, **lane, "concurrency": settings.concurrency or found.concurrency, "region": settings.region,
        "ends": ends[0], "refused": ends[1], "expires": settings.expires, "feedback": heard, "trial": way_of(found),
    }  # fmt: skip


@router.get("/sinks/{sink}/deliveries", dependencies=[needs("viewer")])
async def deliveries(
    hub: HubDep, sink: str, limit: Limit = 50, after: After = None, state: State = "all"
) -> dict[str, Any]:
    """List deliveries to a sink, newest first; `trouble` are those that wait for a person."""
    known(hub, sink)
    wanted = _GROUPS.get(state, (state,))
    return listed(*await hub.db.read(sides.deliveries_of, sink, wanted, limit=limit, after=after))


def way_of(sink: Sink) -> Way | None:
    """Return how a sink can be tried without leaving a lead in it; None where there is no such way."""
    if type(sink).expiry is not Connector.expiry:
        return "credential"
    if sink.searchable:
        return "search"
    return "tell" if isinstance(sink, Teller) else None


@router.post("/sinks/{sink}/try", dependencies=[needs("operator", right="send_test")])
async def try_out(hub: HubDep, caller: CallerDep, sink: str) -> dict[str, Any]:
    """Try a sink without leaving a lead in it: ask what its key is good for, search for nobody, or tell a chat so.

    A test lead reaches no sink, and what has none of these ways is not tried.
    """
    found = known(hub, sink)
    way = way_of(found)
    if way is None:
        raise ApiError(409, f"{type(found).title} can only be tried with a lead, and a test lead reaches no sink.")
    data = {"sink": sink, "way": way}
    await hub.db.write(audit.note, "test.sent", by=caller.actor, at=hub.clock.now(), target=sink, data=data)
    try:
        async with asyncio.timeout(PATIENCE):
            return {"sink": sink, "way": way, "ok": True, **await _tried(hub, found, way)}
    except Misconfigured as error:
        return {"sink": sink, "way": way, "ok": False, "said": f"It refuses the settings: {error.reason}"}
    except TimeoutError:
        return {"sink": sink, "way": way, "ok": False, "said": f"It did not answer within {PATIENCE:.0f} s."}
    except LeadhubError as error:
        return {"sink": sink, "way": way, "ok": False, "said": str(error)}
    except Exception as error:  # a connector may raise anything; whoever tries it wants to know what
        return {"sink": sink, "way": way, "ok": False, "said": f"The connector broke: {brief(error)}."}


async def _tried(hub: Hub, sink: Sink, way: Way) -> dict[str, Any]:
    if way == "credential":
        return {"ends": await sink.expiry(hub.http), "said": None}
    if way == "search":
        nobody = Lead(id=hub.ids("lead"), email="nobody@leadhub.invalid", test=True)
        await sink.lookup(nobody, hub.http)
        return {"said": None}
    assert isinstance(sink, Teller)
    zh = isinstance(sink.config, Wording) and sink.config.language == "zh"
    title = (
        "leadhub 测试消息：连接正常，无需处理。" if zh else "A test by leadhub: this connection works. Nothing to do."
    )
    message = Message.notice(title, [], sink.config, hub.plan.settings.hub.public_url)
    said = await sink.tell(message, hub.ids("test"), hub.http)
    if isinstance(said, Rejected):
        raise LeadhubError(f"It refused the message: {said.reason}")
    return {"said": None}
