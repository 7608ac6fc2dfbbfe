"""Submissions: kept before anything else happens, run until they are settled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from hub.corrections import loaded, merged, packed
from hub.errors import BadInput
from hub.failpoints import hit
from hub.store import bulk
from hub.store.claims import claiming
from hub.store.tables import SubmissionRow

TABLE = SubmissionRow.__table__  # type: ignore[attr-defined]


DOUBT = 2  # processes that ended while a submission was run with others, before it is run alone


class First(NamedTuple):
    """The submission that had a source's id first."""

    submission: str
    lead: str | None
    digest: str | None
    polled: bool | None  # by a poll, or by a push; None: out of a file

    def same(self, digest: str | None, polled: bool | None) -> bool:
        """Return whether another submission with that id is the same thing again.

        What a poll brings after a push, or the other way round, is: the platform words it differently each way.
        """
        return self.digest == digest or (None not in (self.polled, polled) and self.polled != polled)


class Corrected(NamedTuple):
    """The fields of a submission that are other ones now, and whose it is."""

    fields: tuple[str, ...]
    lead: str | None
    source: str


_DEFAULTS: dict[str, Any] = {
    "kind": "http", "state": "received", "headers": None, "url": None, "client": None, "digest": None, "key": None,
    "idempotency_key": None, "parent": None, "import_id": None, "test": False, "possible_duplicate": False,
    "tries": 0, "due_at": None,
}  # fmt: skip


def row(**values: Any) -> dict[str, Any]:
    """Return a whole row for `add`, with every column the hot path sets."""
    return {**_DEFAULTS, **values}


def add(rows: Sequence[Mapping[str, Any]], *, session: Session) -> None:
    """Keep submissions; their bytes are safe when the transaction is."""
    bulk.insert(TABLE, rows, session=session)
    hit("intake.inserted")


def add_missing(rows: Sequence[Mapping[str, Any]], *, session: Session) -> set[str]:
    """Keep the submissions whose ids are not there yet, and return those ids."""
    ids = {row["id"] for row in rows}
    known = set(session.execute(sa.select(TABLE.c.id).where(TABLE.c.id.in_(ids))).scalars())
    fresh = [row for row in rows if row["id"] not in known]
    if fresh:
        add(fresh, session=session)
    return ids - known


def add_once(new: Mapping[str, Any], *, session: Session) -> SubmissionRow | None:
    """Keep a submission that has an idempotency key, or return the one that had it first."""
    first = session.exec(
        select(SubmissionRow).where(
            SubmissionRow.source == new["source"], SubmissionRow.idempotency_key == new["idempotency_key"]
        )
    ).first()
    if first is None:
        add([new], session=session)
    else:
        session.expunge(first)
    return first


def get(submission: str, *, session: Session) -> SubmissionRow | None:
    """Return a submission by id."""
    row = session.get(SubmissionRow, submission)
    if row is not None:
        session.expunge(row)
    return row


def claim(
    now: datetime, lease_until: datetime, limit: int, *, session: Session, sqlite: bool, doubtful: bool = False
) -> list[SubmissionRow]:
    """Take received submissions that are due, oldest first, and keep others off them until the lease ends.

    `doubtful` are those that processes died with more than once; they are not among the others.
    """
    values = {"b_now": now, "b_until": lease_until, "b_limit": limit}
    ids = sorted(session.execute(_claiming(sqlite, doubtful), values).scalars())
    hit("route.swept")
    rows = session.exec(select(SubmissionRow).where(col(SubmissionRow.id).in_(ids))).all() if ids else []
    session.expunge_all()
    return sorted(rows, key=lambda r: r.id)


@lru_cache(4)
def _claiming(sqlite: bool, doubtful: bool) -> Any:
    """Return the statement that claims."""
    due = (
        sa.select(TABLE.c.id)
        .where(TABLE.c.state == "received", TABLE.c.tries >= DOUBT if doubtful else TABLE.c.tries < DOUBT)
        .where(sa.or_(TABLE.c.due_at.is_(None), TABLE.c.due_at <= sa.bindparam("b_now")))
        .order_by(TABLE.c.due_at, TABLE.c.id)
        .limit(sa.bindparam("b_limit"))
    )
    return claiming(TABLE, due, {"due_at": sa.bindparam("b_until"), "tries": TABLE.c.tries + 1}, sqlite=sqlite)


def headers_of(submissions: Iterable[str], *, session: Session) -> dict[str, dict[str, str]]:
    """Return the headers that were kept of submissions, where there are any."""
    query = sa.select(TABLE.c.id, TABLE.c.headers).where(TABLE.c.id.in_(list(submissions)))
    return {id_: headers for id_, headers in session.execute(query) if headers}


