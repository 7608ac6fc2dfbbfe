"""Campaign links through the API and their page: refused with the right form, kept once, told as codes and snippets."""

from __future__ import annotations

import pytest

from tests.api.calling import calling, keys_of_all_roles, problem
from tests.api.test_login import make_user, signed_in
from tests.conftest import MakeHub, settled
from tests.core.looking import all_rows

CONFIG = """
hub: {public_url: "https://leads.acme.com", answer_within: 30s, database: "sqlite:///data/hub.db"}
sources:
  website: {connector: open_source}
  forms: {connector: web_form}
sinks:
  crm: {connector: memory_sink}
campaigns:
  naming: {tags: {utm_source: {required: true}, utm_campaign: {required: true}}}
  known: [{name: spring-demo, source: wechat, medium: qr, short: sp26}, autumn-fair]
flows:
  - {name: inbound, from: [website, forms], routes: [{name: all, to: [crm]}]}
"""
LINK = {"page": "https://acme.com/demo", "utm_source": "wechat", "utm_campaign": "spring-demo"}


@pytest.fixture
async def hub(make_hub: MakeHub):
    """Return a hub with naming rules."""
    return await make_hub(CONFIG)


async def test_a_link_is_made_and_kept_once(hub):
    async with calling(hub) as http:
        first = (await http.post("/api/links", json=LINK)).json()
        again = (await http.post("/api/links", json=LINK)).json()
        listed = (await http.get("/api/links")).json()
    assert first["link"] == "https://acme.com/demo?utm_source=wechat&utm_campaign=spring-demo"
    assert (first["made"], again["made"], again["id"]) == (True, False, first["id"])
    assert [row["address"] for row in listed["items"]] == [first["link"]]
    assert [row["data"] for row in await all_rows(hub, "audit") if row["what"] == "link.made"] == [
        {"link": first["id"]}
    ]


async def test_a_wrong_name_is_refused_with_the_right_form(hub):
    async with calling(hub) as http:
        said = problem(await http.post("/api/links", json={**LINK, "utm_campaign": "Spring Demo"}))
        assert (await http.get("/api/links")).json()["items"] == []
    assert said["status"] == 422
    assert "'spring-demo'" in said["detail"]


async def test_a_dry_run_tells_all_that_is_wrong_and_keeps_nothing(hub):
    wanted = {**LINK, "utm_source": "", "utm_campaign": "Spring Dmeo", "dry_run": True}
    async with calling(hub) as http:
        said = (await http.post("/api/links", json=wanted)).json()
        assert (await http.get("/api/links")).json()["items"] == []
    assert [(one["tag"], one["code"]) for one in said["wrong"]] == [("utm_source", "missing"), ("utm_campaign", "form")]


async def test_a_campaign_of_nearly_the_same_name_is_named(hub):
    async with calling(hub) as http:
        said = (await http.post("/api/links", json={**LINK, "utm_campaign": "spring-dmeo", "dry_run": True})).json()
    assert said["near"] == ["spring-demo"]


async def test_campaigns_of_leads_that_came_are_known_too(hub):
    async with calling(hub) as http:
        lead = {"id": "1", "email": "ann@example.com", "utm_campaign": "summer-sale"}
        await http.post("/in/website", json=lead)
        said = (await http.post("/api/links", json={**LINK, "utm_campaign": "summer-slae", "dry_run": True})).json()
    assert said["near"] == ["summer-sale"]


async def test_a_short_tag_stands_for_its_campaign_in_the_link_and_when_a_lead_comes_by_it(hub):
    async with calling(hub) as http:
        made = (await http.post("/api/links", json={**LINK, "short": True})).json()
        await http.post("/in/website", json={"id": "1", "email": "ann@example.com", "utm_id": "sp26"})
        await settled(hub)
        without = await http.post("/api/links", json={**LINK, "utm_campaign": "autumn-fair", "short": True})
    assert made["link"] == "https://acme.com/demo?utm_id=sp26"
    assert problem(without)["status"] == 422
    (touch,) = await all_rows(hub, "touch")
    assert (touch["campaign"], touch["origin"], touch["medium"]) == ("spring-demo", "wechat", "qr")


async def test_links_are_paged_by_key(hub):
    async with calling(hub) as http:
        for number in range(3):
            await http.post("/api/links", json={**LINK, "utm_content": f"b{number}"})
        first = (await http.get("/api/links?limit=2")).json()
        rest = (await http.get(f"/api/links?limit=2&after={first['next']}")).json()
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [2, 1, None]


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("operator", 200)])
async def test_operators_make_links(hub, role, status):
    keys = await keys_of_all_roles(hub)
    async with calling(hub, keys[role]) as http:
        assert (await http.post("/api/links", json=LINK)).status_code == status
        assert (await http.get("/api/links")).status_code == 200


@pytest.mark.parametrize("kind", ["svg", "png"])
async def test_a_code_is_looked_at_and_nothing_in_it_runs(hub, kind):
    async with calling(hub) as http:
        made = (await http.post("/api/links", json=LINK)).json()
        answer = await http.get(f"/campaigns/links/{made['id']}/qr.{kind}")
    assert answer.headers["content-type"].startswith("image/")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_the_page_shows_the_snippet_of_each_source_of_forms(hub):
    async with calling(hub) as http:
        page = (await http.get("/campaigns/links")).text
    assert "https://leads.acme.com/in/forms?file=capture.js" in page
    assert "/in/website?file" not in page


async def test_the_page_keeps_what_was_typed_and_says_beside_the_field_what_is_wrong(hub):
    await make_user(hub)
    async with signed_in(hub) as http:
        typed = {**LINK, "utm_campaign": "Spring Demo"}
        answer = await http.post("/campaigns/links", data=typed, headers={"sec-fetch-site": "same-origin"})
        assert answer.status_code == 422
        assert 'value="Spring Demo"' in answer.text
        assert "<code>spring-demo</code>" in answer.text
        mended = await http.post(
            "/campaigns/links", data={**typed, "mend": "yes"}, headers={"sec-fetch-site": "same-origin"}
        )
        assert mended.status_code == 303
        made = await http.get(mended.headers["location"])
        assert "utm_campaign=spring-demo" in made.text


async def test_a_link_that_is_none_is_refused_on_the_page(hub):
    await make_user(hub)
    async with signed_in(hub) as http:
        typed = {**LINK, "page": "javascript:alert(1)"}
        answer = await http.post("/campaigns/links", data=typed, headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 422
    assert "begins with https://" in answer.text
