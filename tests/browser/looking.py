"""How pages are looked at: in which language and size, and what they may not do."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.bad_input.serving import KEY
from tests.browser.showroom import Showroom

PICTURES = Path(os.environ.get("LEADHUB_PICTURES", Path(__file__).parents[2] / "build" / "pictures"))
SIZES = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
SERIOUS = ("serious", "critical")
NOTED = """() => { window.violations = []; document.addEventListener("securitypolicyviolation",
  (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`)); }"""


@dataclass(frozen=True)
class Look:
    """A language and a size."""

    language: str
    size: str
    colours: str = "light"
    audited: bool = False  # by axe-core; the languages differ in words alone

    def __str__(self) -> str:
        return f"{self.language}-{self.size}"


LOOKS = (
    Look("en", "desk", audited=True), Look("zh", "desk", "dark"), Look("en", "phone", "dark", audited=True),
    Look("zh", "phone"),
)  # fmt: skip


class Visit:
    """A browser's visit to a hub; it gathers what pages do that they must not."""

    def __init__(self, browser: Browser, room: Showroom, look: Look, user: str | None = None) -> None:
        self.room, self.look = room, look
        self.faults: list[str] = []
        self.context = browser.new_context(
            viewport=SIZES[look.size], color_scheme=look.colours, locale="zh-CN" if look.language == "zh" else "en-GB",
            reduced_motion="reduce",
        )  # type: ignore[arg-type]  # fmt: skip
        self.context.add_init_script(f"({NOTED})()")
        self.context.route("**/*", self._only_here)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(40_000)
        self.page.on("dialog", lambda dialog: self._fault(f"a dialog: {dialog.message}", dialog.dismiss))
        self.page.on("pageerror", lambda error: self._fault(f"a script broke: {error}"))
        self.page.on("console", lambda said: said.type == "error" and self._fault(f"the console says: {said.text}"))
        if user is None and not room.session:  # one sign-in for all visits: they are limited
            self.page.goto(f"{room.url}/account?key={KEY}")
            room.session = self.context.cookies()
        elif user is None:
            self.context.add_cookies(room.session)

    def _only_here(self, route: Route, request: Request) -> None:
        if request.url.startswith((self.room.url, "data:", "blob:")):
            route.continue_()
        else:
            self._fault(f"a request to elsewhere: {request.url}", route.abort)

    def _fault(self, said: str, act: Any = None) -> None:
        if not re.search(r"status of 4\d\d|says: htmx:(?:afterRequest|sendAbort|sendError), ", said):
            # a page that says no is an answer like others, and who leaves a page breaks off what it asked for
            self.faults.append(said)
        if act:
            act()

    def go(self, path: str) -> Page:
        """Open a page of the hub."""
        answer = self.page.goto(f"{self.room.url}{path}")
        assert answer is not None
        assert answer.status < 400, (path, answer.status, self.page.inner_text("main"))
        return self.page

    def go_in(self, name: str, password: str) -> Page:
        """Sign in through the form."""
        self.page.goto(f"{self.room.url}/login")
        self.page.fill("#name", name)
        self.page.fill("#password", password)
        self.page.click("main button")
        return self.page

    def see(self, path: str, name: str | None = None) -> Page:
        """Open a page, wait until it shows all, look at it, and keep a picture of it."""
        page = self.go(path)
        expect(page.locator(".counting")).to_have_count(0)  # a script that waits would need eval
        self.check()
        PICTURES.mkdir(parents=True, exist_ok=True)
        stem = name or re.sub(r"\W+", "-", path.partition("?")[0]).strip("-") or "overview"
        # hiding the caret writes styles into inputs, which a refresh of a part would carry over against the page's policy
        page.screenshot(path=PICTURES / f"{stem}.{self.look}.png", full_page=True, caret="initial")
        return page

    def check(self) -> None:
        """Look at the page as it is now: nothing out of its frame, in its language, and readable to everybody."""
        assert self.page.evaluate("window.violations") == []
        said = "zh-Hans" if self.look.language == "zh" else "en"
        assert self.page.get_attribute("html", "lang") == said
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} is {wide} px wider than the window"
        if not self.look.audited:
            return
        found = Axe().run(self.page, options={"resultTypes": ["violations"]}).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in SERIOUS] == []

    def end(self) -> None:
        """Close, and say what pages did that they must not."""
        self.context.close()
        assert self.faults == []
