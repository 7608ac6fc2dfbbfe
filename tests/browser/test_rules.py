"""The room Rules in a real browser: rules made without code, tried, published, and taken back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.looking import LOOKS

PATHS = [
    "/rules", "/rules/flows/0/edit", "/rules/flows/0/routes/0", "/rules/flows/0/scoring", "/rules/flows/0/scoring/2",
    "/rules/teams", "/rules/teams/north", "/rules/pools/sea", "/rules/calendars/cn", "/rules/reasons", "/rules/campaigns",
    "/rules/review", "/rules/flows/0/steps/2", "/rules/text", "/rules/changes", "/rules/revisions", "/rules/revisions/1",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_the_page_is_sound_in_every_look(visit, look, path):
    page = visit(look).see(path)
    expect(page.locator("h1")).to_be_visible()


def test_a_rule_is_changed_tried_published_felt_by_the_next_lead_and_taken_back(workroom, visit):
    guest = visit(room=workroom)
    page = guest.go("/rules")
    page.get_by_role("link", name="hot").click()
    page.get_by_label("Value; several with commas between").nth(0).fill("B")
    page.get_by_role("button", name="Add a condition").first.click()
    page.get_by_label("Field").nth(2).select_option("lead.company")
    page.get_by_label("Comparison").nth(2).select_option("contains_any")
    page.get_by_label("Value; several with commas between").nth(2).fill("Harbour, 港口")
    expect(page.locator("#verdict")).to_contain_text("company contains one of Harbour, 港口")
    expect(page.locator("#verdict")).to_contain_text("it takes 0")
    page.get_by_label("Value; several with commas between").nth(1).fill("GB")
    page.get_by_role("group", name="Sinks").get_by_label("archive").check()
    page.get_by_role("button", name="Keep in the draft").last.click()
    expect(page.locator("#banner")).to_contain_text("2 changes are not published.")
    page.get_by_role("link", name="Difference, simulation, publication").click()
    expect(page.locator("tr.new")).to_contain_text('contains_any(lead.company, ["Harbour", "港口"])')
    guest.check()
    page.get_by_label("Leads of").select_option("30")
    page.get_by_role("button", name="Simulate").click()
    expect(page.get_by_role("heading", name="What would have been")).to_be_visible()
    expect(page.get_by_role("heading", name="What reps would get")).to_be_visible()
    guest.check()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".flash")).to_contain_text("Published as revision 2.")
    said = {"id": "h", "full_name": "Ann Port", "phone": "+442079460000", "company": "Harbour Ltd", "country": "GB"}
    lead = workroom.post_json(said, "website").json()["lead"]
    assert "archive" in {row["sink"] for row in workroom.rows("delivery", lead=lead)}
    page.get_by_role("link", name="Revisions").first.click()
    page.get_by_role("row", name="hub.yaml").get_by_text("Go back to it").first.click()
    page.get_by_role("row", name="hub.yaml").get_by_role("button", name="Go back to it").click()
    expect(page.locator(".flash")).to_contain_text("It runs again, as revision 3.")
    assert (workroom.hub.office.config).read_text() == workroom.rows("config_revision", id=1)[0]["text"]


def test_a_wrong_expression_is_refused_as_it_is_typed_with_the_reason(workroom, visit):
    page = visit(room=workroom).go("/rules/flows/0/routes/1")
    page.get_by_role("button", name="Write it as an expression").click()
    page.get_by_label("Expression (CEL)").fill('lead.grad == "A"')
    expect(page.locator("#verdict .bad")).to_contain_text('Did you mean "lead.grade"?')
    page.get_by_role("button", name="Keep in the draft").last.click()
    expect(page.locator("main > .flash.bad")).to_contain_text('Did you mean "lead.grade"?')
    expect(page.get_by_label("Expression (CEL)")).to_have_value('lead.grad == "A"')
    page.get_by_label("Expression (CEL)").fill('lead.grade == "A"')
    expect(page.locator("#verdict")).to_contain_text("grade is A")


def test_a_wrong_line_of_the_text_is_named_as_it_is_typed(workroom, visit):
    page = visit(room=workroom).go("/rules/text")
    text = page.get_by_label("Text", exact=True)
    text.fill(text.input_value().replace("respond_within: 5m", "respond_within: soon"))
    expect(page.locator("#judged")).to_contain_text("is not a duration")
    page.locator("#judged a").click()
    chosen = page.evaluate(
        "(() => { const t = document.getElementById('text'); return t.value.slice(t.selectionStart, t.selectionEnd); })()"
    )
    assert "respond_within: soon" in chosen


def test_of_two_who_change_rules_the_second_is_told_and_loses_nothing(workroom, visit):
    page = visit(room=workroom).go("/rules/reasons")
    page.get_by_label("Why leads are lost").fill("price\nno budget\ntoo far away")
    page.get_by_role("button", name="Keep in the draft").click()
    key = workroom.api("POST", "/api/keys", {"role": "admin"})["key"]
    other = {"authorization": f"Bearer {key}"}
    edit = [{"do": "move", "where": ["flows", 0, "routes"], "number": 1, "to": 0}]
    assert workroom.call("POST", "/api/config/draft/edits", edit, **other).status == 200
    assert workroom.call("POST", "/api/config/draft/publish", **other).status == 200
    expect(page.locator("#banner")).to_contain_text("Somebody published another configuration meanwhile.")
    page.get_by_role("link", name="Difference, simulation, publication").click()
    expect(page.get_by_role("heading", name="What was published meanwhile")).to_be_visible()
    expect(page.get_by_role("button", name="Publish")).to_be_disabled()
    page.get_by_role("button", name="Bring my changes onto it").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".flash")).to_contain_text("Published as revision 3.")
    text = workroom.hub.office.config.read_text()
    assert "too far away" in text
    assert text.index("name: abroad") < text.index("name: hot")
    assert "# The hub of the tests' pages." in text


@pytest.mark.parametrize("look", LOOKS[2:], ids=str)
def test_a_draft_and_what_it_would_change_is_read_on_a_phone(workroom, visit, look):
    workroom.api("POST", "/api/config/draft/edits", [{"do": "remove", "where": ["flows", 0, "routes", 0]}])
    name = workroom.api("POST", "/api/config/draft/simulate", {"days": 30})["simulation"]
    guest = visit(look, workroom)
    page = guest.see(f"/rules/changes?simulation={name}", "rules-simulation")
    expect(page.locator(".simulation")).to_be_visible()
    guest.see("/rules/flows/0/routes/new", "rules-new-route")


BUYERS = """
  solar: {connector: ping_post, ping_url: "https://solar.example/ping", url: "https://solar.example/in", price_path: price}
  roofs: {connector: ping_post, ping_url: "https://roofs.example/ping", url: "https://roofs.example/in", price_path: price}
