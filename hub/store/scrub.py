"""Clears the bytes of what was blanked out of a database's files: the pages, the free list and the log of writes."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa

AT_ONCE = 128 << 20  # bytes of a SQLite file that is written anew while others wait to write; larger ones at night
TRIES = 40  # looks at a log that readers hold, a twentieth of a second each

PERSONAL = (
    "lead", "identity", "touch", "submission", "decision", "delivery", "attempt", "event", "consent", "suggestion",
    "word",
)  # fmt: skip
"""The tables that hold what people said."""


def clear(writer: sa.Engine, most: int) -> bool:
    """Write the database anew without what was deleted; returns whether it is done.

    On SQLite that is the whole file and its log, unless it is larger than `most` bytes; on PostgreSQL dead rows are
    vacuumed away, and what its own archives and replicas keep is for its operator.
    """
    raw = writer.raw_connection()
    try:
        if writer.dialect.name != "sqlite":
            _vacuum(raw.driver_connection)
            return True
        cursor = raw.cursor()
        size = cursor.execute("PRAGMA page_count").fetchone()[0] * cursor.execute("PRAGMA page_size").fetchone()[0]
        if size <= most:
            cursor.execute("VACUUM")  # pages that were split keep old bytes in their gaps, secure_delete or not
        for _ in range(TRIES):
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if not busy:
                return bool(size <= most)
            time.sleep(0.05)
        return False
    finally:
        raw.close()


def _vacuum(connection: Any) -> None:
    connection.autocommit = True
    try:
        connection.execute("SET statement_timeout = 0")
        for table in PERSONAL:
            connection.execute(f'VACUUM "{table}"')
        connection.execute("RESET statement_timeout")
    finally:
        connection.autocommit = False
