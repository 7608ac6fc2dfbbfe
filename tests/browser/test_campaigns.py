"""The room Campaigns in a real browser: which pays, under which model; costs that come in; a card for a vendor."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looking import LOOKS

PATHS = [
    "/campaigns?span=365d", "/campaigns?span=365d&against=first&model=last", "/campaigns?by=tag:party&rank=leads",
    "/campaigns/one?name=spring-demo", "/campaigns/costs", "/campaigns/vendors", "/campaigns/vendors/website",
]  # fmt: skip
NAMES = ["campaigns", "campaigns-two", "campaigns-party", "campaigns-one", "costs", "vendors", "vendor"]


@pytest.mark.parametrize(("path", "name"), list(zip(PATHS, NAMES, strict=True)))
def test_the_page_is_sound_in_every_look(visit, look, path, name):
    visit(look).see(path, name)


def journeys(room) -> None:
    """Let ten people find us by one campaign, and be won after another one."""
    for number in range(10):
        person = {"email": f"walker{number}@example.com", "full_name": f"Walker {number}", "country": "DE"}
        for campaign in ("opener", "closer"):
            room.clock.turn(3600.0)
            said = {**person, "id": f"{campaign}-{number}", "utm_campaign": campaign, "utm_source": "google"}
            lead = room.post_json(said, "website").json()["lead"]
        room.clock.turn(3600.0)
        won = {"kind": "status", "disposition": "won", "value": 90_000.0, "currency": "CNY"}
        room.api("POST", f"/api/leads/{lead}/activities", won)
    room.clock.turn(60.0)


def ranking(page) -> list[str]:
    return page.locator("table.ranking tbody th").all_inner_texts()


def test_another_model_ranks_campaigns_otherwise(workroom, visit):
    journeys(workroom)
    page = visit(room=workroom).see("/campaigns?rank=won&model=first")
    assert ranking(page)[0] == "opener"
    page.select_option("#f-model", "last")
    expect(page.locator("table.ranking tbody th").first).to_have_text("closer")
    assert "model=last" in page.url
    page.get_by_role("link", name="closer").click()
    page.wait_for_selector("#touches")
    expect(page.get_by_text("opener → closer")).to_have_count(1)
    page = visit(room=workroom).see("/campaigns?rank=won&model=first&against=last", "campaigns-against")
    assert page.locator("table.ranking tbody tr").first.inner_text().split("\t")[1].startswith("1 → ")


FILE = """日期,活动,花费,币种
{today},newsletter-05,1000,CNY
{today},newsletter-05,some,CNY
{today},spring-demo,200,EUR
"""


@pytest.mark.parametrize("look", [LOOKS[0], LOOKS[3]], ids=str)
def test_a_file_of_costs_is_looked_at_counted_and_taken_out(workroom, visit, look, tmp_path):
    zh = look.language == "zh"
    file = tmp_path / "kosten.csv"
    file.write_text(FILE.format(today=workroom.clock.now().date()), "gb18030")
    one = visit(look, workroom)
    page = one.go("/campaigns/costs")
    page.set_input_files("#f-file", file)
    page.locator("form[enctype] button").click()
    page.wait_for_selector("#f-name")
    one.check()
    assert "some" in page.inner_text("table")
    assert workroom.rows("cost_batch")[1:] == []
    page.fill("#f-name", "May, by hand")
    page.screenshot(path=f"build/pictures/costs-preview.{look}.png", full_page=True)
    page.get_by_role("button", name="计入" if zh else "Count").first.click()
    page.wait_for_selector(".flash")
    assert "2" in page.inner_text(".flash")
    assert sorted(row["name"] for row in workroom.rows("cost_batch")) == ["May, by hand", "May.csv"]
    page.locator("tr", has_text="May, by hand").locator("summary").click()
    page.locator("tr", has_text="May, by hand").locator("details button").click()
    page.wait_for_selector(".flash")
    assert [row["name"] for row in workroom.rows("cost_batch") if not row["undone_at"]] == ["May.csv"]


def test_a_paste_that_cannot_be_read_is_said_and_kept(visit):
    page = visit().go("/campaigns/costs")
    page.fill("#f-table", "a;b\n1;2\n")
    page.locator("form[action$=preview] button").click()
    page.wait_for_selector("[role=alert]")
    assert "No column is the cost" in page.inner_text("[role=alert]")
    assert page.input_value("#f-table").strip() == "a;b\n1;2"


def test_a_vendor_sees_its_card_without_an_account_until_the_link_is_ended(workroom, visit, look):
    owner = visit(look, workroom)
    page = owner.go("/campaigns/vendors/website")
    page.wait_for_selector(".counting", state="detached")
    page.locator("#links form button").first.click()
    page.wait_for_selector("#links code")
    address = page.inner_text("#links code").replace("https://", "http://")
    path = re.sub(r"^http://[^/]+", "", address)
    guest = visit(look, workroom, user="nobody")
    seen = guest.see(path, "scorecard")
    text = seen.inner_text("body").lower()
    assert "website" in text
    assert guest.context.cookies() == []
    expect(seen.locator("figure canvas")).to_have_count(1)
    assert not [person for person in ("person0", "example.com", "lead_", "李伟", "muster", "+86") if person in text]
    page.locator("#links details summary").first.click()
    page.locator("#links details button").first.click()
    page.wait_for_selector(".flash")
    assert guest.page.goto(f"{workroom.url}{path}").status == 404
