"""A simulation says what the run would do: the same leads through a hub with the changed configuration, and the same."""

from __future__ import annotations

import json
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hub.app import Hub
from hub.news import Activity
from hub.outcome import Disposition
from hub.store import bulk
from hub.store.activities import Heard
from hub.store.columns import ABSENCE
from hub.testing.fakes import HandClock
from tests.conftest import MEMORY, MakeHub, post
from tests.core.looking import all_rows

NAMES = ("ann", "bob", "cho", "dee", "eli")
CALENDARS = {
    "early": {"hours": "Mon-Fri 06:00-12:00", "time_zone": "Asia/Shanghai"},
    "days": {"hours": "Mon-Sun 09:00-18:00"},
}
COUNTRIES = ("CN", "DE", "US")

_CAP = st.one_of(
    st.fixed_dictionaries({"most": st.integers(1, 3), "within": st.sampled_from(["20m", "3h", "2d"])}),
    st.fixed_dictionaries({"most": st.integers(1, 3), "each": st.sampled_from(["hour", "day", "week"])}),
)
_MEMBER = st.fixed_dictionaries(
    {"weight": st.sampled_from([0.5, 1, 1, 2, 3])},
    optional={
        "daily_cap": st.integers(1, 4), "caps": st.lists(_CAP, min_size=1, max_size=2), "open_cap": st.integers(1, 4),
        "active": st.just(False), "takes": st.just({"country": ["CN"]}), "calendar": st.sampled_from(list(CALENDARS)),
    },
)  # fmt: skip
_FALLBACK = st.sampled_from(
    [{"owner": "boss"}, {"owner": "ann"}, {"pool": "sea"}, {"team": "north"}, {"team": "south"}]
)
_TEAM = st.fixed_dictionaries(
    {
        "strategy": st.sampled_from(["round_robin", "least_loaded", "performance", "territory"]),
        "members": st.dictionaries(st.sampled_from(NAMES), _MEMBER, max_size=4),
    },
    optional={
        "account": st.just(True), "fallback": _FALLBACK, "caps": st.lists(_CAP, min_size=1, max_size=1),
        "on_shift": st.just(True), "calendar": st.sampled_from(list(CALENDARS)),
        "performance_over": st.sampled_from(["1h", "1d"]),
    },
)  # fmt: skip
_ROUTE = st.fixed_dictionaries(
    {"assign": st.sampled_from([{"team": "north"}, {"team": "south"}, {"team": "north"}, {"pool": "sea"}, None])},
    optional={
        "respond_within": st.sampled_from(["5m", "2h", {"A": "5m", "any": "4h"}]),
        "calendar": st.sampled_from(list(CALENDARS)), "to": st.just(["chat"]),
    },
)  # fmt: skip
_LEAD = st.fixed_dictionaries(
    {"wait": st.sampled_from([1, 60, 900, 5000, 40_000, 100_000]), "country": st.sampled_from(COUNTRIES)},
    optional={
        "company": st.sampled_from(["Acme GmbH", "Firm Ltd", "Wind AG"]),
        "early": st.sampled_from([30, 4000, -500]), "title": st.just("CEO"),
        "ends": st.sampled_from(["won", "lost", "duplicate", "contacted"]),
    },
)  # fmt: skip
_ABSENCE = st.fixed_dictionaries(
    {"member": st.sampled_from(NAMES), "since": st.sampled_from([0, 3000, 50_000])},
    optional={"lasts": st.sampled_from([500, 9000, 200_000]), "cover": st.sampled_from([*NAMES, "zoe"])},
)  # fmt: skip


def written(north: dict[str, Any], south: dict[str, Any], routes: list[dict[str, Any]], match: str) -> str:
    """Return a hub.yaml, which may be JSON."""
    teams = {
        name: {**team, "members": [{"name": n, **m} for n, m in team["members"].items()]}
        for name, team in (("north", north), ("south", south))
    }
    flow = {
        "name": "inbound", "from": ["website"], "match": match,
        "routes": [
            {"name": f"to_{country}", "when": f'lead.country == "{country}"', **{k: v for k, v in route.items() if v}}
            for country, route in zip(COUNTRIES, routes, strict=False)
        ] + [{"name": "rest", "to": ["crm"], **{k: v for k, v in routes[-1].items() if v and k != "to"}}],
    }  # fmt: skip
    return json.dumps(
        {
            "hub": {"region": "CN", "answer_within": "30s", "time_zone": "America/New_York"},
            "sources": {"website": {"connector": "open_source"}},
            "sinks": {"crm": {"connector": "memory_sink"}, "chat": {"connector": "memory_sink"}},
            "calendars": CALENDARS, "pools": {"sea": {}}, "teams": teams, "flows": [flow],
        }
    )  # fmt: skip


OLD = written(
    {"strategy": "round_robin", "members": {"old": {}}}, {"members": {}}, [{"assign": {"team": "north"}}], "first"
)


