"""Reads out of a CRM's records what became of leads: one kind of record after the other, by the time of change."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

import httpx
from pydantic import Field

from hub.errors import Misconfigured
from hub.families.changes import Changes, ChangesFeedback
from hub.http import Request, Response
from hub.instant import instant
from hub.news import Activity, Feedback, Kind, News
from hub.outcome import Disposition
from hub.strictjson import objects

Rows = list[dict[str, Any]]

_MEANINGS: Mapping[Disposition, tuple[str, ...]] = {
    Disposition.NEW: (
        "new", "open", "open - not contacted", "not contacted", "potential", "新线索", "未联系", "待跟进",
    ),
    Disposition.CONTACTED: (
        "working", "working - contacted", "contacted", "connected", "in progress", "in_progress", "nurturing",
        "bad_timing", "contact in future", "跟进中", "已联系",
    ),
    Disposition.NO_ANSWER: ("attempted to contact", "attempted_to_contact", "cannot contact", "联系不上", "未接通"),
    Disposition.QUALIFIED: ("qualified", "pre-qualified", "closed - converted", "已转化", "有意向", "有效线索"),
    Disposition.OPPORTUNITY: ("open_deal", "商机"),
    Disposition.WON: ("won", "closed won", "closedwon", "customer", "已成交", "成交", "赢单"),
    Disposition.LOST: (
        "lost", "lost lead", "closed lost", "closedlost", "closed - not converted", "no longer interested", "canceled",
        "not interested", "输单", "已流失",
    ),
    Disposition.UNQUALIFIED: ("unqualified", "not qualified", "bad fit", "disqualified", "无意向", "不合格"),
    Disposition.INVALID: ("junk", "junk lead", "spam", "无效", "无效线索", "空号"),
    Disposition.DUPLICATE: ("duplicate", "重复", "重复线索"),
}  # fmt: skip

CRM_WORDS: Mapping[str, Disposition] = {word: meaning for meaning, said in _MEANINGS.items() for word in said}
"""The status words that CRMs ship with, in lower case, and what they mean."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of record that tells of leads; what it tells stands at paths such as `Owner.id`.

    `maker` is who made the record: that was leadhub, so what the same user does to a status is no person's answer.
    """

    name: str  # what the vendor calls such records
    kind: Kind
    ref: str  # the lead that it is about, as that system calls it
    at: str  # when it was changed, by which it is read
    key: str = "id"
    own: str = ""  # our own id of the lead, where the record keeps it
    done: str = ""  # when it was done, where that is another time
    once: bool = False  # it happened once, and is not told again for each change of its record
    word: str = ""
    by: str = ""
    maker: str = ""
    value: str = ""
    currency: str = ""
    reason: str = ""
    sort: str = ""  # which kind of thing it is; `kinds` says what its words mean, `kind` stands for all others
    kinds: Mapping[str, Kind] = field(default_factory=dict)

    @property
    def paths(self) -> list[str]:
        """Return all paths, each once, as a vendor is asked for them."""
        said = (
            self.key, self.ref, self.own, self.at, self.done, self.word, self.by, self.maker, self.value, self.currency,
            self.reason, self.sort,
        )  # fmt: skip
        return list(dict.fromkeys(path for path in said if path))

    def time(self, row: Mapping[str, Any]) -> datetime | None:
        """Return when a record was changed."""
        return instant(_at(row, self.at))

    def activity(self, row: Mapping[str, Any]) -> Activity | None:
        """Return what a record tells; None for one without an id, a time, a lead, or a status to tell."""
        id_, ref, own, changed = _text(row, self.key), _text(row, self.ref), _text(row, self.own), self.time(row)
        if not id_ or not (ref or own) or changed is None:
            return None
        by, word = _text(row, self.by), _text(row, self.word)
        if self.kind == "status" and not word:
            return None
        return Activity(
            f"{self.name}:{id_}" if self.once else f"{self.name}:{id_}:{changed.isoformat()}",
            (instant(_at(row, self.done)) if self.done else None) or changed,
            self.kinds.get(_text(row, self.sort) or "", self.kind), ref=ref, lead=own,
            word=word, by=by, human=False if by and by == _text(row, self.maker) else None,
            value=_number(_at(row, self.value)), currency=_text(row, self.currency), reason=_text(row, self.reason),
            data=row,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where the reading of a stream stands: changes since when, how many were read, the vendor's mark of the page."""

    since: datetime
    skip: int = 0
    mark: str | None = None

    def following(self, times: Sequence[datetime], count: int, more: bool | str | None) -> Place | None:
        """Return the place of the next page, None behind the last one.

        Where the vendor has no mark, reading goes on at the newest change that was read: a record that is changed
        meanwhile moves to the end, and would move the others forward past a page that is counted.
        """
        if not more or not count:
            return None
        if isinstance(more, str):
            return replace(self, mark=more) if more != self.mark else None
        newest = max(times, default=self.since)
        return Place(newest) if newest > self.since else replace(self, skip=self.skip + count)


