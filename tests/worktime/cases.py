"""Random calendars and random questions to them, answered by the calendar and by the oracle, and compared."""

from __future__ import annotations

import random
import time
from array import array
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import holidays

from hub.settings.calendars import CalendarSettings
from hub.worktime import Calendar, build
from tests.worktime.oracle import MINUTE, Blocks, Oracle, wall

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
COUNTRIES = ("CN", "CN", "DE-BY", "US-CA", "GB-SCT", "AU-NSW", "BR", "KR", "HU")

STRETCHES = (
    ("Europe/Berlin", 2024),
    ("America/New_York", 2006),  # its rules changed in 2007
    ("America/New_York", 2025),
    ("Asia/Shanghai", 2024),
    ("Asia/Shanghai", 2026),
    ("Australia/Lord_Howe", 2025),  # half an hour
    ("Antarctica/Troll", 2024),  # two hours
    ("America/Sao_Paulo", 2017),  # no midnight on some days
    ("America/Havana", 2024),  # two midnights on some
    ("America/St_Johns", 2010),  # one minute after midnight
    ("Africa/Casablanca", 2024),  # out for a month of fasting
    ("Africa/Cairo", 2023),
    ("Asia/Gaza", 2024),
    ("Asia/Kathmandu", 2024),
    ("Asia/Pyongyang", 2015),  # half an hour, for good
    ("America/Caracas", 2015),
    ("Europe/Istanbul", 2016),
    ("Pacific/Apia", 2011),  # a day that never was
    ("Pacific/Kiritimati", 2025),
    ("America/Nuuk", 2023),
    ("UTC", 2025),
)


@dataclass
class Tally:
    """What a run came to."""

    cases: int = 0
    wrong: list[str] = field(default_factory=list)
    ours: float = 0.0
    theirs: float = 0.0


@dataclass
class Stretch:
    """Minutes of a zone, and where its clock jumps."""

    zone: str
    first: int
    shown: array[int]

    @classmethod
    def of(cls, zone: str, since: date, days: int) -> Stretch:
        first = (since - EPOCH.date()).days * 1440
        return cls(zone, first, wall(zone, first, days * 1440))

    @property
    def jumps(self) -> list[int]:
        shown = self.shown
        return [self.first + k + 1 for k in range(len(shown) - 1) if shown[k + 1] - shown[k] != 1]


