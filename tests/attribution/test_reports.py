"""The report through the API: nets, currencies, unknown costs, ranks, joins and un-joins, one time basis."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest

from tests.api.calling import calling, keys_of_all_roles
from tests.attribution.world import START, World, act, lead, touch
from tests.conftest import post, settled

CONFIG = """
hub: {region: CN, database: "sqlite:///data/hub.db", answer_within: 30s, time_zone: Asia/Shanghai}
sources:
  website: {connector: open_source, tags: {campaign: brand}}
  bought: {connector: open_source, cost: {per_lead: 10, currency: EUR, credits: [returned, duplicate]}}
sinks:
  crm: {connector: updating_sink}
campaigns: {currency: EUR, rates: {USD: 0.5}, models: {mine: {first: 3, last: 1}}}
flows:
  - name: inbound
    from: [website, bought]
    routes: [{name: all, to: [crm]}]
"""
SPAN = {"since": "2026-03-01T00:00:00+00:00", "until": "2026-04-01T00:00:00+00:00"}


@pytest.fixture
async def hub(make_hub):
    hub = await make_hub(CONFIG)
    hub.clock.turn((START + timedelta(days=90) - hub.clock.now()).total_seconds())
    return hub


def day(number: int):
    return START + timedelta(days=number, hours=4)


async def keep(hub, touches: list, acts: list = (), leads: list = ()) -> None:  # type: ignore[assignment]
    ids = {row["lead"] for row in touches}
    made = leads or [lead(id_, START) for id_ in sorted(ids)]
    await hub.db.write(World(list(made), touches, list(acts)).keep)


async def report(hub, **params) -> dict:
    async with calling(hub) as http:
        answer = await http.get("/api/reports/attribution", params={**SPAN, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()


def line(said: dict, name: str | None) -> dict:
    return next(row for row in said["rows"] if row["campaign"] == name)


async def test_returned_invalid_and_duplicate_leads_are_left_out_of_counts(hub):
    words = ["qualified", "won", "returned", "invalid", "duplicate", None]
    touches = [touch(f"lead_{n}", day(n), n) for n in range(6)]
    acts = [act(f"lead_{n}", day(n + 1), n, word) for n, word in enumerate(words) if word]
    await keep(hub, touches, acts)
    spring = line(await report(hub), "spring")
    assert (spring["leads"], spring["qualified"], spring["won"]) == (3, 2, 1)
    assert (spring["returned"], spring["invalid"], spring["duplicate"], spring["returned_share"]) == (1, 1, 1, 0.5)


async def test_a_lead_that_was_won_and_lost_again_is_not_won(hub):
    await keep(hub, [touch("lead_1", day(1), 1)], [
        act("lead_1", day(2), 1, "won", value=100.0, currency="EUR"), act("lead_1", day(3), 2, "lost"),
    ])  # fmt: skip
    spring = line(await report(hub), "spring")
    assert (spring["qualified"], spring["won"], spring["value"]) == (1, 0, {})


async def test_outcomes_count_up_to_the_moment_that_is_asked_for(hub):
    await keep(hub, [touch("lead_1", day(1), 1)], [act("lead_1", day(9), 1, "won")])
    assert line(await report(hub, outcomes=day(8).isoformat()), "spring")["won"] == 0
    assert line(await report(hub, outcomes=day(10).isoformat()), "spring")["won"] == 1


async def test_the_basis_is_told_with_every_report(hub):
    said = await report(hub)
    assert "first submitted" in said["basis"]
    assert "Asia/Shanghai" in said["basis"]
    assert said["since"].startswith("2026-03-01T08:00:00+08:00")


async def test_a_touch_after_the_win_has_no_part_in_it(hub):
    touches = [touch("lead_1", day(1), 1, "spring"), touch("lead_1", day(5), 2, "late")]
    await keep(hub, touches, [act("lead_1", day(3), 1, "won", value=90.0, currency="EUR")])
    said = await report(hub, model="linear")
    assert (line(said, "spring")["leads"], line(said, "late")["leads"]) == (0.5, 0.5)
    assert (line(said, "spring")["won"], line(said, "late")["won"]) == (1, 0)
    assert line(said, "spring")["value"] == {"EUR": 90.0}


async def test_currencies_with_a_rate_are_brought_to_one_and_others_are_kept_apart(hub):
    touches = [touch(f"lead_{n}", day(n), n) for n in range(3)]
    worth = [(100.0, "EUR"), (100.0, "USD"), (700.0, "CNY")]
    acts = [act(f"lead_{n}", day(n + 1), n, "won", value=v, currency=c) for n, (v, c) in enumerate(worth)]
    await keep(hub, touches, acts)
    said = await report(hub)
    assert said["total"]["value"] == {"CNY": 700.0, "EUR": 150.0}
    assert any("they are not added up" in note for note in said["notes"])
    assert said["total"]["return_on_spend"] is None


async def test_where_no_cost_is_known_it_is_unknown_and_not_nothing(hub):
    await keep(hub, [touch("lead_1", day(1), 1), touch("lead_2", day(1), 2, "other", source="bought")])
    said = await report(hub)
    assert {name: line(said, "spring")[name] for name in ("cost", "cost_per_lead", "return_on_spend")} == {
        "cost": None, "cost_per_lead": None, "return_on_spend": None,
    }  # fmt: skip
    assert line(said, "other")["cost"] == {"EUR": 10.0}
    assert line(said, "other")["cost_per_won"] is None


async def test_what_a_vendor_takes_back_costs_nothing(hub):
    touches = [
        touch("lead_1", day(1), 1, source="bought"), touch("lead_2", day(1), 2, source="bought"),
        touch("lead_3", day(1), 3, source="website"), touch("lead_3", day(2), 4, source="bought"),  # known already
        touch("lead_4", day(1), 5, source="bought"),
    ]  # fmt: skip
    await keep(hub, touches, [act("lead_2", day(2), 1, "returned"), act("lead_4", day(2), 2, "invalid")])
    said = await report(hub, by="source")
    bought = next(row for row in said["rows"] if row["source"] == "bought")
    assert bought["cost"] == {"EUR": 20.0}  # of lead 1, and lead 4: invalid ones are not taken back


async def test_a_touch_that_says_its_own_cost_costs_that(hub):
    await keep(hub, [touch("lead_1", day(1), 1, source="bought", cost=3.5, currency="USD")])
    assert (await report(hub))["total"]["cost"] == {"EUR": 1.75}


async def test_costs_by_api_give_a_cost_per_lead_and_a_return(hub):
    await keep(hub, [touch("lead_1", day(1), 1), touch("lead_2", day(2), 2)], [
        act("lead_1", day(3), 1, "won", value=300.0, currency="EUR"),
    ])  # fmt: skip
    async with calling(hub) as http:
        items = [
            {"date": "2026-03-02", "campaign": "spring", "cost": 60},
            {"日期": "2026-03-03", "来源": "bought", "花费": "1"},
        ]
        answer = await http.post("/api/costs", json={"items": items[:1], "name": "by hand"})
        assert answer.json()["counts"] == {"new": 1, "known": 0, "wrong": 0}
        assert (await http.post("/api/costs", json={"items": items[1:]})).json()["counts"]["new"] == 1
    said = await report(hub)
    spring = line(said, "spring")
    assert (spring["cost"], spring["cost_per_lead"], spring["cost_per_won"]) == (
        {"EUR": 60.0}, {"EUR": 30.0}, {"EUR": 60.0},
    )  # fmt: skip
    assert spring["return_on_spend"] == 5.0
    assert said["total"]["cost"] == {"EUR": 61.0}
    assert any("name no campaign" in note for note in said["notes"])


async def test_another_model_ranks_otherwise_and_stands_beside(hub):
    touches, acts, number = [], [], 0
    for n in range(4):
        number += 2
        touches += [touch(f"lead_{n}", day(1), number, "opener"), touch(f"lead_{n}", day(2), number + 1, "closer")]
        acts.append(act(f"lead_{n}", day(3), n, "won", value=10.0, currency="EUR"))
    await keep(hub, touches, acts)
    by_model = {
        model: [row["campaign"] for row in (await report(hub, model=model, rank="won"))["rows"]]
        for model in ("first", "last", "mine")
    }
    assert by_model == {"first": ["opener", "closer"], "last": ["closer", "opener"], "mine": ["opener", "closer"]}
    said = await report(hub, model="mine", against="last", rank="won")
    assert (line(said, "opener")["won"], line(said, "opener")["won_last"]) == (3, 0)


async def test_names_that_are_probably_one_are_pointed_at(hub):
    names = [
        "spring-demo",
        "Spring_Demo",
        "spring demo",
        "webinar-2025",
        "webinar-2026",
        "newsleter-may",
        "newsletter-may",
    ]
    await keep(hub, [touch(f"lead_{n}", day(1), n, name) for n, name in enumerate(names)])
    notes = [note for note in (await report(hub))["notes"] if note.startswith("Probably")]
    assert notes == [
        "Probably one: 'Spring_Demo', 'spring demo', 'spring-demo'.", "Probably one: 'newsleter-may', 'newsletter-may'.",
    ]  # fmt: skip


async def test_joined_leads_count_once_and_twice_again_when_they_are_taken_apart(hub):
    hub.clock.turn(-80 * 86_400.0)
    one = (await post(hub, json.dumps({"id": "1", "email": "ann@example.com", "utm_campaign": "spring"}))).json()[
        "lead"
    ]
    hub.clock.turn(3600.0)
    two = (await post(hub, json.dumps({"id": "2", "phone": "+8613812345678", "utm_campaign": "fall"}))).json()["lead"]
    await settled(hub)
    async with calling(hub) as http:
        said = {"kind": "status", "disposition": "won", "value": 80, "currency": "EUR"}
        assert (await http.post(f"/api/leads/{two}/activities", json=said)).is_success
    hub.clock.turn(80 * 86_400.0)
    apart = await report(hub, since="2026-01-01", until="2026-12-31", model="first")
    assert (apart["total"]["leads"], line(apart, "fall")["won"]) == (2, 1)
    async with calling(hub) as http:
        row = {"id": "3", "email": "ann@example.com", "phone": "+8613812345678", "utm_campaign": "third"}
        assert (await post(hub, json.dumps(row))).json()["lead"] == one
        await settled(hub)
        hub.clock.turn(1.0)
        joined = await report(hub, since="2026-01-01", until="2026-12-31", model="first")
        assert joined["total"]["leads"] == 1
        assert (line(joined, "spring")["won"], line(joined, "spring")["value"]) == (1, {"EUR": 80.0})
        assert joined["total"]["touches"] == 3
    await hub.lineage.unmerge(one, other=two)
    again = await report(hub, since="2026-01-01", until="2026-12-31", model="first")
    assert (again["total"]["leads"], line(again, "fall")["won"]) == (2, 1)


async def test_test_leads_are_in_no_figure(hub):
    await keep(hub, [touch("lead_1", day(1), 1, test=True, cost=5.0, currency="EUR"), touch("lead_2", day(1), 2)])
    total = (await report(hub))["total"]
    assert (total["leads"], total["cost"]) == (1, None)


async def test_the_csv_has_every_line_and_is_safe_to_open(hub):
    await keep(hub, [touch("lead_1", day(1), 1, "=HYPERLINK(1)")])
    async with calling(hub) as http:
        answer = await http.get("/api/reports/attribution", params={**SPAN, "format": "csv"})
    found = list(csv.DictReader(io.StringIO(answer.text)))
    assert [one["campaign"] for one in found] == ["'=HYPERLINK(1)", ""]
    assert found[0]["time_zone"] == "Asia/Shanghai"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"model": "lineer"}, 'Did you mean "linear"'), ({"by": "weather"}, "cannot be divided by"),
        ({"rank": "luck"}, "cannot be ranked by"), ({"since": "soon"}, "is no time"),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "is not before until"),
    ],
)  # fmt: skip
async def test_what_no_report_can_be_made_of_is_said(hub, params, said):
    async with calling(hub) as http:
        answer = await http.get("/api/reports/attribution", params=params)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


async def test_touches_of_a_campaign_are_paged_by_key_newest_first(hub):
    await keep(hub, [touch(f"lead_{n}", day(n // 2), n) for n in range(7)] + [touch("lead_9", day(1), 99, None)])
    found, after = [], None
    async with calling(hub) as http:
        for _ in range(4):
            params = {**SPAN, "campaign": "spring", "limit": 2} | ({"after": after} if after else {})
            said = (await http.get("/api/campaigns/touches", params=params)).json()
            found += [one["submission"] for one in said["items"]]
            after = said["next"]
        nameless = (await http.get("/api/campaigns/touches", params=SPAN)).json()["items"]
    assert found == [f"sub_{n:05}" for n in reversed(range(7))]
    assert after is None
    assert [one["submission"] for one in nameless] == ["sub_00099"]


async def test_viewers_look_and_operators_change_costs(hub):
    keys = await keys_of_all_roles(hub)
    items = {"items": [{"date": "2026-03-02", "campaign": "spring", "cost": 60}]}
    async with calling(hub, keys["viewer"]) as http:
        assert (await http.get("/api/reports/attribution")).status_code == 200
        assert (await http.get("/api/costs")).status_code == 200
        assert (await http.post("/api/costs", json=items)).status_code == 403
    async with calling(hub, keys["operator"]) as http:
        batch = (await http.post("/api/costs", json=items)).json()["id"]
        assert [one["id"] for one in (await http.get("/api/costs")).json()["items"]] == [batch]
        assert len((await http.get(f"/api/costs/{batch}")).json()["items"]) == 1
        assert (await http.post(f"/api/costs/{batch}/undo")).json() == {"rows": 1}
        assert (await http.post(f"/api/costs/{batch}/undo")).status_code == 404