async def lived(hub: Hub, leads: list[dict[str, Any]], absences: list[dict[str, Any]]) -> None:
    """Let a hub live through a while: reps go away, leads come, some are closed before the next."""
    clock: Any = hub.clock
    start = clock.now()
    rows = [
        {
            "member": one["member"], "since": start + timedelta(seconds=one["since"]),
            "until": start + timedelta(seconds=one["since"] + one["lasts"]) if "lasts" in one else None,
            "cover": one.get("cover"), "reason": None, "by": None, "ended_at": None,
        }
        for one in absences
    ]  # fmt: skip
    await hub.db.write(_absent, rows)
    for number, said in enumerate(leads):
        clock.turn(said["wait"])
        body = {"id": str(number), "email": f"p{number}@example.com", "full_name": f"P {number}"}
        body |= {name: said[name] for name in ("country", "company", "title") if name in said}
        if "early" in said:
            body["submitted_at"] = (clock.now() - timedelta(seconds=said["early"])).isoformat()
        lead = (await post(hub, json.dumps(body))).json()["lead"]
        if "ends" in said:
            clock.turn(30)
            told = Activity(f"{lead}:end", clock.now(), "status", lead=lead, by="ann", human=True)
            await hub.hearing.note("api", Heard(told, Disposition(said["ends"]), True))


def _absent(rows: list[dict[str, Any]], *, session: Any) -> None:
    bulk.insert(ABSENCE, rows, session=session)


async def became(hub: Hub) -> list[dict[str, Any]]:
    """Return what was decided on each lead, in the order they came."""
    rounds = {row["lead"]: row for row in await all_rows(hub, "care")}
    found = []
    for row in await all_rows(hub, "decision"):
        said, care = json.loads(row["body"]), rounds[row["lead"]]
        found.append(
            {
                "routes": tuple(said["routes"]), "sinks": tuple(sorted({one["sink"] for one in said["targets"]})),
                "owner": care["owner"], "team": said["assignment"]["team"], "pool": care["pool"],
                "due_at": care["due_at"],
            }
        )  # fmt: skip
    return found


TWO: dict[str, Any] = {"members": {"ann": {}, "bob": {}}}
LONE: dict[str, Any] = {"strategy": "round_robin", "members": {"cho": {}}}


def many(number: int, **said: Any) -> list[dict[str, Any]]:
    """Return so many leads; each value said is a list that is gone through again and again."""
    return [{"wait": 60, "country": "CN", **{name: v[n % len(v)] for name, v in said.items()}} for n in range(number)]


def case(north: dict[str, Any], leads: list[dict[str, Any]], *absences: dict[str, Any]) -> Any:
    """Return a case with one team that counts."""
    routes = [{"assign": {"team": "north"}, "respond_within": "5m"}]
    return example(north=north, south=LONE, routes=routes, match="first", leads=leads, absences=list(absences))


@case({"strategy": "round_robin", **TWO}, many(9, ends=["duplicate", "won", "lost"]))
@case(
    {"strategy": "performance", "performance_over": "1h", **TWO}, many(24, ends=["won", "lost", "lost", "won", "lost"])
)
@case(
    {"strategy": "round_robin", "account": True, **TWO}, many(9, company=["Acme GmbH", "Firm Ltd", "Wind AG", "Acme"])
)
@case({"strategy": "least_loaded", **TWO}, many(12, ends=["lost", "contacted", "contacted"]))
@case(
    {"strategy": "round_robin", "fallback": {"owner": "boss"}, "caps": [{"most": 2, "within": "20m"}], **TWO}, many(30)
)
@case({"strategy": "least_loaded", "fallback": {"owner": "ann"}, "caps": [{"most": 2, "each": "day"}], **TWO}, many(9))
@case(
    {"strategy": "round_robin", **TWO},
    many(9),
    {"member": "ann", "since": 0, "cover": "zoe"},
    {"member": "zoe", "since": 200},
)
@case({"strategy": "round_robin", "members": {"ann": {"daily_cap": 2}, "bob": {}}}, many(9))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    north=_TEAM, south=_TEAM, routes=st.lists(_ROUTE, min_size=1, max_size=3), match=st.sampled_from(["first", "all"]),
    leads=st.lists(_LEAD, min_size=4, max_size=25), absences=st.lists(_ABSENCE, max_size=3),
)  # fmt: skip
async def test_a_simulation_is_what_the_run_would_do(
    north: dict[str, Any], south: dict[str, Any], routes: list[dict[str, Any]], match: str,
    leads: list[dict[str, Any]], absences: list[dict[str, Any]],
) -> None:  # fmt: skip
    new = written(north, south, routes, match)
    with tempfile.TemporaryDirectory(prefix="leadhub-", dir=MEMORY) as name:
        old, fresh = (Path(name) / part for part in ("old", "new"))
        old.mkdir(), fresh.mkdir()
        make, remake = (MakeHub(at, f"sqlite:///{at}/hub.db", HandClock()) for at in (old, fresh))
        try:
            hub, other = await make(OLD), await remake(new)
            await lived(hub, leads, absences)
            await lived(other, leads, absences)
            ways = [way.after async for way in hub.trials.ways(hub.try_plan(new), 365)]
            simulated = [
                {part: getattr(way, part) for part in ("routes", "sinks", "owner", "team", "pool", "due_at")}
                for way in ways
            ]
            assert simulated == await became(other)
            assert len(simulated) == len(leads)
        finally:
            await make.stop_all()
            await remake.stop_all()
