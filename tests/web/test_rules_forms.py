"""Forms of the rules over HTTP: auctions, reviews, campaigns and steps, checked as they are typed."""

from __future__ import annotations

import re

import pytest

from hub import yamlfile
from tests.api.calling import calling
from tests.browser.showroom import CONFIG
from tests.conftest import MakeHub

BUYERS = """
  solar: {connector: ping_post, ping_url: "https://solar.example/ping", url: "https://solar.example/post", price_path: price}
  roofs: {connector: ping_post, ping_url: "https://roofs.example/ping", url: "https://roofs.example/post", price_path: price}
calendars:"""
SELLING = CONFIG.replace("\ncalendars:", BUYERS)
ROUTE = {
    "name": "hot", "c.mode": "rows", "c.join": "all", "c.0.field": "lead.grade", "c.0.operator": "is", "c.0.value": "A",
    "c.1.field": "lead.country", "c.1.operator": "is", "c.1.value": "CN", "assign": "team:north",
    "to": ["crm", "chat"], "within.any": "5m", "act": "save",
}  # fmt: skip
AUCTION = {
    "auction.buyers": ["roofs", "solar"], "auction.order": "waterfall", "auction.within": "300ms",
    "auction.floor": "5", "auction.currency": "USD",
}  # fmt: skip


@pytest.fixture
def database(tmp_path) -> str:
    """Return a database of this test; that drafts are kept on either kind is looked at with the API."""
    return f"sqlite:///{tmp_path}/rules.db"


@pytest.fixture
async def room(make_hub: MakeHub, tmp_path):
    """Return a client of a hub that has buyers."""
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets" / "partners").write_text("a-secret-of-the-partners", "utf-8")
    async with calling(await make_hub(SELLING)) as http:
        yield http


async def drafted(http):
    """Return the draft's text and data."""
    text = (await http.get("/api/config/draft")).json()["text"]
    return text, yamlfile.loads(text).data


async def test_a_route_gets_an_auction_and_its_flow_the_step_that_holds_it(room):
    answer = await room.post("/rules/flows/0/routes/0", data={**ROUTE, **AUCTION})
    assert answer.status_code == 303, answer.text
    text, data = await drafted(room)
    flow = data["flows"][0]
    assert flow["routes"][0]["auction"] == {
        "buyers": ["roofs", "solar"], "order": "waterfall", "within": "300ms", "floor": 5,
    }  # fmt: skip
    assert flow["steps"][flow["steps"].index("route") + 1] == "auction"
    assert "# The hub of the tests' pages." in text
    page = (await room.get("/rules")).text
    assert "roofs, solar" in page
    await room.post("/rules/flows/0/routes/0", data={**ROUTE, **AUCTION, "auction.gone": "yes"})
    assert "auction" not in (await drafted(room))[1]["flows"][0]["routes"][0]


async def test_buyers_move_and_go_before_anything_is_kept(room):
    for act, order in (
        ("up:auction.buyers:1", ["solar", "roofs"]), ("down:auction.buyers:0", ["solar", "roofs"]),
        ("drop:auction.buyers:0", ["solar"]), ("up:auction.buyers:9", ["roofs", "solar"]),
    ):  # fmt: skip
        page = (await room.post("/rules/flows/0/routes/0", data={**ROUTE, **AUCTION, "act": act})).text
        chosen = page.partition('id="f-auction.buyers"')[2].partition("</fieldset>")[0]
        assert re.findall(r'<option value="(\w+)" selected>', chosen) == order
    more = (await room.post("/rules/flows/0/routes/0", data={**ROUTE, **AUCTION, "act": "more:auction.buyers"})).text
    assert more.count('<select name="auction.buyers"') == 3
    assert (await room.get("/api/config/draft")).json()["changes"] == 0


