"""Finds the lead that an activity is about: by our id, by whose address it has, or by the ref of a record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session

from hub.news import Activity
from hub.store import leads as lead_store
from hub.store.columns import DELIVERY, LEAD
from hub.store.leads import chunks

UNKNOWN_REF, NOT_OURS, ERASED = "unknown_ref", "not_ours", "erased"

Asked = Sequence[tuple[Activity, Sequence[str]]]
"""Activities, each with the identity keys of the prospect where nothing else names the lead."""


def leads_of(sink: str, asked: Asked, *, session: Session) -> list[tuple[str | None, str]]:
    """Return the lead of each activity, else why it has none; merged leads stay what they were."""
    refs = _refs({(said.sink or sink, said.ref) for said, _ in asked if said.ref and not said.lead}, session)
    people = lead_store.owners({key for _, keys in asked for key in keys}, session=session)
    named = [said.lead or _named(said.sink or sink, said.ref, keys, refs, people) for said, keys in asked]
    states = _states({lead for lead in named if lead}, session)
    return [_judged(said, lead, states) for (said, _), lead in zip(asked, named, strict=True)]


def _named(
    sink: str, ref: str | None, keys: Sequence[str], refs: Mapping[tuple[str, str], str], people: Mapping[str, str]
) -> str | None:
    known = next((people[key] for key in keys if key in people), None)
    return known or (refs.get((sink, ref)) if ref else None)


def _judged(said: Activity, lead: str | None, states: Mapping[str, str]) -> tuple[str | None, str]:
    if lead is None:
        return None, UNKNOWN_REF if said.ref and not said.people else NOT_OURS
    state = states.get(lead)
    return (lead, "") if state in ("open", "merged") else (None, ERASED if state == "erased" else NOT_OURS)


def _refs(named: set[tuple[str, str]], session: Session) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for sink in {sink for sink, _ in named}:
        for part in chunks(sorted(ref for other, ref in named if other == sink)):
            query = sa.select(DELIVERY.c.ref, DELIVERY.c.lead).where(DELIVERY.c.sink == sink, DELIVERY.c.ref.in_(part))
            rows = session.execute(query.order_by(DELIVERY.c.id))
            found.update(((sink, row.ref), row.lead) for row in rows)
    return found


def _states(leads: Iterable[str], session: Session) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in chunks(sorted(leads)):
        query = sa.select(LEAD.c.id, LEAD.c.state).where(LEAD.c.id.in_(part))
        found.update((row.id, row.state) for row in session.execute(query))
    return found
