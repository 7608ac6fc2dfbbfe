"""Where else a person's data is: sinks that have their leads, and files that brought them or were written of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store import leads as lead_store
from hub.store.audit import AUDIT
from hub.store.columns import DELIVERY, IMPORT, SUBMISSION

HOLDING = ("sent", "unclear", "sending")  # the states of deliveries after which a sink may have the lead


def sinks_of(leads: Collection[str], *, session: Session) -> list[dict[str, Any]]:
    """Return each sink that has or may have a lead, with the lead, its ref there, the time, and the state."""
    found: dict[tuple[str, str, str | None], dict[str, Any]] = {}
    shown = (DELIVERY.c.sink, DELIVERY.c.lead, DELIVERY.c.ref, DELIVERY.c.done_at, DELIVERY.c.state)
    for part in lead_store.chunks(leads):
        query = sa.select(*shown).where(DELIVERY.c.lead.in_(part), DELIVERY.c.state.in_(HOLDING), ~DELIVERY.c.test)
        for sink, lead, ref, at, state in session.execute(query.order_by(DELIVERY.c.id)):
            found[sink, lead, ref] = {"sink": sink, "lead": lead, "ref": ref, "delivery": state, "at": at}
    return list(found.values())


def imports_of(submissions: Collection[str], *, session: Session) -> list[dict[str, Any]]:
    """Return the files that brought these submissions."""
    ids: set[str] = set()
    for part in lead_store.chunks(submissions):
        query = sa.select(SUBMISSION.c.import_id).where(SUBMISSION.c.id.in_(part), SUBMISSION.c.import_id.is_not(None))
        ids |= set(session.execute(query).scalars())
    query = sa.select(IMPORT.c.id, IMPORT.c.name, IMPORT.c.source).where(IMPORT.c.id.in_(sorted(ids)))
    return [{"import": row.id, "file": row.name, "source": row.source} for row in session.execute(query)]


def exports_since(submissions: Collection[str], *, session: Session) -> list[dict[str, Any]]:
    """Return the exports of whole tables since the first of these submissions came."""
    first = [
        at
        for part in lead_store.chunks(submissions)
        for at in session.execute(
            sa.select(sa.func.min(SUBMISSION.c.received_at)).where(SUBMISSION.c.id.in_(part))
        ).scalars()
        if at is not None
    ]
    if not first:
        return []
    query = sa.select(AUDIT.c.at, AUDIT.c.target).where(AUDIT.c.what == "data.exported", AUDIT.c.at >= min(first))
    return [{"at": row.at, "table": row.target} for row in session.execute(query.order_by(AUDIT.c.id))]
