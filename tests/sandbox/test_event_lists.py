"""Event platforms that are pushed and polled: the trial pushes, so their lists are read here, at the same vendors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from hub.inbound import Inbound
from hub.testing.contract.subject import load_plug, subject_of
from hub.testing.fakes import HandClock
from hub.testing.sandbox import senders
from hub.testing.sandbox.senders import iso
from hub.testing.sandbox.server import Sandbox
from hub.testing.sandbox.trial import _filled

ROOT = Path(__file__).parents[2]
MANY = 120  # more than a page of each of them, but Zoom's
APART = timedelta(seconds=37)
FIELDS = {"full_name": "林美", "email": "mei.lin@example.com", "phone": "+12025550143", "message": "line 1\nline 2"}
LISTED = ["zoom_webinar", "eventbrite", "luma"]
WHOLE = {"zoom_webinar": 700}  # Zoom lists 300 a page


class Played(NamedTuple):
    """A source, the sandbox with its vendor, and what calls it."""

    source: Any
    sandbox: Sandbox
    http: httpx.AsyncClient
    clock: HandClock


@asynccontextmanager
async def played(name: str, **changes: Any) -> AsyncIterator[Played]:
    plug, clock = load_plug(ROOT / "connectors" / "events" / f"{name}.py"), HandClock()
    subject = subject_of(plug, plug.things[0])
    trial: Any = subject.cases.sandbox
    async with Sandbox(clock=clock, settings={name: trial.settings}) as sandbox, httpx.AsyncClient() as http:
        given = {**subject.cases.config, **_filled(trial.config, f"{sandbox.url}/{name}"), **changes}
        yield Played(subject.cls("kit", subject.cls.Config.model_validate(given), clock), sandbox, http, clock)


def guest(name: str, n: int, clock: HandClock, **options: Any) -> dict[str, Any]:
    """Return what the vendor keeps of the n-th newest guest."""
    fields = {**FIELDS, "email": f"p{n}@example.com"}
    kept = senders.kept(name, fields, key=str(1_000 + n), at=clock.now() - n * APART, **options)
    return kept[1] if kept else {}


@pytest.mark.parametrize("name", LISTED)
async def test_a_list_of_many_pages_is_read_once_and_counted(name: str) -> None:
    many = WHOLE.get(name, MANY)
    async with played(name) as it:
        it.sandbox.seed(name, *(guest(name, n, it.clock) for n in range(many)))
        pages = [page async for page in it.source.fetch(None, it.http)]
        again = [lead async for page in it.source.fetch(pages[-1].cursor, it.http) for lead in page.leads]
        counted = await it.source.count(it.clock.now() - 9 * APART, it.clock.now(), it.http)
    leads = [lead for page in pages for lead in page.leads]
    assert {f"p{n}@example.com" in str(lead.data) for n, lead in enumerate(sorted(leads, key=_newest_first))} == {True}
    assert len(leads) == len({lead.key for lead in leads}) == many
    assert (len(pages) > 1, again, counted) == (True, [], 9)


@pytest.mark.parametrize("name", LISTED)
async def test_what_is_pushed_and_listed_is_one_guest(name: str) -> None:
    async with played(name) as it:
        it.sandbox.seed(name, guest(name, 0, it.clock))
        (listed,) = [lead async for page in it.source.fetch(None, it.http) for lead in page.leads]
        fields = {**FIELDS, "email": "p0@example.com"}
        sent = senders.payload(name, fields, key="1000", at=it.clock.now(), secret="s3cret")
        headers = {field.lower(): value for field, value in sent.headers.items()}
        post = Inbound("POST", "https://hub.example.com/in/kit", headers, dict(sent.query), sent.body, it.clock.now())
        (pushed,) = [await it.source.complete(raw, it.http) for raw in it.source.parse(post)]
    assert (pushed.key, pushed.submitted_at) == (listed.key, listed.submitted_at)
    assert FIELDS["message"] in pushed.data.values()
    assert FIELDS["message"] in listed.data.values()


async def test_an_attendee_who_changed_later_is_handed_over_again() -> None:
    async with played("eventbrite") as it:
        it.sandbox.seed("eventbrite", guest("eventbrite", 0, it.clock))
        first = [page async for page in it.source.fetch(None, it.http)]
        began = guest("eventbrite", 0, it.clock)
        it.clock.turn(1_200)
        it.sandbox.seed("eventbrite", {**began, "changed": iso(it.clock.now()), "checked_in": True})
        (again,) = [lead async for page in it.source.fetch(first[-1].cursor, it.http) for lead in page.leads]
    assert again.key == f"1000:{int(it.clock.now().timestamp())}"
    assert again.data["checked_in"] is True


async def test_without_events_the_whole_calendar_of_luma_is_read_but_not_what_is_long_over() -> None:
    async with played("luma", events=[]) as it:
        past, next_week = it.clock.now() - timedelta(days=60), it.clock.now() + timedelta(days=7)
        it.sandbox.seed("luma", {**guest("luma", 0, it.clock, event="evt-old"), "start_at": iso(past)})
        it.sandbox.seed("luma", {**guest("luma", 1, it.clock, event="evt-new"), "start_at": iso(next_week)})
        leads = [lead async for page in it.source.fetch(None, it.http) for lead in page.leads]
    assert [lead.data["event"] for lead in leads] == [{"id": "evt-new"}]


async def test_the_mark_of_a_page_that_zoom_forgot_begins_the_pass_anew() -> None:
    async with played("zoom_webinar") as it:
        it.sandbox.seed("zoom_webinar", *(guest("zoom_webinar", n, it.clock) for n in range(400)))
        pages = it.source.fetch(None, it.http)
        broken_off = await anext(pages)
        await pages.aclose()
        it.clock.turn(1_000)
        anew = [page async for page in _until_trouble(it.source.fetch(broken_off.cursor, it.http))]
        rest = [lead async for page in it.source.fetch(anew[-1].cursor, it.http) for lead in page.leads]
    assert len({lead.key for lead in (*broken_off.leads, *rest)}) == 400


async def test_a_note_of_the_next_day_hands_a_lead_of_swapcard_over_again() -> None:
    async with played("swapcard") as it:
        scan = {"id": "c1", "event": "RXZlbnRfMQ==", "connectedAt": iso(it.clock.now()), "target": {"id": "p1"}}
        it.sandbox.seed("swapcard", scan)
        first = [page async for page in it.source.fetch(None, it.http)]
        it.clock.turn(86_400)
        it.sandbox.seed("swapcard", {**scan, "note": "wants pricing"})
        later = [page async for page in it.source.fetch(first[-1].cursor, it.http)]
        (again,) = [lead for page in later for lead in page.leads]
        rest = [lead async for page in it.source.fetch(later[-1].cursor, it.http) for lead in page.leads]
    assert (again.data["note"], again.key.startswith("c1:"), rest) == ("wants pricing", True, [])


async def test_the_pages_of_swapcard_follow_each_other() -> None:
    async with played("swapcard") as it:
        people = [{"id": f"c{n}", "event": "RXZlbnRfMQ==", "connectedAt": iso(it.clock.now())} for n in range(250)]
        it.sandbox.seed("swapcard", *({**one, "target": {"id": one["id"]}} for one in people))
        pages = [page async for page in it.source.fetch(None, it.http)]
    assert [len(page.leads) for page in pages] == [100, 100, 50]


async def test_a_scan_of_cvent_has_its_salutation_and_what_the_badge_said() -> None:
    async with played("cvent", kinds=["leads"], events=[]) as it:
        scan = {"kind": "leads", "id": "l1", "created": iso(it.clock.now()), "title": "Ms.", "email": "a@example.com"}
        badge = {"additionalBadgekitFields": {"Role": "Buyer", "email": "b@example.com"}}
        it.sandbox.seed("cvent", {**scan, **badge}, {**scan, "id": "l2", "deleted": True})
        (lead,) = [lead async for page in it.source.fetch(None, it.http) for lead in page.leads]
    named = {name: lead.data[name] for name in ("salutation", "Role", "email", "email (badge)")}
    assert named == {"salutation": "Ms.", "Role": "Buyer", "email": "a@example.com", "email (badge)": "b@example.com"}


@pytest.mark.parametrize(("questions", "named"), [(True, "Which product?"), (False, "q1")])
async def test_the_questions_of_cvent_have_their_words_where_these_are_asked_for(questions: bool, named: str) -> None:
    answers = [{"question": {"id": "q1", "text": "Which product?"}, "value": ["Pricing"]}]
    who = {"id": "a1", "status": "Accepted", "answers": answers, "contact": {"email": "a@example.com"}}
    async with played("cvent", events=[], questions=questions) as it:
        it.sandbox.seed("cvent", {**who, "created": iso(it.clock.now())})
        (lead,) = [lead async for page in it.source.fetch(None, it.http) for lead in page.leads]
    assert set(lead.data) & {"Which product?", "q1"} == {named}


async def _until_trouble(pages: Any) -> AsyncIterator[Any]:
    with pytest.raises(Exception, match="the pass starts anew"):
        async for page in pages:
            yield page


def _newest_first(lead: Any) -> float:
    return -float(lead.submitted_at.timestamp())
