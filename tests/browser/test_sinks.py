"""Sinks in a real browser: how they do, what waits for them, and a new one."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

PATHS = [
    "/sinks", "/sinks/legacy", "/sinks/chat", "/sinks/legacy/deliveries", "/sinks/archive/secrets", "/sinks/new",
    "/sinks/new/webhook",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_the_page_is_sound_in_every_look(visit, look, path):
    page = visit(look).see(path)
    expect(page.locator("h1")).to_have_count(1)


def test_leads_of_a_paused_sink_wait_until_it_goes_on(workroom, visit):
    page = visit(room=workroom).go("/sinks/archive")
    page.locator("summary", has_text="Pause").click()
    page.get_by_label("Reason").fill("We clean up there")
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("Paused: We clean up there").wait_for()
    workroom.post_json({"id": "waits", "email": "wait@example.com", "full_name": "Max Wait"}, "website")
    page.goto(f"{workroom.url}/sinks/archive/deliveries?state=ready")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.goto(f"{workroom.url}/sinks/archive")
    page.get_by_role("button", name="Let it go on").click()
    page.get_by_text("It takes leads again.").wait_for()


def test_a_viewer_sees_how_sinks_do_and_has_no_buttons(workroom, visit):
    key = workroom.api("POST", "/api/keys", {"role": "viewer"})["key"]
    page = visit(room=workroom, user="viewer").page
    page.goto(f"{workroom.url}/sinks/chat?key={key}")
    page.goto(f"{workroom.url}/sinks/chat")
    assert page.locator("h1").inner_text() == "chat"
    expect(page.locator("main form")).to_have_count(0)
