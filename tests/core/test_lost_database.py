"""A PostgreSQL that breaks off in a commit, may not be written, or falls silent."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from hub.store import silence
from hub.store.commits import commit
from hub.store.database import Database
from tests.faults.proxy import Proxy

pytestmark = pytest.mark.postgres


@pytest.fixture
def direct(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the address of a database with a table to count in."""
    server = request.getfixturevalue("postgres")
    address = server.take()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE tally (id int PRIMARY KEY)")
    yield address
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP TABLE tally")
    server.give_back(address)


def add(number: int, *, session) -> int:
    session.execute(sa.text("INSERT INTO tally VALUES (:n)"), {"n": number})
    return number


def held(address: str) -> list[int]:
    with psycopg.connect(address) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM tally ORDER BY id")]


@pytest.mark.parametrize("lost", ["request", "answer"])
async def test_a_commit_whose_connection_breaks_happens_once_and_is_known(direct: str, lost):
    plan = iter([lost])
    with Proxy(direct) as proxy:
        db = Database(proxy.address)
        proxy.lose(lambda: next(plan, None))
        assert await db.write(add, 1) == 1
        assert await db.write(add, 2) == 2
        assert (proxy.committed, proxy.refused) == ((1, 0) if lost == "answer" else (0, 1))
        db.close()
    assert held(direct) == [1, 2]


def test_a_commit_that_the_server_undid_is_said_to_have_failed(direct: str):
    engine = sa.create_engine(direct.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        transaction = connection.begin()
        connection.exec_driver_sql("INSERT INTO tally VALUES (1)")
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        with psycopg.connect(direct, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with pytest.raises(DBAPIError):
            commit(transaction, engine)
    engine.dispose()
    assert held(direct) == []


async def test_a_session_that_may_not_write_is_given_up_for_another(direct: str):
    name = psycopg.conninfo.conninfo_to_dict(direct)["dbname"]
    db = Database(direct)
    with psycopg.connect(direct, autocommit=True) as other:
        other.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        with pytest.raises(DBAPIError):
            await db.write(add, 1)
        other.execute("SET default_transaction_read_only = off")
        other.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
    assert await db.write(add, 2) == 2
    db.close()


async def test_a_connection_that_fell_silent_is_given_up_in_time(direct: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(silence, "ANSWER_SECONDS", 0.3)  # a setting of ours, not our code
    with Proxy(direct) as proxy:
        db = Database(proxy.address)
        await db.write(add, 1)
        assert proxy.hold() >= 1
        assert await db.write(add, 2) == 2
        db.close()
    assert held(direct) == [1, 2]


@pytest.mark.parametrize("code", ["40001", "40P01", "55P03"])
async def test_what_passes_is_tried_again_whatever_the_servers_language(direct: str, code: str):
    db = Database(direct)
    tries: list[int] = []

    def write(*, session):
        tries.append(1)
        if len(tries) < 3:
            session.execute(sa.text(f"DO $$ BEGIN RAISE EXCEPTION '检测到冲突' USING ERRCODE = '{code}'; END $$"))
        return "kept"

    assert await db.write(write) == "kept"
    assert len(tries) == 3
    db.close()
