"""Keeps one row for each lead in a table of any database that SQLAlchemy reaches; all of it blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from hub.errors import Misconfigured, Retry
from hub.families.disk import open_private
from hub.families.outside import check_host
from hub.families.sqlfaults import fault
from hub.fields import text
from hub.instant import instant
from hub.lead import Rejected
from hub.outgoing.addresses import allowed
from hub.strictjson import clean

Row = Mapping[str, Any]
"""Values by path into the lead."""

_FILES = ("sqlite", "duckdb")  # databases that are a file of this machine
_HIDDEN = {"service", "servicefile", "odbc_connect", "dsn", "connect_string"}  # they name a host somewhere else
_WHEN, _YES = sa.DateTime(timezone=True), sa.Boolean()
_KINDS: Mapping[str, Any] = {
    "submitted_at": _WHEN, "created_at": _WHEN, "updated_at": _WHEN, "touch.at": _WHEN, "first_touch.at": _WHEN,
    "id": sa.String(64), "version": sa.Integer(), "score": sa.Float(), "test": _YES, "consent": _YES,
}  # fmt: skip
INSERTS: Mapping[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
"""The dialects that know ON CONFLICT; for others a row is looked for first."""


def database_url(said: str) -> sa.URL:
    """Return an address of SQLAlchemy's; raises ValueError, which never quotes it, for one that cannot be used."""
    try:
        url = sa.make_url(said)
        if url.drivername in ("postgres", "postgresql"):
            url = url.set(drivername="postgresql+psycopg")
        dialect = url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError):
        raise ValueError("It is no database address: DIALECT+DRIVER://USER:PASSWORD@HOST/NAME.") from None
    if dialect.is_async:
        raise ValueError("Name a driver that is not asynchronous, such as postgresql+psycopg.")
    if url.get_backend_name() in _FILES:
        if not url.database or url.database.startswith(":"):
            raise ValueError("Name a file: a database in memory ends with the process.")
    elif not _hosts(url) or set(url.query) & _HIDDEN:
        raise ValueError("Write the host into the address itself, where it can be checked.")
    return url


