"""What names a person where nobody would look: words of vendors, names of files, letters nobody could read."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import ACTIVITY, ATTEMPT, CURSOR, DELIVERY, EVENT, IMPORT, LETTER, NEWS, SINK, VIEW
from hub.store.erasure import Person, set_rows, text_of

_MENTIONS: tuple[tuple[sa.Table, str, str, Any], ...] = (
    (EVENT, "id", "data", None), (ATTEMPT, "id", "reason", None), (DELIVERY, "id", "reason", None),
    (DELIVERY, "id", "ref", None), (SINK, "sink", "reason", None), (CURSOR, "source", "reason", None),
    (IMPORT, "id", "reason", None), (IMPORT, "id", "name", "***"), (NEWS, "sink", "reason", None),
    (LETTER, "id", "reason", None), (ACTIVITY, "id", "reason", None), (ACTIVITY, "id", "word", None),
    (VIEW, "id", "filters", None), (VIEW, "id", "name", "***"),
)  # fmt: skip
"""Where words of vendors and names of files may name anybody: table, key, column, and what is put there instead."""


def blank_mentions(person: Person, *, session: Session) -> int:
    """Blank the words of vendors, and the names of files, that name a person; returns how many."""
    number = 0
    for table, key, column, instead in _MENTIONS:
        text = sa.cast(table.c[column], sa.Text)
        named = sa.or_(sa.false(), *(text.ilike(needle, escape="\\") for needle in person.needles))
        query = sa.select(table.c[key], text.label("text")).where(named)
        found = [row[0] for row in session.execute(query) if person.mentions.search(row.text)]
        number += set_rows(table, table.c[key], found, {column: instead}, session)
    return number + _blank_letters(person, session)


def _blank_letters(person: Person, session: Session) -> int:
    """Blank feedback letters nobody could read, where they speak of a person; those that were read hold nothing."""
    query = sa.select(LETTER.c.id, LETTER.c.body, LETTER.c.url).where(LETTER.c.state != "done")
    found = [
        row.id for row in session.execute(query) if person.mentions.search(text_of(row.body) + unquote_plus(row.url))
    ]
    return set_rows(LETTER, LETTER.c.id, found, {"state": "done", "body": b"", "headers": None, "url": ""}, session)
