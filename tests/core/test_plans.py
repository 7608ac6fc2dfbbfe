"""What is asked about one lead looks at that lead alone, in a database that knows nothing of its own figures."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from hub.news import Activity
from hub.store import activities, leads, parts
from hub.store.activities import Heard
from hub.store.database import Database
from tests.conftest import MakeHub, post, settled

LARGE = "activity|attempt|care|decision|delivery|event|identity|lead|ownership|standing|submission|touch|word"
WHOLE = re.compile(rf"SCAN (?:{LARGE})\b(?! USING)")
BY_STATE = re.compile(r"INDEX (?:delivery|submission)_state\b")
OF_ONE = re.compile(r"\b(?:delivery|submission)\.lead (?:=|IN)|\blead\.merged_into IN")
PERSON = '{"id": "%d", "email": "a@acme.example", "full_name": "Ann Miller"}'


@pytest.fixture
def database(sqlite: str) -> str:
    return sqlite


@pytest.fixture
def asked() -> Iterator[dict[str, object]]:
    """Note each statement, with what it was asked with."""
    found: dict[str, object] = {}

    def note(_connection, _cursor, statement, given, _context, _many) -> None:
        found.setdefault(statement, given)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield found
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


def plan_of(db: Database, statement: str, given: object) -> list[str]:
    with db.reader.connect() as connection:
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]


async def test_what_is_asked_of_one_lead_looks_at_no_other(make_hub: MakeHub, asked):
    hub = await make_hub()
    for number in range(3):  # the second and the third are about somebody known
        lead = (await post(hub, PERSON % number)).json()["lead"]
        await settled(hub)
    call = Activity("call", hub.clock.now(), "call", lead=lead, by="ann", human=True)
    await hub.hearing.note("api", Heard(call, None, True))
    for look in (activities.family, leads.candidates, parts.made_of):
        await hub.db.read(look, lead)
    said = {one: given for one, given in asked.items() if one.startswith(("SELECT", "UPDATE", "DELETE"))}
    plans = {statement: plan_of(hub.db, statement, given) for statement, given in said.items()}
    assert sum(bool(OF_ONE.search(statement)) for statement in said) > 3
    for statement, plan in plans.items():
        one = BY_STATE if OF_ONE.search(statement) else None
        assert not [step for step in plan if WHOLE.search(step) or (one and one.search(step))], statement
