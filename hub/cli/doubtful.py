"""What check says of people: odd settings, and what the database shows of them where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from hub.lead import Lead
from hub.people.doubts import Doubt, doubts, strangers, table_of, uncovered
from hub.plan import Plan
from hub.store.columns import ABSENCE, LEAD
from hub.store.database import Database

DAYS = 90  # whose leads show what a table of territories lacks
MOST = 20_000  # leads of a team that are looked at, the newest


def of_people(plan: Plan, folder: Path, now: datetime | None = None) -> Iterator[Doubt]:
    """Yield what is doubtful of teams, calendars and reps; without a database, only what the settings show."""
    now = now or datetime.now(UTC)
    yield from doubts(plan.settings, plan.territories, now.year)
    teams = [name for name, team in plan.settings.teams.items() if table_of(team, plan.territories.get(name, {}))]
    covers, leads = _stored(plan, folder, teams, now)
    yield from strangers(plan.settings, covers)
    for name in teams:
        team, territories = plan.settings.teams[name], plan.territories.get(name, {})
        yield from ((f"team {name}", said) for said in uncovered(team, territories, leads.get(name, ()), DAYS))


def _stored(
    plan: Plan, folder: Path, teams: Sequence[str], now: datetime
) -> tuple[list[tuple[str, str]], Mapping[str, Sequence[Lead]]]:  # fmt: skip
    """Return who stands in for whom from now on, and each team's leads; nothing where there is no database yet."""
    if not plan.settings.teams:
        return [], {}
    db = Database(plan.settings.hub.database, folder)
    try:
        if db.sqlite and not Path(str(db.url.database)).is_file():
            return [], {}
        with Session(db.reader) as session:
            return _covers(now, session), {name: _leads(name, now - timedelta(days=DAYS), session) for name in teams}
    except SQLAlchemyError:  # it cannot be reached, or is of another version: what needs it says so
        return [], {}
    finally:
        db.close()


def _covers(now: datetime, session: Session) -> list[tuple[str, str]]:
    query = sa.select(ABSENCE.c.member, ABSENCE.c.cover).where(
        ABSENCE.c.cover.is_not(None), ABSENCE.c.ended_at.is_(None),
        sa.or_(ABSENCE.c.until.is_(None), ABSENCE.c.until > now),
    )  # fmt: skip
    return [(row.member, row.cover) for row in session.execute(query.order_by(ABSENCE.c.id))]


def _leads(team: str, since: datetime, session: Session) -> list[Lead]:
    query = (
        sa.select(LEAD.c.body)
        .where(LEAD.c.team == team, LEAD.c.state == "open", LEAD.c.created_at >= since, ~LEAD.c.test)
        .order_by(LEAD.c.id.desc())
        .limit(MOST)
    )
    return [Lead.model_validate_json(body) for body in session.execute(query).scalars()]
