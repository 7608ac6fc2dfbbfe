"""What needs a person, in a real browser: looked at, previewed, and decided for all that is alike."""

from __future__ import annotations

import pytest

from hub.lead import Sent
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
    workroom.until(lambda: before - {row["key"] for row in workroom.rows("delivery", state="rejected")}, len(before))
    arrived = lambda: [row for row in workroom.rows("delivery", state="sent") if row["key"] in before]  # noqa: E731
    found = workroom.until(arrived, len(before))
    assert {row["key"] for row in found} == before
    page.get_by_role("link", name="What else waits").click()
    assert page.get_by_role("link", name="Deliveries refused: legacy").count() == 0


def test_a_pair_is_kept_apart_with_one_press(workroom, visit):
    one = visit(room=workroom)
    before = len(workroom.rows("suggestion", state="open"))
    page = one.go(f"/attention/{group(workroom, 'suggestions')}")
    page.get_by_role("button", name="Two people").first.click()
    page.get_by_text("Done.").wait_for()
    assert len(workroom.rows("suggestion", state="open")) == before - 1
