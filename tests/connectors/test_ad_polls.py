"""Polls of ad platforms: every lead once, through pages, spans, files, tokens that end, and lines that break."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import BadInput, Numbered, NumberedSource, RawLead, Retry, Window, csv_rows, opened, with_answers
from hub.testing.contract.subject import load_plug, subject_of
from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox

NOW = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def text(minutes, hours=0):
    """Return a time so many minutes ago as ad platforms write it; `hours` ahead of UTC."""
    return f"{NOW - timedelta(minutes=minutes) + timedelta(hours=hours):%Y-%m-%d %H:%M:%S}"


SEEDS = {  # of those that are not pushed to as well, which the trial reads
    "tencent_ads": (lambda n: {"leads_id": n + 1, "leads_create_time": text(n / 60, 8)}, 5_300),
    "kuaishou": (lambda n: {"id": n + 1, "account_id": 123, "create_time": text(n, 8)}, 250),
}


def built(name, address, clock):
    """Return a connector that is set up as its cases say, and calls a sandbox."""
    plug = load_plug(ROOT / "connectors" / "ads" / f"{name}.py")
    subject = subject_of(plug, plug.things[0])
    urls = {key: str(value).replace("{url}", address) for key, value in subject.cases.sandbox.config.items()}
    return subject.cls("kit", subject.cls.Config.model_validate({**subject.cases.config, **urls}), clock)


async def keys_of(source, cursor, http):
    """Return the keys a poll hands over, and where the next one begins."""
    keys = []
    async for page in source.fetch(cursor, http):
        keys += [raw.key for raw in page.leads]
        cursor = page.cursor
    return keys, cursor


def sandbox_of(name, clock):
    plug = load_plug(ROOT / "connectors" / "ads" / f"{name}.py")
    settings = subject_of(plug, plug.things[0]).cases.sandbox.settings
    return Sandbox(clock=clock, settings={name: {**settings, "limits": False}})


@pytest.mark.parametrize("name", SEEDS)
async def test_a_poll_reads_every_lead_once_and_the_next_day_only_what_is_new(name):
    clock, (make, number) = HandClock(NOW), SEEDS[name]
    async with sandbox_of(name, clock) as sandbox, httpx.AsyncClient() as http:
        sandbox.seed(name, *(make(n) for n in range(number)))
        source = built(name, f"{sandbox.url}/{name}", clock)
        keys, cursor = await keys_of(source, None, http)
        clock.turn(90_000)  # access tokens of a day have ended, and refresh tokens were used
        sandbox.seed(name, make(-30))
        later, _ = await keys_of(source, cursor, http)
    assert (len(keys), len(set(keys)), len(later)) == (number, number, 1)


@pytest.mark.parametrize("name", SEEDS)
async def test_the_platform_is_asked_how_many_leads_it_holds(name):
    clock, (make, number) = HandClock(NOW), SEEDS[name]
    async with sandbox_of(name, clock) as sandbox, httpx.AsyncClient() as http:
        sandbox.seed(name, *(make(n) for n in range(number)))
        source = built(name, f"{sandbox.url}/{name}", clock)
        held = await source.count(NOW - timedelta(days=30), NOW + timedelta(seconds=1), http)
    assert held == number


class Listing(NumberedSource):
    """A platform with few leads a page, short spans, and pages that end early."""

    name = "listing"
    page_size, span, deepest = 3, timedelta(days=2), 7

    class Config(NumberedSource.Config, Window):
        base_url: str = "https://listing.example"

    def holding(self, leads, breaks=()):
        self.leads, self.breaks, self.asked = leads, set(breaks), 0
        return self

    async def lists(self, http):
        return ["a"]

    async def numbered(self, name, span, number, http):
        self.asked += 1
        if self.asked in self.breaks:
            raise Retry("down")
        held = sorted(
            (one for one in self.leads if span.start <= one.submitted_at <= span.end),
            key=lambda one: one.submitted_at,
            reverse=True,
        )
        return Numbered(held[(number - 1) * 3 : number * 3], len(held))


@given(st.lists(st.integers(0, 6 * 86_400), max_size=40, unique=True), st.sets(st.integers(1, 12), max_size=3))
async def test_wherever_polls_break_off_every_lead_comes_once(ages, breaks):
    leads = [RawLead(str(age), {}, NOW - timedelta(seconds=age)) for age in ages]
    source = Listing("kit", Listing.Config(), HandClock(NOW)).holding(leads, breaks)
    got, cursor = [], None
    for _ in range(len(breaks) + 1):
        try:
            async for page in source.fetch(cursor, None):
                got += [raw.key for raw in page.leads]
                cursor = page.cursor
        except Retry:
            continue
    assert sorted(got) == sorted(str(age) for age in ages)


async def test_a_platform_that_says_no_number_has_none_to_compare():
    class Silent(Listing):
        async def numbered(self, name, span, number, http):
            return Numbered([])

    source = Silent("kit", Silent.Config(), HandClock(NOW))
    assert await source.count(NOW - timedelta(days=1), NOW, None) is None


def test_a_sealed_lead_with_many_strings_costs_few_tries():
    item = {f"field {n}": "A" * 44 for n in range(500)}
    assert opened(item, [b"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]) is None


@pytest.mark.parametrize("key", [b"", b"short", b"AAAA", "schlüssel".encode()])
def test_nothing_opens_under_what_is_no_key(key):
    assert opened({"text": "A" * 88}, [key]) is None


@pytest.mark.parametrize("content", [b"PK\x03\x04 broken", b"\xff\xfe\x00", b'a\n"' + b"x" * 200_000])
def test_what_is_no_csv_is_refused_in_words(content):
    with pytest.raises(BadInput, match="is no CSV"):
        list(csv_rows(content, {}))


@pytest.mark.parametrize(
    ("cell", "read"), [("'0123", "0123"), ('"=""0123"""', "0123"), ("'tis", "'tis"), ("=A1", "=A1"), ("+49", "+49")]
)
def test_only_ids_lose_what_protects_them_from_excel(cell, read):
    assert list(csv_rows(f"Lead ID\n{cell}\n".encode(), {"leadid": "id"})) == [{"id": read}]


@pytest.mark.parametrize(
    ("value", "answers"),
    [
        ({"预算": "10万"}, {"预算": "10万"}),
        ('{"预算":"10万"}', {"预算": "10万"}),
        ('[{"key":"预算","value":"10万"},{"key":"预算","value":"20万"}]', {"预算": "10万", "预算 (answer)": "20万"}),
        ([{"question": "id", "answer": "x"}], {"id (answer)": "x"}),
        ("预算 10万", {"form": "预算 10万"}),
        ("[1]", {"form": "[1]"}),
        ("", {}),
        (None, {}),
    ],
)
def test_answers_stand_beside_the_rest_whatever_shape_they_come_in(value, answers):
    assert with_answers({"id": 1, "form": value}, "form") == {"id": 1, **answers}
