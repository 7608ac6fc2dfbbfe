"""Every runner on each database it works on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import psycopg
import pytest

from hub.delivery import jobs
from tests.conftest import MEMORY, MakeHub
from tests.core.runners.site import KINDS, Site


@pytest.fixture(params=[pytest.param(kind, marks=[pytest.mark.postgres] * kind.endswith("postgres")) for kind in KINDS])
def kind(request: pytest.FixtureRequest) -> str:
    """Return a runner and a database, such as `local-sqlite`."""
    return request.param


@pytest.fixture
def database(kind: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the address of an empty database for this runner."""
    if kind.endswith("sqlite"):
        with tempfile.TemporaryDirectory(prefix="leadhub-", dir=MEMORY) as folder:
            yield f"sqlite:///{folder}/hub.db"
        return
    server = request.getfixturevalue("postgres")
    address = server.take()
    yield address
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(jobs.QueryBuilderEnvironment(jobs.names()).build_uninstall_query())
    server.give_back(address)


@pytest.fixture
def site(kind: str, make_hub: MakeHub, clock, database: str) -> Site:
    """Return where hubs of this runner are started."""
    return Site(kind, make_hub, clock, database)
