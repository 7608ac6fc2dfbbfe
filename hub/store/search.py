"""The words of leads: written and taken away with the lead, and looked up by how they begin."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.normal.email import match_key
from hub.normal.finding import words_of
from hub.store import bulk
from hub.store.columns import DELIVERY, IDENTITY, LEAD, SUBMISSION, WORD
from hub.store.leads import chunks

Words = Mapping[str, frozenset[str]]
"""The words of leads, by id."""

SEVERAL = 24  # words with one beginning that are looked up one by one
MOST = 20  # leads that one key stands for at most
FEWEST = 200  # leads of each of them that are looked at, however many words there are
_LAST = "\U0010ffff"
_SAID = (LEAD.c.id, LEAD.c.full_name, LEAD.c.company, LEAD.c.email, LEAD.c.phone)


def words(row: Mapping[str, Any]) -> frozenset[str]:
    """Return the words under which a lead with this row is found."""
    return words_of(row["full_name"], row["company"], row["email"], row["phone"])


def add(rows: Iterable[Mapping[str, Any]], *, session: Session) -> None:
    """Write the words of new leads down."""
    _insert({str(row["id"]): words(row) for row in rows}, session)


def before(ids: Iterable[str], *, session: Session) -> Words:
    """Return the words that leads have now, for `follow` after they were written."""
    found: dict[str, frozenset[str]] = {}
    for part in chunks(sorted(set(ids))):
        query = sa.select(*_SAID).where(LEAD.c.id.in_(part), LEAD.c.state == "open")
        found.update((row["id"], words(dict(row))) for row in session.execute(query).mappings())
    return found


def follow(old: Words, rows: Iterable[Mapping[str, Any]], *, session: Session) -> None:
    """Bring the words of leads, which were the `old` ones, to what their rows say now."""
    new = {str(row["id"]): words(row) for row in rows}
    _delete({lead: old.get(lead, frozenset()) - now for lead, now in new.items()}, session)
    _insert({lead: now - old.get(lead, frozenset()) for lead, now in new.items()}, session)


def forget(ids: Collection[str], *, session: Session) -> int:
    """Take all words of open leads away, which are to be closed, joined or erased after this; returns how many."""
    return _delete(before(ids, session=session), session)


def _insert(new: Words, session: Session) -> None:
    rows = sorted((word, lead) for lead, found in new.items() for word in found)
    bulk.insert(WORD, [{"term": word, "lead": lead} for word, lead in rows], session=session, unless_there=True)


def _delete(gone: Words, session: Session) -> int:
    number = 0
    for lead, found in gone.items():
        for part in chunks(sorted(found)):
            done = session.execute(sa.delete(WORD).where(WORD.c.term.in_(part), WORD.c.lead == lead))
            number += int(done.rowcount)  # type: ignore[attr-defined]
    return number


@dataclass(frozen=True, slots=True)
class Posting:
    """The leads that have something: all of them down to the id `floor`; an empty floor says that there are no more."""

    ids: frozenset[str]
    floor: str = ""


def both(one: Posting, other: Posting) -> Posting:
    """Return the leads that are in both of these, as far as both are known."""
    floor = max(one.floor, other.floor)
    return Posting(frozenset(lead for lead in one.ids & other.ids if lead >= floor), floor)


def either(found: Sequence[Posting]) -> Posting:
    """Return the leads that are in any of these, as far as all of them are known."""
    floor = max((one.floor for one in found), default="")
    return Posting(frozenset(lead for one in found for lead in one.ids if lead >= floor), floor)


def size(beginnings: Sequence[str], most: int, *, session: Session) -> int:
    """Count the words of leads that begin in one of these ways, up to `most`."""
    some = [sa.select(WORD.c.lead).where(*_range(beginning)).limit(most).subquery() for beginning in beginnings]
    counts = [sa.select(sa.func.count()).select_from(one).scalar_subquery() for one in some]
    return min(most, sum(int(number) for number in session.execute(sa.select(*counts)).one()))


def posting(beginnings: Sequence[str], under: str, most: int, *, rare: bool, session: Session) -> Posting | None:
    """Return the newest leads below the id `under` with a word that begins so; None for too many different words.

    `rare`: there are so few that all of them can be put in order.
    """
    found = [_one(beginning, under, most, rare, session) for beginning in beginnings]
    whole = [one for one in found if one is not None]
    return either(whole) if len(whole) == len(found) else None


def _range(beginning: str) -> tuple[Any, Any]:
    return WORD.c.term >= beginning, WORD.c.term < beginning + _LAST


def _one(beginning: str, under: str, most: int, rare: bool, session: Session) -> Posting | None:
    if rare:
        return newest(WORD.c.lead, _range(beginning), under, most, session=session)
    terms = different(WORD.c.term, beginning, beginning + _LAST, SEVERAL + 1, session=session)
    if len(terms) > SEVERAL:
        return None
    each = max(FEWEST, most // max(1, len(terms)))
    return either([newest(WORD.c.lead, (WORD.c.term == term,), under, each, session=session) for term in terms])


def newest(column: Any, where: Sequence[Any], under: str, most: int, *, session: Session) -> Posting:
    """Return the leads that a column names in rows of which this is so, the newest of them, below the id `under`."""
    query = sa.select(column).where(*where, column < under).distinct().order_by(column.desc()).limit(most)
    ids = list(session.execute(query).scalars())
    return Posting(frozenset(ids), ids[-1] if len(ids) == most else "")


def different(column: Any, first: str, end: str | None, most: int, *, session: Session) -> list[str]:
    """Return the different values of a column from `first` on, before `end`: each costs one look into its index."""
    until = () if end is None else (column < end,)
    found = sa.select(sa.func.min(column).label("value")).where(column >= first, *until).cte("found", recursive=True)
    after = sa.select(sa.func.min(column)).where(column > found.c.value, *until).scalar_subquery()
    found = found.union_all(sa.select(after).where(found.c.value.is_not(None)))
    query = sa.select(found.c.value).limit(most + 1)
    return [value for value in session.execute(query).scalars() if value is not None][:most]


def exact(text: str, sources: Iterable[str], sinks: Iterable[str], *, session: Session) -> list[str]:
    """Return the leads that an id of ours, a source's or a sink's, or a whole e-mail address stands for."""
    said = text.strip()
    if said.startswith("lead_"):
        return list(session.execute(sa.select(LEAD.c.id).where(LEAD.c.id == said)).scalars())
    if said.startswith("sub_"):
        query = sa.select(SUBMISSION.c.lead).where(SUBMISSION.c.id == said, SUBMISSION.c.lead.is_not(None))
        return list(session.execute(query).scalars())
    keys = [f"{kind}:{source}:{said}" for source in sources for kind in ("external", "platform")]
    keys += [f"email:{match_key(said)}"] if "@" in said else [f"wechat:{said.casefold()}"]
    found: set[str] = set()
    for part in chunks([*keys, *(f"test:{key}" for key in keys)]):
        query = sa.select(IDENTITY.c.lead).where(IDENTITY.c.key.in_(part), IDENTITY.c.exact)
        found |= set(session.execute(query.limit(MOST)).scalars())
    sent = sa.select(DELIVERY.c.lead).where(DELIVERY.c.sink.in_(list(sinks)), DELIVERY.c.ref == said)
    return sorted(found | set(session.execute(sent.limit(MOST)).scalars()))