class LeadTable:
    """One table; `columns` are the names of its columns by the path into a lead, and `id` is the key."""

    def __init__(
        self,
        url: sa.URL,
        table: str,
        columns: Mapping[str, str],
        *,
        timeout: float = 30.0,
        create: bool = False,
        inserts: Mapping[str, Any] = INSERTS,
    ) -> None:
        self._url, self._columns, self._timeout, self._create = url, dict(columns), timeout, create
        self._inserts = inserts
        schema, _, self._name = table.rpartition(".")
        self._schema = schema or None
        self._key, self._version = columns["id"], columns.get("version")
        self._known: sa.Table | None = None

    def put(self, rows: Sequence[Row], networks: Iterable[str]) -> list[Rejected | None]:
        """Write the rows in one transaction; one that the database refuses is told, and the others are written.

        Raises Retry and Misconfigured, after which the same rows may be put again.
        """
        table = self._table(networks)
        fitted = [self._fitted(table, row) for row in rows]
        fit = [values for values in fitted if isinstance(values, dict)]
        refused = self._written(table, fit, networks) if fit else None
        return [
            values if isinstance(values, Rejected) else self._written(table, [values], networks) if refused else None
            for values in fitted
        ]

    def drop(self, key: str, networks: Iterable[str]) -> None:
        """Delete the row of a lead, if there is one; raises Retry and Misconfigured."""
        table = self._table(networks)
        with self._connected(networks) as connection:
            connection.execute(sa.delete(table).where(table.c[self._key] == key))

    @contextmanager
    def _connected(self, networks: Iterable[str]) -> Iterator[sa.Connection]:
        """Give a connection with a transaction, which is committed at the end; what fails is told in our words."""
        try:
            engine = sa.create_engine(
                self._url, poolclass=NullPool, hide_parameters=True, connect_args=self._arguments(networks)
            )
        except ImportError as error:
            raise Misconfigured(f"The driver {error.name!r} is not installed. Install it beside leadhub.") from error
        try:
            with engine.begin() as connection:
                if engine.dialect.name == "postgresql":
                    limit = str(int(self._timeout * 1000))
                    connection.execute(sa.select(sa.func.set_config("statement_timeout", limit, True)))
                yield connection
        except SQLAlchemyError as error:
            said = fault(error, self._url)
            if isinstance(said, Rejected):
                raise _RowRefused(said) from None
            self._known = None  # somebody may have changed the table
            raise said from None  # the driver's own words may quote a person

    def _arguments(self, networks: Iterable[str]) -> dict[str, Any]:
        """Check every address the database's name stands for, and return what makes the driver use a checked one."""
        if self._url.get_backend_name() == "sqlite":
            self._make_file(Path(self._url.database or ""))
            return {"timeout": self._timeout}
        hosts, listed = _hosts(self._url), tuple(networks)
        checked = list(dict.fromkeys(address for host in hosts for address in check_host(host, listed)))
        if self._url.drivername != "postgresql+psycopg":
            return {}
        said: dict[str, Any] = {"prepare_threshold": None}  # a pooler between may hand the next one to another server
        said |= {"connect_timeout": max(2, int(min(self._timeout, 10)))}
        said |= {"tcp_user_timeout": int(self._timeout * 1000)}
        if hosts == [self._url.host]:
            said |= {"host": ",".join(hosts * len(checked)), "hostaddr": ",".join(checked)}
        if "sslmode" not in self._url.query and any(allowed(address) for address in checked):
            said["sslmode"] = "require"  # else libpq would take a server that speaks no TLS, over the open net
        return said

    def _make_file(self, path: Path) -> None:
        """Make a database file that strangers cannot read; SQLite itself would make one for everybody."""
        try:
            if path.exists() or str(path).startswith("file:"):
                return
            if not self._create:
                raise Misconfigured(f"There is no file {path}. Write the path of one, or set `create: true`.")
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "ab", opener=open_private):
                pass
        except OSError as error:
            said = f"{path} cannot be opened: {error.strerror or type(error).__name__}."
            raise Misconfigured(f"{said} Check the path, its owner and its rights.") from error

    def _table(self, networks: Iterable[str]) -> sa.Table:
        if self._known is None:
            try:
                self._known = self._found(networks)
            except _RowRefused as error:  # two processes made the table at once
                raise Retry(error.said.reason) from error
        return self._known

    def _found(self, networks: Iterable[str]) -> sa.Table:
        """Return the table as the database has it; raises Misconfigured with the statement that mends it."""
        with self._connected(networks) as connection:
            try:
                table = self._reflected(connection)
            except NoSuchTableError:
                wanted = self._wanted()
                self._mend(connection, f"has no table {self._name!r}", CreateTable(wanted))
                return wanted
            for path, name in self._columns.items():
                if name not in table.c:
                    column = CreateColumn(sa.Column(name, _KINDS.get(path, sa.Text())))
                    where = connection.dialect.identifier_preparer.format_table(table)
                    added = f"ALTER TABLE {where} ADD {column.compile(dialect=connection.dialect)}"
                    self._mend(connection, f"has no column {name!r}", sa.text(added))
            self._check_key(connection, table)
            return self._reflected(connection)

    def _reflected(self, connection: sa.Connection) -> sa.Table:
        return sa.Table(self._name, sa.MetaData(), schema=self._schema, autoload_with=connection, resolve_fks=False)

    def _wanted(self) -> sa.Table:
        columns = [
            sa.Column(name, _KINDS.get(path, sa.Text()), primary_key=path == "id")
            for path, name in self._columns.items()
        ]
        return sa.Table(self._name, sa.MetaData(), *columns, schema=self._schema)

    def _mend(self, connection: sa.Connection, lack: str, statement: Any) -> None:
        """Run a statement where the settings let us, else tell it."""
        if not self._create:
            told = " ".join(str(statement.compile(dialect=connection.dialect)).split())
            raise Misconfigured(f"The database {lack}. Run: {told}; or set `create: true`.")
        connection.execute(statement)

    def _check_key(self, connection: sa.Connection, table: sa.Table) -> None:
        """See to it that a lead cannot get two rows."""
        key = table.c[self._key]
        if not isinstance(key.type, (sa.String, sa.types.NullType)):
            raise Misconfigured(f"Column {self._key!r} of {self._name!r} holds no text. Name another one for `id`.")
        if [self._key] not in [_unique(one) for one in (*table.constraints, *table.indexes)]:
            index = sa.Index(f"{self._name}_{self._key}", key, unique=True)
            self._mend(connection, f"lets {self._key!r} stand in two rows of {self._name!r}", CreateIndex(index))

    def _fitted(self, table: sa.Table, row: Row) -> dict[str, Any] | Rejected:
        """Return the row as the table's columns take it."""
        said = {name: _fitting(row.get(path), table.c[name].type) for path, name in self._columns.items()}
        for name, value in said.items():
            most = getattr(table.c[name].type, "length", None)
            if most and isinstance(value, str) and len(value) > most:
                return Rejected(f"Column {name!r} takes {most} characters, and the lead has {len(value)} there.")
        return said

    def _written(self, table: sa.Table, rows: Sequence[Row], networks: Iterable[str]) -> Rejected | None:
        try:
            with self._connected(networks) as connection:
                insert = self._inserts.get(connection.dialect.name)
                if insert is None:
                    for row in rows:
                        self._put_one(connection, table, row)
                else:
                    connection.execute(self._upsert(insert(table), table), [dict(row) for row in rows])
        except _RowRefused as error:
            return error.said
        return None

    def _upsert(self, insert: Any, table: sa.Table) -> Any:
        """Return INSERT … ON CONFLICT; a late repeat of an older version changes nothing."""
        changed = {name: insert.excluded[name] for name in self._columns.values() if name != self._key}
        if not changed:
            return insert.on_conflict_do_nothing(index_elements=[self._key])
        older = insert.excluded[self._version] >= table.c[self._version] if self._version else None
        return insert.on_conflict_do_update(index_elements=[self._key], set_=changed, where=older)

    def _put_one(self, connection: sa.Connection, table: sa.Table, row: Row) -> None:
        """Look for the row and change or insert it, where ON CONFLICT is not known; the key itself stops a twin."""
        version = table.c[self._version] if self._version else sa.literal(0)
        mine = table.c[self._key] == row[self._key]
        held = connection.execute(sa.select(version).where(mine).with_for_update()).first()
        if held is None:
            connection.execute(sa.insert(table).values(**row))
        elif self._version is None or held[0] is None or held[0] <= row[self._version]:
            connection.execute(sa.update(table).where(mine).values(**row))


