"""Brings a database to the newest schema."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from hub import failpoints
from hub.errors import ConfigError
from hub.store import guards
from hub.store.tables import FloorRow

_FOLDER = Path(__file__).parent
_LOCK = 0x6C656164687562  # "leadhub"; PostgreSQL names such a lock by a number

FLOOR = FloorRow.__table__  # type: ignore[attr-defined]

log = logging.getLogger("leadhub")


def head(folder: Path = _FOLDER) -> str:
    """Return the schema this leadhub was made for."""
    return str(_scripts(folder).get_current_head())


def knows(schema: str, folder: Path = _FOLDER) -> bool:
    """Return whether this leadhub can read a database of that schema, after migrating it where it is older."""
    return schema in {script.revision for script in _scripts(folder).walk_revisions()}


def current(connection: sa.Connection) -> str | None:
    """Return the schema a database has; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def migrate(engine: sa.Engine, folder: Path = _FOLDER) -> None:
    """Apply what is missing; raises ConfigError when the database is newer than this leadhub.

    Each migration is a transaction of its own, so that one that is broken off is made again from its beginning. On
    PostgreSQL one process migrates, and the others wait for it.
    """
    scripts = _scripts(folder)
    with engine.connect() as connection:
        with connection.begin():
            if not _is_older(connection, scripts) and not guards.missing(connection):
                return
        _queue_up(connection)
        with connection.begin():
            older = _is_older(connection, scripts)
        if older:
            if failpoints.on():
                sa.event.listen(connection, "after_cursor_execute", lambda *_: failpoints.hit("migrate.statement"))
            config = _config(folder)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        with connection.begin():
            guards.install(connection)
            _write_floor(connection, scripts)
        if connection.dialect.name == "postgresql":
            connection.invalidate()  # the lock ends with the connection, and so do the timeouts


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config


@cache
def _scripts(folder: Path) -> ScriptDirectory:
    """Return the migrations of a folder, which is read once: what is installed does not change while it runs."""
    return ScriptDirectory.from_config(_config(folder))


def goes_on(connection: sa.Connection) -> bool:
    """Return whether a leadhub that runs may go on with the schema its database has by now.

    It may when it knows the schema, or when every migration since says `compatible = True`.
    """
    found = current(connection)
    floor = connection.execute(sa.select(FLOOR.c.floor)).scalar()
    return found is None or knows(found) or (floor is not None and knows(floor))


def _write_floor(connection: sa.Connection, scripts: ScriptDirectory) -> None:
    script = scripts.get_revision(str(scripts.get_current_head()))
    while script.down_revision and getattr(script.module, "compatible", False):
        script = scripts.get_revision(str(script.down_revision))
    connection.execute(sa.delete(FLOOR))
    connection.execute(sa.insert(FLOOR).values(floor=script.revision))


def _is_older(connection: sa.Connection, scripts: ScriptDirectory) -> bool:
    """Return whether migrations are missing; raises ConfigError where the database is newer."""
    found = current(connection)
    if found and not knows(found, Path(scripts.dir)):
        raise ConfigError(newer(found))
    return found != scripts.get_current_head()


def newer(found: str) -> str:
    """Return what to do about a database that a newer leadhub has changed."""
    said = f"The database has schema {found}, which this leadhub does not know: a newer one has used it"
    return f"{said}. Install the newer leadhub it was last used with."


def _queue_up(connection: sa.Connection) -> None:
    """Wait until nobody else migrates; lasts until the connection ends."""
    if connection.dialect.name != "postgresql":
        return
    with connection.begin():
        for timeout in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(sa.text(f"SET {timeout} = 0"))
    with connection.begin():
        free = connection.execute(sa.select(sa.func.pg_try_advisory_lock(_LOCK))).scalar_one()
    if not free:
        log.warning("event=database.waiting detail='Another process migrates the database; this one waits for it.'")
        with connection.begin():
            connection.execute(sa.select(sa.func.pg_advisory_lock(_LOCK)))
