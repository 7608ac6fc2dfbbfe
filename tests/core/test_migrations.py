"""Upgrades: one node migrates and the others wait, what was broken off is made again, an older leadhub refuses."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.errors import ConfigError
from hub.store import guards, migrations
from hub.store.database import Database

ROOT = Path(__file__).parents[2]

FIRST = """
'''One more table, and one row.'''
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9001", "HEAD", None, None

def upgrade():
    op.create_table("later", sa.Column("id", sa.Integer, primary_key=True))
"""
SECOND = """
'''A second migration, which does several things and may be broken off between them.'''
import os, signal
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9002", "9001", None, None

def upgrade():
    op.execute("INSERT INTO later (id) VALUES (1)")
    with op.batch_alter_table("later") as batch:
        batch.add_column(sa.Column("name", sa.String))
    END
    op.create_table("latest", sa.Column("id", sa.Integer, primary_key=True))

def downgrade():
    pass
"""
KILLED = "os.kill(os.getpid(), signal.SIGKILL)"
CHILD = """
import sys
from pathlib import Path
from hub.store.database import Database
from hub.store.migrations import migrate
db = Database(sys.argv[1])
db.lock()
migrate(db.writer, Path(sys.argv[2]))
print("migrated")
"""


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """Return the migrations of a newer leadhub, which has two more."""
    folder = tmp_path / "newer"
    shutil.copytree(Path(migrations.__file__).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9001_first.py").write_text(FIRST.replace("HEAD", migrations.head()))
    second(folder, "pass")
    return folder


def second(folder: Path, end: str) -> None:
    shutil.rmtree(folder / "versions" / "__pycache__", ignore_errors=True)
    (folder / "versions" / "9002_second.py").write_text(SECOND.replace("END", end))


@pytest.fixture
def db(database: str) -> Iterator[Database]:
    made = Database(database)
    made.lock()
    yield made
    made.close()


def child(database: str, folder: Path) -> subprocess.Popen[str]:
    """Start a process that migrates, as another node does when it starts."""
    command = [sys.executable, "-c", CHILD, database, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def look(db: Database) -> tuple[str | None, set[str], list[int]]:
    """Return the schema, the tables that the newer migrations make, and what is in the first."""
    with db.reader.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names()) & {"later", "latest"}
        ids = list(connection.execute(sa.text("SELECT id FROM later")).scalars()) if "later" in tables else []
        return migrations.current(connection), tables, ids


def test_an_empty_database_gets_the_schema_of_this_leadhub(db: Database):
    migrations.migrate(db.writer)
    assert look(db)[0] == migrations.head()
    with db.reader.connect() as connection:
        assert guards.missing(connection) == []
        assert migrations.goes_on(connection)
    migrations.migrate(db.writer)


def test_an_older_database_is_brought_up_to_date(db: Database, newer: Path):
    migrations.migrate(db.writer)
    migrations.migrate(db.writer, newer)
    assert look(db) == ("9002", {"later", "latest"}, [1])


def test_an_older_leadhub_refuses_a_newer_database_and_says_what_to_do(db: Database, newer: Path):
    migrations.migrate(db.writer, newer)
    with pytest.raises(ConfigError, match=r"has schema 9002, which this leadhub does not know.*Install the newer"):
        migrations.migrate(db.writer)
    assert look(db) == ("9002", {"later", "latest"}, [1])


@pytest.mark.parametrize(
    ("first", "then", "goes_on"),
    [
        ("", "", False),
        ("compatible = True", "", False),
        ("", "compatible = True", False),
        (*["compatible = True"] * 2, True),
    ],
)
def test_an_older_leadhub_that_runs_goes_on_only_when_every_migration_since_lets_it(db, newer, first, then, goes_on):
    for name, said in (("9001_first.py", first), ("9002_second.py", then)):
        path = newer / "versions" / name
        path.write_text(path.read_text() + f"\n{said}\n")
    migrations.migrate(db.writer, newer)
    with db.reader.connect() as connection:
        assert migrations.goes_on(connection) is goes_on
    with pytest.raises(ConfigError, match="Install the newer leadhub"):
        migrations.migrate(db.writer)


def test_a_migration_that_breaks_leaves_the_one_before_it_and_is_made_again(db: Database, newer: Path):
    second(newer, "raise RuntimeError('broken')")
    with pytest.raises(RuntimeError, match="broken"):
        migrations.migrate(db.writer, newer)
    assert look(db) == ("9001", {"later"}, [])
    second(newer, "pass")
    migrations.migrate(db.writer, newer)
    assert look(db) == ("9002", {"later", "latest"}, [1])


def test_a_process_killed_half_way_through_a_migration_is_taken_over_from(database: str, newer: Path):
    second(newer, KILLED)
    process = child(database, newer)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, said
    second(newer, "pass")
    db = Database(database)
    db.lock()
    assert look(db) == ("9001", {"later"}, [])
    migrations.migrate(db.writer, newer)
    assert look(db) == ("9002", {"later", "latest"}, [1])
    db.close()


class TestOnPostgres:
    """What takes several processes on one database."""

    pytestmark = pytest.mark.postgres

    @pytest.fixture
    def database(self, postgres) -> Iterator[str]:
        address = postgres.take()
        yield address
        postgres.give_back(address)

    def test_of_several_processes_one_migrates_and_the_others_wait(self, database: str, newer: Path):
        processes = [child(database, newer) for _ in range(2)]
        said = [process.communicate(timeout=90)[0] for process in processes]
        assert [process.returncode for process in processes] == [0] * 2, said
        db = Database(database)
        assert look(db) == ("9002", {"later", "latest"}, [1])
        db.close()

    def test_a_process_waits_longer_than_any_timeout_of_ordinary_work(self, db: Database, newer: Path, caplog):
        done = threading.Event()
        with db.reader.connect() as other:
            other.execute(sa.text("SET statement_timeout = 0"))
            other.execute(sa.select(sa.func.pg_advisory_lock(migrations._LOCK)))
            waiting = threading.Thread(target=lambda: (migrations.migrate(db.writer, newer), done.set()))
            waiting.start()
            with db.reader.connect() as third:
                settings = {}
                while not settings:
                    query = "SELECT query, wait_event FROM pg_stat_activity WHERE wait_event = 'advisory'"
                    settings = dict(third.execute(sa.text(query)).all())
                    third.rollback()
            assert not done.is_set()
            other.execute(sa.select(sa.func.pg_advisory_unlock(migrations._LOCK)))
        waiting.join(30)
        assert done.is_set()
        assert "Another process migrates the database; this one waits for it." in caplog.text
        assert look(db)[0] == "9002"

    def test_the_lock_and_the_timeouts_end_with_the_migration(self, db: Database):
        migrations.migrate(db.writer)
        with db.writer.connect() as connection:
            assert connection.execute(sa.text("SHOW statement_timeout")).scalar_one() == "15s"
            held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            assert connection.execute(sa.text(held)).scalar_one() == 0
