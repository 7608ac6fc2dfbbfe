"""Feedback webhooks as they came: kept before they are answered, and read once."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from hub.inbound import Inbound
from hub.store.columns import LETTER

REST = timedelta(seconds=30)  # whoever took a letter in reads it at once; one that is older lost its reader
MOST = 200
KEPT = timedelta(days=30)


def put(id_: str, sink: str, inbound: Inbound, *, session: Session) -> None:
    """Keep a letter."""
    values = {"method": inbound.method, "url": inbound.url, "headers": dict(inbound.headers), "body": inbound.body}
    session.execute(
        sa.insert(LETTER).values(
            id=id_, sink=sink, state="received", received_at=inbound.received_at, tries=0, **values
        )
    )


def done(id_: str, *, session: Session) -> None:
    """Note that a letter was read; its bytes are not needed any more."""
    session.execute(sa.update(LETTER).where(LETTER.c.id == id_).values(state="done", body=b"", headers=None, url=""))


def failed(id_: str, reason: str, most: int, *, session: Session) -> None:
    """Note that a letter cannot be read; after `most` tries it waits for a person."""
    state = sa.case((LETTER.c.tries + 1 >= most, "failed"), else_="received")
    session.execute(
        sa.update(LETTER).where(LETTER.c.id == id_).values(tries=LETTER.c.tries + 1, reason=reason, state=state)
    )


def waiting(now: datetime, *, session: Session) -> list[tuple[str, str, Inbound]]:
    """Return letters nobody has read, oldest first."""
    old = LETTER.c.received_at < now - REST
    query = sa.select(LETTER).where(LETTER.c.state == "received", old).order_by(LETTER.c.id).limit(MOST)
    return [
        (
            row["id"],
            row["sink"],
            Inbound(row["method"], row["url"], row["headers"] or {}, {}, row["body"], row["received_at"]),
        )
        for row in session.execute(query).mappings()
    ]


def forget(now: datetime, *, session: Session) -> None:
    """Delete letters that were read long ago."""
    session.execute(sa.delete(LETTER).where(LETTER.c.state == "done", LETTER.c.received_at < now - KEPT))
