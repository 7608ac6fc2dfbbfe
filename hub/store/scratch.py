"""A private copy of the database to try things on: what a dry run does, it does for real, here."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

from sqlmodel import Session, SQLModel

from hub.store.database import Database

_EMPTY = ("attempt", "event", "config_revision", "api_key")  # history that no decision looks at


@contextlib.asynccontextmanager
async def scratch(db: Database) -> AsyncIterator[Database]:
    """Yield a database with the same leads, which is gone afterwards; the real one is not written to."""
    if db.sqlite:
        with tempfile.TemporaryDirectory(prefix="leadhub-try-") as folder:
            path = Path(folder) / "hub.db"
            await asyncio.to_thread(_copy_sqlite, str(db.url.database), path)
            copy = Database(f"sqlite:///{path}")
            try:
                yield copy
            finally:
                copy.close()
    else:
        copy = await asyncio.to_thread(_Temporary, db.url.render_as_string(hide_password=False))
        try:
            yield copy
        finally:
            copy.close()


def _copy_sqlite(source: str, target: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)


class _Temporary(Database):
    """PostgreSQL's temporary tables stand before the real ones on this one connection, filled with their rows."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._one = self.writer.connect()
        self._turn = threading.Lock()
        self._one.exec_driver_sql("SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0")
        for table in SQLModel.metadata.sorted_tables:
            self._one.exec_driver_sql(f"CREATE TEMPORARY TABLE {table.name} (LIKE public.{table.name} INCLUDING ALL)")
            if table.name not in _EMPTY:
                self._one.exec_driver_sql(f"INSERT INTO pg_temp.{table.name} SELECT * FROM public.{table.name}")  # noqa: S608 (our own tables)
        self._one.commit()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Session]:
        with self._turn, self._one.begin(), Session(bind=self._one, autoflush=False) as session:
            yield session
            session.flush()

    def _read(self, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        with self._turn, self._one.begin(), Session(bind=self._one, autoflush=False) as session:
            return fn(*args, session=session, **kwargs)

    def close(self) -> None:
        """Let the temporary tables go."""
        self._one.close()
        super().close()
