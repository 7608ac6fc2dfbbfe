"""Stores finished runs, unless they were decided on what is no longer true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.events import Event
from hub.roster import NOTHING
from hub.store import bulk, dealing
from hub.store import leads as lead_store
from hub.store import submissions as submission_store
from hub.store.columns import LEAD, SUBMISSION
from hub.store.log import append
from hub.store.runs import Run, write


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a run: stored, a duplicate of an earlier submission, or to be decided again."""

    outcome: str  # stored, duplicate, again
    submission: str
    lead: str | None = None


def settle(
    runs: Sequence[Run], turn: int | None = None, unsettled: Mapping[str, Mapping[str, float]] = NOTHING, *,
    session: Session,
) -> list[Settled]:  # fmt: skip
    """Store the runs in order; one decided on what is no longer true is to be decided `again`."""
    results: list[Settled] = []
    stored: list[Run] = []
    duplicates: list[tuple[Run, submission_store.First]] = []
    seen = submission_store.known_keys(((r.source, r.key) for r in runs if r.key), session=session)
    owned = lead_store.owners({i.key for r in runs if r.lead for i in r.identities if i.exact}, session=session)
    versions = _versions(runs, session)
    for run in runs:
        first = seen.get((run.source, run.key)) if run.key else None
        if first and first.submission != run.submission and first.same(run.digest, run.polled):
            duplicates.append((run, first))
            results.append(Settled("duplicate", first.submission, first.lead))
        elif _is_stale(run, owned, versions):
            results.append(Settled("again", run.submission))
        else:
            if first and first.submission != run.submission:
                run.key = None  # the same id with other content is an update: kept beside the first
            stored.append(run)
            results.append(Settled("stored", run.submission, run.lead.id if run.lead else run.known_lead))
            _claim(run, seen, owned, versions)
    write(stored, session=session)
    _deal(stored, turn, unsettled, session)
    _mark_duplicates(duplicates, session)
    return results


def _deal(
    stored: Sequence[Run], turn: int | None, unsettled: Mapping[str, Mapping[str, float]], session: Session
) -> None:
    deals = [run.deal for run in stored if run.deal and run.lead]
    if deals:
        for team, owed in unsettled.items():
            dealing.settle(team, owed, stored[0].at, session=session)
        dealing.deal(deals, turn, session=session)


def _versions(runs: Iterable[Run], session: Session) -> dict[str, int]:
    ids = {r.lead.id for r in runs if r.lead and r.base_version} | {j for r in runs for j in r.joined}
    found: dict[str, int] = {}
    for part in lead_store.chunks(sorted(ids)):
        found.update((id_, version) for id_, version in session.execute(_VERSIONS, {"ids": part}))
    return found


_VERSIONS = (  # locked, in one order, until what was decided on them is stored: another process waits and sees that
    sa.select(LEAD.c.id, LEAD.c.version)
    .where(LEAD.c.id.in_(sa.bindparam("ids", expanding=True)), LEAD.c.state == "open")
    .order_by(LEAD.c.id)
    .with_for_update()
)


def _is_stale(run: Run, owned: dict[str, str], versions: dict[str, int]) -> bool:
    if run.lead is None:
        return False
    if run.base_version and versions.get(run.lead.id) != run.base_version:
        return True
    if any(other not in versions for other in run.joined):
        return True
    ours = {run.lead.id, *run.joined}
    return any(owned.get(i.key, run.lead.id) not in ours for i in run.identities if i.exact)


def _claim(run: Run, seen: dict[Any, Any], owned: dict[str, str], versions: dict[str, int]) -> None:
    """Note what this run takes, so that a later one in the same batch sees it."""
    lead = run.lead.id if run.lead else run.known_lead
    if run.key:
        seen[run.source, run.key] = submission_store.First(run.submission, lead, run.digest, run.polled)
    if run.lead is None:
        return
    versions[run.lead.id] = run.lead.version
    for identity in run.identities:
        if identity.exact:
            owned[identity.key] = run.lead.id
    for other in run.joined:
        versions.pop(other, None)


def _mark_duplicates(duplicates: list[tuple[Run, submission_store.First]], session: Session) -> None:
    rows = [
        {
            "id": run.submission, "state": "duplicate", "duplicate_of": first.submission, "lead": first.lead,
            "due_at": None, "done_at": run.at, "test": run.test,
            "reason": f"The source handed over {run.key!r:.100} before.",
        }
        for run, first in duplicates
    ]  # fmt: skip
    bulk.update(SUBMISSION, ["id"], rows, session=session)
    events = (
        Event("submission.duplicated", r.at, f.lead, r.submission, r.source, data={"first": f.submission})
        for r, f in duplicates
    )
    append(events, session=session)
