"""The overview in a real browser."""

from __future__ import annotations

import itertools

import pytest
from playwright.sync_api import expect

PATHS = ["/"]


@pytest.mark.parametrize("path", PATHS)
def test_the_page_is_sound_in_every_look(visit, look, path):
    visit(look).see(path)


def test_a_new_lead_appears_by_itself(workroom, visit):
    page = visit(room=workroom).go("/")
    number = itertools.count()

    def seen():
        """Let a lead come, as they do all day: the first may come before the page listens."""
        name = f"Nora Justnow {next(number)}"
        nora = {"id": name, "full_name": name, "email": f"{name[-1]}@nora.example", "country": "CN"}
        workroom.post_json(nora, "website")
        page.wait_for_timeout(1_000)
        return page.locator("#newest").get_by_role("link", name="Nora Justnow").all()

    assert workroom.until(seen, 1)


def test_the_four_questions_are_answered_within_three_clicks(visit, showroom):
    page = visit().go("/")
    page.get_by_role("link", name="Why did this lead go to that rep?").click()
    assert "/leads/lead_" in page.url
    expect(page.locator("#assignment")).to_have_count(1)
    page.goto(showroom.url)
    page.get_by_role("link", name="What is stuck?").click()
    page.get_by_role("heading", level=1, name="Needs attention").wait_for()
    assert page.get_by_role("article").count() > 2
    page.goto(showroom.url)
    assert page.get_by_role("link", name="Who is slow?").get_attribute("href") == "/response?by=rep"
    assert page.get_by_role("link", name="Which campaign pays?").get_attribute("href") == "/campaigns"
