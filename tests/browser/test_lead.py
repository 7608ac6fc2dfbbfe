"""One lead's page in a real browser: its walk, and what can be done from there."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.looking import LOOKS


def lead_of(room, email: str = "person2@example.com") -> str:
    """Return the lead of an address; that of the third person came twice."""
    return next(row["id"] for row in room.rows("lead", state="open") if row["email"] == email)


def test_the_walk_is_sound_in_every_look(visit, look, showroom):
    page = visit(look).see(f"/leads/{lead_of(showroom)}", "lead")
    expect(page.locator(".part")).to_have_count(13)
    assert page.locator("#rules .mark").count() > 3


@pytest.mark.parametrize("part", ["replay", "unmerge", "compare", "submission"])
def test_what_is_looked_at_first_is_sound_in_every_look(visit, look, showroom, part):
    lead = lead_of(showroom)
    ids = [row["id"] for row in showroom.rows("submission", lead=lead)]
    one, other = (row["id"] for row in showroom.rows("decision", lead=lead))
    path = {
        "replay": "replay", "unmerge": f"unmerge?submission={ids[1]}", "compare": f"compare?one={one}&other={other}",
        "submission": f"submissions/{ids[0]}",
    }[part]  # fmt: skip
    visit(look).see(f"/leads/{lead}/{path}", f"lead-{part}")


def test_bytes_open_on_the_page_and_each_part_has_an_address(visit, showroom):
    seen = visit()
    page = seen.go(f"/leads/{lead_of(showroom)}#submissions")
    page.locator("details.bytes summary").first.click()
    page.locator("pre.bytes").first.wait_for()
    assert "person2@example.com" in page.locator("pre.bytes").first.inner_text()
    seen.check()
    page.click(".jump a[href='#deliveries']")
    assert page.url.endswith("#deliveries")


def test_a_replay_is_seen_before_it_is_done(workroom, visit):
    seen = visit(LOOKS[0], workroom)
    lead = lead_of(workroom)
    before = len(workroom.rows("decision", lead=lead))
    page = seen.go(f"/leads/{lead}")
    page.click("text=Decide it again …")
    told = page.inner_text("table")
    assert "gets it again" in told
    assert "gets nothing" in told
    assert len(workroom.rows("decision", lead=lead)) == before
    page.click("button:has-text('Decide it again')")
    assert "decided again" in page.inner_text(".flash")
    assert len(workroom.rows("decision", lead=lead)) == before + 1
    page.click("text=Compare")
    assert "Two decisions" in page.inner_text("h1")


def test_a_submission_is_taken_out_again_after_a_look(workroom, visit):
    seen = visit(LOOKS[0], workroom)
    lead = lead_of(workroom)
    page = seen.go(f"/leads/{lead}#merges")
    page.click("text=Take it out again …")
    assert "1 submission leaves" in page.inner_text("main")
    page.click("button:has-text('Take it out')")
    assert "This is the lead it makes" in page.inner_text(".flash")
    assert lead not in page.url
    assert [row["undone_at"] is None for row in workroom.rows("lead_merge", lead=lead)] == [False]


def test_a_note_a_task_and_a_new_owner_stand_on_the_page(workroom, visit):
    page = visit(LOOKS[0], workroom).go(f"/leads/{lead_of(workroom)}")
    page.fill("#note-words", "Wants a quote by Friday")
    page.select_option("#note-disposition", "qualified")
    page.click("button:has-text('Note it')")
    assert "Wants a quote by Friday" in page.inner_text("#activities")
    page.fill("#task-text", "Send the quote")
    page.fill("#task-due", "2026-06-01T10:00")
    page.click("button:has-text('Plan it')")
    assert "Send the quote" in page.inner_text("#activities")
    page.click("#activities button:has-text('Done')")
    page.click("summary:has-text('Hand it on')")
    page.select_option("#transfer-to", "ann.ng")
    page.click("form button:has-text('Hand it on')")
    assert "ann.ng" in page.inner_text("#now")
