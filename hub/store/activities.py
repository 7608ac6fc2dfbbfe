"""Activities as rows: each is kept once with its lead, and says where the lead stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.events import Event
from hub.news import Activity
from hub.outcome import Disposition
from hub.store.columns import ACTIVITY, DELIVERY, LEAD, NEWS, STANDING
from hub.store.leads import chunks
from hub.store.log import append
from hub.store.whose import leads_of

MOST_DATA = 20_000  # characters of an activity's own data that are kept


@dataclass(frozen=True, slots=True)
class Heard:
    """An activity with what its word means here, and whether a person did it."""

    activity: Activity
    disposition: Disposition | None
    human: bool
    keys: tuple[str, ...] = ()  # identity keys of the prospect, where nothing else names the lead


@dataclass(frozen=True, slots=True)
class Reached:
    """A lead came to a disposition for the first time."""

    lead: str
    disposition: Disposition
    at: datetime
    value: float | None
    currency: str | None


@dataclass(slots=True)
class Taken:
    """What became of activities: how many were kept, known and skipped, what happened, and what leads came to."""

    counts: Counter[str] = field(default_factory=Counter)
    events: list[Event] = field(default_factory=list)
    reached: list[Reached] = field(default_factory=list)
    leads: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)  # why something was skipped
    fates: list[str] = field(default_factory=list)  # of each activity, in order: heard, known, or why it was skipped


@dataclass(slots=True)
class Sifted:
    """Activities before they are kept: those that are new, by lead, and what becomes of each, in their order."""

    new: dict[str, list[Heard]] = field(default_factory=dict)
    fates: list[str] = field(default_factory=list)  # heard, known, or why it is skipped

    def counts(self) -> Counter[str]:
        """Return how many are new, known and skipped."""
        kept = Counter(fate if fate in ("heard", "known") else "skipped" for fate in self.fates)
        return Counter(heard=0, known=0, skipped=0) + kept


def sift(sink: str, heard: Sequence[Heard], *, session: Session) -> Sifted:
    """Tell which activities are new, known, or no lead's of ours; nothing is written."""
    sifted = Sifted(fates=[""] * len(heard))
    whose = leads_of(sink, [(one.activity, one.keys) for one in heard], session=session)
    known = _known(sink, [one.activity.key for one in heard], session)
    for place in sorted(range(len(heard)), key=lambda each: heard[each].activity.at):
        one, (lead, missing) = heard[place], whose[place]
        if lead is None:
            sifted.fates[place] = missing
        elif one.activity.key in known:
            sifted.fates[place] = "known"
        else:
            known.add(one.activity.key)
            sifted.fates[place] = "heard"
            sifted.new.setdefault(lead, []).append(one)
    return sifted


def keep(sink: str, heard: Sequence[Heard], now: datetime, *, session: Session) -> Taken:
    """Keep activities of leads that are ours; the order they come in does not matter, their own times do."""
    sifted = sift(sink, heard, session=session)
    skipped = Counter(fate for fate in sifted.fates if fate not in ("heard", "known"))
    taken = Taken(sifted.counts(), reasons=skipped, fates=sifted.fates)
    for lead, news in sifted.new.items():
        before = _dispositions(lead, session)
        session.execute(sa.insert(ACTIVITY), [_row(sink, lead, one, now) for one in news])
        taken.reached += _reached(lead, before, news)
        taken.events += stand(lead, now, session=session)
        taken.leads.append(lead)
    append(taken.events, session=session)
    return taken


def _known(sink: str, keys: Iterable[str], session: Session) -> set[str]:
    known: set[str] = set()
    for part in chunks(sorted(set(keys))):
        query = sa.select(ACTIVITY.c.key).where(ACTIVITY.c.sink == sink, ACTIVITY.c.key.in_(part))
        known |= set(session.execute(query).scalars())
    return known


def _row(sink: str, lead: str, one: Heard, now: datetime) -> dict[str, Any]:
    said = one.activity
    data: Mapping[str, Any] | None = said.data if len(repr(said.data)) <= MOST_DATA else None
    return {
        "lead": lead, "sink": sink, "key": said.key, "kind": said.kind, "at": said.at, "heard_at": now, "ref": said.ref,
        "by": said.by, "human": one.human, "word": said.word, "disposition": one.disposition, "value": said.value,
        "currency": said.currency, "reason": said.reason, "data": dict(data) if data else None,
    }  # fmt: skip


def _dispositions(lead: str, session: Session) -> set[str]:
    query = sa.select(ACTIVITY.c.disposition).where(ACTIVITY.c.lead.in_(family(lead, session=session)))
    return set(session.execute(query.distinct()).scalars())


def _reached(lead: str, before: set[str], news: Iterable[Heard]) -> Iterable[Reached]:
    for one in news:
        if one.disposition not in (None, Disposition.UNKNOWN) and one.disposition not in before:
            before.add(one.disposition)
            said = one.activity
            yield Reached(lead, one.disposition, said.at, said.value, said.currency)


def family(lead: str, *, session: Session) -> list[str]:
    """Return the lead that stands for this one now, and all that went into it."""
    row = session.execute(sa.select(LEAD.c.merged_into).where(LEAD.c.id == lead, LEAD.c.state == "merged")).first()
    while row and row.merged_into:
        lead = row.merged_into
        row = session.execute(sa.select(LEAD.c.merged_into).where(LEAD.c.id == lead, LEAD.c.state == "merged")).first()
    found, newest = [lead], [lead]
    while newest:
        query = sa.select(LEAD.c.id).where(LEAD.c.merged_into.in_(newest), LEAD.c.state == "merged")
        newest = [one for one in session.execute(query).scalars() if one not in found]
        found += newest
    return found


