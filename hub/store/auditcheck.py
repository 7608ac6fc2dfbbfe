"""Walks the audit log and says where it was tampered with: edited, deleted, inserted, reordered, cut, or rewritten."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.store import guards
from hub.store.audit import AUDIT, FIRST, key_id, seal

PAGE = 1000

_ENTRY = sa.select(AUDIT).order_by(AUDIT.c.id)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A word that was left in a second place: the newest entry and its seal at that time."""

    at: datetime
    id: int
    seal: str


@dataclass(slots=True)
class Report:
    """What a walk through the log found; it is whole while `broken` is empty."""

    entries: int = 0
    head: str = FIRST
    anchors: int = 0
    broken: list[dict[str, Any]] = field(default_factory=list)

    def wrong(self, entry: int, said: str) -> None:
        """Note what is wrong, and at which entry."""
        self.broken.append({"entry": entry, "says": said})


def verify(keys: Mapping[str, bytes], anchors: Iterable[Anchor], *, most: int = 100, session: Session) -> Report:
    """Walk the whole log from its first entry and hold it against the anchors; `keys` are those that may have sealed.

    After a broken seal the walk goes on from what stands there, so that every place is named.
    """
    report = Report()
    held: dict[int, Anchor] = {}
    for anchor in anchors:
        report.anchors += 1
        earlier = held.setdefault(anchor.id, anchor)
        if earlier.seal != anchor.seal:
            report.wrong(anchor.id, _two(anchor))
    for name in guards.missing(session.connection()):
        report.wrong(0, f"The trigger {name} that keeps the log append-only is gone.")
    for row in _rows(session):
        _check(row, report, keys)
        if row["id"] in held:
            anchor = held.pop(row["id"])
            if not hmac.compare_digest(anchor.seal, row["seal"]):
                report.wrong(row["id"], f"The anchor of {_when(anchor.at)} holds another seal: the log was rewritten.")
        report.entries, report.head = row["id"], row["seal"]
        if len(report.broken) >= most:
            return report
    for anchor in held.values():
        if anchor.id:
            said = f"The anchor of {_when(anchor.at)} knows an entry {anchor.id} that is gone: the end was cut off."
            report.wrong(anchor.id, said)
    return report


def _check(row: Mapping[str, Any], report: Report, keys: Mapping[str, bytes]) -> None:
    expected = report.entries + 1
    if row["id"] != expected:
        gone = "" if row["id"] <= expected + 1 else f" to {row['id'] - 1}"
        report.wrong(row["id"], f"Entry {expected}{gone} before it is gone.")
        return
    if row.get("unreadable"):
        report.wrong(row["id"], "It cannot be read: it was changed.")
        return
    key = keys.get(row["key_id"])
    if key is None:
        report.wrong(row["id"], f"It is sealed with a key {row['key_id'][:32]!r} that is not at hand.")
    elif not hmac.compare_digest(seal(row, report.head, key), row["seal"]):
        report.wrong(row["id"], "Its seal does not fit it and the entry before it: one of them was changed.")


def _rows(session: Session) -> Iterable[dict[str, Any]]:
    after: int | None = None
    while True:
        ids = sa.select(AUDIT.c.id, AUDIT.c.seal).order_by(AUDIT.c.id).limit(PAGE)
        query = ids if after is None else ids.where(AUDIT.c.id > after)
        rows = [dict(row) for row in session.execute(query).mappings()]
        if rows:
            yield from _whole(rows, session)
        if len(rows) < PAGE:
            return
        after = rows[-1]["id"]


def _whole(rows: Sequence[Mapping[str, Any]], session: Session) -> Iterator[dict[str, Any]]:
    """Yield the entries with these ids; one that cannot be read is only said to be so."""
    part = AUDIT.c.id.between(rows[0]["id"], rows[-1]["id"])
    try:
        yield from [dict(row) for row in session.execute(_ENTRY.where(part)).mappings()]
    except ValueError:
        for row in rows:
            try:
                yield dict(session.execute(_ENTRY.where(AUDIT.c.id == row["id"])).mappings().one())
            except ValueError:
                yield {**row, "unreadable": True}


def head(*, session: Session) -> tuple[int, str]:
    """Return the number and the seal of the newest entry."""
    row = session.execute(sa.select(AUDIT.c.id, AUDIT.c.seal).order_by(AUDIT.c.id.desc()).limit(1)).first()
    return (row.id, row.seal) if row else (0, FIRST)


def keys_by_id(keys: Iterable[bytes]) -> dict[str, bytes]:
    """Return keys by the name that entries call them."""
    return {key_id(key): key for key in keys}


def _two(anchor: Anchor) -> str:
    return f"Two anchors tell of it differently; the later one is of {_when(anchor.at)}."


def _when(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
