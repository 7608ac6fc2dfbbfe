"""What needs a person, in a real browser: looked at, previewed, and decided for all that is alike."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from hub.lead import Sent
from tests.browser.looking import PICTURES
from tests.browser.showroom import Showroom


def group(room: Showroom, kind: str) -> str:
    """Return the id of the largest group of a kind."""
    found: str = room.api("GET", f"/api/attention?kind={kind}")["items"][0]["id"]
    return found


@pytest.mark.parametrize("path", ["/attention", "/attention?kind=rejected"])
def test_the_inbox_is_sound_in_every_look(visit, look, path):
    visit(look).see(path)


@pytest.mark.parametrize("kind", ["quarantined", "rejected", "suggestions", "alarms"])
def test_a_group_is_sound_in_every_look(visit, look, showroom, kind):
    visit(look).see(f"/attention/{group(showroom, kind)}", f"attention-{kind}")


@pytest.mark.parametrize(("kind", "query"), [("quarantined", "act=replay&accept=yes"), ("rejected", "act=retry")])
def test_what_would_happen_is_sound_in_every_look(visit, look, showroom, kind, query):
    visit(look).see(f"/attention/{group(showroom, kind)}/preview?{query}", f"attention-preview-{kind}")


def test_a_submission_that_is_held_back_is_shown_as_it_came(visit, look, showroom):
    held = showroom.rows("submission", state="quarantined")[0]["id"]
    page = visit(look).see(f"/attention/submissions/{held}?group={group(showroom, 'quarantined')}", "attention-held")
    assert "Nobody Reachable" in page.inner_text("main")


def test_a_whole_group_is_accepted_after_a_look_at_what_it_does(workroom, visit):
    for number in range(60):
        workroom.post_json({"id": f"n-{number}", "full_name": f"Nobody {number}"}, "website")
    one = visit(room=workroom)
    page = one.go("/attention?kind=quarantined")
    page.get_by_role("link", name="Submissions held back: website").click()
    page.get_by_role("link", name="Accept all: see what it does").click()
    assert "61 submissions would be decided again" in page.inner_text("main")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="archive"))
    assert row.get_by_role("cell").first.inner_text() == "61"
    sent = len(workroom.rows("delivery", sink="archive"))
    page.get_by_role("button", name="Do it with all 61").click()
    page.get_by_text("61 of 61").wait_for()
    page.get_by_text("Done.").wait_for()
    one.check()
    assert "61\naccepted" in page.inner_text("#progress")
    assert len(workroom.rows("delivery", sink="archive")) == sent + 61
    assert [row["source"] for row in workroom.rows("submission", state="quarantined")] == ["ads"]


def test_what_would_be_corrected_is_sound_in_every_look(visit, look, showroom):
    held = showroom.rows("submission", state="quarantined")[0]["id"]
    one = visit(look)
    page = one.see(f"/submissions/{held}/correct?group={group(showroom, 'quarantined')}", "attention-correct")
    page.locator("#c-phone").fill("138 0013 8000")
    page.locator("form.correct button.main").click()
    page.locator("form input[name='v.phone']").first.wait_for(state="attached")
    one.check()
    page.screenshot(path=PICTURES / f"attention-correct-preview.{look}.png", full_page=True)


def test_a_wrong_phone_is_corrected_and_the_lead_is_delivered_once(workroom, visit):
    workroom.post_json({"id": "typo", "full_name": "Nina Typo", "phone": "138 0013 80000"}, "website")
    one = visit(room=workroom)
    page = one.go("/attention?kind=quarantined")
    mine = page.get_by_role("article").filter(has_text="phone: This is not a phone number.")
    mine.get_by_role("link", name="Submissions held back: website").first.click()
    page.get_by_role("link", name="Correct", exact=True).first.click()
    box = page.get_by_label("phone", exact=True)
    assert box.input_value() == "138 0013 80000"
    box.fill("138 0013 8000")
    page.get_by_role("button", name="Preview", exact=True).click()
    assert "+8613800138000" in page.inner_text("main")
    sent = len(workroom.rows("delivery", sink="archive"))
    page.get_by_role("button", name="Correct and replay").click()
    page.get_by_text("It is corrected, and goes on.").wait_for()
    one.check()
    (lead,) = workroom.rows("lead", full_name="Nina Typo")
    assert lead["phone"] == "+8613800138000"
    assert len(workroom.rows("delivery", sink="archive")) == sent + 1
    one.see(f"/leads/{lead['id']}", "lead-corrected")
    assert page.get_by_text("corrected by local").count() == 3


def test_three_alike_are_corrected_at_once(workroom, visit):
    for number in range(3):
        said = {
            "id": f"b-{number}",
            "full_name": f"Berlin {number}",
            "phone": f"030 90182{number}",
            "country": "Berlin",
        }
        workroom.post_json(said, "expo")
    one = visit(room=workroom)
    page = one.go("/attention?kind=quarantined")
    page.get_by_role("link", name="Submissions held back: expo").first.click()
    page.get_by_label("Field", exact=True).select_option("country")
    page.get_by_label("What is right").fill("Germany")
    page.get_by_role("button", name="Correct all: see what it does").click()
    one.check()
    page.screenshot(path=PICTURES / "attention-correct-all.png", full_page=True)
    assert "3 submissions would be decided again" in page.inner_text("main")
    page.get_by_role("button", name="Do it with all 3").click()
    page.get_by_text("Done.").wait_for()
    assert "3\naccepted" in page.inner_text("#progress")
    found = {row["full_name"]: (row["country"], row["phone"]) for row in workroom.rows("lead", source="expo")}
    assert {number: found[f"Berlin {number}"] for number in range(3)} == {
        number: ("DE", f"+493090182{number}") for number in range(3)
    }


def test_all_dead_deliveries_go_again_once_their_sink_is_well(workroom, visit):
    workroom.until(lambda: workroom.rows("delivery", state="rejected"), 3)
    before = {row["key"] for row in workroom.rows("delivery", state="rejected", sink="legacy")}
    workroom.hub.plan.sinks["legacy"].answer = lambda lead: Sent(lead.id)
    one = visit(room=workroom)
    page = one.go("/attention?kind=rejected")
    page.get_by_role("link", name="Deliveries refused: legacy").click()
    page.get_by_role("link", name="Send all again: see what it does").click()
    one.check()
    page.get_by_role("button", name="Do it with all").click()
    page.get_by_text("Done.").wait_for()
    workroom.clock.turn(60.0)  # what is sent again keeps to a budget, which grows with time
    workroom.until(lambda: before - {row["key"] for row in workroom.rows("delivery", state="rejected")}, len(before))
    arrived = lambda: [row for row in workroom.rows("delivery", state="sent") if row["key"] in before]  # noqa: E731
    found = workroom.until(arrived, len(before))
    assert {row["key"] for row in found} == before
    page.get_by_role("link", name="What else waits").click()
    expect(page.get_by_role("link", name="Deliveries refused: legacy")).to_have_count(0)


def test_a_pair_is_kept_apart_with_one_press(workroom, visit):
    one = visit(room=workroom)
    before = len(workroom.rows("suggestion", state="open"))
    page = one.go(f"/attention/{group(workroom, 'suggestions')}")
    page.get_by_role("button", name="Two people").first.click()
    page.get_by_text("Done.").wait_for()
    assert len(workroom.rows("suggestion", state="open")) == before - 1
