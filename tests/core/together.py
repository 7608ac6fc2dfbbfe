"""What tests share that put several hubs on one PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Postgres


class OnPostgres:
    """Tests of several processes on one database, which SQLite does not have."""

    pytestmark = pytest.mark.postgres

    @pytest.fixture
    def database(self, postgres: Postgres) -> Iterator[str]:
        """Return the address of an empty database."""
        address = postgres.take()
        yield address
        postgres.give_back(address)
