"""The pool in a real browser: what it shows, and two reps who press at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.looking import Look
from tests.browser.test_mine import signed_in

PATHS = ["/pool", "/pool?pool=sea&rep=ann.ng", "/pool?pool=unassigned"]


@pytest.mark.parametrize("path", PATHS)
def test_the_page_is_sound_in_every_look(visit, look, path):
    visit(look).see(path, "pool" + path.partition("?")[2].replace("=", "-").replace("&", "-"))


PRESS = "(action) => { setTimeout(() => document.querySelector(action).click()); }"


def test_of_two_reps_who_press_at_once_one_has_the_lead_and_the_other_is_told_who(workroom, visit):
    pages = {
        "li.wei": signed_in(visit, Look("en", "phone"), workroom, "li.wei"),
        "ann.ng": signed_in(visit, Look("zh", "desk"), workroom, "ann.ng"),
    }
    lead = workroom.api("GET", "/api/pools/sea/leads?limit=1")["items"][0]["id"]
    for page in pages.values():
        page.goto(f"{workroom.url}/pool?pool=sea")
    for page in pages.values():
        page.evaluate(PRESS, f"form:has(input[value='{lead}']) button")
    told = {name: page.wait_for_selector(".flash").inner_text() for name, page in pages.items()}
    (care,) = workroom.rows("care", lead=lead)
    (loser,) = {"li.wei", "ann.ng"} - {care["owner"]}
    claims = [row["owner"] for row in workroom.rows("ownership", lead=lead) if row["act"] == "claimed"]
    assert claims == [care["owner"]]
    said = {"li.wei": ("It is yours", "was faster"), "ann.ng": ("已归您跟进", "抢先一步")}
    assert said[care["owner"]][0] in told[care["owner"]]
    assert pages[care["owner"]].url.endswith(f"/mine/{lead}")
    assert said[loser][1] in told[loser]
    assert care["owner"] in told[loser]
    expect(pages[loser].locator(f"input[value='{lead}']")).to_have_count(0)
