"""The pages of what needs a person, as the server writes them: who may what, and how a long act goes on."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from hub.app import Hub
from hub.lead import Rejected
from tests.api.calling import KEY, calling, keys_of_all_roles
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import person
from tests.core.looking import rows


async def held(hub: Hub, number: int) -> None:
    for one in range(number):
        await post(hub, json.dumps({"id": f"q{one}", "full_name": f"Ann Unreachable {one}"}))
    await settled(hub)


async def first_group(http: httpx.AsyncClient, kind: str = "quarantined") -> str:
    said = (await http.get("/api/attention", params={"kind": kind})).json()
    return str(said["items"][0]["id"])


def fields(html: str) -> dict[str, str]:
    """Return what the form on a page that goes on holds."""
    form = html.partition("<form")[2].partition("</form>")[0]
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))


async def test_the_navigation_says_from_the_first_page_on_how_much_waits(hub: Hub):
    await held(hub, 3)
    async with calling(hub) as http:
        page = (await http.get("/attention")).text
    assert '<span class="count">3</span>' in page


async def test_a_long_act_goes_on_batch_by_batch_and_adds_up(hub: Hub):
    await held(hub, 120)
    seen = []
    async with calling(hub) as http:
        group = await first_group(http)
        form = {"accept": "yes", "of": "120"}
        for _ in range(3):
            answer = await http.post(f"/attention/{group}/replay", data=form, headers={"hx-request": "true"})
            assert answer.status_code == 200
            seen.append(re.search(r"(\d+) of (\d+)</label>", answer.text).groups())  # type: ignore[union-attr]
            form = fields(answer.text)
    assert seen == [("50", "120"), ("100", "120"), ("120", "120")]
    assert form == {}
    assert "<html" not in answer.text
    assert len(await rows(hub, "submission", state="done")) == 120


async def test_without_a_script_the_same_page_has_a_button_to_go_on(hub: Hub):
    await held(hub, 60)
    async with calling(hub) as http:
        group = await first_group(http)
        page = (await http.post(f"/attention/{group}/reject", data={"reason": "spam", "of": "60"})).text
    assert "<html" in page
    assert "<button>Go on</button>" in page
    assert fields(page)["reason"] == "spam"


async def test_a_form_without_a_reason_says_so_and_refuses_nothing(hub: Hub):
    await held(hub, 1)
    async with calling(hub) as http:
        group = await first_group(http)
        answer = await http.post(f"/attention/{group}/reject", data={"reason": "  "})
    assert answer.status_code == 422
    assert "Say why they are refused." in answer.text
    assert len(await rows(hub, "submission", state="quarantined")) == 1


async def test_an_act_that_cannot_be_done_leads_back_with_the_reason(make_hub: MakeHub):
    hub = await make_hub(TEAM)
    await post(hub, person(1))
    await settled(hub)
    async with calling(hub) as http:
        group = await first_group(http, "unassigned")
        plain = await http.post(f"/attention/{group}/assign", data={"to": "nobody-known"})
        inside = await http.post(
            f"/attention/{group}/assign", data={"to": "nobody-known"}, headers={"hx-request": "true"}
        )
        shown = await http.get(plain.headers["location"])
    assert (plain.status_code, plain.headers["location"]) == (303, f"/attention/{group}")
    assert "There is no rep" in shown.text
    assert inside.headers["hx-redirect"] == f"/attention/{group}"


TEAM = """
hub: {region: CN, answer_within: 30s}
sources: {website: {connector: open_source}}
sinks: {crm: {connector: memory_sink}}
teams: {north: {members: [{name: li, active: false}]}}
flows:
  - {name: inbound, from: [website], routes: [{name: all, assign: {team: north}, to: [crm]}]}
"""


async def test_who_only_looks_sees_no_names_and_nothing_to_press(make_hub: MakeHub):
    hub = await make_hub()
    await held(hub, 2)
    keys = await keys_of_all_roles(hub)
    async with calling(hub) as http:
        group = await first_group(http)
    async with calling(hub, keys["viewer"]) as http:
        pages = [(await http.get(path)).text for path in ("/attention", f"/attention/{group}", "/")]
        tried = await http.post(f"/attention/{group}/replay", data={})
        looked = await http.get(f"/attention/{group}/preview")
    assert all("Unreachable" not in page for page in pages)
    assert 'method="post"' not in pages[0] + pages[1]
    assert (tried.status_code, looked.status_code) == (403, 403)


async def test_a_group_that_was_decided_says_that_nothing_waits_there(hub: Hub):
    async with calling(hub) as http:
        for path in ("/attention/dead:crm:0123456789ab", "/attention/nonsense"):
            answer = await http.get(path)
            assert (answer.status_code, "Nothing waits here" in answer.text) == (404, True)


@pytest.mark.parametrize("part", ["now", "days", "funnel", "speed", "health", "newest"])
async def test_each_part_of_the_overview_comes_alone(hub: Hub, part):
    await post(hub, person(1))
    await settled(hub)
    async with calling(hub) as http:
        answer = await http.get(f"/?part={part}")
    assert (answer.status_code, "<html" in answer.text) == (200, False)


async def test_the_four_questions_are_links_of_the_overview(hub: Hub):
    await post(hub, person(1))
    await settled(hub)
    async with calling(hub, KEY) as http:
        page = (await http.get("/")).text
    for link in ("/campaigns", "/response?by=rep", "/leads/lead_000001#assignment", "/attention"):
        assert f'href="{link}"' in page


async def test_the_overview_of_an_empty_hub_says_where_leads_are_sent(hub: Hub):
    async with calling(hub) as http:
        page = (await http.get("/")).text
    assert "No leads yet." in page
    assert "Nothing waits for a person." in page


MARK = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


async def test_what_strangers_wrote_is_text_on_every_page(make_hub: MakeHub):
    hub = await make_hub(TEAM.replace("memory_sink", "memory_sink, retry: []"))
    hub.plan.sinks["crm"].answer = lambda lead: Rejected(MARK)
    for number in (1, 2):
        said = {"id": str(number), "full_name": MARK, "company": MARK, "email": f"a{number}@example.com"}
        await post(hub, json.dumps({**said, **({MARK: MARK} if number == 2 else {})}))
    await settled(hub)
    await hub.flush()
    async with calling(hub) as http:
        found = (await http.get("/api/attention")).json()["items"]
        paths = ["/", "/attention", *(f"/attention/{group['id']}" for group in found)]
        pages = [(await http.get(path)).text for path in paths]
    assert {group["kind"] for group in found} >= {"rejected", "drift", "unassigned"}
    assert all("<script>alert" not in page and "<img" not in page for page in pages)
    assert "&lt;script&gt;" in pages[1]
