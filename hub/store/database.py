"""Hides where we run: one writer that commits many waiting writes together, and a pool of readers."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.pool import StaticPool
from sqlmodel import Session

from hub.errors import Broken, ConfigError, Conflict
from hub.store.alone import Alone
from hub.store.commits import commit, replaced_where_read_only
from hub.store.scrub import AT_ONCE, clear
from hub.store.silence import Impatient
from hub.store.soundness import Guard

T = TypeVar("T")
Job = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any], "asyncio.Future[Any]"]

READERS = 4
GROUP = 256  # most writes in one transaction
TRIES = 4
_PASSING = frozenset({"40001", "40P01", "55P03", "53300"})  # of PostgreSQL (appendix A): a clash, a lock, no slot
_TRANSIENT = ("database is locked", "connection", "terminat")


class Database:
    """A SQLite file or a PostgreSQL database.

    `await write(fn, …)` and `await read(fn, …)` call `fn(…, session=session)` in a thread. A write may run
    twice (its group is rolled back and redone one by one when a neighbour fails), so it must touch nothing
    but the session.
    """

    def __init__(self, url: str, folder: Path | None = None) -> None:
        self.url = _address(url, folder)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._jobs: list[Job] = []
        self._flushing = False
        self._writing = ThreadPoolExecutor(1, "write")
        self._reading = ThreadPoolExecutor(READERS, "read")
        self._beside = ThreadPoolExecutor(1, "beside")
        self._alones: dict[str, Alone] = {}
        self._lock: IO[str] | None = None
        self.guard = Guard(Path(str(self.url.database)) if self.sqlite else None)
        self.failed = asyncio.Event()  # set when the file cannot be trusted any more: the process must end
        self.noted: Callable[[int, float], None] | None = None  # told of each transaction: its writes, its seconds
        self.info: dict[str, Any] = {}  # what every writing session carries, such as the key of the audit log
        self.writer = self._engine(writes=True)
        self.reader = self._engine(writes=False)

    # -- opening and closing -----------------------------------------------------------------------

    def lock(self) -> None:
        """Make this the one process that writes a SQLite file; raises ConfigError when another does."""
        if not self.sqlite or self._lock:
            return
        path = Path(f"{self.url.database}.lock")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = _writable(path)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            handle.close()
            said = f"The database {self.url.database} is in use by another leadhub process."
            raise ConfigError(f"{said} Stop it, or use PostgreSQL to run several.") from error
        self._lock = handle
        self.guard.open()

    def close(self) -> None:
        """Finish what is written and let everything go."""
        self._writing.shutdown(wait=True)
        self._reading.shutdown(wait=True)
        self._beside.shutdown(wait=True)
        for held in self._alones.values():
            held.close()
        self.reader.dispose()
        self.writer.dispose()
        if self._lock:
            self._lock.close()
            self._lock = None
        self.guard.close()

    def _engine(self, *, writes: bool) -> sa.Engine:
        if self.sqlite:
            engine = sa.create_engine(
                self.url,
                poolclass=StaticPool if writes else None,
                hide_parameters=True,
                connect_args={"check_same_thread": False, "timeout": 30},
                **({} if writes else {"pool_size": READERS, "max_overflow": 0}),
            )
            sa.event.listen(engine, "connect", lambda raw, _: _prepare_sqlite(raw, writes))
            sa.event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN"))
            return engine
        options = "-c statement_timeout=15000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=30000"
        engine = sa.create_engine(
            self.url,
            hide_parameters=True,
            pool_size=2 if writes else READERS,
            max_overflow=0,
            pool_pre_ping=not writes,
            connect_args={"options": options, "connect_timeout": 5, "keepalives_idle": 10, "prepare_threshold": 3},
        )
        sa.event.listen(engine, "do_connect", lambda _dialect, _record, args, named: Impatient.connect(*args, **named))
        sa.event.listen(engine, "handle_error", self._lost)
        return engine

    def _lost(self, context: Any) -> None:
        """Let all other connections go when one was lost: each that fell silent with it costs as long to notice."""
        if context.is_disconnect:
            for engine in (self.reader, self.writer):
                if engine is not context.engine:
                    engine.dispose(close=False)

    # -- work --------------------------------------------------------------------------------------

    async def read(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a function that only reads."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._read, fn, args, kwargs)

    async def write(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a function that writes; it is committed and fsynced when this returns."""
        if self.guard.broken:
            raise Broken(self.guard.broken)
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.append((fn, args, kwargs, future))
        if not self._flushing:
            self._flushing = True
            self._flusher = asyncio.create_task(self._flush())
        return await future

    async def beside(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a short write in a transaction of its own, for a row that other processes wait for.

        Among a group's writes it would hold that row until the whole group is committed. SQLite has no other processes.
        """
        if self.sqlite:
            return await self.write(fn, *args, **kwargs)
        loop = asyncio.get_running_loop()
        result: Any = await loop.run_in_executor(self._beside, self._alone, fn, args, kwargs)
        if isinstance(result, BaseException):
            raise result
        return result  # type: ignore[no-any-return]

    async def alone(self, name: str) -> Alone:
        """Wait until nobody else does what goes by a name, in this process or another; release it afterwards."""
        held = self._alones.setdefault(name, Alone(None if self.sqlite else self.url, name))
        await held.take()
        return held

    def time(self) -> datetime:
        """Return the database's own time; blocks for a moment."""
        with self.reader.connect() as connection:
            return connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one().astimezone(UTC)  # type: ignore[no-any-return]

    async def scrub(self, most: int = AT_ONCE) -> bool:
        """Clear what was blanked out of the database's bytes; returns whether it is done, or too large for now."""
        return await asyncio.get_running_loop().run_in_executor(self._writing, clear, self.writer, most)

    async def _flush(self) -> None:
        """Commit what has piled up, again and again until nothing is left."""
        loop = asyncio.get_running_loop()
        try:
            while self._jobs:
                group, self._jobs = self._jobs[:GROUP], self._jobs[GROUP:]
                started = time.perf_counter()
                try:
                    results = await loop.run_in_executor(self._writing, self._commit, group)
                except BaseException as error:
                    results = [error] * len(group)
                if self.noted:
                    self.noted(len(group), time.perf_counter() - started)
                if self.guard.broken:
                    self.failed.set()
                for (_, _, _, future), result in zip(group, results, strict=True):
                    if future.done():
                        continue
                    if isinstance(result, BaseException):
                        future.set_exception(result)
                    else:
                        future.set_result(result)
        finally:
            self._flushing = False

    def _commit(self, group: list[Job]) -> list[Any]:
        """Run a group in one transaction; when one of it fails, run each in a transaction of its own."""
        if self.guard.moved():
            return [Broken(self.guard.broken)] * len(group)
        if len(group) > 1:
            try:
                with self._transaction() as session:
                    return [fn(*args, session=session, **kwargs) for fn, args, kwargs, _ in group]
            except Exception as error:  # the failing one shows itself below, and only itself
                if self.guard.lost(error):
                    return [Broken(self.guard.broken)] * len(group)
        return [self._alone(fn, args, kwargs) for fn, args, kwargs, _ in group]

    def _alone(self, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        for attempt in range(TRIES):
            try:
                with self._transaction() as session:
                    return fn(*args, session=session, **kwargs)
            except IntegrityError as error:
                said = str(error.orig).partition("\n")[0][:200]  # what follows quotes the row
                return Conflict(f"another write came first: {said}")
            except DBAPIError as error:
                if self.guard.lost(error):
                    return Broken(self.guard.broken)
                if attempt == TRIES - 1 or not _transient(error):
                    return error
                time.sleep(random.uniform(0.01, 0.1) * (attempt + 1))  # noqa: S311 - jitter is no secret
            except Exception as error:
                return error
        raise AssertionError("unreachable")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Session]:
        with self.writer.connect() as connection:
            transaction = connection.begin()
            with replaced_where_read_only(connection), Session(connection, autoflush=False, info=self.info) as session:
                yield session
                session.flush()
                self.guard.number(connection)
            commit(transaction, self.writer)
        self.guard.committed()

    def _read(self, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        with self.reader.connect() as connection, Session(bind=connection, autoflush=False) as session:
            return fn(*args, session=session, **kwargs)


def _address(url: str, folder: Path | None) -> sa.URL:
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise ConfigError("hub.database is not an address; write sqlite:///data/hub.db or postgresql://…") from error
    backend = address.get_backend_name()
    if backend == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    if backend != "sqlite" or not address.database:
        raise ConfigError(f"hub.database: {backend!r} is not supported. Use sqlite:///PATH or postgresql://….")
    path = Path(address.database)
    if not path.is_absolute():
        path = (folder or Path.cwd()) / path
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return address.set(database=str(path))


def _writable(path: Path) -> IO[str]:
    try:
        return path.open("a+")
    except OSError as error:
        said = f"The folder of the database cannot be written: {path}: {error.strerror}."
        raise ConfigError(f"{said} Mount it writable, and let it belong to the user leadhub runs as.") from error


def _prepare_sqlite(raw: Any, writes: bool) -> None:
    """One connection writes and checkpoints; all others may only read (SQLite's WAL-reset race)."""
    raw.isolation_level = None
    cursor = raw.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    if writes:
        cursor.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten in the file
    else:
        cursor.execute("PRAGMA wal_autocheckpoint=0")
        cursor.execute("PRAGMA query_only=1")
    cursor.close()
    with contextlib.suppress(OSError):
        Path(raw.execute("PRAGMA database_list").fetchone()[2]).chmod(0o600)


def _transient(error: DBAPIError) -> bool:
    """Return whether another try may do; a server says what is wrong in its own language, so its code counts."""
    if getattr(error.orig, "sqlstate", None) in _PASSING:
        return True
    text = str(error.orig).lower()
    return isinstance(error, OperationalError) and (error.connection_invalidated or any(w in text for w in _TRANSIENT))
