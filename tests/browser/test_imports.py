"""The room Import in a real browser: a file from the upload to what became of it, and back out again."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.api.test_uploads import CSV, HEAD, PEOPLE
from tests.browser.conftest import memory_folder
from tests.browser.showroom import Showroom, opened

MIXED = "\n".join(
    [
        HEAD,
        *(one.replace("@", "@list.").replace("1380013", "1370013") for one in PEOPLE[:6]),
        "Nobody,,,,blue",
        "王芳,wang@example.com,13812345678,北方物流,绿",
        "Person 2 again,person2@list.example.com,,,",
    ]
)
LOOSE = "\n".join(["姓名;E-mail;手机;Firma", *(f"P{n};p{n}@x.example;;{'Acme' if n % 3 else ''}" for n in range(40))])


@pytest.fixture(scope="module")
def desk():
    """Serve a hub that has read one file in, was given another, and has a third in its inbox."""
    with memory_folder() as folder, opened(folder) as room:
        expo = folder / "inbox" / "expo"
        expo.mkdir(parents=True)
        (expo / "booth scans.csv").write_text(LOOSE, "utf-8")
        (folder / "inbox" / "list of spring.csv").write_text(MIXED, "utf-8")
        first = room.api("POST", "/api/inbox", {"path": "list of spring.csv", "source": "lists"})["id"]
        room.api("POST", f"/api/uploads/{first}/run")
        soon(room, "file_import", "done")
        draft = room.api("POST", "/api/inbox", {"path": "expo/booth scans.csv", "source": "lists"})["id"]
        room.api("PUT", f"/api/uploads/{draft}", {"columns": {"Firma": "interest"}})
        room.api("POST", f"/api/uploads/{draft}/trial")
        soon(room, "import_draft", "tried")
        yield room


@pytest.fixture
def room():
    """Serve a hub of one's own, with next to nothing in it: filling one takes longer than the walk."""
    with memory_folder() as made, opened(made) as served:
        yield served


def soon(room: Showroom, table: str, state: str) -> None:
    """Wait until there is a row of that state; the first file of a process takes longer, for what must be loaded."""
    assert any(room.until(lambda: room.rows(table, state=state), 1) for _ in range(8))


def places(room: Showroom) -> dict[str, str]:
    imported = room.rows("file_import")[0]["id"]
    return {
        "list": "/imports", "import": f"/imports/{imported}", "undo": f"/imports/{imported}/undo",
        "file": f"/imports/files/{room.rows('import_draft', state='tried')[0]['id']}",
        "quarantined": f"/imports/{imported}?state=quarantined",
    }  # fmt: skip


@pytest.mark.parametrize("place", ["list", "import", "undo", "file", "quarantined"])
def test_every_page_is_sound_in_every_look(visit, look, desk, place):
    page = visit(look, desk).see(places(desk)[place], f"imports-{place}")
    expect(page.locator("h1")).to_have_count(1)


def choose(page: Any, column: str, field: str) -> None:
    page.get_by_label(f"Where the column {column} goes").select_option(field)


def numbers(page: Any) -> dict[str, str]:
    """Return the figures of a page by their names."""
    said = page.locator(".figures li").all()
    return {one.locator("span").inner_text(): one.locator("b").inner_text() for one in said}


def test_a_file_goes_from_the_upload_over_mapping_and_dry_run_into_leads_and_out_again(visit, room):
    page = visit(room=room).go("/imports")
    page.locator("#f-file").set_input_files(
        {"name": "liste.csv", "mimeType": "text/csv", "buffer": MIXED.encode("gb18030")}
    )
    page.get_by_role("button", name="Upload and look").click()
    assert page.locator("h1").inner_text() == "liste.csv"
    assert "gb18030" in page.locator("#look").inner_text()
    assert page.get_by_role("row", name="colour").locator("td").first.inner_text().startswith("89%")
    choose(page, "Mail box", "email")
    choose(page, "Firma", "company")
    page.get_by_role("button", name="Use for this file").click()
    assert page.get_by_text("chosen for this file").is_visible()
    before = len(room.leads())
    page.get_by_role("button", name="Try it").click()
    page.get_by_role("button", name="Read in 9 rows").wait_for()
    tried = numbers(page)
    assert (tried["rows read"], tried["new leads"], tried["into known leads"], tried["in quarantine"]) == (
        "9",
        "7",
        "1",
        "1",
    )
    assert len(room.leads()) == before
    page.get_by_role("button", name="Read in 9 rows").click()
    page.get_by_role("heading", name="Take it back").wait_for()
    assert numbers(page) == tried
    assert len(room.leads()) == before + 7
    page.get_by_role("link", name="See what would be taken back").click()
    page.get_by_role("button", name="Take it back").click()
    assert "9 rows, 7 leads removed" in page.get_by_role("status").inner_text()
    assert len(room.leads()) == before


def test_a_run_goes_on_when_the_page_is_left_and_says_what_became_of_it_when_somebody_returns(visit, room):
    draft = upload(visit, room, "\n".join(["name,email", *(f"P {n},p{n}@x.example" for n in range(1200))]))
    page = visit(room=room).go(draft)
    page.get_by_text("Read it in untried").first.click()
    page.locator("details[open] button").click()
    page.goto("about:blank")
    page = visit(room=room).go(draft)
    page.get_by_role("heading", name="Take it back").wait_for()
    assert numbers(page)["rows read"] == "1,200"


def upload(visit: Any, room: Showroom, text: str) -> str:
    """Upload a file, and return the path of its page."""
    page = visit(room=room).go("/imports")
    page.locator("#f-file").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": text.encode()})
    page.get_by_role("button", name="Upload and look").click()
    page.get_by_role("heading", name="3. Try it").wait_for()
    return str(page.url.removeprefix(room.url))


def test_a_file_that_cannot_be_read_says_so_beside_the_form(visit, room):
    page = visit(room=room).go("/imports")
    page.locator("#f-file").set_input_files({"name": "a.pdf", "mimeType": "x/y", "buffer": b"%PDF-1.7"})
    page.get_by_role("button", name="Upload and look").click()
    assert "The file is a PDF. Export the leads as CSV or XLSX." in page.get_by_role("alert").inner_text()


def test_a_file_that_was_read_in_before_says_what_became_of_it(visit, room):
    for _ in range(2):
        draft = upload(visit, room, CSV.decode())
        page = visit(room=room).go(draft)
        page.get_by_role("button", name="Try it").click()
        page.get_by_role("button", name="Try it again").wait_for()
        first = page
        if page.get_by_text("This very file was read in before").count():
            break
        page.locator("form[action$='/run'] button").click()
        page.get_by_role("heading", name="Take it back").wait_for()
    first.get_by_role("link", name="What became of it").click()
    assert first.locator("h1").inner_text() == "a.csv"
