"""What an error of a database means for the rows that were to be written; values of rows are never quoted."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from hub.errors import Misconfigured, Retry
from hub.lead import Rejected

_PASSING = ("08", "25", "40", "53", "55", "57", "58", "XX")  # classes of SQLSTATE: connection, deadlock, no room, locks
_DATA = ("21", "22", "23", "44")  # the row itself
_SETTINGS = ("0A", "28", "3D", "3F", "42")  # login, database, schema, table, rights
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_INTERRUPT", "SQLITE_NOMEM")
_REFUSED_LOGIN = ("authentication failed", "no password supplied", "does not exist", "not permitted to log in")


def fault(error: exc.SQLAlchemyError, url: sa.URL) -> Rejected | Retry | Misconfigured:
    """Return what an error means: Rejected for the row, Retry for what passes, Misconfigured for a person."""
    orig: Any = getattr(error, "orig", None)
    state = str(getattr(orig, "sqlstate", None) or getattr(orig, "sqlite_errorname", None) or "")
    about = f"the database says {type(orig or error).__name__}{f' ({state})' if state else ''}"
    if isinstance(error, exc.StatementError) and not isinstance(error, exc.DBAPIError):
        return Rejected(f"a value does not fit the type of its column ({type(orig).__name__}).")
    if state.startswith(_DATA) or isinstance(error, (exc.DataError, exc.IntegrityError)):
        return Rejected(f"{about}{_place(orig)}.", code=state or None)
    words = _words(orig, url)
    if state.startswith((*_PASSING, *_BUSY)) or "already exists" in words:
        return Retry(f"{about}.", after=30.0)
    broken = isinstance(error, (exc.OperationalError, exc.InterfaceError)) and not _is_login(words)
    if broken and not state.startswith((*_SETTINGS, "SQLITE")):
        return Retry(f"{about}: {words!r}.", after=30.0)
    return Misconfigured(f"{about}: {words!r}. Check `url`, `table` and the rights of the user.")


def _is_login(words: str) -> bool:
    """Return whether a server that could be reached let nobody in; libpq gives such a refusal no SQLSTATE."""
    return any(said in words for said in _REFUSED_LOGIN)


def _place(orig: Any) -> str:
    """Return where a row offends, as far as the driver tells; SQLite's words never quote a value."""
    if getattr(orig, "sqlite_errorname", None):
        return f": {str(orig)[:200]!r}"
    diag = getattr(orig, "diag", None)
    told = [f"{name} {said}" for name in ("column", "constraint") if (said := getattr(diag, f"{name}_name", None))]
    return f" for {', '.join(told)}" if told else ""


def _words(orig: Any, url: sa.URL) -> str:
    """Return what the driver says about a login or a statement, without the password."""
    said = " ".join(str(orig or "it cannot be used").split())
    return (said.replace(url.password, "***") if url.password else said)[:200]
