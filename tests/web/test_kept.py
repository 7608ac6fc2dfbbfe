"""Answers to slow questions: quick ones are new, slow ones are shown as they were while a new one is worked out."""

from __future__ import annotations

import asyncio

import pytest

from hub.errors import BadInput
from hub.testing.fakes import HandClock
from hub.web.kept import MOST, Kept

LONG = 5.0


class Slow:
    """Work that ends when the test says so, and counts how often it began."""

    def __init__(self) -> None:
        self.begun = 0
        self.go = asyncio.Event()

    async def __call__(self) -> int:
        self.begun += 1
        number = self.begun
        await self.go.wait()
        return number


async def quick() -> str:
    return "now"


async def broken() -> str:
    raise BadInput("There is no such report.")


async def test_a_quick_answer_is_there_at_once():
    clock = HandClock()
    answer = await Kept(clock, LONG).ask("how many", quick)
    assert (answer.value, answer.at, answer.pending) == ("now", clock.now(), False)


async def test_a_slow_answer_is_pending_and_then_there():
    kept, slow = Kept(HandClock(), 0.0), Slow()
    assert (await kept.ask("slow", slow)).pending
    slow.go.set()
    await asyncio.gather(*kept._working.values())
    assert kept.last("slow") == 1


async def test_who_asks_meanwhile_starts_nothing_more():
    kept, slow = Kept(HandClock(), 0.0), Slow()
    answers = [await kept.ask("slow", slow) for _ in range(5)]
    assert (slow.begun, [one.pending for one in answers]) == (1, [True] * 5)
    slow.go.set()
    await asyncio.gather(*kept._working.values())


async def test_the_old_answer_is_shown_while_a_new_one_is_worked_out():
    kept, slow = Kept(HandClock(), 0.0), Slow()
    slow.go.set()
    await kept.ask("slow", slow)
    await asyncio.gather(*kept._working.values())
    kept.forget()
    slow.go.clear()
    assert (await kept.ask("slow", slow)).value == 1
    slow.go.set()
    await asyncio.gather(*kept._working.values())
    assert kept.last("slow") == 2


async def test_questions_are_worked_out_one_at_a_time():
    kept, first, second = Kept(HandClock(), 0.0), Slow(), Slow()
    await kept.ask("first", first)
    await kept.ask("second", second)
    await asyncio.sleep(0)
    assert (first.begun, second.begun) == (1, 0)
    first.go.set()
    second.go.set()
    await asyncio.gather(*kept._working.values())
    assert (kept.last("first"), kept.last("second")) == (1, 1)


async def test_nothing_waits_for_heavy_work_but_heavy_work():
    kept, report, other = Kept(HandClock(), LONG), Slow(), Slow()
    asked = [kept.begin(work, work, heavy=True) for work in (report, other)]
    assert (await kept.ask("quick", quick)).value == "now"
    assert (report.begun, other.begun) == (1, 0)
    report.go.set()
    other.go.set()
    await asyncio.gather(*(task for task in asked if task))
    assert other.begun == 1


async def test_a_question_that_cannot_be_answered_says_why_and_is_asked_anew():
    kept = Kept(HandClock(), LONG)
    with pytest.raises(BadInput, match="no such report"):
        await kept.ask("report", broken)
    assert (await kept.ask("report", quick)).value == "now"


async def test_only_so_many_answers_are_kept():
    kept = Kept(HandClock(), LONG)
    for number in range(MOST + 5):
        await kept.ask(number, quick)
    assert kept.last(0) is None
    assert kept.last(MOST + 4) == "now"
