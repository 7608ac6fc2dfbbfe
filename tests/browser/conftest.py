"""A real browser, and what it looks at: Debian's chromium, driven by playwright."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

pytest.register_assert_rewrite("tests.browser.looking")

from hub.testing.fakes import CountedIds  # noqa: E402
from tests.browser.looking import LOOKS, Look, Visit  # noqa: E402
from tests.browser.showroom import Furnished, Showroom, furnish, opened  # noqa: E402
from tests.conftest import MEMORY  # noqa: E402

expect.set_options(timeout=30_000)  # what is to be seen is seen much earlier; a busy machine needs longer


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Start one browser for the tests of this folder; while it runs, no other loop can."""
    program = shutil.which("chromium-headless-shell") or shutil.which(
        "chromium"
    )  # the same, and without windows faster
    assert program, "There is no chromium. `make test` installs it; by hand: apt install chromium-headless-shell."
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield started
        started.close()


@contextlib.contextmanager
def memory_folder() -> Iterator[Path]:
    """Make a folder in memory where there is some: nobody cuts the power in these tests."""
    with tempfile.TemporaryDirectory(prefix="leadhub-", dir=MEMORY) as made:
        yield Path(made)


@pytest.fixture(scope="session")
def furnished() -> Iterator[Furnished]:
    """Fill a hub with leads, once; what tests look at are copies of it."""
    with memory_folder() as made:
        ids = CountedIds()
        with opened(made, ids=ids) as room:
            furnish(room)
            at = room.clock.now()
        yield Furnished(made, at, ids)


@pytest.fixture(scope="session")
def showroom(furnished: Furnished) -> Iterator[Showroom]:
    """Serve a hub full of leads, which tests look at and leave as it is."""
    with memory_folder() as made, furnished.copied(made) as room:
        yield room


@pytest.fixture
def workroom(furnished: Furnished) -> Iterator[Showroom]:
    """Serve a hub full of leads for one test, which may change it."""
    with memory_folder() as made, furnished.copied(made) as room:
        yield room


@pytest.fixture(params=LOOKS, ids=str)
def look(request: pytest.FixtureRequest) -> Look:
    """Look in both languages, on a desk and on a phone."""
    return request.param


@pytest.fixture
def visit(request: pytest.FixtureRequest, browser: Browser, showroom: Showroom) -> Iterator[Callable[..., Visit]]:
    """Open pages as a person does; what a page does that it must not fails the test at its end."""
    for name in {"workroom", "room"} & set(request.fixturenames):  # it is closed after the pages that look at it
        request.getfixturevalue(name)
    visits: list[Visit] = []

    def begin(look: Look = LOOKS[0], room: Showroom = showroom, user: str | None = None) -> Visit:
        visits.append(Visit(browser, room, look, user))
        return visits[-1]

    yield begin
    for one in visits:
        one.end()


@pytest.fixture
def page(visit: Callable[..., Visit]) -> Page:
    """Return a page, signed in as this machine's owner."""
    return visit().page