def random_week(rng: random.Random) -> list[list[tuple[int, int]]]:
    """Return hours without overlap: the week is cut at random moments, and some of the pieces are worked."""
    step = rng.choice((1, 5, 15, 30, 60))
    cuts = sorted(rng.sample(range(0, 7 * 1440, step), rng.choice((2, 4, 10, 14, 20, 28))))
    week: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    for begin, end in zip(cuts[::2], cuts[1::2], strict=True):
        if end - begin < 1440:
            end_of_day = 1440 if end % 1440 == 0 and rng.random() < 0.5 else end % 1440
            week[begin // 1440].append((begin % 1440, end_of_day))
    return week if any(week) else usual_week(rng)


def usual_week(rng: random.Random) -> list[list[tuple[int, int]]]:
    """Return hours as companies have them."""
    day: Any = rng.choice(
        ([(540, 1080)], [(540, 720), (810, 1080)], [(0, 1440)], [(1320, 360)], [(60, 180)], [(120, 150), (160, 1380)])
    )
    weekend: Any = rng.choice(([], [(600, 840)], day))
    return [list(day) for _ in range(5)] + [list(weekend), []]


def written(week: list[list[tuple[int, int]]]) -> str:
    """Return hours as text."""
    shown = [[f"{b // 60:02}:{b % 60:02}-{e // 60:02}:{e % 60:02}" for b, e in blocks] for blocks in week]
    return "; ".join(f"{name} {','.join(blocks)}" for name, blocks in zip(DAYS, shown, strict=True) if blocks)


def blocks_on(week: list[list[tuple[int, int]]], said: CalendarSettings, years: range) -> Any:
    """Return what tells the hours of a day, by asking the kept package itself."""
    country, _, part = (said.holidays or "").partition("-")
    known: Any = holidays.country_holidays(country, subdiv=part or None, years=years) if country else {}
    made_up = getattr(known, "weekend_workdays", ())
    called_in: Blocks = next(blocks for blocks in week if blocks)

    def of(day: date) -> Blocks:
        own = week[day.weekday()]
        if day in said.closed:
            return ()
        if day in made_up:
            return called_in
        if day in said.open:
            return own or called_in
        return () if country and day in known else own

    return of


def subject(rng: random.Random, stretch: Stretch) -> tuple[Calendar, Oracle, str]:
    """Return a random calendar in a stretch, and the oracle of the same."""
    week = (usual_week if rng.random() < 0.5 else random_week)(rng)
    since = EPOCH.date() + timedelta(minutes=stretch.first)
    days = [since + timedelta(number) for number in range(len(stretch.shown) // 1440)]
    chosen = rng.sample(days, min(len(days), rng.choice((0, 0, 4, 40))))
    said = CalendarSettings(
        time_zone=stretch.zone,
        hours=written(week),
        holidays=rng.choice((None, rng.choice(COUNTRIES))),
        closed=tuple(chosen[::2]),
        open=tuple(chosen[1::2]),
    )
    tells = blocks_on(week, said, range(days[0].year - 1, days[-1].year + 3))
    return build(said, Path()), Oracle(stretch.first, stretch.shown, tells), said.model_dump_json()


def moments(rng: random.Random, stretch: Stretch, oracle: Oracle, jumps: list[int], number: int) -> list[int]:
    """Return moments of the stretch: anywhere, near where it opens and closes, and near jumps of the clock."""
    first, last = stretch.first * MINUTE, (stretch.first + len(stretch.shown)) * MINUTE - 1
    found = []
    for _ in range(number):
        kind = rng.random()
        if kind < 0.5:
            at = rng.randint(first, last)
        elif kind < 0.8 or not jumps:
            edge = oracle.open.find(rng.choice((b"\0\1", b"\1\0")), rng.randrange(len(oracle.open)))
            at = (stretch.first + edge + 1) * MINUTE + rng.choice((0, 0, -1, 1, 500_000, -60 * MINUTE))
        else:
            at = rng.choice(jumps) * MINUTE + rng.randint(-300, 300) * MINUTE + rng.choice((0, -1, 1, 250_001))
        found.append(min(max(at, first), last))
    return found


def questions(rng: random.Random, oracle: Oracle, at: list[int]) -> list[tuple[str, int, int]]:
    """Return what is asked of both, in microseconds: two moments, or a moment and a working time."""
    asked = []
    for one, other in zip(at[::2], at[1::2], strict=True):
        kind = rng.choice(("between", "after", "after", "next_open", "is_open"))
        if kind == "after":
            much = rng.choice(
                (rng.randrange(10**6), rng.randrange(86_400 * 10**6), oracle.between(one, max(one, other)))
            )
            asked.append((kind, one, min(much, oracle.left(one))))
        elif kind == "next_open" and oracle.next_open(one) is None:
            asked.append(("is_open", one, 0))
        else:
            asked.append((kind, one, other))
    return asked


def ours(calendar: Calendar, asked: list[tuple[str, datetime, Any]]) -> list[Any]:
    answers: list[Any] = []
    for kind, at, more in asked:
        if kind == "between":
            answers.append(calendar.between(at, more))
        elif kind == "after":
            answers.append(calendar.after(at, more))
        elif kind == "next_open":
            answers.append(calendar.next_open(at))
        else:
            answers.append(calendar.is_open(at))
    return answers


def theirs(oracle: Oracle, asked: list[tuple[str, int, int]]) -> list[Any]:
    answers: list[Any] = []
    for kind, at, more in asked:
        if kind == "between":
            answers.append(oracle.between(at, more))
        elif kind == "after":
            answers.append(oracle.after(at, more))
        elif kind == "next_open":
            answers.append(oracle.next_open(at))
        else:
            answers.append(oracle.is_open(at))
    return answers


def moment(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def counted(answer: Any) -> Any:
    """Return an answer of ours in the oracle's microseconds."""
    if isinstance(answer, datetime):
        return (answer - EPOCH) // timedelta(microseconds=1)
    return round(answer * 1_000_000) if isinstance(answer, float) else answer


def compare(rng: random.Random, stretch: Stretch, calendars: int, cases: int, tally: Tally) -> None:
    """Ask so many random calendars so many questions each; what they are told apart in is tallied."""
    jumps = stretch.jumps
    for _ in range(calendars):
        began = time.perf_counter()
        calendar, oracle, text = subject(rng, stretch)
        tally.theirs += time.perf_counter() - began
        asked = questions(rng, oracle, moments(rng, stretch, oracle, jumps, 2 * cases))
        put = [
            (kind, moment(at), {"between": moment, "after": lambda much: much / 1_000_000}.get(kind, bool)(more))
            for kind, at, more in asked
        ]
        began = time.perf_counter()
        said = ours(calendar, put)
        middle = time.perf_counter()
        right = theirs(oracle, asked)
        tally.theirs += time.perf_counter() - middle
        tally.ours += middle - began
        tally.cases += len(asked)
        tally.wrong += [
            f"{text} {question}: {counted(one)}, and the clock says {other}"
            for question, one, other in zip(asked, said, right, strict=True)
            if counted(one) != other
        ]
