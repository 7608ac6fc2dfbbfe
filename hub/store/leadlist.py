"""Lists of leads: filtered and searched, newest first, page by page; what is looked at for one page has a bound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.normal.finding import Question, matches, words_of
from hub.store import listing, search
from hub.store.columns import CARE, LEAD, TOUCH
from hub.store.leads import chunks
from hub.store.search import Posting
from hub.store.wanted import END, Wanted, conditions, elsewhere, indexed, window


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is looked at for one page."""

    index: int = 20_000  # entries of the index of a filter
    joint: int = 10_000  # leads of each of two filters that are held against each other
    first: int = 800  # leads of the rarest filter whose rows are read before that
    rows: int = 4_000  # leads whose rows are read after that
    read: int = 5_000  # leads whose words are made anew where no index of words narrows
    piece: int = 400  # leads of one statement


Row = dict[str, Any]

_USUAL = Bounds()


@dataclass(frozen=True, slots=True)
class Found:
    """A page of leads; `next` is where the next one begins, also where not enough was found in what was looked at."""

    rows: list[Row] = field(default_factory=list)
    next: str | None = None


@dataclass(frozen=True, slots=True)
class _Narrow:
    """A filter with an index: how many it leaves, up to a bound, down to which lead, and how to get at them."""

    size: int
    fetch: Callable[[int], Posting | None]
    where: tuple[Any, ...] = ()  # of a filter on leads themselves
    floor: str = ""


def page(
    wanted: Wanted, *, limit: int = 50, after: str | None = None, bounds: Bounds = _USUAL, session: Session
) -> Found:
    """Return the next leads that are wanted, newest first; fewer than `limit` where few are among those looked at."""
    if wanted.ids is not None:
        rows = list(_checked(wanted, wanted.ids, session))
        return Found(_told(_newest_first(rows)[:limit], session))
    span = window(wanted, after or END, session=session)
    if span is None:
        return Found()
    found = _Look(wanted, limit, *span, bounds, session).found()
    return replace(found, rows=_told(found.rows, session))


@dataclass(frozen=True, slots=True)
class _Look:
    """One look for a page of leads below the id `under`, down to `low`."""

    wanted: Wanted
    limit: int
    low: str
    under: str
    bounds: Bounds
    session: Session

    def found(self) -> Found:
        """Look by the rarest filter; where that does not fill a page, by the two rarest together."""
        narrows = sorted(self._narrows(), key=lambda one: (one.size, one.floor))
        if not narrows or narrows[0].where:
            return self._scanned(narrows[0] if narrows else None)
        some = (narrow.fetch(self.bounds.first) for narrow in narrows if not narrow.where)
        known = next((posting for posting in some if posting is not None), None)
        if known is None:  # words that begin so are all over the place: the leads themselves are read
            return self._scanned(next((one for one in narrows if one.where), None))
        found = self._filled(known, self.bounds.first)
        if len(found.rows) == self.limit or found.next is None:
            return found
        every = (narrow.fetch(self.bounds.joint) for narrow in narrows)
        several = list(islice((one for one in every if one is not None), 2))
        return self._filled(several[0] if len(several) == 1 else search.both(*several), self.bounds.rows)

    def _narrows(self) -> Iterator[_Narrow]:
        most, session = self.bounds.index, self.session
        for beginnings in self.wanted.question if self.wanted.state == "open" else ():  # only those have words
            size = search.size(beginnings, most, session=session)
            yield _Narrow(size, partial(self._posting, beginnings, size < most))
        every = [(column, where, False) for column, where in elsewhere(self.wanted)]
        every += [(LEAD.c.id, where, True) for where in indexed(self.wanted)]
        for column, where, own in every:
            number, floor = self._count(column, where)
            yield _Narrow(number, partial(self._newest, column, where), where if own else (), floor)

    def _posting(self, beginnings: Sequence[str], rare: bool, most: int) -> Posting | None:
        return search.posting(beginnings, self.under, most, rare=rare, session=self.session)

    def _newest(self, column: Any, where: Sequence[Any], most: int) -> Posting:
        return search.newest(column, where, self.under, most, session=self.session)

    def _count(self, column: Any, where: Sequence[Any]) -> tuple[int, str]:
        """Count the newest leads, up to the bound, and return how far down those reach: the index answers that."""
        most = self.bounds.index
        some = sa.select(column.label("id")).where(*where, column < self.under).order_by(column.desc()).limit(most)
        found = some.subquery()
        query = sa.select(sa.func.count(), sa.func.min(found.c.id)).select_from(found)
        number, last = self.session.execute(query).one()
        return int(number), str(last) if number == most else ""

    def _filled(self, known: Posting, most: int) -> Found:
        """Return the newest of these leads that fit; at most so many are looked at."""
        ids = sorted((lead for lead in known.ids if lead >= self.low), reverse=True)
        rows: list[Row] = []
        for start in range(0, min(len(ids), most), self.bounds.piece):
            part = ids[start : start + self.bounds.piece]
            rows += _newest_first(_checked(self.wanted, part, self.session))
            if len(rows) > self.limit:
                return Found(rows[: self.limit], rows[self.limit - 1]["id"])
            if start + len(part) >= most and start + len(part) < len(ids):
                return Found(rows, part[-1])
        return Found(rows, known.floor if known.floor > self.low else None)

    def _scanned(self, by: _Narrow | None) -> Found:
        """Look through the leads that a filter leaves, at most so many, for those that fit in all the others."""
        wanted, limit = self.wanted, self.limit
        most = self.bounds.read if wanted.question else self.bounds.index
        own = (LEAD.c.id < self.under, LEAD.c.id >= self.low, *(by.where if by else ()))
        looked = sa.select(*listing.columns("lead")).where(*own).order_by(LEAD.c.id.desc()).limit(most)
        inner = looked.subquery("looked")
        query = sa.select(inner).where(*conditions(wanted, inner.c))
        if self.session.get_bind().dialect.name != "sqlite":  # which hands the inner rows on one by one, in their order
            query = query.order_by(inner.c.id.desc())
        rows: list[Row] = []
        for row in self.session.execute(query if wanted.question else query.limit(limit + 1)).mappings():
            if _fits(wanted.question, row, wanted.masked):
                rows.append(dict(row))
            if len(rows) > limit:
                return Found(rows[:limit], rows[limit - 1]["id"])
        last = sa.select(LEAD.c.id).where(*own).order_by(LEAD.c.id.desc()).offset(most - 1).limit(1)
        return Found(rows, self.session.execute(last).scalar())


