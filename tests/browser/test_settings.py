"""The settings in a real browser: users, keys, the audit log, retention, erasing a person, backups."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import memory_folder
from tests.browser.showroom import CONFIG, opened, person

PLUGIN = '''
from hub import Options, Work, hookimpl, step

class ShoutOptions(Options):
    """No options."""

@step("shout")
async def shout(work: Work, ctx, options: ShoutOptions) -> Work:
    return work

@hookimpl
def hub_register():
    yield shout

@hookimpl
def hub_event(event):
    pass
'''
PASSWORD = "three words in a row"
PHRASE = "canary words of a passphrase"


@pytest.fixture(scope="module")
def desk():
    """Serve a hub with users, keys, a plugin, a backup and an erased person."""
    with memory_folder() as folder:
        yield from furnished_desk(folder)


def furnished_desk(folder: Path):
    (folder / "plugins").mkdir(mode=0o755)
    (folder / "plugins" / "shout.py").write_text(PLUGIN, "utf-8")
    (folder / "plugins" / "broken.py").write_text("import nothing_of_that_name\n", "utf-8")
    config = CONFIG + "retention: {bodies: 90d, leads: 730d, sources: {lists: {leads: 30d}}}\n"
    with opened(folder, config) as room:
        for name, role in (("li.wei", "rep"), ("ann@example.com", "admin"), ("bob", "viewer")):
            room.api("POST", "/api/users", {"name": name, "role": role, "password": PASSWORD})
        room.api("POST", "/api/users/bob/disable")
        room.api("POST", "/api/keys", {"role": "source", "source": "website", "name": "the form of our website"})
        room.api("POST", "/api/keys", {"role": "viewer", "days": 30})
        for number in range(3):
            room.post_json(person(number), "website")
        room.api("POST", "/api/erase", {"email": "person1@example.com"})
        room.api("POST", "/api/backups", {"passphrase": PHRASE})
        room.api("POST", "/api/retention")
        yield room


@pytest.fixture
def room():
    """Serve a hub of one's own, with next to nothing in it: filling one takes longer than the walk."""
    with memory_folder() as made, opened(made) as served:
        for number in range(4):
            served.post_json(person(number), "website")
        yield served


PLACES = ["", "users", "keys", "audit", "audit/verify", "retention", "people", "backups", "plugins", "nodes", "about"]


@pytest.mark.parametrize("place", PLACES)
def test_every_page_is_sound_in_every_look(visit, look, desk, place):
    page = visit(look, desk).see(f"/settings/{place}".rstrip("/"), f"settings-{place.replace('/', '-') or 'page'}")
    expect(page.locator("h1")).to_have_count(1)


def test_the_pages_say_what_is_so(visit, desk):
    begun = visit(room=desk)
    said = begun.go("/settings/plugins").locator("section", has_text="shout.py").inner_text()
    assert ("loaded" in said, "step shout" in said, "hub_event" in said) == (True, True, True)
    assert "nothing_of_that_name" in begun.page.inner_text("main")
    assert "A user was shut out." in begun.go("/settings/audit?what=user.disabled").inner_text("#entries")
    expect(begun.page.locator("#entries tbody tr")).to_have_count(1)
    assert "Every entry is as it was sealed." in begun.go("/settings/audit/verify").inner_text("main")
    assert "lists: 30 days" in begun.go("/settings/retention").inner_text("main")
    assert "Chart.js" in begun.go("/settings/about").inner_text("main")


def test_the_certificate_of_an_erasure_is_sound_in_every_look(visit, look, desk):
    erasure = desk.rows("erasure")[0]["id"]
    visit(look, desk).see(f"/settings/people/erasures/{erasure}", "settings-certificate")


