"""Backups of a PostgreSQL database, by PostgreSQL's own pg_dump and pg_restore."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.errors import LeadhubError
from hub.store import copies, nodes
from hub.store.columns import DELIVERY, NODE, SUBMISSION
from hub.store.copies import MARK

MAGIC = b"PGDMP"


def dump(engine: sa.Engine, url: sa.URL, to: Path, now: datetime) -> None:
    """Dump a database that may be in use into a new file, in pg_dump's custom format, marked as a copy."""
    _tool("pg_dump")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SET application_name = '{copies.COPYING}'")  # a hub that starts meanwhile looks
        connection.commit()
        try:
            _write(connection, copies.mark, now)
            _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={to}", url=url)
        finally:
            _write(connection, copies.unmark)
            connection.invalidate()
    _run("pg_restore", "--file=/dev/null", str(to))  # reads all of it


def _write(connection: sa.Connection, fn: Callable[..., None], *args: Any) -> None:
    with connection.begin(), Session(connection) as session:
        fn(*args, session=session)
        session.flush()


def check(path: Path) -> str:
    """Return the schema in a dump; raises LeadhubError for one that cannot be read to its end."""
    _run("pg_restore", "--file=/dev/null", str(path))
    said = _run("pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(path))
    found = re.search(r"^COPY [^\n]*alembic_version[^\n]*\n([^\n\\]+)\n", said, re.MULTILINE)
    if found is None:
        raise LeadhubError(f"{path.name} holds no leadhub tables.")
    return found[1]


def is_used(engine: sa.Engine) -> bool:
    """Return whether a database holds leadhub's tables already."""
    return sa.inspect(engine).has_table("alembic_version")


def refuse_running(engine: sa.Engine, now: datetime) -> None:
    """Raise LeadhubError when a leadhub runs on the database."""
    if not sa.inspect(engine).has_table(NODE.name):
        return
    with Session(engine) as session:
        running = nodes.others("", now, session=session)
    if running:
        raise LeadhubError(f"{running} leadhub processes run on this database. Stop them, and wait half a minute.")


def restore(path: Path, engine: sa.Engine, url: sa.URL, *, paused: bool, stopped: bool) -> datetime | None:
    """Put a dump in the place of what a database holds, whole or not at all; returns when the dump was made."""
    replacing = ("--clean", "--if-exists") if is_used(engine) else ()
    options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", *replacing)
    _run("pg_restore", *options, str(path), url=url)
    with Session(engine) as session, session.begin():
        if session.execute(sa.select(MARK.c.id)).first() is None:
            copies.mark(None, session=session)
        session.execute(sa.update(MARK).values(paused=paused, stopped=stopped))
        session.execute(sa.delete(NODE))
        made: datetime | None = session.execute(sa.select(MARK.c.made_at)).scalar()
    return made


def owed(engine: sa.Engine) -> dict[str, int]:
    """Return how many deliveries were not settled when the copy was made, by sink; an empty sink: not decided."""
    open_ones = sa.select(DELIVERY.c.sink, sa.func.count()).where(DELIVERY.c.state.in_(copies.OPEN))
    unrun = sa.select(sa.func.count()).where(SUBMISSION.c.state == "received")
    with Session(engine) as session:
        found = {sink: int(number) for sink, number in session.execute(open_ones.group_by(DELIVERY.c.sink))}
        waiting = int(session.execute(unrun).scalar_one())
    return {**found, **({"": waiting} if waiting else {})}


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise LeadhubError(
            f"{name} is not here. Install PostgreSQL's client programs, of the server's version or newer, or back the "
            "database up where it runs."
        )
    return found


def _run(name: str, *arguments: str, url: sa.URL | None = None) -> str:
    """Run one of PostgreSQL's programs and return what it wrote; the password goes by the environment."""
    command = [_tool(name), *arguments]
    environment = {**os.environ, "PGAPPNAME": copies.COPYING}
    if url is not None:
        plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
        command.append(f"--dbname={plain}")
        if url.password:
            environment["PGPASSWORD"] = str(url.password)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603 (a list, no shell)
    if done.returncode:
        said = " ".join(done.stderr.split())[:300]
        hint = " Install the client programs of the server's version." if "version" in said else ""
        raise LeadhubError(f"{name} failed: {said}{hint}")
    return done.stdout