def stand(lead: str, now: datetime, *, session: Session) -> list[Event]:
    """Bring up to date where a lead stands, out of all that was done with it; returns what happened.

    The newest disposition counts, and the first answer of a person, by the times at which they were done.
    """
    whole = family(lead, session=session)
    query = sa.select(ACTIVITY).where(ACTIVITY.c.lead.in_(whole)).order_by(ACTIVITY.c.at, ACTIVITY.c.id)
    rows = session.execute(query).mappings().all()
    values = _summed(rows)
    found = session.execute(sa.select(STANDING).where(STANDING.c.lead == whole[0]).with_for_update()).mappings().first()
    if found is None:
        session.execute(sa.insert(STANDING).values(lead=whole[0], **values))
    else:
        session.execute(sa.update(STANDING).where(STANDING.c.lead == whole[0]).values(**values))
    return list(_changes(whole[0], found or {}, values, now))


def _summed(rows: Sequence[Mapping[Any, Any]]) -> dict[str, Any]:
    said = [row for row in rows if row["disposition"] not in (None, Disposition.UNKNOWN)]
    answers = [row for row in rows if row["human"]]
    worth = [row for row in rows if row["value"] is not None]
    last: Mapping[Any, Any] = said[-1] if said else {}
    first: Mapping[Any, Any] = answers[0] if answers else {}
    deal: Mapping[Any, Any] = worth[-1] if worth else {}
    return {
        "disposition": last.get("disposition"), "disposed_at": last.get("at"), "reason": last.get("reason"),
        "value": deal.get("value"), "currency": deal.get("currency"), "responded_at": first.get("at"),
        "responded_by": first.get("by"), "responded_through": first.get("sink"),
    }  # fmt: skip


def _changes(lead: str, before: Mapping[Any, Any], after: Mapping[str, Any], now: datetime) -> Iterable[Event]:
    if after["responded_at"] is not None and before.get("responded_at") is None:
        data = {"at": after["responded_at"].isoformat(), "by": after["responded_by"]}
        yield Event("lead.responded", now, lead=lead, sink=after["responded_through"], data=data)
    if after["disposition"] != before.get("disposition") and after["disposition"] is not None:
        at = after["disposed_at"].isoformat()
        data = {"disposition": str(after["disposition"]), "before": before.get("disposition"), "at": at}
        yield Event("lead.disposed", now, lead=lead, data=data)


def delivery_place(delivery: str, *, session: Session) -> tuple[str, str] | None:
    """Return the sink and the lead of a delivery; None for one that is not there."""
    row = session.execute(sa.select(DELIVERY.c.sink, DELIVERY.c.lead).where(DELIVERY.c.id == delivery)).first()
    return (row.sink, row.lead) if row else None


def cursor_of(sink: str, *, session: Session) -> str | None:
    """Return how far the news of a sink was heard."""
    return session.execute(sa.select(NEWS.c.cursor).where(NEWS.c.sink == sink)).scalar()


def note(sink: str, values: Mapping[str, Any], taken: Taken | None = None, *, session: Session) -> None:
    """Remember how hearing the news of a sink went; counts are added up."""
    query = sa.select(NEWS.c.sink, NEWS.c.reasons).where(NEWS.c.sink == sink).with_for_update()
    row = session.execute(query).first()
    if row is None:
        session.execute(sa.insert(NEWS).values(sink=sink, heard=0, known=0, skipped=0))
    counts = taken.counts if taken else {}
    more: dict[str, Any] = {name: NEWS.c[name] + number for name, number in counts.items() if number}
    if taken and taken.reasons:
        more["reasons"] = dict(Counter((row.reasons if row else None) or {}) + taken.reasons)
    if values or more:
        session.execute(sa.update(NEWS).where(NEWS.c.sink == sink).values(**values, **more))


def failed(sink: str, reason: str, now: datetime, *, session: Session) -> None:
    """Remember that a sink could not be asked, and since when."""
    note(sink, {"failed_at": now, "reason": reason}, session=session)
    first = (NEWS.c.sink == sink, NEWS.c.failing_since.is_(None))
    session.execute(sa.update(NEWS).where(*first).values(failing_since=now))


def of_lead(lead: str, *, session: Session) -> list[dict[str, Any]]:
    """Return what was done with a lead and those that went into it, oldest first."""
    whole = family(lead, session=session)
    query = sa.select(ACTIVITY).where(ACTIVITY.c.lead.in_(whole)).order_by(ACTIVITY.c.at, ACTIVITY.c.id)
    return [dict(row) for row in session.execute(query).mappings()]


def standing_of(lead: str, *, session: Session) -> dict[str, Any] | None:
    """Return where a lead stands; None while nothing was heard of it."""
    row = session.execute(sa.select(STANDING).where(STANDING.c.lead == lead)).mappings().first()
    return dict(row) if row else None


def news(*, session: Session) -> list[dict[str, Any]]:
    """Return how the news of each sink stand."""
    shown = [column for column in NEWS.c if column.name != "cursor"]
    return [dict(row) for row in session.execute(sa.select(*shown).order_by(NEWS.c.sink)).mappings()]
