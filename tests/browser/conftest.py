"""A real browser, and what it looks at: Debian's chromium, driven by playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

pytest.register_assert_rewrite("tests.browser.looking")

from tests.browser.looking import LOOKS, Look, Visit  # noqa: E402
from tests.browser.showroom import Showroom, furnish, opened  # noqa: E402
from tests.conftest import MEMORY  # noqa: E402


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start one browser for all tests of this process."""
    program = shutil.which("chromium")
    assert program, "There is no chromium. `make test` installs it; by hand: apt install chromium."
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def showroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Showroom]:
    """Serve a hub full of leads, which tests look at and leave as it is."""
    folder = Path(tmp_path_factory.mktemp("showroom", numbered=True))
    with opened(folder, database=_in_memory(folder)) as room:
        furnish(room)
        yield room


@pytest.fixture
def workroom(tmp_path: Path) -> Iterator[Showroom]:
    """Serve a hub full of leads for one test, which may change it."""
    with opened(tmp_path, database=_in_memory(tmp_path)) as room:
        furnish(room)
        yield room


def _in_memory(folder: Path) -> str | None:
    """Return a database in memory where there is one: nobody cuts the power in these tests."""
    return f"sqlite:///{MEMORY}/leadhub-{os.getpid()}-{abs(hash(folder))}/hub.db" if MEMORY else None


@pytest.fixture(params=LOOKS, ids=str)
def look(request: pytest.FixtureRequest) -> Look:
    """Look in both languages, on a desk and on a phone."""
    return request.param


@pytest.fixture
def visit(browser: Browser, showroom: Showroom) -> Iterator[Callable[..., Visit]]:
    """Open pages as a person does; what a page does that it must not fails the test at its end."""
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
