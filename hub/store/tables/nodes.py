"""What processes on one database share: who is there, ticks of schedules, paces of sinks, access tokens."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from hub.store.tables.shapes import time
from hub.store.types import Utc


class NodeRow(SQLModel, table=True):
    """A process that runs a hub on this database; it says every few seconds that it is there."""

    __tablename__ = "node"
    id: str = Field(primary_key=True)
    host: str
    pid: int
    version: str  # of leadhub
    migration: str  # the schema it was made for
    roles: str
    revision: int | None = None  # the configuration it runs
    digest: str | None = None
    file_digest: str | None = None  # of the hub.yaml on its disk
    started_at: datetime = time(null=False)
    seen_at: datetime = time(null=False)


class TickRow(SQLModel, table=True):
    """A moment at which a schedule is due; whoever writes the row does the work, and nobody else."""

    __tablename__ = "tick"
    schedule: str = Field(primary_key=True)
    tick: datetime = Field(sa_column=sa.Column(Utc, primary_key=True))
    node: str
    taken_at: datetime = time(null=False)
    lease_until: datetime = time(null=False)
    done_at: datetime | None = time()
    fence: int = 1


class PaceRow(SQLModel, table=True):
    """How fast a sink may be called by all processes together, and whether it rests."""

    __tablename__ = "pace"
    sink: str = Field(primary_key=True)
    version: int = 0
    free_at: float = Field(default=0.0, sa_type=sa.Double)  # seconds since 1970: the first turn nobody has taken
    rest_until: datetime | None = time()  # it asked to be left alone
    open_until: datetime | None = time()  # most sends failed; empty while the breaker is closed
    rest: float = 0.0
    good: int = 0  # probes that went well, in a row
    probe_by: str | None = None
    probe_until: datetime | None = time()


class TokenRow(SQLModel, table=True):
    """An access token of a connector, encrypted; and which process is asking for a new one."""

    __tablename__ = "access_token"
    name: str = Field(primary_key=True)
    sealed: bytes | None = Field(default=None, sa_type=sa.LargeBinary)
    generation: int = 0
    asked_by: str | None = None
    asked_until: datetime | None = time()
    failures: int = 0
    trouble: str | None = None  # retry, misconfigured
    reason: str | None = None


class FloorRow(SQLModel, table=True):
    """The oldest schema whose leadhub may still work on this database, next to the one it has."""

    __tablename__ = "schema_floor"
    floor: str = Field(primary_key=True)