def test_a_user_is_made_and_signs_in_and_sees_what_the_role_may(visit, room):
    page = visit(room=room).go("/settings/users")
    page.get_by_label("Name or e-mail address").fill("Ann Ng")
    page.locator("#f-role").select_option("admin")
    page.get_by_label("First password").fill("short")
    page.get_by_role("button", name="Make the user").click()
    assert page.get_by_label("Name or e-mail address").input_value() == "Ann Ng"
    expect(page.locator(".field.wrong")).to_have_count(1)
    page.get_by_label("First password").fill(PASSWORD)
    page.get_by_role("button", name="Make the user").click()
    assert "The user ann ng was made." in page.get_by_role("status").inner_text()
    theirs = visit(room=room, user="ann ng").page
    theirs.goto(f"{room.url}/login?lang=en")
    theirs.locator("input[name=name]").fill("ann ng")
    theirs.locator("input[name=password]").fill(PASSWORD)
    theirs.locator("button.main, form button").first.click()
    theirs.wait_for_url(f"{room.url}/")
    theirs.goto(f"{room.url}/settings")
    said = theirs.inner_text("main")
    assert "Audit log" in said
    assert "API keys" not in said
    assert theirs.goto(f"{room.url}/settings/users").status == 403


def test_a_key_is_shown_once_and_revoked(visit, room):
    page = visit(room=room).go("/settings/keys")
    page.locator("#f-role").select_option("viewer")
    page.get_by_label("What for").fill("the report of Monday")
    page.get_by_role("button", name="Make the key").click()
    key = page.locator(".copyable code").inner_text()
    assert key.startswith("lh_")
    assert room.get("/api/summary", authorization=f"Bearer {key}").status == 200
    page.goto(f"{room.url}/settings/keys")
    assert key not in page.content()
    row = page.get_by_role("row", name="the report of Monday")
    row.get_by_text("Revoke", exact=True).first.click()
    row.locator("form button").click()
    assert "worthless" in page.get_by_role("status").inner_text()
    assert page.get_by_text("revoked").is_visible()


def test_a_person_is_erased_after_typing_who_it_is_and_the_certificate_says_what_went(visit, room):
    page = visit(room=room).go("/settings/people")
    erase = page.locator("form[action='/settings/people/look']")
    erase.locator("input[name=key]").fill("person2@example.com")
    erase.locator("button").click()
    assert "person2@example.com" not in page.url
    assert "crm" in page.inner_text("main") or "legacy" in page.inner_text("main")
    page.locator("input[name=typed]").fill("person3@example.com")
    page.get_by_role("button", name="Erase for good").click()
    assert "That is not the same." in page.get_by_role("alert").inner_text()
    assert [row for row in room.rows("lead", state="open") if row["email"] == "person2@example.com"]
    page.locator("input[name=typed]").fill("person2@example.com")
    page.get_by_role("button", name="Erase for good").click()
    page.get_by_role("heading", name="Certificate of erasure").wait_for()
    assert [row for row in room.rows("lead") if row["email"] == "person2@example.com"] == []


def test_what_is_known_of_a_person_is_handed_out_as_a_file(visit, room):
    page = visit(room=room).go("/settings/people")
    form = page.locator("form[action='/settings/people/export']")
    form.locator("input[name=key]").fill("person3@example.com")
    with page.expect_download() as download:
        form.locator("button").click()
    assert download.value.suggested_filename == "person.json"
    assert "person3@example.com" in Path(download.value.path()).read_text("utf-8")


def test_a_backup_is_made_and_checked(visit, room):
    page = visit(room=room).go("/settings/backups")
    page.get_by_label("Passphrase", exact=True).fill(PHRASE)
    page.get_by_label("The passphrase again").fill("other words than before")
    page.get_by_role("button", name="Make a backup").click()
    assert "not the same" in page.get_by_role("alert").inner_text()
    page.get_by_label("Passphrase", exact=True).fill(PHRASE)
    page.get_by_label("The passphrase again").fill(PHRASE)
    page.get_by_role("button", name="Make a backup").click()
    row = page.locator("tbody tr").first
    row.locator("summary").click()
    row.locator("input[name=passphrase]").fill("wrong words in a row")
    row.locator("button").click()
    page.get_by_text("not sound").wait_for()
    row.locator("summary").click()
    row.locator("input[name=passphrase]").fill(PHRASE)
    row.locator("button").click()
    page.locator(".badge.good", has_text="sound").wait_for()
