"""The list of leads in a real browser."""

from __future__ import annotations

import csv
import io

import pytest
from playwright.sync_api import expect

PATHS = [
    "/leads", "/leads?q=李", "/leads?grade=A&columns=email&columns=phone&columns=score&columns=due_at", "/leads?q=nobody-has-this",
    "/leads?since=tomorrow",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_the_list_is_sound_in_every_look(visit, look, path):
    visit(look).see(path, f"leads-{PATHS.index(path)}")


def test_what_is_typed_is_found_as_it_is_typed(page, showroom):
    page.goto(f"{showroom.url}/leads")
    page.fill("#f-q", "赵敏")
    expect(page.locator("tbody tr")).to_have_count(8)
    assert "q=%E8%B5%B5%E6%95%8F" in page.url
    page.fill("#f-q", "赵敏 5")
    expect(page.locator("tbody th a").first).to_contain_text("赵敏 5")
    page.fill("#f-q", "+86 138 1234 5006")
    expect(page.locator("tbody th a")).to_have_text(["李伟 6"])


def test_a_filtered_list_is_kept_and_survives_a_reload(workroom, visit):
    page = visit(room=workroom).go("/leads")
    page.select_option("#f-grade", "A")
    expect(page.locator("td[data-name=Grade]").first).to_have_text("A")
    page.select_option("#f-source", "ads")
    page.get_by_text("Columns", exact=True).first.click()
    page.get_by_label("Phone").check()
    expect(page.locator("thead th", has_text="Phone")).to_be_visible()
    page.get_by_text("Keep this view").click()
    page.fill("#f-name", "Hot ads")
    page.get_by_role("button", name="Keep", exact=True).click()
    expect(page.locator(".flash")).to_contain_text("Hot ads")
    before = page.locator("tbody th a").all_inner_texts()
    page.reload()
    assert page.locator("tbody th a").all_inner_texts() == before
    assert set(page.locator("td[data-name=Source]").all_inner_texts()) == {"ads"}
    assert page.input_value("#f-grade") == "A"
    expect(page.locator(".tabs a[aria-current]")).to_have_text("Hot ads")
    expect(page.locator("thead th", has_text="Phone")).to_be_visible()


def test_many_leads_are_handed_on_after_a_look_at_what_would_go(workroom, visit):
    seen = visit(room=workroom)
    page = seen.go("/leads?owner=max.muster")
    number = page.locator("tbody tr").count()
    assert number
    page.locator("input[data-all]").check()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("main")).to_contain_text(f"{number} leads would go.")
    seen.check()
    page.select_option("#f-to", "eva.lang")
    page.fill("#f-reason", "max is on leave")
    page.get_by_role("button", name="Hand to a rep").click()
    expect(page.locator(".flash")).to_contain_text(f"{number} leads went.")
    seen.check()
    assert workroom.rows("lead", owner="max.muster", state="open") == []


def test_an_export_downloads_and_a_formula_in_it_is_harmless(workroom, visit):
    workroom.post_json({"id": "evil", "full_name": "=HYPERLINK(1)", "email": "evil@example.com"}, "website")
    page = visit(room=workroom).go("/leads?q=evil")
    with page.expect_download() as waiting:
        page.get_by_text("Export as CSV").click()
    data = waiting.value.path().read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    head, row = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert row[head.index("full name")] == "'=HYPERLINK(1)"


def test_a_new_lead_appears_by_itself_and_marks_stay(workroom, visit):
    page = visit(room=workroom).go("/leads")
    first = page.locator("tbody input[name=lead]").first
    first.check()
    marked = first.get_attribute("value")
    workroom.post_json({"id": "late", "full_name": "Lately Come", "email": "late@example.com"}, "website")
    expect(page.locator("tbody th a").first).to_have_text("Lately Come")
    expect(page.locator(f"#m-{marked}")).to_be_checked()
