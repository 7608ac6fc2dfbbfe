"""SQL table: keep one row for each lead in a table of PostgreSQL, SQLite or another database."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Self, TypeVar

import httpx
from pydantic import Field, SecretStr, field_validator, model_validator

from hub import (
    Columns,
    FieldPath,
    Lead,
    LeadTable,
    Outcomes,
    Rejected,
    Retry,
    Sent,
    Sink,
    Unclear,
    database_url,
    hookimpl,
    pick,
)

T = TypeVar("T")


class SqlTable(Sink):
    """Rows told apart by the column of the lead's id, which must be unique; a later version changes its row."""

    name = "sql_table"
    title = "SQL table (PostgreSQL, SQLite and others)"
    docs_url = "https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls"
    confirmed = (
        "PostgreSQL and SQLite write with INSERT … ON CONFLICT DO UPDATE; tried against both.",
        "A PostgreSQL is connected to at the very addresses that were checked (libpq, hostaddr), with TLS where they "
        "are public; with ?sslmode=verify-full its certificate is checked too.",
        "SQLSTATE 22 and 23 are about the row, 28, 3D and 42 about settings, 08, 40, 53, 55 and 57 pass.",
    )
    unconfirmed = (
        "Other databases, such as MySQL and SQL Server, get a SELECT, then INSERT or UPDATE, in one transaction; their "
        "driver has to be installed, its time-outs and TLS go into the address, and it looks the host up again.",
    )
    repeatable = True
    updates = True
    batch = 200
    rate = None
    concurrency = 1

    class Config(Sink.Config, Columns):
        url: SecretStr = Field(
            description="SQLAlchemy's address, such as postgresql://USER:PASSWORD@HOST/NAME or sqlite:///out/leads.db."
        )
        table: str = Field("leads", pattern=r"^[^.]+(\.[^.]+)?$", description="Name of the table, or SCHEMA.TABLE.")
        names: dict[FieldPath, str] = Field(
            default_factory=dict,
            description="Names of columns that are not the field's own with _ for dots, such as {id: hub_id}.",
        )
        create: bool = Field(
            False, description="Make the table, and columns that it lacks; else the statement to run is told."
        )
        timeout: float = Field(30.0, gt=0, le=120, description="Seconds to wait for the database.")

        @field_validator("url")
        @classmethod
        def _is_address(cls, url: SecretStr) -> SecretStr:
            database_url(url.get_secret_value())
            return url

        @model_validator(mode="after")
        def _one_column_each(self) -> Self:
            stray = [path for path in self.names if path not in self.columns]
            bare = [path for path in self.columns if path.startswith("=") and path not in self.names]
            if stray or bare:
                raise ValueError(f"names: {(stray or bare)[0]!r} must be among `columns` and in `names`.")
            if len(set(self.named.values())) < len(self.named) or not all(self.named.values()):
                raise ValueError("names: every column needs a name of its own.")
            return self

        @property
        def named(self) -> dict[str, str]:
            """Return the name of each column by its path."""
            return {path: self.names.get(path, path.replace(".", "_")) for path in self.columns}

    config: Config

    def ready(self) -> None:
        """Start without a connection; one is made for each batch, and none is kept."""
        said = self.config
        self._table = LeadTable(
            database_url(said.url.get_secret_value()), said.table, said.named, timeout=said.timeout, create=said.create
        )
        self._lock = threading.Lock()

    async def send(self, leads: Sequence[Lead], http: httpx.AsyncClient) -> Outcomes:
        """Write the rows of these leads in one transaction."""
        rows = [{path: pick(lead, path) for path in self.config.columns} for lead in leads]
        said = await self._waited(lambda: self._table.put(rows, self.networks))
        return [refused or Sent(lead.id) for lead, refused in zip(leads, said, strict=True)]

    async def forget(self, lead: Lead, ref: str | None, http: httpx.AsyncClient) -> Sent | Rejected | None:
        """Delete an erased person's row."""
        await self._waited(lambda: self._table.drop(lead.id, self.networks))
        return Sent(lead.id)

    async def _waited(self, work: Callable[[], T]) -> T:
        """Do what blocks in a thread; the database keeps to `timeout`, and this is for a network that is silent."""
        most = self.config.timeout * 1.5 + 5
        try:
            async with asyncio.timeout(most):
                return await asyncio.to_thread(self._alone, work)
        except TimeoutError:
            raise Unclear(f"the database has not answered for {most:.0f} seconds.") from None

    def _alone(self, work: Callable[[], T]) -> T:
        """Work under the lock, which the thread holds: a send that is cancelled leaves its thread running."""
        if not self._lock.acquire(timeout=self.config.timeout):
            raise Retry("an earlier send still waits for the database.", after=self.config.timeout)
        try:
            return work()
        finally:
            self._lock.release()


@hookimpl
def hub_register() -> Iterator[type[SqlTable]]:
    """Register the connector."""
    yield SqlTable
