"""Every page shows what nobody should send as text: no dialog, no report of the policy, no request to elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import expect

from hub.api.access import declared, flat
from hub.web.app import create_app
from tests.bad_input.corpus import TEXT
from tests.bad_input.test_text import NAUGHTY
from tests.browser.conftest import memory_folder
from tests.browser.showroom import Showroom, furnish, hostile, opened

MARKUP = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)", "</title><svg onload=alert(1)>",
    "<a href=//evil.example>", "{{7*7}}${7*7}<%=7*7%>", "=HYPERLINK(\"http://evil.example\")", "' onmouseover=alert(1) '",
    "<style>*{display:none}</style>", "<meta http-equiv=refresh content=0;url=//evil.example>", "‮gnihton‬", "\x00\x1b[2J",
    "<iframe srcdoc='<script>alert(1)</script>'>", "<base href=//evil.example>", "a" * 5_000, "%s%n%(x)s", "&lt;&amp;lt;",
]  # fmt: skip
PARTS = 3
OUT_OF_THE_WAY = {"/live", "/health", "/health/live", "/health/ready", "/metrics"}


@pytest.fixture(scope="module")
def hostile_room() -> Iterator[Showroom]:
    """Serve a hub in which strangers wrote what they liked."""
    with memory_folder() as folder, opened(folder) as room:
        furnish(room)
        hostile(room, [*MARKUP, *[case.id for case in TEXT], *NAUGHTY])
        yield room


def pages(room: Showroom) -> list[str]:
    """Return the address of every page, with every kind of thing that a page can be about."""
    leads, submissions = room.rows("lead"), room.rows("submission")
    names = {
        "lead": [row["id"] for row in leads[-len(MARKUP) :]], "submission": [submissions[-1]["id"]],
        "source": ["website"], "sink": ["legacy"], "team": ["north"], "pool": ["sea"], "rep": ["li.wei"],
    }  # fmt: skip
    found = []
    for route in flat(create_app(None).routes):  # type: ignore[arg-type]
        if not isinstance(route, APIRoute) or "GET" not in route.methods or route.path in OUT_OF_THE_WAY:
            continue
        if route.path.startswith(("/api/", "/static/")) or declared(route)[0].role == "anybody":
            continue
        wanted = [part[1:-1].partition(":")[0] for part in route.path.split("/") if part.startswith("{")]
        if len(wanted) == 1 and wanted[0] in names:
            found += [route.path.replace(f"{{{wanted[0]}}}", one) for one in names[wanted[0]]]
        elif not wanted:
            found.append(route.path)
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", range(PARTS))
def test_what_strangers_wrote_is_only_text_on_every_page(visit, hostile_room, part):
    seen = visit(room=hostile_room)
    wrong = []
    for path in pages(hostile_room)[part::PARTS]:
        if "text/html" not in hostile_room.get(path).headers.get("content-type", ""):
            continue
        answer = seen.page.goto(f"{hostile_room.url}{path}", wait_until="commit")
        seen.page.wait_for_load_state()
        expect(seen.page.locator(".counting")).to_have_count(0)
        wrong += [(path, one) for one in seen.page.evaluate("window.violations")]
        wrong += [(path, "broken")] if answer.status >= 500 else []
        wrong += [(path, one) for one in seen.page.evaluate(STRANGE)]
    assert wrong == []


STRANGE = """() => [...document.querySelectorAll("script, iframe, base, meta[http-equiv], main style, [onerror], [onload]")]
  .filter((one) => one.tagName !== "SCRIPT" || !one.src.startsWith(location.origin + "/static/")).map((one) => one.outerHTML)"""
