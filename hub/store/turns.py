"""How many leads each member of a team was given, as all processes together counted it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlmodel import Session

from hub.store import bulk
from hub.store.columns import ROTATION
from hub.store.endings import at_end
from hub.store.leads import chunks

Turn = tuple[str, str, str]
"""Team, member and day (YYYY-MM-DD); an empty day is the sum of all."""


_PENDING = "turns"  # where a session carries what it has still to count


def count(given: Mapping[Turn, int], *, session: Session) -> None:
    """Count what members were given, at the end of the transaction.

    All processes then take the counters' rows in one order, however many runs a transaction writes: none waits for
    another that waits for it.
    """
    session.info.setdefault(_PENDING, Counter()).update(given)
    at_end(_write, session=session)


def _write(session: Session) -> None:
    for (team, member, day), number in sorted(session.info.pop(_PENDING, Counter()).items()):
        counted = session.execute(_COUNT, {"b_team": team, "b_member": member, "b_day": day, "b_number": number})
        if not counted.rowcount:  # type: ignore[attr-defined]
            bulk.insert(ROTATION, [{"team": team, "member": member, "day": day, "given": number}], session=session)


_COUNT = (
    sa.update(ROTATION)
    .where(
        ROTATION.c.team == sa.bindparam("b_team"), ROTATION.c.member == sa.bindparam("b_member"),
        ROTATION.c.day == sa.bindparam("b_day"),
    )
    .values(given=ROTATION.c.given + sa.bindparam("b_number"))
)  # fmt: skip


def given(turns: Iterable[Turn] | None = None, *, session: Session) -> dict[Turn, int]:
    """Return the counters, all of them or those asked for; one that was never counted is 0."""
    _write(session)  # what this transaction has counted so far is read too
    query = sa.select(ROTATION.c.team, ROTATION.c.member, ROTATION.c.day, ROTATION.c.given)
    if turns is None:
        return {(team, member, day): number for team, member, day, number in session.execute(query)}
    found = dict.fromkeys(turns, 0)
    key = sa.tuple_(ROTATION.c.team, ROTATION.c.member, ROTATION.c.day)
    for part in chunks(list(found)):
        rows = session.execute(query.where(key.in_(part)))
        found.update({(team, member, day): number for team, member, day, number in rows})
    return found
