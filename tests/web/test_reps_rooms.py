"""The pages of reps without a browser: what a button does, what a page says, and what nobody sees."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from hub.app import Hub
from tests.api.calling import calling
from tests.api.test_login import OWN, make_user, signed_in
from tests.api.test_people import rep
from tests.conftest import MakeHub, post
from tests.core.looking import all_rows

CONFIG = """
hub: {region: CN, time_zone: Asia/Shanghai, answer_within: 30s}
sources:
  website: {connector: open_source}
  fair: {connector: open_source}
sinks: {crm: {connector: memory_sink}}
pools: {sea: {claims_a_day: 2, cool_down: 1h}}
teams:
  north:
    members: [{name: ann, user: ann@example.com}, {name: bob, user: bob@example.com}]
    fallback: {pool: sea}
lost_reasons: [price, timing]
flows:
  - {name: inbound, from: [website], routes: [{name: all, to: [crm], assign: {team: north}, respond_within: 5m}]}
  - {name: fairs, from: [fair], routes: [{name: all, to: [crm], assign: {pool: sea}}]}
"""


@pytest.fixture
def database(sqlite: str) -> str:
    """Keep to SQLite: nothing here differs between the two."""
    return sqlite


async def lead(hub: Hub, number: int = 1, source: str = "website") -> str:
    body = {
        "id": str(number), "email": f"p{number}@example.com", "phone": f"+861380013800{number}",
        "full_name": f"Li Wei {number}", "company": "Acme", "wechat": f"wx_{number}", "message": "Call me.",
    }  # fmt: skip
    return str((await post(hub, json.dumps(body), source)).json()["lead"])


async def care(hub: Hub, lead: str) -> dict[str, Any]:
    return next(row for row in await all_rows(hub, "care") if row["lead"] == lead and row["current"])


def said(answer: httpx.Response) -> tuple[bool, str]:
    """Return what an action said for the next page, and whether it was a refusal."""
    assert answer.status_code == 303
    found = json.loads(base64.urlsafe_b64decode(answer.cookies["leadhub_said"].strip('"')))
    return found["bad"], found["says"]


async def mine(hub: Hub) -> tuple[str, str]:
    """Return a lead of ann and one of bob."""
    one, two = await lead(hub, 1), await lead(hub, 2)
    owners = {(await care(hub, lead))["owner"]: lead for lead in (one, two)}
    return owners["ann"], owners["bob"]


async def test_a_rep_is_led_to_their_own_leads_and_sees_no_others(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    ann, bob = await mine(hub)
    async with rep(hub) as http:
        assert (await http.get("/")).headers["location"] == "/mine"
        page = await http.get("/mine")
        assert (page.status_code, ann in page.text, bob in page.text) == (200, True, False)
        assert (await http.get(f"/mine/{bob}")).status_code == 404
        assert (await http.get("/mine", params={"rep": "bob"})).status_code == 403
        shown = (await http.get(f"/mine/{ann}")).text
        for act in ("take", "outcome", "note", "task", "return", "transfer"):
            await http.post(
                f"/mine/{bob}/{act}", data={"outcome": "reached", "words": "x", "when": "week", "to": "ann"}
            )
        assert (await http.get("/response")).status_code == 403
    assert all(text in shown for text in ("Li Wei", "Acme", 'href="tel:+86', 'href="mailto:', "wx_", "Call me."))
    rows = await all_rows(hub, "activity") + await all_rows(hub, "task")
    assert (rows, (await care(hub, bob))["owner"]) == ([], "bob")


async def test_taking_a_lead_does_not_stop_the_clock_and_reaching_the_prospect_does(make_hub: MakeHub, clock):
    hub = await make_hub(CONFIG)
    ann, _ = await mine(hub)
    async with rep(hub) as http:
        clock.turn(60)
        assert said(await http.post(f"/mine/{ann}/take", data={"back": ""})) == (False, "It is yours. Call now.")
        taken = await care(hub, ann)
        clock.turn(60)
        answer = await http.post(f"/mine/{ann}/outcome", data={"outcome": "reached", "back": f"/mine/{ann}"})
    assert answer.headers["location"] == f"/mine/{ann}"
    assert (taken["accepted_at"], taken["responded_at"]) == (clock.now() - timedelta(seconds=60), None)
    known = await care(hub, ann)
    assert (known["responded_at"], known["responded_by"], known["disposition"]) == (clock.now(), "ann", "contacted")


OUTCOMES = [
    ("no_answer", {}, "no_answer", None), ("meeting", {}, "qualified", None), ("invalid", {}, "invalid", None),
    ("not_interested", {"reason": "price"}, "lost", "price"),
    ("not_interested", {"words": "They build it themselves."}, "lost", "other"),
]  # fmt: skip


@pytest.mark.parametrize(("outcome", "more", "disposition", "reason"), OUTCOMES)
async def test_each_button_says_what_the_lead_is(make_hub: MakeHub, outcome, more, disposition, reason):
    hub = await make_hub(CONFIG)
    ann, _ = await mine(hub)
    async with rep(hub) as http:
        assert said(await http.post(f"/mine/{ann}/outcome", data={"outcome": outcome, **more}))[0] is False
    known = await care(hub, ann)
    assert (known["disposition"], known["reason"]) == (disposition, reason)


async def test_a_lead_is_not_lost_without_a_reason_of_the_list(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    ann, _ = await mine(hub)
    async with rep(hub) as http:
        shown = (await http.get(f"/mine/{ann}")).text
        assert said(await http.post(f"/mine/{ann}/outcome", data={"outcome": "not_interested"})) == (
            True, "Say why it was lost.",
        )  # fmt: skip
        wrong = await http.post(f"/mine/{ann}/outcome", data={"outcome": "not_interested", "reason": "whim"})
    assert said(wrong)[0] is True
    assert all(f'value="{reason}"' in shown for reason in ("price", "timing", "other"))
    assert (await care(hub, ann))["closed_at"] is None


async def test_a_next_step_is_planned_for_the_morning_of_a_day_and_ticked_off(make_hub: MakeHub, clock):
    hub = await make_hub(CONFIG)
    ann, _ = await mine(hub)
    async with rep(hub) as http:
        await http.post(f"/mine/{ann}/task", data={"when": "tomorrow"})
        await http.post(f"/mine/{ann}/task", data={"text": "Send the offer", "day": "2026-06-01"})
        assert said(await http.post(f"/mine/{ann}/task", data={"text": "x"})) == (True, "Choose a day.")
        assert (await http.post(f"/mine/{ann}/task", data={"day": "soon"})).status_code == 422
        tasks = await all_rows(hub, "task")
        page = (await http.get("/mine", params={"tab": "tasks"})).text
        assert said(await http.post(f"/mine/tasks/{tasks[0]['id']}/done", data={"back": ""})) == (False, "Done.")
    assert [(row["text"], row["due_at"].isoformat()) for row in tasks] == [
        ("Call again", "2026-05-05T01:00:00+00:00"), ("Send the offer", "2026-06-01T01:00:00+00:00"),
    ]  # fmt: skip
    assert "Send the offer" in page
    assert [row["done_by"] is None for row in await all_rows(hub, "task")] == [False, True]


async def test_a_lead_that_is_given_back_or_handed_on_leaves_its_rep(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    ann, bob = await mine(hub)
    async with rep(hub) as http:
        assert said(await http.post(f"/mine/{ann}/return", data={"back": ""}))[1] == "Say why you give it back."
        assert said(await http.post(f"/mine/{ann}/return", data={"reason": "no time"}))[1] == "It is back in the pool."
        assert (await http.get(f"/mine/{ann}")).status_code == 404
    assert ((await care(hub, ann))["pool"], (await care(hub, ann))["owner"]) == ("sea", None)
    async with rep(hub, "bob@example.com") as http:
        assert said(await http.post(f"/mine/{bob}/transfer", data={"to": "ann"}))[1] == "ann has it now."
    assert (await care(hub, bob))["owner"] == "ann"


async def test_a_rep_goes_away_and_comes_back(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    async with rep(hub) as http:
        assert said(await http.post("/mine/away", data={"until": "2026-05-08", "cover": "bob"}))[0] is False
        page = (await http.get("/mine")).text
        assert said(await http.post("/mine/away", data={"until": "2020-01-01"}))[0] is True
        assert said(await http.post("/mine/back", data={"back": ""})) == (False, "You get leads again.")
        assert (await http.post("/mine/away", data={"rep": "bob"})).status_code == 403
    rows = await all_rows(hub, "absence")
    assert [(row["member"], row["until"].isoformat(), row["cover"]) for row in rows] == [
        ("ann", "2026-05-08T16:00:00+00:00", "bob")
    ]
    assert "bob stands in." in page


async def test_who_presses_second_is_told_who_was_faster(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    one = await lead(hub, 1, "fair")
    async with rep(hub) as ann:
        page = (await ann.get("/pool")).text
        first = await ann.post("/pool/claim", data={"lead": one, "pool": "sea"})
        again = await ann.post("/pool/claim", data={"lead": one, "pool": "sea"})
    async with rep(hub, "bob@example.com") as bob:
        late = await bob.post("/pool/claim", data={"lead": one, "pool": "sea"})
        chinese = await bob.post("/pool/claim", data={"lead": one, "pool": "sea"}, headers={"accept-language": "zh"})
    assert ("Li Wei" in page, "L***" in page, "2 leads more may be taken today." in page) == (False, True, True)
    assert (said(first)[0], first.headers["location"]) == (False, f"/mine/{one}")
    assert said(again) == (True, "You have this lead already.")
    assert (said(late), late.headers["location"]) == (
        (True, "ann was faster and has this lead now."), "/pool?pool=sea",
    )  # fmt: skip
    assert said(chinese) == (True, "ann 抢先一步，已领取该线索。")


async def test_a_limit_is_said_before_one_presses(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    leads = [await lead(hub, number, "fair") for number in range(3)]
    async with rep(hub) as http:
        for one in leads[:2]:
            await http.post("/pool/claim", data={"lead": one, "pool": "sea"})
        page = (await http.get("/pool")).text
        refused = await http.post("/pool/claim", data={"lead": leads[2], "pool": "sea"})
    assert "You took 2 leads of this pool today, the most for a day." in page
    assert '<button class="main" disabled' in page
    assert said(refused) == (True, "You took 2 leads of this pool today, the most for a day.")


async def manager(hub: Hub, name: str = "boss@example.com", role: str = "operator") -> str:
    await make_user(hub, name, role)
    return name


async def test_a_manager_hands_out_many_at_once(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    leads = [await lead(hub, number, "fair") for number in range(3)]
    async with signed_in(hub, await manager(hub)) as http:
        page = (await http.get("/pool")).text
        nothing = await http.post("/pool/hand", data={"to": "bob"}, headers=OWN)
        nobody = await http.post("/pool/hand", data={"lead": leads}, headers=OWN)
        handed = await http.post("/pool/hand", data={"lead": [*leads, "lead_x"], "to": "bob"}, headers=OWN)
    assert all(one in page for one in leads)
    assert said(nothing) == (True, "Tick the leads first.")
    assert said(nobody) == (True, "Choose who gets them.")
    assert said(handed) == (True, "3 of 4 leads went to bob.")
    assert {(await care(hub, one))["owner"] for one in leads} == {"bob"}


async def test_the_queue_shows_what_is_due_and_hands_it_on(make_hub: MakeHub, clock):
    hub = await make_hub(CONFIG)
    ann, bob = await mine(hub)
    clock.turn(600)
    async with signed_in(hub, await manager(hub)) as http:
        page = (await http.get("/response/queue")).text
        part = (await http.get("/response/queue", params={"rep": "bob"}, headers={"hx-request": "true"})).text
        assert (await http.get(f"/response/queue/{ann}")).status_code == 200
        assert (await http.get("/response/queue/lead_x")).status_code == 404
        moved = await http.post(f"/response/queue/{ann}/transfer", data={"to": "bob", "reason": "late"}, headers=OWN)
        dealt = await http.post(f"/response/queue/{bob}/reassign", data={"back": ""}, headers=OWN)
        pooled = await http.post(f"/response/queue/{bob}/recycle", data={"pool": "sea"}, headers=OWN)
        nobody = await http.post(f"/response/queue/{ann}/transfer", data={"back": ""}, headers=OWN)
        odd = await http.post(f"/response/queue/{ann}/nonsense", data={"back": ""}, headers=OWN)
    assert (ann in page, bob in page) == (True, True)
    assert "5 mins overdue" in page
    assert (bob in part, ann in part, "<html" in part) == (True, False, False)
    assert (said(moved)[1], said(dealt)[1]) == ("bob has it now.", "ann has it now.")
    assert said(pooled)[1] == "It waits in the pool sea now."
    assert [said(one)[0] for one in (nobody, odd)] == [True, True]


async def test_a_viewer_looks_and_sees_nobody(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    ann, _ = await mine(hub)
    async with signed_in(hub, await manager(hub, role="viewer")) as http:
        pages = [
            (await http.get(path)).text
            for path in ("/response/queue", "/mine?rep=ann", f"/mine/{ann}", "/pool", "/response", "/response/reps")
        ]
        assert (await http.post(f"/mine/{ann}/take", data={"back": ""}, headers=OWN)).status_code == 403
        assert (await http.get(f"/response/queue/{ann}")).status_code == 403
    assert all("Li Wei" not in page and "38001380" not in page for page in pages)


FILTERS = ["", "?by=hour&since=7d", "?team=north&rep=ann&source=website&grade=A&hour=9", "?since=2026-05-01&by=week"]


@pytest.mark.parametrize("query", FILTERS)
@pytest.mark.parametrize("path", ["/response", "/response/targets", "/response/reps"])
async def test_reports_are_shown_whatever_is_asked_for(make_hub: MakeHub, clock, path: str, query: str):
    hub = await make_hub(CONFIG)
    await mine(hub)
    clock.turn(600)
    async with calling(hub) as http:
        page = await http.get(path + query)
    assert (page.status_code, "By when the prospect submitted" in page.text) == (200, True)


@pytest.mark.parametrize("query", ["?since=nonsense", "?since=2026-05-01&until=2026-04-01"])
async def test_a_span_that_is_none_is_said_on_the_page(make_hub: MakeHub, query: str):
    hub = await make_hub(CONFIG)
    async with calling(hub) as http:
        assert said(await http.get("/response" + query))[0] is True


async def test_no_form_leads_to_another_site(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    ann, _ = await mine(hub)
    async with rep(hub) as http:
        for back in ("https://evil.example", "//evil.example", "/mine/\\evil", "/minetrap", "/mine?x\r\ny: z"):
            answer = await http.post(f"/mine/{ann}/take", data={"back": back})
            assert answer.headers["location"] == "/mine"
