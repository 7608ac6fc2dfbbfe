"""One lead's page and what stands behind it: bounded, honest about older runs, guarded before it tells anybody again."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from hub.store import submissions
from hub.store.tables import SubmissionRow
from hub.web.rooms.lead_bytes import dump, seen
from tests.api.calling import calling, keys_of_all_roles
from tests.api.test_login import OWN, make_user, signed_in
from tests.conftest import MakeHub, settled

CONFIG = """
hub: {region: CN, answer_within: 30s, database: "sqlite:///data/hub.db"}
sources:
  website: {connector: open_source}
  lists: {connector: open_source, trust: 20}
sinks:
  crm: {connector: updating_sink}
  chat: {connector: memory_sink}
teams:
  north: {members: [{name: li.wei}, {name: ann.ng}]}
pools:
  sea: {mask: true}
flows:
  - name: inbound
    from: [website, lists]
    routes:
      - {name: hot, when: 'lead.country == "CN" && has(lead.phone)', assign: {team: north}, respond_within: 5m, to: [crm, chat]}
      - {name: rest, assign: {pool: sea}, to: [crm]}
"""
LEAD = {
    "id": "w-1", "full_name": "Li Wei", "email": " ANN@example.com ", "phone": "138 1234 5678", "country": "CN",
    "company": "Acme", "colour": "red", "utm_campaign": "spring", "gclid": "g-1",
}  # fmt: skip


@pytest.fixture
def database(sqlite: str) -> str:
    """Keep to SQLite: the statements are tried on both where the API is."""
    return sqlite


@pytest.fixture
async def hub(make_hub: MakeHub):
    """Return a hub with one lead that came twice."""
    return await make_hub(CONFIG)


async def post(http, lead=LEAD, source="website"):
    answer = await http.post(f"/in/{source}", json=lead)
    return answer.json()


async def twice(http):
    """Post a person and then the same from a list that is trusted less; return the lead and both submissions."""
    one = await post(http)
    two = await post(http, {**LEAD, "id": "w-2", "company": "Acme Holding", "city": "Shanghai"}, "lists")
    assert one["lead"] == two["lead"]
    return one["lead"], one["submission"], two["submission"]


async def story(http, lead, place=0):
    """Return the story of a decision on a lead, the newest first."""
    rows = (await http.get(f"/api/leads/{lead}/walk/decisions")).json()["items"]
    return (await http.get(f"/api/decisions/{rows[place]['id']}/story")).json()


def step(told, name):
    return next(one for one in told["steps"] if one["step"] == name)


async def test_the_page_tells_the_whole_walk(hub):
    async with calling(hub) as http:
        lead, *_ = await twice(http)
        await settled(hub)
        page = await http.get(f"/leads/{lead}")
    assert page.status_code == 200
    parts = (
        "submissions steps fields rules assignment deliveries response activities touches consents merges replay audit"
    )
    assert [part for part in parts.split() if f'id="{part}"' not in page.text] == []


async def test_each_step_tells_what_it_changed(hub):
    async with calling(hub) as http:
        lead = (await post(http))["lead"]
        told = await story(http, lead)
    assert step(told, "map")["fields"]["phone"] == {"before": None, "after": "138 1234 5678"}
    assert step(told, "map")["fields"]["extra.colour"]["after"] == "red"
    assert step(told, "normalize")["fields"]["phone"]["after"] == "+8613812345678"
    assert step(told, "normalize")["fields"]["email"]["before"] == " ANN@example.com "
    assert step(told, "score")["fields"]["score"]["after"] > 0
    assert step(told, "assign")["fields"]["owner"]["after"] in ("li.wei", "ann.ng")
    assert told["values"] is True


async def test_a_merge_tells_which_value_won_over_which_and_why(hub):
    async with calling(hub) as http:
        lead, first, second = await twice(http)
        fields = step(await story(http, lead), "dedupe")["fields"]
        kept = (await http.get(f"/api/leads/{lead}/fields")).json()["fields"]
    assert fields["city"] == {"before": None, "after": "Shanghai", "code": "empty", "submission": ""}
    assert fields["company"] == {
        "before": "Acme", "after": "Acme", "refused": "Acme Holding", "code": "trust", "submission": first,
    }  # fmt: skip
    assert kept["company"]["submission"] == first
    (rival,) = kept["company"]["rivals"]
    assert (rival["value"], rival["submission"], rival["code"]) == ("Acme Holding", second, "trust")


async def test_an_older_run_of_a_submission_shows_names_and_no_values_of_the_newer_one(hub):
    async with calling(hub) as http:
        lead = (await post(http))["lead"]
        await http.post(f"/api/leads/{lead}/replay")
        newest, older = await story(http, lead), await story(http, lead, 1)
    assert (newest["values"], older["values"]) == (True, False)
    assert step(older, "map")["fields"]["phone"]["after"] is None
    assert step(newest, "map")["fields"]["phone"]["after"] == "138 1234 5678"


async def test_a_decision_holds_no_value_of_a_person(hub):
    async with calling(hub) as http:
        lead, *_ = await twice(http)
        rows = (await http.get(f"/api/leads/{lead}/walk/decisions")).text
    assert [value for value in ("Li Wei", "138 1234", "+86138", "ANN@", "Acme Holding") if value in rows] == []


async def test_a_rule_is_told_part_by_part(hub):
    async with calling(hub) as http:
        lead = (await post(http, {**LEAD, "country": "DE"}))["lead"]
        hot, rest = (await story(http, lead))["routes"]
    assert (hot["verdict"], rest["verdict"]) == ("passed_over", "matched")
    assert [(part["says"], part["holds"]) for part in hot["rule"]["parts"]] == [
        ("country is CN", False), ("phone is known", True),
    ]  # fmt: skip


async def test_a_preview_names_who_would_be_told_again_and_who_would_not(hub):
    async with calling(hub) as http:
        lead = (await post(http))["lead"]
        await settled(hub)
        seen = (await http.get(f"/api/leads/{lead}/replay")).json()
    assert (seen["status"], seen["first"], seen["again"]) == ("accepted", [], ["crm"])
    assert [one["sink"] for one in seen["kept"]] == ["chat"]


@pytest.mark.parametrize(("to", "status"), [(["crm"], 200), ([], 409), (["crm", "chat"], 409), (None, 200)])
async def test_a_replay_tells_only_those_a_person_saw(hub, to, status):
    async with calling(hub) as http:
        said = await post(http)
        await settled(hub)
        answer = await http.post(f"/api/submissions/{said['submission']}/replay", json={"to": to})
    assert answer.status_code == status


async def test_taking_apart_is_previewed_without_doing_it(hub):
    async with calling(hub) as http:
        lead, _, second = await twice(http)
        seen = (await http.post(f"/api/leads/{lead}/unmerge", json={"submission": second, "dry_run": True})).json()
        merges = (await http.get(f"/api/leads/{lead}/walk/merges")).json()["items"]
    assert (seen["moving"], seen["staying"]) == ([second], 1)
    assert seen["fields"]["city"] == {"now": "Shanghai", "stays": None, "leaves": "Shanghai"}
    assert seen["fields"]["company"] == {"now": "Acme", "stays": "Acme", "leaves": "Acme Holding"}
    assert [row["undone_at"] for row in merges] == [None]


async def test_parts_are_paged_newest_first(hub):
    async with calling(hub) as http:
        lead, first, second = await twice(http)
        one = (await http.get(f"/api/leads/{lead}/walk/submissions?limit=1")).json()
        rest = (await http.get(f"/api/leads/{lead}/walk/submissions?limit=1&after={one['next']}")).json()
    assert [row["id"] for row in (*one["items"], *rest["items"])] == [second, first]
    assert rest["next"] is None


async def test_bytes_are_handed_over_as_a_file_that_no_browser_opens(hub):
    body = b'{"id": "x", "email": "x@example.com", "note": "<script>alert(1)</script>"}'
    async with calling(hub) as http:
        said = (await http.post("/in/website", content=body, headers={"content-type": "application/json"})).json()
        answer = await http.get(f"/api/submissions/{said['submission']}/raw")
        page = await http.get(f"/leads/{said['lead']}/submissions/{said['submission']}")
    assert answer.content == body
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text


def test_bytes_are_dumped_as_people_read_them():
    assert dump(b"AB\x00\xff") == "000000  41 42 00 ff" + " " * 38 + "AB.."


def test_bytes_that_are_no_text_are_shown_as_numbers():
    row = SubmissionRow(id="sub_1", source="website", body=b"caf\xe9", headers=None)
    told = seen(row)
    assert (told["raw"], told["encoding"]) == ("caf\\xe9", "")


def test_a_form_is_laid_out_line_by_line():
    row = SubmissionRow(id="sub_1", source="website", body=b"name=Li+Wei&city=", headers=None)
    assert seen(row)["pretty"] == "name = Li Wei\ncity = "


async def test_a_viewer_sees_no_person_and_no_bytes(hub):
    keys = await keys_of_all_roles(hub)
    async with calling(hub) as http:
        said = await post(http)
    async with calling(hub, keys["viewer"]) as http:
        page = await http.get(f"/leads/{said['lead']}")
        raw = await http.get(f"/api/submissions/{said['submission']}/raw")
        consents = await http.get(f"/api/leads/{said['lead']}/walk/consents")
    assert page.status_code == 200
    assert [
        value for value in ("Li Wei", "8613812345678", "138 1234 5678", "ANN@example.com") if value in page.text
    ] == []
    assert (raw.status_code, consents.status_code) == (403, 403)


async def test_a_rep_sees_their_own_lead_and_no_other(hub):
    async with calling(hub) as http:
        mine = await post(http)
        owner = (await http.get(f"/api/leads/{mine['lead']}")).json()["lead"]["owner"]
        other = {"li.wei": "ann.ng", "ann.ng": "li.wei"}[owner]
    for name in (owner, other):
        await make_user(hub, name, "rep")
    async with signed_in(hub, owner) as http:
        assert (await http.get(f"/leads/{mine['lead']}")).status_code == 200
    async with signed_in(hub, other) as http:
        assert (await http.get(f"/leads/{mine['lead']}")).status_code == 404


async def test_a_merged_lead_leads_on_and_an_unknown_one_says_so(hub):
    async with calling(hub) as http:
        one = await post(http, {"id": "1", "full_name": "Li Wei", "email": "a@example.com"})
        two = await post(http, {"id": "2", "full_name": "Li Wei", "phone": "13812345678", "country": "CN"})
        both = await post(http, {"id": "3", "email": "a@example.com", "phone": "13812345678", "country": "CN"})
        gone = ({one["lead"], two["lead"]} - {both["lead"]}).pop()
        page = await http.get(f"/leads/{gone}")
        unknown = await http.get("/leads/lead_nobody")
    assert f'href="/leads/{both["lead"]}"' in page.text
    assert unknown.status_code == 404


async def test_an_erased_lead_says_so(hub):
    async with calling(hub) as http:
        lead = (await post(http))["lead"]
        await http.post("/api/erase", json={"email": "ann@example.com"})
        page = await http.get(f"/leads/{lead}")
    assert page.status_code == 410
    assert "erased" in page.text


async def test_what_was_typed_is_not_lost_where_it_is_not_taken(hub):
    await make_user(hub)
    async with calling(hub) as http:
        lead = (await post(http))["lead"]
    async with signed_in(hub) as http:
        typed = {"kind": "call", "words": "Wants a quote", "currency": "yuan"}
        wrong = await http.post(f"/leads/{lead}/activities", data=typed, headers=OWN)
        right = await http.post(f"/leads/{lead}/activities", data={**typed, "currency": "CNY"}, headers=OWN)
        page = await http.get(f"/leads/{lead}")
    assert (wrong.status_code, right.status_code) == (422, 303)
    assert 'value="Wants a quote"' in wrong.text
    assert "currency" in wrong.text
    assert "Wants a quote" in page.text


def many(lead: str, number: int, *, session) -> None:
    """Write so many more submissions of a lead down."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        submissions.row(
            id=f"sub_0{each:06}", source="website", state="done", lead=lead, received_at=at, body=b"{}", done_at=at
        )
        for each in range(number)
    ]
    submissions.add(rows, session=session)


async def test_a_lead_with_many_submissions_shows_the_newest_and_goes_on(hub):
    async with calling(hub) as http:
        lead = (await post(http))["lead"]
        await hub.db.write(many, lead, 45)
        first = (await http.get(f"/leads/{lead}")).text
        after = re.search(r"\?submissions=(\w+)#submissions", first)[1]
        second = (await http.get(f"/leads/{lead}?submissions={after}")).text
    shown = [re.findall(r"<code>(sub_\w+)</code>", page) for page in (first, second)]
    assert [len(set(ids)) for ids in shown] == [20, 20]
    assert not set(shown[0]) & set(shown[1])
