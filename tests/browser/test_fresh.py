"""Pages that refresh by themselves, in a real browser: they leave alone who is at work in them."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.showroom import Showroom


def news(page: Page, topic: str) -> None:
    """Tell a page what its stream would."""
    page.evaluate("(topic) => document.body.dispatchEvent(new CustomEvent('news', {detail: [topic]}))", topic)


def looked(page: Page, topic: str, into: str) -> None:
    """Tell a page the news, and wait until it shows them."""
    with page.expect_response(lambda answer: into in answer.url):
        news(page, topic)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")


def comes(room: Showroom) -> None:
    """Let somebody new send a form."""
    room.post_json({"id": "newest", "full_name": "Newest Person", "email": "newest@example.com"}, "website")


def test_a_name_being_written_outlives_news_and_the_list_catches_up(workroom, visit):
    page = visit(room=workroom).go("/leads")
    first = page.locator("tbody th a").first
    page.get_by_text("Keep this view").click()
    page.fill("#f-name", "Half a na")
    comes(workroom)
    news(page, "leads")
    page.wait_for_timeout(1_000)
    expect(page.locator("#f-name")).to_have_value("Half a na")
    expect(page.locator("#f-name")).to_be_focused()
    expect(first).not_to_contain_text("Newest")
    page.fill("#f-name", "")
    page.get_by_text("Keep this view").click()
    page.locator("h1").click()
    expect(first).to_contain_text("Newest Person")


def test_news_that_are_under_way_do_not_take_away_what_was_begun_meanwhile(workroom, visit):
    page = visit(room=workroom).go("/leads")
    held = []
    page.route(lambda url: url.endswith("/leads"), lambda route: held.append(route))
    comes(workroom)
    news(page, "leads")
    while not held:
        page.wait_for_timeout(20)
    page.get_by_text("Keep this view").click()
    page.fill("#f-name", "Half a na")
    with page.expect_response(lambda answer: answer.url.endswith("/leads")):
        held.pop().continue_()
    page.wait_for_timeout(300)
    expect(page.locator("#f-name")).to_have_value("Half a na")


def test_of_many_news_in_a_row_the_last_is_shown(workroom, visit):
    page = visit(room=workroom).go("/leads")
    looked(page, "leads", into="/leads")
    comes(workroom)
    news(page, "leads")
    expect(page.locator("tbody th a").first).to_contain_text("Newest Person")


def test_what_was_chosen_to_do_is_not_chosen_back(workroom, visit):
    page = visit(room=workroom).go("/leads")
    page.select_option("#f-act", "return")
    page.locator("h1").click()
    comes(workroom)
    news(page, "leads")
    page.wait_for_timeout(1_000)
    expect(page.locator("#f-act")).to_have_value("return")
    page.select_option("#f-act", "transfer")
    page.locator("h1").click()
    expect(page.locator("tbody th a").first).to_contain_text("Newest Person")


def test_marks_stay_through_news(workroom, visit):
    page = visit(room=workroom).go("/leads")
    page.locator("tbody input[name=lead]").nth(1).check()
    marked = page.locator("tbody input[name=lead]").nth(1).input_value()
    comes(workroom)
    looked(page, "leads", into="/leads")
    expect(page.locator("tbody th a").first).to_contain_text("Newest Person")
    expect(page.locator(f"#m-{marked}")).to_be_checked()


def test_what_was_folded_out_stays_so(workroom, visit):
    sent = workroom.rows("delivery", state="sent")[0]
    page = visit(room=workroom).go(f"/leads/{sent['lead']}")
    fold = page.locator(f"#tries-{sent['id']}")
    expect(fold.locator("table")).not_to_be_visible()
    fold.locator("summary").click()
    looked(page, "deliveries", into="part=deliveries")
    expect(fold.locator("table")).to_be_visible()
    fold.locator("summary").click()
    looked(page, "deliveries", into="part=deliveries")
    expect(fold.locator("table")).not_to_be_visible()


def test_what_is_typed_before_the_scripts_are_there_is_heard(workroom, visit):
    guest = visit(room=workroom)
    held = []
    guest.page.route("**/htmx*.js*", lambda route: held.append(route))
    page = guest.page
    page.goto(f"{workroom.url}/leads", wait_until="commit")
    page.fill("#f-q", "nobody-has-this")
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    expect(page.locator("#found")).to_contain_text("No lead fits.")
