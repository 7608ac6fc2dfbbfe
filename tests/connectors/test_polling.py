"""A poll's place: nothing is missed and nothing comes twice, in whatever order and wherever it breaks off."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import BadInput, Misconfigured, RawLead, Retry, Sweeps, Window, all_pages

NOW = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)
WINDOW = Window(backfill_days=7, overlap_minutes=60)


def lead(key, minutes_ago=0.0):
    return RawLead(key, {}, NOW - timedelta(minutes=minutes_ago))


class Platform:
    """Lists of leads, read two at a time; `breaks` says at which read, counted from one, the line goes down."""

    def __init__(self, lists, breaks=()):
        self.lists, self.breaks, self.reads, self.asked = lists, set(breaks), 0, []

    async def read(self, name, sweep):
        self.reads += 1
        self.asked.append((name, sweep.since, sweep.after))
        if self.reads in self.breaks:
            raise Retry("down")
        held = [item for item in self.lists[name] if item.submitted_at >= sweep.since]
        start = int(sweep.after or 0)
        return held[start : start + 2], str(start + 2) if start + 2 < len(held) else None


async def poll(read, cursor=None, names=("a",), now=NOW):
    """Return the keys a poll hands over, the cursor that was committed, and what stopped it."""
    keys, trouble = [], None
    try:
        async for page in Sweeps(cursor, now, WINDOW).pages(names, read):
            keys += [item.key for item in page.leads]
            cursor = page.cursor
    except (Retry, BadInput, Misconfigured) as error:
        trouble = error
    return keys, cursor, trouble


async def test_the_first_poll_reads_the_last_days_only():
    platform = Platform({"a": [lead("new"), lead("old", 8 * 24 * 60)]})
    keys, _, _ = await poll(platform.read)
    assert keys == ["new"]
    assert platform.asked == [("a", NOW - timedelta(days=7), None)]


async def test_a_second_poll_hands_nothing_over_again():
    platform = Platform({"a": [lead("3"), lead("2", 1), lead("1", 2)]})
    first, cursor, _ = await poll(platform.read)
    second, same, _ = await poll(platform.read, cursor)
    assert (first, second) == (["3", "2", "1"], [])
    assert same == cursor


async def test_a_lead_that_shows_up_late_or_in_the_same_second_is_read():
    held = [lead("1"), lead("2", 30)]
    platform = Platform({"a": held})
    _, cursor, _ = await poll(platform.read)
    held += [lead("twin"), lead("late", 59)]
    keys, _, _ = await poll(platform.read, cursor)
    assert keys == ["twin", "late"]


async def test_what_is_past_the_overlap_is_forgotten():
    platform = Platform({"a": [lead(str(n), n) for n in range(200)]})
    _, cursor, _ = await poll(platform.read)
    assert set(json.loads(cursor)["a"]["before"]) == {str(n) for n in range(61)}


async def test_a_list_that_shifts_while_it_is_read_hands_nothing_over_twice():
    pages = iter([([lead("3"), lead("2", 500)], "b"), ([lead("2", 500), lead("1", 600)], None)])

    async def shifting(name, sweep):
        return next(pages)

    keys, _, _ = await poll(shifting)
    assert keys == ["3", "2", "1"]


async def test_a_lead_dated_in_the_future_does_not_hide_those_before_it():
    held = [lead("2099", -999_999)]
    _, cursor, _ = await poll(Platform({"a": held}).read)
    keys, _, _ = await poll(Platform({"a": [*held, lead("today", 1)]}).read, cursor)
    assert keys == ["today"]


async def test_the_cursor_does_not_grow_from_poll_to_poll():
    held = [lead("1")]
    _, cursor, _ = await poll(Platform({"a": held}).read)
    held += [lead("2", -90)]
    _, cursor, _ = await poll(Platform({"a": held}).read, cursor, now=NOW + timedelta(hours=2))
    assert set(json.loads(cursor)["a"]["before"]) == {"2"}


@given(
    ages=st.lists(st.integers(0, 3_000), max_size=25),
    order=st.randoms(use_true_random=False),
    breaks=st.sets(st.integers(1, 20)),
)
async def test_wherever_it_breaks_off_each_lead_comes_once(ages, order, breaks):
    held = [lead(str(number), age) for number, age in enumerate(ages)]
    order.shuffle(held)
    platform = Platform({"a": held}, breaks)
    keys, cursor = [], None
    for _ in range(len(breaks) + 1):
        more, cursor, _ = await poll(platform.read, cursor)
        keys += more
    again, _, _ = await poll(Platform({"a": held}).read, cursor)
    assert sorted(keys + again) == sorted(item.key for item in held)


async def test_trouble_with_one_list_does_not_keep_the_others_waiting():
    platform = Platform({"a": [lead("1")], "b": [lead("2")], "c": [lead("3")]}, breaks={1, 2})
    keys, cursor, trouble = await poll(platform.read, names=("a", "b", "c"))
    assert keys == ["3"]
    assert trouble.reason == "down"
    keys, _, _ = await poll(platform.read, cursor, names=("a", "b", "c"))
    assert keys == ["1", "2"]


@pytest.mark.parametrize("leads", [[], [lead("1")]], ids=["empty pages", "the same page"])
async def test_pages_without_anything_new_end_after_three_and_nothing_is_skipped(leads):
    reads = []

    async def stuck(name, sweep):
        reads.append(sweep.after)
        return leads, "more"

    keys, cursor, trouble = await poll(stuck)
    assert len(reads) == 3 + len(leads)
    assert "3 pages in a row had nothing new" in trouble.reason
    platform = Platform({"a": [lead("2"), lead("1"), lead("0", 9_000)]})
    more, _, _ = await poll(platform.read, cursor)
    assert platform.asked[0] == ("a", NOW - timedelta(days=7), None)
    assert sorted(keys + more) == ["0", "1", "2"]


async def test_a_mark_the_platform_has_forgotten_starts_the_pass_anew():
    async def forgetful(name, sweep):
        if sweep.after:
            raise BadInput("cursor expired")
        return [lead("2"), lead("1", 1)], "mark"

    keys, cursor, trouble = await poll(forgetful)
    assert keys == ["2", "1"]
    assert isinstance(trouble, Retry)
    assert "after" not in json.loads(cursor)["a"]
    more, _, _ = await poll(Platform({"a": [lead("2"), lead("1", 1), lead("0", 2)]}).read, cursor)
    assert more == ["0"]


async def test_a_refusal_of_the_first_page_is_told_as_it_is():
    async def refused(name, sweep):
        raise BadInput("no such list")

    _, cursor, trouble = await poll(refused)
    assert (cursor, trouble.reason) == (None, "no such list")


async def test_leads_without_key_or_time_are_handed_over():
    async def read(name, sweep):
        return [RawLead(None, {}), RawLead(None, {}), RawLead("x", {})], None

    keys, cursor, _ = await poll(read)
    assert keys == [None, None, "x"]
    assert json.loads(cursor)["a"]["since"] == int((NOW - timedelta(days=7)).timestamp())


async def test_all_pages_are_followed_to_the_end():
    pages = {None: ([1, 2], "b"), "b": ([], "c"), "c": ([3], None)}

    async def read(mark):
        return pages[mark]

    assert [item async for item in all_pages(read)] == [1, 2, 3]


async def test_pages_that_go_round_in_circles_end():
    pages = {None: ([1], "b"), "b": ([2], "c"), "c": ([3], "b")}
    seen = []

    async def read(mark):
        return pages[mark]

    with pytest.raises(Retry, match="circles"):
        seen += [item async for item in all_pages(read)]
