"""Sources in a real browser: how they do, how they are called, what becomes of what they send, and a new one."""

from __future__ import annotations

import subprocess

import pytest
from playwright.sync_api import expect

PATHS = [
    "/sources", "/sources/website", "/sources/partners/use", "/sources/website/mapping", "/sources/partners/secrets",
    "/sources/lists", "/sources/new", "/sources/new/json_webhook",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_the_page_is_sound_in_every_look(visit, look, path):
    page = visit(look).see(path)
    expect(page.locator("h1")).to_have_count(1)


SECRET = "canary-of-a-new-source-4411"


def test_a_source_is_added_by_a_form_and_takes_a_lead_by_the_commands_it_shows(workroom, visit):
    page = visit(room=workroom).go("/sources/new/json_webhook")
    page.get_by_label("Name").fill("Shop")
    page.locator("#checked").get_by_text("A name has small letters").wait_for()
    page.get_by_label("Name").fill("shop")
    page.get_by_label("Secret", exact=True).fill(SECRET)
    page.locator("#checked").get_by_text("It can be added like this.").wait_for()
    page.get_by_role("button", name="Add it").click()
    page.get_by_text("shop was added.").wait_for()
    assert SECRET not in page.content()
    commands = page.locator("pre code").nth(1).inner_text()
    posted = subprocess.run(
        ["bash"], input=commands.replace("SECRET='…'", f"SECRET='{SECRET}'").encode(), capture_output=True, check=True
    )
    assert b'"status":"accepted"' in posted.stdout
    assert workroom.rows("lead", source="shop")[0]["email"] == "max.muster@example.com"


def test_a_rotated_secret_is_never_shown(workroom, visit):
    page = visit(room=workroom).go("/sources/partners/secrets")
    page.get_by_label("New value of secret").fill(SECRET)
    page.get_by_role("button", name="Change it").click()
    page.get_by_text("secret was changed. The value before it is still good").wait_for()
    assert SECRET not in page.content()
    assert workroom.hub.plan.sources["partners"].config.secret.get_secret_value() == SECRET


def test_a_mapping_is_tried_as_it_is_typed(visit):
    page = visit().go("/sources/website/mapping")
    page.get_by_label("Mapping to try").fill("fields: {company: room}")
    page.locator("#made").get_by_text("differs").first.wait_for()
    page.get_by_label("Mapping to try").fill("fields: {nonsense: room}")
    page.locator("#made").get_by_role("alert").wait_for()


def test_a_test_lead_is_sent_and_looked_at(workroom, visit):
    page = visit(room=workroom).go("/sources/partners")
    page.get_by_role("button", name="Send a test lead").click()
    page.get_by_text("The test lead was sent: accepted").wait_for()
    assert [row["test"] for row in workroom.rows("lead", source="partners")] == [True]
    assert page.get_by_role("link", name="Look at the test lead").is_visible()
