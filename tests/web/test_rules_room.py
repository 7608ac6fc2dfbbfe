"""The room Rules without a browser: forms change the draft in the right place, and say what is wrong."""

from __future__ import annotations

import pytest

from hub import yamlfile
from tests.api.calling import calling, keys_of_all_roles
from tests.browser.showroom import CONFIG
from tests.conftest import MakeHub
from tests.core.looking import all_rows

PAGES = (
    "/rules", "/rules/flows/0/edit", "/rules/flows/0/routes/new", "/rules/flows/0/routes/0", "/rules/flows/0/scoring",
    "/rules/flows/0/scoring/new", "/rules/flows/0/scoring/2", "/rules/teams", "/rules/teams/north", "/rules/pools",
    "/rules/pools/sea", "/rules/calendars", "/rules/calendars/cn", "/rules/reasons", "/rules/campaigns", "/rules/review", "/rules/flows/0/steps/1",
    "/rules/flows/0/steps/2", "/rules/flows/0/steps/3", "/rules/flows/0/steps/4", "/rules/text", "/rules/changes",
    "/rules/revisions", "/rules/revisions/1",
)  # fmt: skip


PRESSED = {"pressed": "yes"}
"""What a form without fields sends."""


@pytest.fixture
def database(sqlite: str) -> str:
    """Return a database of this test; that drafts are kept on either kind is looked at with the API."""
    return sqlite


@pytest.fixture
async def room(make_hub: MakeHub, tmp_path):
    """Return a client of a hub with the configuration of the showroom."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "partners").write_text("a-secret-of-the-partners", "utf-8")
    hub = await make_hub(CONFIG)
    async with calling(hub) as http:
        http.hub = hub  # type: ignore[attr-defined]
        yield http


async def drafted(http):
    """Return the draft's text and data."""
    text = (await http.get("/api/config/draft")).json()["text"]
    return text, yamlfile.loads(text).data


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_page_opens_and_shows_no_secret(room, language):
    for path in PAGES:
        answer = await room.get(path, params={"lang": language})
        assert answer.status_code == 200, (path, answer.text[-2000:])
        assert "a-secret-of-the-partners" not in answer.text


ROUTE = {
    "name": "hot",
    "c.mode": "rows",
    "c.join": "all",
    "assign": "team:north",
    "to": ["crm", "chat"],
    "within.any": "5m",
    "act": "save",
}
ROWS = {
    "c.0.field": "lead.grade", "c.0.operator": "is", "c.0.value": "A",
    "c.1.field": "lead.country", "c.1.operator": "one_of", "c.1.value": "CN，SG",
    "c.2.field": "lead.employees", "c.2.operator": "at_least", "c.2.value": "50",
}  # fmt: skip


async def test_a_route_made_of_rows_is_written_as_an_ops_person_writes_it(room):
    before, _ = await drafted(room)
    answer = await room.post("/rules/flows/0/routes/0", data={**ROUTE, **ROWS})
    assert (answer.status_code, answer.headers["location"]) == (303, "/rules")
    after, data = await drafted(room)
    assert data["flows"][0]["routes"][0] == {
        "name": "hot", "assign": {"team": "north"}, "respond_within": "5m", "to": ["crm", "chat"],
        "when": 'lead.grade == "A" && one_of(lead.country, ["CN", "SG"]) && number(lead.employees) >= 50',
    }  # fmt: skip
    assert sum(one != two for one, two in zip(before.splitlines(), after.splitlines(), strict=True)) == 1
    page = (await room.get("/rules/flows/0/routes/0")).text
    assert 'value="CN, SG"' in page
    assert '<option value="lead.employees" selected>' in page


async def test_a_route_that_is_sent_as_it_was_shown_changes_nothing(room):
    rows = {k: v for k, v in ROWS.items() if k[:3] == "c.0"}
    country = {"c.1.field": "lead.country", "c.1.operator": "is", "c.1.value": "CN"}
    await room.post("/rules/flows/0/routes/0", data={**ROUTE, **rows, **country})
    assert (await room.get("/api/config/draft")).json()["changes"] == 0


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"c.mode": "text", "c.text": 'lead.grad == "A"'}, "Did you mean"),
        ({"c.0.field": "lead.score", "c.0.operator": "above", "c.0.value": "many"}, "is no number"),
        ({"c.0.field": "lead.grade", "c.0.operator": "is", "c.0.value": ""}, "Say what to compare with."),
        ({"within.any": "soon"}, "is not a duration"),
    ],
)
async def test_what_is_wrong_is_said_on_the_form_and_nothing_typed_is_lost(room, fields, says):
    answer = await room.post("/rules/flows/0/routes/0", data={**ROUTE, "name": "typed by me", **fields})
    assert answer.status_code == 422
    assert says in answer.text
    assert 'value="typed by me"' in answer.text
    assert (await room.get("/api/config/draft")).json()["changes"] == 0