calendars:"""


def with_buyers(room):
    text = room.hub.office.config.read_text().replace("\ncalendars:", BUYERS)
    assert room.call("PUT", "/api/config/draft", {"text": text}).status == 200
    room.api("POST", "/api/config/draft/publish")


def test_a_route_sells_its_leads_without_a_line_of_text(workroom, visit):
    with_buyers(workroom)
    guest = visit(room=workroom)
    page = guest.go("/rules/flows/0/routes/0")
    page.get_by_label("Buyers, place 1").select_option("solar")
    page.get_by_role("group", name="Buyers").get_by_role("button", name="One more").click()
    page.get_by_label("Buyers, place 2").select_option("roofs")
    page.get_by_label("Least price").fill("five")
    expect(page.locator(".rules-typed")).to_contain_text("Least price")
    page.get_by_role("button", name="Keep in the draft").last.click()
    expect(page.locator("main > .flash.bad")).to_contain_text("Least price")
    page.get_by_label("Least price").fill("5")
    expect(page.locator(".rules-typed")).to_contain_text("It can be kept like this.")
    page.get_by_role("button", name="Move roofs up").click()
    expect(page.get_by_label("Buyers, place 1")).to_have_value("roofs")
    guest.check()
    page.get_by_role("button", name="Keep in the draft").last.click()
    expect(page.get_by_role("listitem").filter(has_text="Buyers").last).to_contain_text("roofs, solar")
    visit(LOOKS[3], workroom).see("/rules/flows/0/routes/0", "rules-auction")
    page.get_by_role("link", name="Difference, simulation, publication").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".flash")).to_contain_text("Published as revision 3.")
    text = workroom.hub.office.config.read_text()
    assert "auction: {buyers: [roofs, solar], floor: 5}" in text
    assert "      - route\n      - auction\n      - assign\n" in text
    assert text.startswith("\n# The hub of the tests' pages.\n")
