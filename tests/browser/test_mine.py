"""A rep's leads on a phone, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.looking import Look

PATHS = ["/mine", "/mine?rep=li.wei", "/mine?rep=li.wei&tab=working", "/mine?rep=li.wei&tab=tasks"]
PHONE = Look("en", "phone")
PASSWORD = "three words in a row"
SMALL = """() => [...document.querySelectorAll("main button, main a.button, main .tabs a, main summary, main .mine-who")]
  .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 44).map((one) => one.outerHTML)"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("path", PATHS)
def test_the_page_is_sound_in_every_look(visit, look, path):
    visit(look).see(path, "mine" + path.partition("?")[2].replace("=", "-").replace("&", "-"))


def test_the_page_of_one_lead_is_sound_in_every_look(visit, look, showroom):
    visit(look).see(f"/mine/{waiting(showroom)}", "mine-lead")


def waiting(room, rep: str | None = None) -> str:
    """Return a lead that waits for a rep, the newest."""
    rows = room.rows("care", responded_at=None, **({"owner": rep} if rep else {}))
    return next(row["lead"] for row in reversed(rows) if row["owner"])


def signed_in(visit, look, room, name: str):
    """Return the page of a rep who has signed in through the form."""
    room.api("POST", "/api/users", {"name": name, "role": "rep", "password": PASSWORD})
    page = visit(look, room, user=name).page
    page.goto(f"{room.url}/login")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/mine")
    return page


def test_a_rep_on_a_phone_takes_calls_and_notes_in_two_taps(workroom, visit):
    lead, others = waiting(workroom, "li.wei"), waiting(workroom, "max.muster")
    queue = visit(Look("en", "desk"), workroom).go("/response/queue")
    expect(queue.locator(f"a[href='/leads/{lead}']")).to_have_count(1)
    page = signed_in(visit, PHONE, workroom, "li.wei")
    small = page.evaluate(SMALL)
    assert (small, page.evaluate(TOO_WIDE)) == ([], 0)
    page.locator(f"form[action='/mine/{lead}/take'] button").click()
    page.wait_for_url(f"**/mine/{lead}")
    expect(page.locator("main a[href^='tel:+86']")).to_have_count(1)
    assert (page.evaluate(SMALL), page.evaluate(TOO_WIDE)) == ([], 0)
    page.get_by_role("button", name="Reached").click()
    page.wait_for_selector("[role=status]:has-text('Noted: reached.')")
    (care,) = workroom.rows("care", lead=lead)
    assert (care["responded_by"], care["disposition"]) == ("li.wei", "contacted")
    assert care["accepted_at"] is not None
    assert care["responded_at"] == workroom.clock.now()
    queue.wait_for_selector(f"a[href='/leads/{lead}']", state="detached")
    page.get_by_text("Not interested", exact=True).click()
    page.get_by_role("button", name="price").click()
    page.wait_for_selector("[role=status]:has-text('Noted: not interested.')")
    assert workroom.rows("care", lead=lead)[0]["reason"] == "price"
    answer = page.goto(f"{workroom.url}/mine/{others}")
    assert (answer.status, "There is no lead" in page.inner_text("main")) == (404, True)
