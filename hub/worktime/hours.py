"""Reads working hours as people write them: `Mon-Fri 09:00-12:00,13:30-18:00; Sat 10:00-14:00`, `每天 9:00-18:00`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

DAY = 1440
WEEK = 7 * DAY
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MORE = {"tues": 1, "thur": 3, "thurs": 3, "weds": 2}
_CHINESE = re.compile(r"(?:周|星期|礼拜)?([一二三四五六日天])")
_CHINESE_DAYS = {mark: day for day, mark in enumerate("一二三四五六日")} | {"天": 6}
_SEVERAL = {"daily": range(7), "每天": range(7), "每日": range(7), "工作日": range(5), "周末": range(5, 7)}
_DASHES = re.compile(r"\s*[-‐‑‒–—―~〜至到]\s*")
_BLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})")


class Block(NamedTuple):
    """A stretch of working time: minutes on the wall clock since the midnight its day begins with."""

    start: int
    end: int  # more than 1440 when it ends on the next day

    def __str__(self) -> str:
        end = self.end if self.end <= DAY else self.end - DAY
        return f"{self.start // 60:02}:{self.start % 60:02}-{end // 60:02}:{end % 60:02}"


@dataclass(frozen=True, slots=True)
class Hours:
    """The blocks of each day of a week, Monday first, in order and without overlap; a block belongs to its start."""

    week: tuple[tuple[Block, ...], ...]

    @property
    def workday(self) -> tuple[Block, ...]:
        """Return the hours of a working day that is not one by its weekday, such as a Saturday that is made up.

        They are Monday's: who is called in works a plain day of the week, and of those Monday is the one that is least
        often cut short, as Fridays are. Where Monday is free, it is the next weekday that is not.
        """
        return next((blocks for blocks in self.week if blocks), ())


def parse(text: str) -> Hours:
    """Return the hours in a text; raises ValueError, which names what is wrong and how it is written."""
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", text).replace("、", ",").replace("。", "")).strip()
    if plain == "24/7":
        return Hours(((Block(0, DAY),),) * 7)
    groups = [group.strip() for group in plain.split(";") if group.strip()]
    if not groups:
        raise ValueError("the working hours are empty; write them as Mon-Fri 09:00-18:00, or 24/7")
    week: list[list[Block]] = [[] for _ in range(7)]
    for group in groups:
        days, blocks = _group(group)
        for day in days:
            week[day] += blocks
    for blocks in week:
        blocks.sort()
    _refuse_overlaps(week)
    return Hours(tuple(tuple(blocks) for blocks in week))


def _group(group: str) -> tuple[list[int], list[Block]]:
    first = re.search(r"[0-9]", group)
    if first is None:
        raise ValueError(f"{group[:200]!r} has no times; write it as Mon-Fri 09:00-18:00")
    named, times = group[: first.start()].strip(" ,:"), group[first.start() :]
    if not named:
        raise ValueError(f"{group[:200]!r} names no days; write it as Mon-Fri 09:00-18:00, or as daily 09:00-18:00")
    days = [day for item in re.split(r"[,\s]+", named) for day in _days(item)]
    twice = next((day for day in days if days.count(day) > 1), None)
    if twice is not None:
        raise ValueError(f"{named[:200]!r} names {DAYS[twice]} twice; name each day once")
    return days, [_block(block) for block in re.split(r"\s*,\s*", times.rstrip(" ,"))]


def _days(item: str) -> Iterator[int]:
    if item.casefold() in _SEVERAL:
        yield from _SEVERAL[item.casefold()]
        return
    first, dash, last = item.partition("-")
    day = _weekday(first)
    end = _weekday(last) if dash else day
    yield day
    while day != end:
        day = (day + 1) % 7
        yield day


def _weekday(name: str) -> int:
    folded = name.casefold()
    chinese = _CHINESE.fullmatch(name)
    if chinese:
        return _CHINESE_DAYS[chinese[1]]
    if folded in _MORE:
        return _MORE[folded]
    for day, long in enumerate(_LONG):
        if folded in (long, long[:3]):
            return day
    known = ", ".join(DAYS)
    raise ValueError(f"{name[:200]!r} is not a day; days are {known}, or 周一 to 周日, written as Mon-Fri or Mon,Wed")


def _block(text: str) -> Block:
    found = _BLOCK.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            f"{text[:200]!r} is not a stretch of time; write 09:00-18:00, a comma before a further stretch, and "
            "a semicolon before other days, as in Mon-Fri 09:00-12:00,13:00-18:00; Sat 10:00-14:00"
        )
    start, end = _minute(found[1], found[2]), _minute(found[3], found[4])
    if start == DAY:
        raise ValueError(f"{text!r} begins at 24:00; write 00:00, on the next day")
    if start == end:
        raise ValueError(f"{text!r} ends when it begins; the whole day is 00:00-24:00")
    return Block(start, end if end > start else end + DAY)


def _minute(hour: str, minute: str) -> int:
    at = int(hour) * 60 + int(minute)
    if int(minute) > 59 or at > DAY:
        raise ValueError(f"{hour}:{minute} is no time of day; times are 00:00 to 24:00")
    return at


def _refuse_overlaps(week: Sequence[Sequence[Block]]) -> None:
    every = [(day * DAY + block.start, day, block) for day, blocks in enumerate(week) for block in blocks]
    after = [*every[1:], (every[0][0] + WEEK, *every[0][1:])]
    for (start, day, block), (begins, next_day, following) in zip(every, after, strict=True):
        if start + block.end - block.start > begins:
            one, other = f"{DAYS[day]} {block}", f"{DAYS[next_day]} {following}"
            raise ValueError(f"{one} and {other} overlap; write every time once")