@pytest.mark.parametrize(
    ("fields", "says", "field"),
    [
        ({"auction.within": "soon"}, "is not a duration", "auction.within"),
        ({"auction.currency": "dollars"}, "currency", "auction.currency"),
        ({"auction.buyers": ["", "solar", "crm"]}, "cannot bid", "auction.buyers"),
        ({"auction.buyers": [""]}, "buyers", "auction.buyers"),
        ({"only_regions": "DE"}, "DE", "only_regions"),
    ],
)
async def test_what_is_wrong_with_an_auction_is_said_beside_it_and_nothing_is_lost(room, fields, says, field):
    typed = {**ROUTE, **AUCTION, "auction.floor": "7", **fields}
    answer = await room.post("/rules/flows/0/routes/0", data=typed)
    assert answer.status_code == 422
    assert says in answer.text
    assert f'<a href="#f-{field}">' in answer.text or field == "only_regions"
    assert 'name="auction.floor" value="7"' in answer.text
    checked = await room.post("/rules/flows/0/routes/0", params={"check": "1"}, data=typed)
    assert (checked.status_code, says in checked.text) == (200, True)
    assert (await room.get("/api/config/draft")).json()["changes"] == 0


async def test_a_team_says_what_counts_for_nothing_and_which_wins_count(room):
    team = {
        "strategy": "performance", "performance_over": "30d", "calendar": "cn", "lead": "zhao.min", "fallback": "pool:sea",
        "credit": ["", "duplicate"], "nurture.to": ["", "archive"], "nurture.on": ["", "lost", "unreachable"],
        "nurture.reasons": "timing\nno budget",
        "ladder.0.was": "", "ladder.0.at": "90%", "ladder.0.do": "warn", "ladder.0.to": "", "ladder.0.most": "2",
        "reminders.0.was": "", "reminders.0.task": "Call again.", "reminders.0.stage": "contacted", "reminders.0.after": "3d",
        **{f"members.{n}.{key}": said for n in range(3) for key, said in {"was": str(n), "active": "yes"}.items()},
        "members.0.name": "li.wei", "members.0.weight": "2", "members.0.daily_cap": "20", "members.1.name": "ann.ng",
        "members.2.name": "wang.fang",
    }  # fmt: skip
    answer = await room.post("/rules/teams/north", data=team)
    assert answer.status_code == 422, "no outcome is called that"
    assert 'href="#f-nurture.on"' in answer.text
    answer = await room.post("/rules/teams/north", data={**team, "nurture.on": ["", "lost"]})
    assert answer.status_code == 303, answer.text
    _, data = await drafted(room)
    found = data["teams"]["north"]
    assert (found["credit"], found["performance_over"]) == (["duplicate"], "30d")
    assert found["nurture"] == {"to": ["archive"], "reasons": ["timing", "no budget"]}
    assert found["ladder"] == [{"at": "90%", "do": "warn"}]
    assert found["reminders"] == [{"task": "Call again.", "stage": "contacted", "after": "3d"}]
    await room.post("/rules/teams/north", data={**team, "nurture.on": ["", "lost"], "credit": ""})
    assert (await drafted(room))[1]["teams"]["north"]["credit"] == []


async def test_a_row_without_its_name_is_not_lost(room):
    team = {"strategy": "round_robin", "members.0.was": "", "members.0.weight": "3", "members.0.active": "yes"}
    answer = await room.post("/rules/teams/south", data=team)
    assert answer.status_code == 422
    assert '<a href="#f-members.0.name">' in answer.text
    assert 'name="members.0.weight" value="3"' in answer.text


async def test_a_review_is_sent_and_taken_back(room):
    await room.post("/rules/review", data={"to": ["", "chat"], "weekly": "yes", "hour": "9"})
    assert (await drafted(room))[1]["review"] == {"to": ["chat"], "monthly": False, "hour": 9}
    answer = await room.post("/rules/review", data={"to": ["", "crm"], "weekly": "yes", "hour": "24"})
    assert answer.status_code == 422
    await room.post("/rules/review", data={"to": "", "weekly": "yes", "monthly": "yes", "hour": "8"})
    assert (await drafted(room))[1]["review"] == {"monthly": True, "hour": 8}


