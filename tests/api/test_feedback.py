"""Feedback over HTTP: letters of other systems, what is noted by hand, and the link a rep clicks."""

from __future__ import annotations

import re

import pytest

from tests.api.calling import calling, keys_of_all_roles, problem
from tests.conftest import MakeHub
from tests.core.looking import rows
from tests.core.test_feedback import CONFIG, hear, started


async def test_a_letter_is_taken_from_who_proves_it(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    body = f'{{"id": "7", "ref": "crm-{lead}"}}'
    async with calling(hub, None) as http:
        assert (await http.post("/feedback/crm", content=body, headers={"x-key": "right"})).status_code == 202
        assert problem(await http.post("/feedback/crm", content=body))["status"] == 401
        assert problem(await http.post("/feedback/nobody", content=body))["status"] == 404
        huge = await http.post("/feedback/crm", content=b"x" * (2 << 20), headers={"x-key": "right"})
        assert problem(huge)["status"] == 413
    (row,) = await rows(hub, "activity")
    assert (row["lead"], row["kind"], row["by"]) == (lead, "call", "ann")


async def test_what_was_done_and_how_the_listening_goes_is_listed(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    await hear(hub)
    async with calling(hub) as http:
        (sink,) = (await http.get("/api/feedback")).json()["items"]
        assert (sink["sink"], sink["asked"], sink["letters"], sink["heard"]) == ("crm", True, True, 0)
        noted = await http.post(
            f"/api/leads/{lead}/activities",
            json={"kind": "call", "disposition": "won", "value": 10, "currency": "EUR", "by": "li.wei", "key": "k1"},
        )
        assert (noted.status_code, noted.json()) == (201, {"lead": lead, "noted": True, "known": False})
        said = (await http.get(f"/api/leads/{lead}/activities")).json()
    assert [(one["by"], one["disposition"]) for one in said["items"]] == [("li.wei", "won")]
    assert (said["standing"]["disposition"], said["standing"]["responded_by"]) == ("won", "li.wei")


@pytest.mark.parametrize(
    "body", [{"kind": "nap"}, {"kind": "call", "disposition": "sold"}, {"kind": "call", "at": "2026-05-04T08:00:00"},
             {"kind": "call", "value": -1}, {"kind": "call", "currency": "euro"}, {"kind": "call", "role": "owner"}],
)  # fmt: skip
async def test_what_is_no_activity_is_refused(make_hub: MakeHub, body: dict[str, object]):
    hub, lead = await started(make_hub)
    async with calling(hub) as http:
        assert (await http.post(f"/api/leads/{lead}/activities", json=body)).status_code == 422
        assert (await http.post("/api/leads/lead_none/activities", json={"kind": "call"})).status_code == 404


async def test_a_viewer_may_look_and_not_note(make_hub: MakeHub):
    hub, lead = await started(make_hub)
    keys = await keys_of_all_roles(hub)
    async with calling(hub, keys["viewer"]) as http:
        assert (await http.get(f"/api/leads/{lead}/activities")).status_code == 200
        assert (await http.post(f"/api/leads/{lead}/activities", json={"kind": "call"})).status_code == 403


@pytest.mark.parametrize(
    ("language", "button", "done"), [("en", "I reached the prospect", "was reached"), ("zh", "已联系上", "已记录")]
)
async def test_a_link_shows_a_button_that_a_look_does_not_press(
    make_hub: MakeHub, language: str, button: str, done: str
):
    hub, _ = await started(make_hub, CONFIG)
    (row,) = await rows(hub, "delivery", sink="crm")
    path = hub.hearing.links.of("", row["id"], hub.clock.now())["called"]
    async with calling(hub, None) as http:
        page = await http.get(path, params={"lang": language})
        assert button in page.text
        (script,) = re.findall('<script src="([^"]+)"', page.text)
        assert "data-once" in page.text
        assert "form[data-once]" in (await http.get(script)).text
        assert await rows(hub, "activity") == []
        assert done in (await http.post(path, params={"lang": language})).text
        assert (await http.get("/reply/nothing")).status_code == 404
        assert (await http.post("/reply/nothing")).status_code == 404
    assert len(await rows(hub, "activity")) == 1