def give_back(submissions: Iterable[str], now: datetime, *, session: Session) -> None:
    """Let others run at once what this process had taken and did not begin."""
    waiting = (TABLE.c.id.in_(list(submissions)), TABLE.c.state == "received")
    session.execute(sa.update(TABLE).where(*waiting).values(due_at=now))


def free_leases(*, session: Session) -> int:
    """Make everything a dead process of ours was running due at once; only for a database of one process."""
    done = session.execute(sa.update(TABLE).where(TABLE.c.state == "received").values(due_at=None))
    return int(done.rowcount)  # type: ignore[attr-defined]


def known_keys(pairs: Iterable[tuple[str, str]], *, session: Session) -> dict[tuple[str, str], First]:
    """Return the first submission of each (source, key) that is known."""
    wanted = set(pairs)
    if not wanted:
        return {}
    found = session.execute(_KNOWN, {"sources": [*{s for s, _ in wanted}], "keys": [*{k for _, k in wanted}]})
    return {
        (row.source, row.key): First(row.id, row.lead, row.digest, polled(row.kind, row.parent, row.import_id))
        for row in found
        if (row.source, row.key) in wanted
    }


_KNOWN = sa.select(
    TABLE.c.source, TABLE.c.key, TABLE.c.id, TABLE.c.lead, TABLE.c.digest, TABLE.c.kind, TABLE.c.parent,
    TABLE.c.import_id,
).where(
    TABLE.c.source.in_(sa.bindparam("sources", expanding=True)), TABLE.c.key.in_(sa.bindparam("keys", expanding=True))
)  # fmt: skip


def polled(kind: str, parent: str | None, import_id: str | None) -> bool | None:
    """Return whether a submission came by a poll, or by a push; None when it came out of a file."""
    return None if import_id else kind == "row" and parent is None


def postpone(submission: str, due_at: datetime, reason: str, *, session: Session) -> None:
    """Run a submission again later, because something it needs cannot be had now; no run of it went wrong."""
    values = {"due_at": due_at, "reason": reason, "tries": 0}
    session.execute(sa.update(TABLE).where(TABLE.c.id == submission).values(**values))


def refuse(submission: str, reason: str, now: datetime, *, session: Session) -> bool:
    """Note that a person refused a submission that waited in quarantine; returns whether it still did."""
    values = {"state": "rejected", "reason": reason, "due_at": None, "done_at": now}
    waiting = (TABLE.c.id == submission, TABLE.c.state == "quarantined")
    return bool(session.execute(sa.update(TABLE).where(*waiting).values(**values)).rowcount)  # type: ignore[attr-defined]


def correct(
    submission: str, changes: Mapping[str, str | None], by: str, now: datetime, states: Collection[str], *,
    session: Session,
) -> Corrected:  # fmt: skip
    """Keep what a person puts in the place of what a submission says.

    Raises BadInput for one that is not there, not in one of these states, or whose bytes are gone.
    """
    row = session.execute(_KEPT.where(TABLE.c.id == submission).with_for_update()).first()
    if row is None:
        raise BadInput(f"There is no submission {submission[:64]!r}.", status=404)
    if row.state not in states:
        raise BadInput(f"The submission {submission} is {row.state}; there is nothing to correct.", status=409)
    if not row.size:
        raise BadInput(f"The bytes of the submission {submission} are gone: erased, or of age.", status=409)
    found, changed = merged(loaded(row.corrections), changes, by, now)
    if changed:
        session.execute(sa.update(TABLE).where(TABLE.c.id == submission).values(corrections=packed(found)))
    return Corrected(tuple(changed), row.lead, row.source)


_KEPT = sa.select(
    TABLE.c.source, TABLE.c.lead, TABLE.c.state, TABLE.c.corrections, sa.func.length(TABLE.c.body).label("size")
)


def keep_completed(submission: str, completed: str, *, session: Session) -> None:
    """Keep what a second call to the vendor added, since vendors forget."""
    session.execute(sa.update(TABLE).where(TABLE.c.id == submission).values(completed=completed))


def counts(*, session: Session) -> dict[tuple[str, str], int]:
    """Return how many submissions each (source, state) has, test leads aside."""
    found = session.execute(
        sa.select(TABLE.c.source, TABLE.c.state, sa.func.count())
        .where(~TABLE.c.test)
        .group_by(TABLE.c.source, TABLE.c.state)
    )
    return {(source, state): number for source, state, number in found}
