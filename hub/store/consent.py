"""Consent records: kept with the submission that says it, never changed; a withdrawal is a record of its own."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlmodel import Session

from hub.consents import WAS_WITHDRAWN, Said
from hub.store import bulk
from hub.store import leads as lead_store
from hub.store.columns import CONSENT, DELIVERY, LEAD

PERSONAL = ("name", "contact", "wording", "address", "user_agent", "page_url", "form", "certificate")
"""What a sealed record does not say any more."""

_BLANK: Mapping[str, Any] = {
    **dict.fromkeys(("lead", "submission", "source", *PERSONAL, "wording_hash")), "channel": "", "recipient": "",
    "by": "",
}  # fmt: skip


def add(rows: Sequence[Mapping[str, Any]], *, session: Session) -> None:
    """Keep what was said; the rows of one submission are kept once, however often it is replayed."""
    bulk.insert(CONSENT, [{**_BLANK, **row} for row in rows], session=session)


def kept_of(submissions: Iterable[str], *, session: Session) -> set[str]:
    """Return the submissions whose word on consent is kept already."""
    found: set[str] = set()
    for part in lead_store.chunks(submissions):
        found |= set(session.execute(sa.select(CONSENT.c.submission).where(CONSENT.c.submission.in_(part))).scalars())
    return found


def said(leads: Iterable[str], *, session: Session) -> dict[str, list[Said]]:
    """Return what the persons behind these leads said, oldest first; a merged lead's is that of its survivor."""
    survivors = _survivors(leads, session)
    found: dict[str, list[Said]] = {}
    shown = (CONSENT.c.lead, CONSENT.c.state, CONSENT.c.at, CONSENT.c.channel, CONSENT.c.recipient)
    for part in lead_store.chunks(set(survivors.values())):
        query = sa.select(*shown).where(CONSENT.c.lead.in_(part)).order_by(CONSENT.c.at, CONSENT.c.id)
        for lead, state, at, channel, recipient in session.execute(query):
            found.setdefault(lead, []).append(Said(state, at, channel, recipient))
    return {lead: found[to] for lead, to in survivors.items() if to in found}


def _survivors(leads: Iterable[str], session: Session) -> dict[str, str]:
    """Return the lead that each was merged into, itself when it was not."""
    now = {lead: lead for lead in leads}
    for _ in range(lead_store.HOPS):
        into: dict[str, str] = {}
        for part in lead_store.chunks(set(now.values())):
            query = sa.select(LEAD.c.id, LEAD.c.merged_into).where(LEAD.c.id.in_(part), LEAD.c.merged_into.is_not(None))
            into.update((id_, to) for id_, to in session.execute(query))
        if not into:
            break
        now = {lead: into.get(current, current) for lead, current in now.items()}
    return now


def survivor(lead: str, *, session: Session) -> str | None:
    """Return the open lead that a lead is now; None when it is not there any more."""
    into = _survivors([lead], session)[lead]
    query = sa.select(LEAD.c.id).where(LEAD.c.id == into, LEAD.c.state == "open")
    found: str | None = session.execute(query).scalar()
    return found


def note(row: Mapping[str, Any], *, session: Session) -> None:
    """Keep what a person said apart from any submission."""
    add([row], session=session)


def stop(lead: str, sinks: Iterable[str], *, session: Session) -> int:
    """Let what waits for these sinks go no more; returns how many deliveries that were."""
    waiting = sa.and_(DELIVERY.c.lead == lead, DELIVERY.c.sink.in_(list(sinks)), DELIVERY.c.state == "ready")
    done = session.execute(sa.update(DELIVERY).where(waiting).values(state="superseded", reason=WAS_WITHDRAWN))
    return int(done.rowcount)  # type: ignore[attr-defined]


def copy(lead: str, to: str, *, session: Session) -> None:
    """Let what was said apart from any submission hold for a lead that is taken out of another, too."""
    loose = sa.and_(CONSENT.c.lead == lead, CONSENT.c.submission.is_(None))
    shown = [column for column in CONSENT.columns if column.name != "id"]
    rows = [{**row, "lead": to} for row in session.execute(sa.select(*shown).where(loose)).mappings()]
    bulk.insert(CONSENT, rows, session=session)


def seal(where: Any, key: bytes, now: datetime, *, session: Session) -> int:
    """Blank what is personal of records and leave its keyed hash: who shows the record again can be believed."""
    number = 0
    rows = session.execute(sa.select(CONSENT).where(where, CONSENT.c.sealed.is_(None))).mappings().all()
    for row in rows:
        values = {**dict.fromkeys(PERSONAL), "sealed": fingerprint(dict(row), key), "sealed_at": now}
        session.execute(sa.update(CONSENT).where(CONSENT.c.id == row["id"]).values(**values))
        number += 1
    return number


def fingerprint(row: Mapping[str, Any], key: bytes) -> str:
    """Return the keyed hash of a record as it was kept."""
    names = ("submission", "state", "channel", "recipient", "by", "wording_hash", *PERSONAL)
    content = {name: row[name] for name in names} | {"at": row["at"].isoformat()}
    return hmac.new(key, orjson.dumps(content, option=orjson.OPT_SORT_KEYS), hashlib.sha256).hexdigest()
