"""The pages on which people correct values: what is wrong stands first, nothing typed is lost, and nothing is sent yet."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx

from hub.app import Hub
from hub.store import users
from hub.store.audit import Actor
from tests.api.calling import calling, keys_of_all_roles
from tests.conftest import MakeHub, post, settled
from tests.core.looking import all_rows
from tests.core.test_correct import BEA, REQUIRED

TYPO = {"id": "1", "full_name": "Ann Ng", "phone": "138 0013 80000", "message": "line one\nline two"}
RIGHT = "13800138000"


async def held(hub: Hub, *people: dict[str, Any]) -> list[str]:
    said = [(await post(hub, json.dumps(one))).json() for one in people or (TYPO,)]
    await settled(hub)
    return [one["submission"] for one in said]


def inputs(html: str, number: int = 0) -> dict[str, list[str]]:
    """Return what a form of a page would post: the values of its inputs, by name."""
    form = re.findall(r'<form[^>]*method="post".*?</form>', html.partition("<main")[2], re.DOTALL)[number]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form):
        found.setdefault(name, []).append(value)
    return found


async def form(http: httpx.AsyncClient, submission: str, act: str = "/preview", **fields: Any) -> httpx.Response:
    return await http.post(f"/submissions/{submission}/correct{act}", data=fields)


async def test_the_form_has_what_is_wrong_first_with_what_was_read(hub: Hub):
    (submission,) = await held(hub)
    async with calling(hub) as http:
        page = (await http.get(f"/attention/submissions/{submission}")).text
    first, rest = page.partition("Another field")[::2]
    assert re.findall(r'name="v\.(\w+)"', first) == ["phone", "email", "wechat"]
    assert 'name="v.phone" value="138 0013 80000"' in first
    assert "This is not a phone number." in first
    assert 'name="v.company" value=""' in rest
    assert "v.consent" not in page
    assert "v.user_agent" not in page


async def test_a_preview_shows_what_becomes_of_it_and_does_nothing(hub: Hub):
    (submission,) = await held(hub)
    async with calling(hub) as http:
        whole = inputs((await http.get(f"/submissions/{submission}/correct")).text)
        typed = {name: values[-1] for name, values in whole.items()} | {
            "v.phone": RIGHT,
            "v.message": "line one\r\nline two",
        }
        page = (await http.post(f"/submissions/{submission}/correct/preview", data=typed)).text
        back = await form(http, submission, **{"v.phone": RIGHT, "back": "yes"})
    assert "+8613800138000" in page
    assert f'name="v.phone" value="{RIGHT}"' in back.text
    assert back.status_code == 200
    posted = inputs(page)
    assert {name: values for name, values in posted.items() if name.startswith("v.")} == {"v.phone": [RIGHT]}
    assert posted["to"] == ["crm", "chat"]
    assert (await all_rows(hub, "submission"))[0]["corrections"] is None
    assert hub.plan.sinks["crm"].sent == []


async def test_correct_and_replay_leads_on_to_what_became_of_it(hub: Hub):
    (submission,) = await held(hub)
    async with calling(hub) as http:
        answer = await form(http, submission, "", **{"v.phone": RIGHT, "to": ["crm", "chat"]})
        (lead,) = await all_rows(hub, "lead")
        page = (await http.get(f"/leads/{lead['id']}")).text
    await settled(hub)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/leads/{lead['id']}#submissions")
    assert len(hub.plan.sinks["crm"].sent) == 1
    assert "corrected by local" in page
    assert '<del><span class="foreign">138 0013 80000</span>' in page.replace("\n", "")
    assert f"/submissions/{submission}/correct?lead={lead['id']}" in page


async def test_other_sinks_than_were_shown_lead_back_to_a_fresh_preview(hub: Hub):
    (submission,) = await held(hub)
    async with calling(hub) as http:
        answer = await form(http, submission, "", **{"v.phone": RIGHT, "to": ["crm"]})
    assert answer.status_code == 409
    assert "It is different by now" in answer.text
    assert inputs(answer.text)["v.phone"] == [RIGHT]
    assert (await all_rows(hub, "submission"))[0]["state"] == "quarantined"


async def test_nothing_changed_is_said_and_what_was_typed_too_long_stays(hub: Hub):
    (submission,) = await held(hub)
    async with calling(hub) as http:
        same = await form(http, submission, **{"v.phone": " 138 0013 80000 ", "v.email": ""})
        long = await form(http, submission, **{"v.company": "Acme" * 6000})
    assert (same.status_code, long.status_code) == (422, 422)
    assert "Nothing is different from what was read." in same.text
    assert "at most 20000" in long.text
    assert "AcmeAcme" in long.text


async def test_an_emptied_field_takes_a_correction_back(hub: Hub):
    (submission,) = await held(hub)
    await hub.replays.correct(submission, {"phone": RIGHT}, by=BEA)
    async with calling(hub) as http:
        shown = (await http.get(f"/submissions/{submission}/correct")).text
        page = (await form(http, submission, **{"v.phone": ""})).text
        await form(http, submission, "", **{"v.phone": inputs(page)["v.phone"][0], "to": []})
    assert "Corrected by user:bea" in shown
    assert "the correction is taken back" in page
    assert (await all_rows(hub, "submission"))[0]["corrections"] is None


async def test_what_is_left_can_be_accepted_after_a_second_look(hub: Hub):
    (submission,) = await held(hub)
    async with calling(hub) as http:
        page = (await form(http, submission, **{"v.company": "Acme"})).text
        again = (await http.post(f"/submissions/{submission}/correct/preview", data=inputs(page, 1))).text
        await http.post(f"/submissions/{submission}/correct", data=inputs(again))
    assert "Still wrong" in page
    assert inputs(again)["accept"] == ["unreachable"]
    assert (await all_rows(hub, "submission"))[0]["state"] == "done"


async def test_a_group_is_corrected_with_one_value_after_a_look(make_hub: MakeHub):
    hub = await make_hub(REQUIRED)
    await held(hub, *({"id": str(n), "full_name": f"P {n}", "email": f"p{n}@example.com"} for n in range(3)))
    async with calling(hub) as http:
        (group,) = (await http.get("/api/attention")).json()["items"]
        page = (await http.get(f"/attention/{group['id']}")).text
        empty = await http.post(f"/attention/{group['id']}/preview", data={"act": "correct", "field": "country"})
        own = {"act": "correct", "field": "phone", "value": RIGHT}
        refused = await http.post(f"/attention/{group['id']}/preview", data=own)
        typed = {"act": "correct", "field": "country", "value": "Germany"}
        seen = (await http.post(f"/attention/{group['id']}/preview", data=typed)).text
        done = await http.post(f"/attention/{group['id']}/correct", data=inputs(seen))
    choices = re.findall(r'<option value="(\w+)"', page.partition('name="field"')[2].partition("</select>")[0])
    assert choices[0] == "country"
    assert not {"phone", "email", "consent"} & set(choices)
    assert (empty.status_code, refused.status_code) == (422, 422)
    assert "Say what is right" in empty.text
    assert f'value="{RIGHT}"' in refused.text
    assert '<ins class="foreign">Germany</ins>' in seen
    assert "3 of 3" in done.text
    assert {row["country"] for row in await all_rows(hub, "lead")} == {"DE"}


async def test_the_name_of_who_corrected_it_is_on_the_page_and_no_value_for_who_only_looks(hub: Hub):
    (submission,) = await held(hub)
    made = {"name": "bea", "password": "a long pass phrase", "role": "operator"}
    async with calling(hub) as http:
        assert (await http.post("/api/users", json=made)).status_code == 200
    (bea,) = await hub.db.read(users.listed)
    answer = await hub.replays.correct(submission, {"phone": RIGHT}, by=Actor(f"user:{bea['id']}"))
    keys = await keys_of_all_roles(hub)
    async with calling(hub) as http:
        page = (await http.get(f"/leads/{answer.lead}")).text
    async with calling(hub, keys["viewer"]) as http:
        masked = (await http.get(f"/leads/{answer.lead}")).text
        tried = await http.get(f"/submissions/{submission}/correct")
    assert page.count("corrected by bea") == 3
    assert masked.count("corrected by bea") == 3
    assert tried.status_code == 403
    assert all(text not in masked for text in (RIGHT, "138 0013 80000", "/correct?lead"))