class _RowRefused(Exception):
    def __init__(self, said: Rejected) -> None:
        self.said = said
        super().__init__(said.reason)


def _hosts(url: sa.URL) -> list[str]:
    """Return every host an address names; a socket of this machine counts as its loopback address."""
    said = [value for name in ("host", "hostaddr", "unix_socket") for value in url.normalized_query.get(name, ())]
    named = [part.strip() for value in (url.host or "", *said) for part in value.split(",")]
    return ["127.0.0.1" if host.startswith(("/", "@")) else host for host in named if host]


def _unique(one: Any) -> list[str]:
    """Return the columns that a constraint or an index keeps unique together."""
    keeps = isinstance(one, (sa.PrimaryKeyConstraint, sa.UniqueConstraint)) or getattr(one, "unique", False) is True
    return [str(column.name) for column in one.columns] if keeps else []


def _fitting(value: Any, kind: Any) -> Any:
    """Return a value as a column of this type takes it; what it cannot be stays text, for the database to judge."""
    if value is None or value == "" or isinstance(kind, sa.JSON):
        return None if value is None or value == "" else value
    if isinstance(kind, (sa.DateTime, sa.Date)) and isinstance(value, str):
        return _moment(value, kind)
    if isinstance(value, (bool, int, float)) and not isinstance(kind, sa.String):
        return value
    return clean(text(value)).replace("\0", "")


def _moment(value: str, kind: Any) -> Any:
    """Return a time for its column, in UTC where the column keeps no offset."""
    said = instant(value)
    if said is None:
        return clean(value)
    moment = said.astimezone(UTC)
    if isinstance(kind, sa.Date):
        return moment.date()
    return moment if kind.timezone else moment.replace(tzinfo=None)
