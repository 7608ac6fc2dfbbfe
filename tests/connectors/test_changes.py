"""Feedback read by the time of change: pages, overlap, and going on where it broke off."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import httpx
import pytest

from hub.connector import Connector
from hub.errors import Retry
from hub.families.changes import Changes, ChangesFeedback
from hub.news import Activity, Feedback, News
from hub.testing.fakes import START, HandClock

MINUTE = timedelta(minutes=1)


class Crm(Connector, ChangesFeedback):
    """A system that hands out what it is told to."""

    name = "crm"

    class Config(Connector.Config, Feedback.Settings):
        """Its settings."""

    def ready(self) -> None:
        self.pages: list[Changes | Exception] = []
        self.asked: list[tuple[datetime, str | None]] = []

    async def changes(self, since: datetime, after: str | None, http: httpx.AsyncClient) -> Changes:
        self.asked.append((since, after))
        page = self.pages.pop(0)
        if isinstance(page, Exception):
            raise page
        return page


def act(key: str, minutes: float) -> Activity:
    return Activity(key, START + minutes * MINUTE, "status", ref="1")


def page(after: str | None, *keys: str, newest: float | None = None) -> Changes:
    return Changes(tuple(act(key, 0) for key in keys), after, START + newest * MINUTE if newest is not None else None)


async def read(crm: Crm, cursor: str | None = None) -> list[News]:
    async with httpx.AsyncClient() as http:
        return [one async for one in crm.news(cursor, http)]


def made(*pages: Changes | Exception) -> Crm:
    crm = Crm("crm", clock=HandClock(START))
    crm.pages = list(pages)
    return crm


async def test_the_first_asking_reads_a_day_and_the_next_one_what_changed_since_and_a_little_more():
    crm = made(page("2", "a", newest=-30), page(None, "b", newest=-10), page(None))
    found = await read(crm)
    assert [[one.key for one in page.activities] for page in found] == [["a"], ["b"]]
    await read(crm, found[-1].cursor)
    assert crm.asked == [
        (START - timedelta(days=1), None), (START - timedelta(days=1), "2"), (START - 15 * MINUTE, None),
    ]  # fmt: skip


async def test_what_broke_off_goes_on_at_its_page_and_forgets_nothing():
    crm = made(page("2", "a", newest=-30), Retry("asleep"), page(None, newest=-60), page(None))
    pages = []
    with pytest.raises(Retry, match="asleep"):
        async with httpx.AsyncClient() as http:
            async for one in crm.news(None, http):
                pages.append(one)
    found = await read(crm, pages[-1].cursor)
    assert crm.asked[2] == (START - timedelta(days=1), "2")
    assert json.loads(str(found[-1].cursor)) == {"since": (START - 35 * MINUTE).isoformat()}


async def test_a_change_dated_far_ahead_hides_nothing():
    crm = made(page(None, "a", newest=10**6))
    (found,) = await read(crm)
    assert json.loads(str(found.cursor)) == {"since": (START - 5 * MINUTE).isoformat()}


async def test_a_system_that_promises_more_for_ever_is_left_alone():
    crm = made(*[page("2") for _ in range(5)])
    with pytest.raises(Retry, match="nothing new"):
        await read(crm)