async def test_rows_come_and_go_without_anything_being_kept(room):
    more = await room.post("/rules/flows/0/routes/0", data={**ROUTE, **ROWS, "act": "more"})
    assert 'name="c.3.field"' in more.text
    less = await room.post("/rules/flows/0/routes/0", data={**ROUTE, **ROWS, "act": "drop:1"})
    assert 'name="c.2.field"' not in less.text
    text = await room.post("/rules/flows/0/routes/0", data={**ROUTE, **ROWS, "act": "text"})
    assert "one_of(lead.country, [&#34;CN&#34;, &#34;SG&#34;])" in text.text
    assert (await room.get("/api/config/draft")).json()["changes"] == 0


async def test_an_expression_that_rows_cannot_say_stays_an_expression(room):
    text = 'lead.grade == "A" && (lead.country == "CN" || has(lead.wechat))'
    await room.post("/rules/flows/0/routes/0", data={**ROUTE, "c.mode": "text", "c.text": text})
    _, data = await drafted(room)
    assert data["flows"][0]["routes"][0]["when"] == text
    page = (await room.get("/rules/flows/0/routes/0")).text
    assert 'name="c.text"' in page
    assert "so it stays an expression" in page


async def test_a_new_route_stands_before_the_one_that_takes_all_the_rest(room):
    await room.post("/rules/flows/0/routes/new", data={**ROUTE, **ROWS, "name": "fair"})
    _, data = await drafted(room)
    assert [one["name"] for one in data["flows"][0]["routes"]] == ["hot", "abroad", "fair", "rest"]


async def test_routes_move_and_go(room):
    await room.post("/rules/flows/0/routes/1/up", data=PRESSED)
    _, data = await drafted(room)
    assert [one["name"] for one in data["flows"][0]["routes"]] == ["abroad", "hot", "rest"]
    await room.post("/rules/flows/0/routes/0/remove", data=PRESSED)
    _, data = await drafted(room)
    assert [one["name"] for one in data["flows"][0]["routes"]] == ["hot", "rest"]


async def test_targets_by_grade_are_written_by_grade(room):
    await room.post("/rules/flows/0/routes/2", data={**ROUTE, "name": "rest", "within.A": "5m", "within.any": "1d"})
    _, data = await drafted(room)
    assert data["flows"][0]["routes"][2]["respond_within"] == {"A": "5m", "any": "1d"}


async def test_points_and_grades_are_changed(room):
    rule = {
        "c.mode": "rows",
        "c.0.field": "tags.party",
        "c.0.operator": "is",
        "c.0.value": "first",
        "points": "5",
        "reason": "Ours",
    }
    await room.post("/rules/flows/0/scoring/new", data={**rule, "act": "save"})
    await room.post("/rules/flows/0/scoring/0/down", data=PRESSED)
    bands = {"band.name": ["A", "B", "C", ""], "band.points": ["70", "30", "0", ""]}
    await room.post("/rules/flows/0/scoring", data=bands)
    _, data = await drafted(room)
    score = data["flows"][0]["steps"][5]["score"]
    assert score["bands"] == {"A": 70, "B": 30, "C": 0}
    assert score["rules"][4] == {"when": 'tags.party == "first"', "points": 5, "reason": "Ours"}
    assert score["rules"][1]["reason"] == "Can be called"
    assert set(score) == {"bands", "rules"}


async def test_leadhub_s_own_rules_can_be_made_one_s_own(make_hub, tmp_path):
    hub = await make_hub()
    async with calling(hub) as http:
        assert "These are leadhub's own rules." in (await http.get("/rules/flows/0/scoring")).text
        await http.post("/rules/flows/0/scoring/own", data=PRESSED)
        text, data = await drafted(http)
        score = next(one["score"] for one in data["flows"][0]["steps"] if isinstance(one, dict))
        assert len(score["rules"]) == 8
        hub.try_plan(text)


async def test_a_team_is_changed_and_what_the_form_does_not_show_stays(room):
    text, _ = await drafted(room)
    await room.put(
        "/api/config/draft", json={"text": text.replace("weight: 2,", "weight: 2, x: 1,").replace(", x: 1,", ",")}
    )
    fields = {
        "strategy": "least_loaded", "calendar": "cn", "lead": "zhao.min", "fallback": "pool:sea",
        "members.0.was": "0", "members.0.name": "li.wei", "members.0.weight": "3", "members.0.daily_cap": "20", "members.0.active": "yes",
        "members.1.was": "1", "members.1.name": "ann.ng", "members.1.active": "yes", "members.1.gone": "yes",
        "members.2.was": "2", "members.2.name": "wang.fang", "members.2.caps": "5 / 1h, 60 / week", "members.2.takes": "language: zh, en",
        "members.3.was": "", "members.3.name": "new.one", "members.3.active": "yes",
        "ladder.0.was": "0", "ladder.0.at": "80%", "ladder.0.do": "warn", "ladder.1.was": "1", "ladder.1.at": "100%", "ladder.1.do": "escalate",
    }  # fmt: skip
    answer = await room.post("/rules/teams/north", data=fields)
    assert answer.status_code == 303, answer.text
    _, data = await drafted(room)
    assert data["teams"]["north"] == {
        "calendar": "cn", "strategy": "least_loaded", "lead": "zhao.min", "fallback": {"pool": "sea"},
        "members": [
            {"name": "li.wei", "weight": 3, "daily_cap": 20},
            {"name": "wang.fang", "caps": [{"most": 5, "within": "1h"}, {"most": 60, "each": "week"}],
             "takes": {"language": ["zh", "en"]}, "active": False},
            {"name": "new.one"},
        ],
        "ladder": [{"at": "80%", "do": "warn"}, {"at": "100%", "do": "escalate"}],
    }  # fmt: skip