CAMPAIGNS = {
    "currency": "CNY", "rates": "EUR: 7.9\nUSD：7.1", "model": "ours", "half_life": "14d",
    "models.0.was": "", "models.0.name": "ours", "models.0.first": "50", "models.0.created": "0", "models.0.last": "50",
    "known.0.was": "", "known.0.name": "spring-demo", "known.0.source": "wechat", "known.0.short": "sd",
    "naming.lower": "yes", "naming.letters": "any", "naming.signs": "-_.", "naming.separator": "-",
    "naming.tags.0.was": "0", "naming.tags.0.tag": "utm_source", "naming.tags.0.required": "yes", "naming.tags.0.longest": "100",
    "naming.tags.0.values": "wechat, baidu", "naming.tags.1.was": "1", "naming.tags.1.tag": "utm_medium", "naming.tags.1.gone": "yes",
    "naming.tags.2.was": "2", "naming.tags.2.tag": "utm_campaign", "naming.tags.2.required": "yes",
    "naming.tags.2.parts": "year: 2026, 2027\ntopic", "naming.tags.2.longest": "60",
}  # fmt: skip


async def test_campaigns_are_reckoned_and_named_as_a_form_says(room):
    answer = await room.post("/rules/campaigns", data=CAMPAIGNS)
    assert answer.status_code == 303, answer.text
    _, data = await drafted(room)
    assert data["campaigns"] == {
        "currency": "CNY", "rates": {"EUR": 7.9, "USD": 7.1}, "model": "ours", "half_life": "14d",
        "models": {"ours": {"first": 50, "last": 50}},
        "known": [{"name": "spring-demo", "source": "wechat", "short": "sd"}],
        "naming": {"letters": "any", "tags": {
            "utm_source": {"required": True, "values": ["wechat", "baidu"]},
            "utm_campaign": {"required": True, "parts": [{"name": "year", "values": ["2026", "2027"]}, {"name": "topic"}],
                             "longest": 60},
        }},
    }  # fmt: skip
    twice = {**CAMPAIGNS, "models.1.was": "", "models.1.name": "ours", "models.1.last": "1"}
    answer = await room.post("/rules/campaigns", data=twice)
    assert (answer.status_code, answer.text.count('name" value="ours')) == (422, 2)


