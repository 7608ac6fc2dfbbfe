"""Writes many rows in one statement, for the tables that every lead goes through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect
from sqlmodel import Session

Row = Mapping[str, Any]
Encoder = Callable[[Any], Any]

# A row at a time, the driver hands the interpreter lock to and fro for each, and waits for whoever took it.
PARAMETERS = 30_000  # SQLite takes 32,766 in one statement, PostgreSQL 65,535


def insert(table: sa.Table, rows: Sequence[Row], *, session: Session, unless_there: bool = False) -> None:
    """Insert rows that all name the same columns; with `unless_there`, not those whose key is there already."""
    if not rows:
        return
    names = tuple(rows[0])
    connection = session.connection()
    columns = ", ".join(f'"{name}"' for name in names)
    rest = " ON CONFLICT DO NOTHING" if unless_there else ""
    for values, parameters in _parts(table, names, rows, connection):
        connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({columns}) {values}{rest}', parameters)


def update(
    table: sa.Table, key: Sequence[str], rows: Sequence[Row], *, session: Session, how: Mapping[str, str] | None = None
) -> None:
    """Set the other columns of the rows that `key` names, each to its own values.

    Of several for one row the last counts. `how` says in SQL what a column becomes where it is not simply the new
    value, which stands there as `new`.
    """
    if not rows:
        return
    names = tuple(rows[0])
    rows = list({tuple([row[name] for name in key]): row for row in rows}.values())
    connection = session.connection()
    new = _references(table, names, connection.dialect)
    changes = ", ".join(
        f'"{name}" = {(how or {}).get(name, "new").replace("new", new[name])}' for name in names if name not in key
    )
    where = " AND ".join(f'"{table.name}"."{name}" = {new[name]}' for name in key)
    for values, parameters in _parts(table, names, rows, connection):
        said = f'UPDATE "{table.name}" SET {changes} FROM ({values}) AS given WHERE {where}'  # noqa: S608 - ours
        connection.exec_driver_sql(said, parameters)


def _parts(
    table: sa.Table, names: tuple[str, ...], rows: Sequence[Row], connection: Connection
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Return `VALUES …` and its parameters, for as many rows at a time as one statement takes."""
    encoders = _encoders(table, names, connection.dialect)
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    one = f"({', '.join([mark] * len(names))})"
    most = PARAMETERS // len(names)
    cells = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
    for start in range(0, len(rows), most):
        part = rows[start : start + most]
        parameters = [
            encode(cell) if encode and cell is not None else cell
            for row in part
            for encode, cell in zip(encoders, cells(row), strict=True)
        ]
        yield f"VALUES {', '.join([one] * len(part))}", tuple(parameters)


@lru_cache(maxsize=128)
def _encoders(table: sa.Table, names: tuple[str, ...], dialect: Dialect) -> tuple[Encoder | None, ...]:
    return tuple(table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names)


@lru_cache(maxsize=128)
def _references(table: sa.Table, names: tuple[str, ...], dialect: Dialect) -> dict[str, str]:
    """Return how each column of the given values is called; PostgreSQL takes what has no type for text."""
    if dialect.name == "sqlite":
        return {name: f"given.column{place}" for place, name in enumerate(names, 1)}
    return {
        name: f"CAST(given.column{place} AS {table.c[name].type.compile(dialect)})"
        for place, name in enumerate(names, 1)
    }