async def test_a_team_that_a_route_names_is_not_taken_out(room):
    answer = await room.post("/rules/teams/north/remove", data=PRESSED)
    assert answer.headers["location"] == "/rules/teams/north"
    assert (await room.get("/api/config/draft")).json()["changes"] == 0


async def test_a_pool_a_calendar_and_reasons_are_added(room):
    for path, fields in (
        ("/rules/pools/add", {"name": "lake"}), ("/rules/pools/lake", {"claim": "yes", "mask": "yes", "claims_a_day": "5"}),
        ("/rules/calendars/add", {"name": "de"}),
        ("/rules/calendars/de", {"time_zone": "Europe/Berlin", "hours": "Mon-Fri 08:00-17:00", "holidays": "DE-BY", "closed": "2026-12-24\n2026-12-31"}),
        ("/rules/reasons", {"reasons": "price\n\ntoo late\nprice"}),
    ):  # fmt: skip
        assert (await room.post(path, data=fields)).status_code == 303
    text, data = await drafted(room)
    assert data["pools"]["lake"] == {"claims_a_day": 5}
    assert data["calendars"]["de"] == {
        "time_zone": "Europe/Berlin", "hours": "Mon-Fri 08:00-17:00", "holidays": "DE-BY", "closed": ["2026-12-24", "2026-12-31"],
    }  # fmt: skip
    assert data["lost_reasons"] == ["price", "too late"]
    assert "# The hub of the tests' pages." in text


async def test_the_next_free_days_of_a_calendar_are_shown(room):
    page = (await room.get("/rules/calendars/cn")).text
    assert page.count("<li>") >= 10
    assert "free</span>" in page


async def test_a_flow_takes_sources_and_steps(room):
    await room.post("/rules/flows/0/steps", data={"act": "remove:4"})
    await room.post("/rules/flows/0/edit", data={"name": "main", "from": ["website", "ads"], "match": "all"})
    _, data = await drafted(room)
    flow = data["flows"][0]
    assert (flow["name"], flow["from"], flow["match"]) == ("main", ["website", "ads"], "all")
    assert [one for one in flow["steps"] if one == "enrich"] == []


async def test_a_whole_text_is_kept_though_it_is_wrong_and_says_the_line(room):
    wrong = CONFIG.replace("respond_within: 5m", "respond_within: soon")
    answer = await room.post("/rules/text", data={"text": wrong.replace("\n", "\r\n")})
    assert answer.status_code == 303
    page = (await room.get("/rules/text")).text
    assert "is not a duration" in page
    line = wrong[: wrong.index("respond_within: soon")].count("\n") + 1
    assert f'data-line="{line}"' in page
    assert (await room.get("/rules")).status_code == 200
    await room.post("/rules/text", data={"text": "[unreadable"})
    assert (await room.get("/rules")).headers["location"] == "/rules/text"


async def test_a_draft_is_simulated_published_and_taken_back(room):
    await room.post("/rules/flows/0/routes/1/up", data=PRESSED)
    answer = await room.post("/rules/simulate", data={"days": "30"})
    assert answer.headers["location"].startswith("/rules/changes?simulation=")
    assert (await room.get(answer.headers["location"])).status_code == 200
    assert (await room.post("/rules/publish", data=PRESSED)).status_code == 303
    assert "in force" in (await room.get("/rules/revisions")).text
    assert (await room.post("/rules/revisions/1/restore", data=PRESSED)).status_code == 303
    rows = await all_rows(room.hub, "config_revision")
    assert [row["text"] == CONFIG for row in rows] == [True, False, True]


async def test_the_room_is_for_admins(room):
    keys = await keys_of_all_roles(room.hub)
    async with calling(room.hub, keys["operator"]) as http:
        assert (await http.get("/rules")).status_code == 403
    async with calling(room.hub, keys["admin"]) as http:
        assert (await http.get("/rules")).status_code == 200
        answer = await http.post(
            "/rules/text", data={"text": CONFIG.replace("{connector: updating_sink}", "{connector: memory_sink}")}
        )
        assert (answer.status_code, "role owner" in answer.text) == (422, True)
