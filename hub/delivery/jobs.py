"""pgqueuer's tables under our prefix: made on start, written through our own transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import psycopg
import sqlalchemy as sa
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.adapters.persistence.qb import (
    DBSettings,
    Durability,
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.adapters.persistence.queries import Queries
from psycopg import RawCursor
from sqlmodel import Session

from hub.store.due import Due
from hub.store.silence import ImpatientAsync

PREFIX = "leadhub_"
AGAIN = ":again"  # what is no first attempt waits under a name of its own, so that it can be held back alone
LATE = timedelta(milliseconds=20)  # a job must not come before its delivery is due by our own clock

_CONNECTION = "-c statement_timeout=15000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=30000"


class Names(DBSettings):
    """The names of pgqueuer's tables, whatever the environment says of other installations of it."""

    @classmethod
    def settings_customise_sources(cls, settings_cls: Any, init_settings: Any, **others: Any) -> tuple[Any, ...]:  # type: ignore[override]  # noqa: ARG003
        """Take only what the code says."""
        return (init_settings,)


def names() -> Names:
    """Return our names. The tables are unlogged: after a crash of PostgreSQL the deliveries say what is due."""
    return Names(prefix=PREFIX, durability=Durability.volatile)


async def connect(url: sa.URL) -> psycopg.AsyncConnection:
    """Open a connection as pgqueuer wants it."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return await ImpatientAsync.connect(
        address, autocommit=True, options=_CONNECTION, connect_timeout=5, keepalives_idle=10
    )


def queries(connection: psycopg.AsyncConnection) -> Queries:
    """Return pgqueuer's queries on our tables."""
    ours = names()
    return Queries(
        PsycopgDriver(connection), QueryBuilderEnvironment(ours), QueryQueueBuilder(ours), QuerySchedulerBuilder(ours)
    )


async def install(ask: Queries) -> None:
    """Make the tables, or bring them up to date; several processes may try at once."""
    async with ask.schema_lock():
        if await ask.schema_is_installed():
            await ask.upgrade()
        else:
            await ask.install()


def teller(split: Callable[[str], bool]) -> Callable[[Sequence[Due], Session], None]:
    """Return what writes a job for each delivery that becomes due; `split` says which sinks' retries wait apart."""
    statement = QueryQueueBuilder(names()).build_enqueue_query("skip")

    def tell(due: Sequence[Due], session: Session) -> None:
        raw = session.connection().connection.driver_connection
        assert isinstance(raw, psycopg.Connection)
        RawCursor(raw).execute(
            statement,
            [
                [2 - one.priority for one in due],  # pgqueuer takes the higher first, we the lower
                [one.sink + AGAIN if one.priority and split(one.sink) else one.sink for one in due],
                [one.delivery.encode() for one in due],
                [timedelta(seconds=one.wait) + LATE if one.wait > 0 else timedelta() for one in due],
                [key(one) for one in due],
                ["null"] * len(due),
            ],
        )

    return tell


def key(due: Due) -> str:
    """Return what names a delivery's being due this one time: a job with that key is there once."""
    return f"{due.delivery}.{due.fence}.{int(due.due_at.timestamp() * 1000)}"