class StreamFeedback(ChangesFeedback):
    """Feedback out of several kinds of records; authors write `streams` and two pure functions, `asked` and `rows`."""

    streams: Sequence[Stream] = ()
    words: ClassVar[Mapping[str, Disposition]] = CRM_WORDS

    class Settings(Feedback.Settings):
        """What is read of all that the CRM could tell."""

        unread: tuple[str, ...] = Field((), description="Kinds of records that are not read for feedback.")

    _refused: list[Misconfigured]

    def asked(self, stream: Stream, place: Place) -> Request:
        """Return the request for what changed, oldest first; pure."""
        raise NotImplementedError

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, bool | str | None]:
        """Return the records in a 2xx answer, and whether there are more: by its mark, or True to go on by time."""
        raise NotImplementedError

    async def whole(self, stream: Stream, rows: Rows, http: httpx.AsyncClient) -> Rows:
        """Return the records with what a second call adds to them; those that are about no lead may be left out."""
        return rows

    async def news(self, cursor: str | None, http: httpx.AsyncClient) -> AsyncIterator[News]:
        """Yield the pages of all streams; one that may not be read does not keep the others, and is told at the end."""
        self._refused = []
        async for page in super().news(cursor, http):
            yield page
        if self._refused:
            raise self._refused[0]

    async def changes(self, since: datetime, after: str | None, http: httpx.AsyncClient) -> Changes:
        """Return a page of the stream that is due."""
        streams = [one for one in self.streams if one.name not in self.config.unread]
        number, place = _read(after, since)
        if number >= len(streams):
            return Changes(())
        stream, more, found, whole = streams[number], None, Rows(), Rows()
        try:
            found, more = await self._page(stream, place, http)
            whole = await self.whole(stream, found, http) if found else found
        except Misconfigured as error:
            if number == 0:
                raise
            self._refused.append(error)
        times = [at for row in found if (at := stream.time(row)) is not None]
        mark = _written(number, place.following(times, len(found), more), len(streams), since)
        told = tuple(one for row in whole if (one := stream.activity(row)) is not None)
        return Changes(told, mark, max(times, default=None))

    async def _page(self, stream: Stream, place: Place, http: httpx.AsyncClient) -> tuple[Rows, bool | str | None]:
        caller: Any = self
        found: tuple[Rows, bool | str | None] | None = await caller.search(
            self.asked(stream, place), http, partial(self.rows, stream)
        )
        rows, more = found or (Rows(), None)
        return objects(rows), more


def _read(after: str | None, since: datetime) -> tuple[int, Place]:
    """Return the number of the stream that is due, and the place in it."""
    if after is None:
        return 0, Place(since)
    number, begun, skip, mark = json.loads(after)
    return number, Place(datetime.fromisoformat(begun), skip, mark)


def _written(number: int, place: Place | None, count: int, since: datetime) -> str | None:
    if place is None:
        number, place = number + 1, Place(since)
    return json.dumps([number, place.since.isoformat(), place.skip, place.mark]) if number < count else None


def _at(row: Any, path: str) -> Any:
    """Return what stands at a path; a name that has dots of its own comes first."""
    if not path or not isinstance(row, dict):
        return None
    if path in row:
        return row[path]
    name, _, rest = path.partition(".")
    return _at(row.get(name), rest) if rest else None


def _text(row: Mapping[str, Any], path: str) -> str | None:
    found = _at(row, path)
    return str(found) if isinstance(found, (str, int)) and not isinstance(found, bool) and found != "" else None


def _number(value: Any) -> float | None:
    try:
        return None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None