def _checked(wanted: Wanted, ids: Sequence[str], session: Session) -> Iterator[Row]:
    """Yield the rows of these leads that fit in everything."""
    for part in chunks(ids):
        query = sa.select(*listing.columns("lead")).where(LEAD.c.id.in_(part), *conditions(wanted, LEAD.c))
        for row in session.execute(query).mappings():
            if _fits(wanted.question, row, wanted.masked):
                yield dict(row)


def _newest_first(rows: Sequence[Row] | Iterator[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: str(row["id"]), reverse=True)


def _fits(question: Question, row: Mapping[Any, Any], masked: bool) -> bool:
    """Return whether a lead has every word; what is plain is told without cutting its texts into words."""
    if not question:
        return True
    if masked:
        return matches(question, words_of(None, row["company"], None, None))
    said = f"{row['full_name']} {row['company']} {row['email']}"
    if said.isascii():
        plain = said.lower()
        if not all(any(one in plain or one[0] in "+~" for one in beginnings) for beginnings in question):
            return False
    return matches(question, words_of(row["full_name"], row["company"], row["email"], row["phone"]))


def _told(rows: list[Row], session: Session) -> list[Row]:
    """Return rows with what became of each lead, the pool it waits in, and the campaign it came from last."""
    rounds: dict[str, Mapping[Any, Any]] = {}
    campaigns: dict[str, str] = {}
    shown = (CARE.c.lead, CARE.c.pool, CARE.c.disposition, CARE.c.due_at, CARE.c.responded_at, CARE.c.breached_at)
    for part in chunks(row["id"] for row in rows):
        query = sa.select(*shown).where(CARE.c.lead.in_(part), CARE.c.current)
        rounds |= {row["lead"]: row for row in session.execute(query).mappings()}
        touched = sa.select(TOUCH.c.lead, TOUCH.c.campaign).where(TOUCH.c.lead.in_(part), TOUCH.c.campaign.is_not(None))
        campaigns |= {row.lead: row.campaign for row in session.execute(touched.order_by(TOUCH.c.submission))}
    names = [column.name for column in shown[1:]]
    return [
        {
            **row,
            **{name: rounds[row["id"]][name] if row["id"] in rounds else None for name in names},
            "campaign": campaigns.get(row["id"]),
        }
        for row in rows
    ]


def choices(most: int = 200, *, session: Session) -> dict[str, list[str]]:
    """Return which values the filters have in the data: each is one look into an index, at most so many."""
    columns = {
        "source": LEAD.c.source, "grade": LEAD.c.grade, "country": LEAD.c.country, "team": LEAD.c.team,
        "owner": LEAD.c.owner, "campaign": TOUCH.c.campaign,
    }  # fmt: skip
    return {name: search.different(column, "", None, most, session=session) for name, column in columns.items()}