async def test_a_step_gets_settings_and_loses_them(room):
    form = {"required": "email, phone\ncompany", "disposable": "quarantine", "role": "flag", "policy.spam": "flag"}
    answer = await room.post("/rules/flows/0/steps/2", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/rules/flows/0/steps/2")
    step = (await drafted(room))[1]["flows"][0]["steps"][2]
    assert step == {
        "validate": {
            "required": [["email", "phone"], "company"],
            "disposable": "quarantine",
            "policy": {"spam": "flag"},
        }
    }
    wrong = await room.post("/rules/flows/0/steps/2", data={**form, "required": "emial"})
    assert (wrong.status_code, '<a href="#f-required">' in wrong.text) == (422, True)
    usual = {"required": "email, phone, wechat", "disposable": "grade_down", "role": "flag"}
    await room.post("/rules/flows/0/steps/2", data={**usual, "policy.spam": ""})
    _, data = await drafted(room)
    assert data["flows"][0]["steps"][2] == {
        "validate": {"required": [["email", "phone", "wechat"]], "disposable": "grade_down"}
    }


async def test_points_for_bant_are_switched_on_and_weighed(room):
    bands = {"band.name": ["A", "B", "C"], "band.points": ["60", "30", "0"]}
    await room.post("/rules/flows/0/scoring", data={**bands, "bant.on": "yes", "champ.on": "yes", "champ.money": "25"})
    _, data = await drafted(room)
    score = next(one["score"] for one in data["flows"][0]["steps"] if isinstance(one, dict))
    assert (score["bant"], score["champ"]) == (True, {"money": 25})
    await room.post("/rules/flows/0/scoring", data={**bands, "bant.on": "yes"})
    _, data = await drafted(room)
    score = next(one["score"] for one in data["flows"][0]["steps"] if isinstance(one, dict))
    assert (score["bant"], "champ" in score) == (True, False)


async def test_what_is_typed_is_checked_and_not_kept(room):
    for path, form, good in (
        ("/rules/pools/sea", {"claim": "yes", "claims_a_day": "many"}, False), ("/rules/pools/sea", {"claim": "yes"}, True),
        ("/rules/teams/north", {"strategy": "nobody"}, False), ("/rules/flows/0/edit", {"name": "x", "from": "website"}, True),
    ):  # fmt: skip
        answer = await room.post(path, params={"check": "1"}, data=form)
        assert (answer.status_code, "It can be kept like this." in answer.text) == (200, good), path
    assert (await room.get("/api/config/draft")).json()["changes"] == 0


async def test_a_name_in_use_is_not_taken_out_and_the_page_says_who_uses_it(room):
    for section, name, user in (
        ("teams", "north", "route hot"),
        ("pools", "sea", "team north"),
        ("calendars", "cn", "team north"),
    ):
        page = (await room.get(f"/rules/{section}/{name}")).text
        assert user in page.partition("Used by")[2].partition("</p>")[0]
        answer = await room.post(f"/rules/{section}/{name}/remove", data={"pressed": "yes"})
        assert answer.headers["location"] == f"/rules/{section}/{name}"
        assert f"{name} is still used: " in (await room.get(answer.headers["location"])).text
    assert (await room.get("/api/config/draft")).json()["changes"] == 0


async def test_another_name_follows_wherever_it_is_used(room):
    for section, name, other in (
        ("teams", "north", "cn-north"),
        ("pools", "sea", "lake"),
        ("calendars", "cn", "office"),
    ):
        answer = await room.post(f"/rules/{section}/{name}/rename", data={"name": other})
        assert answer.headers["location"] == f"/rules/{section}/{other}", answer.text
    text, data = await drafted(room)
    assert [next(iter(data[section])) for section in ("teams", "pools", "calendars")] == ["cn-north", "lake", "office"]
    assert [one["assign"] for one in data["flows"][0]["routes"]] == [
        {"team": "cn-north"},
        {"team": "south"},
        {"pool": "lake"},
    ]
    assert (data["teams"]["cn-north"]["calendar"], data["teams"]["cn-north"]["fallback"]) == (
        "office",
        {"pool": "lake"},
    )
    assert len(text.splitlines()) == len(SELLING.splitlines())
    answer = await room.post("/rules/teams/south/rename", data={"name": "cn-north"})
    assert answer.headers["location"] == "/rules/teams/south"


async def test_one_change_is_undone_and_the_others_stay(room):
    await room.post("/rules/review", data={"to": ["", "chat"], "weekly": "yes", "monthly": "yes", "hour": "8"})
    await room.post("/rules/reasons", data={"reasons": "price"})
    page = (await room.get("/rules/changes")).text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    assert page.count("Undo this") == 1, "changes side by side are one"
    await room.post("/rules/flows/0/routes/1/remove", data={"pressed": "yes"})
    late = await room.post("/rules/changes/0/back", data={"seen": seen})
    assert "another one by now" in (await room.get(late.headers["location"])).text
    page = (await room.get("/rules/changes")).text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    await room.post("/rules/changes/0/back", data={"seen": seen})
    _, data = await drafted(room)
    assert ("review" in data, len(data["lost_reasons"]), len(data["flows"][0]["routes"])) == (False, 4, 2)


async def test_a_route_is_copied_under_another_name(room):
    await room.post("/rules/flows/0/routes/1/copy", data={"pressed": "yes"})
    await room.post("/rules/flows/0/routes/1/copy", data={"pressed": "yes"})
    routes = (await drafted(room))[1]["flows"][0]["routes"]
    assert [one["name"] for one in routes] == ["hot", "abroad", "abroad-3", "abroad-2", "rest"]
    assert {**routes[2], "name": "abroad"} == routes[1]
    assert (await room.post("/rules/flows/0/routes/9/copy", data={"pressed": "yes"})).status_code == 404
