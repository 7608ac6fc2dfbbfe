"""Transactions of PostgreSQL: what became of a commit whose answer was lost, and whether one may write at all."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

ASKED_FOR = 10.0  # seconds a server that was lost in the middle of a commit gets to come back and tell
AGAIN = 0.1

_READ_ONLY = "25006"  # appendix A of PostgreSQL's manual: read_only_sql_transaction
_NUMBER = "SELECT txid_current_if_assigned()"  # none: nothing was written
_STATUS = sa.text("SELECT txid_status(:number)")


def commit(transaction: sa.RootTransaction, engine: sa.Engine) -> None:
    """Commit; when the connection breaks meanwhile, return if the server did it all the same.

    Without that, what is committed would be done again: a lead would be told to come back that is kept, a delivery
    taken that nobody sends. Raises what the commit raised when it did not happen, or when nobody can tell.
    """
    connection = transaction.connection
    if connection.dialect.name != "postgresql":
        transaction.commit()
        return
    number = connection.exec_driver_sql(_NUMBER).scalar()
    try:
        transaction.commit()
    except DBAPIError as error:
        if number is None or not error.connection_invalidated or not _is_committed(number, engine):
            raise


def _is_committed(number: int, engine: sa.Engine) -> bool:
    """Return whether the server says so; it is asked again while it is away, or has not ended the transaction."""
    until = time.monotonic() + ASKED_FOR
    while True:
        try:
            with engine.connect() as connection:
                status = connection.execute(_STATUS, {"number": number}).scalar()
        except DBAPIError:
            status = "in progress"
        if status != "in progress" or time.monotonic() > until:
            return status == "committed"
        time.sleep(AGAIN)


@contextlib.contextmanager
def replaced_where_read_only(connection: sa.Connection) -> Iterator[None]:
    """Drop a connection that may not write: it leads to a server that stands by for another, and would for ever."""
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _READ_ONLY:
            connection.invalidate()
        raise
