"""How many leads each member of a team was given, as all processes together counted it."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlmodel import Session

from hub.store.columns import ROTATION
from hub.store.leads import chunks

Turn = tuple[str, str, str]
"""Team, member and day (YYYY-MM-DD); an empty day is the sum of all."""


def given(turns: Iterable[Turn] | None = None, *, session: Session) -> dict[Turn, int]:
    """Return the counters, all of them or those asked for; one that was never counted is 0."""
    query = sa.select(ROTATION.c.team, ROTATION.c.member, ROTATION.c.day, ROTATION.c.given)
    if turns is None:
        return {(team, member, day): number for team, member, day, number in session.execute(query)}
    found = dict.fromkeys(turns, 0)
    key = sa.tuple_(ROTATION.c.team, ROTATION.c.member, ROTATION.c.day)
    for part in chunks(list(found)):
        rows = session.execute(query.where(key.in_(part)))
        found.update({(team, member, day): number for team, member, day, number in rows})
    return found
