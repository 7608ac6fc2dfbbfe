"""One hub behind its web server for all cases of a module: the cases are many, and each only adds a person."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest

from tests.bad_input.serving import Served, serving

DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a hub on SQLite."""
    with serving(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="module", params=DATABASES)
def stored_address(request: pytest.FixtureRequest) -> str | None:
    """Return the address of an empty database of either kind; None for the SQLite file of the workspace."""
    return ADDRESSES[request.param](request)


@pytest.fixture(scope="module")
def stored(stored_address: str | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a hub on either database."""
    with serving(tmp_path_factory.mktemp("hub"), database=stored_address) as hub:
        yield hub


def _postgres(request: pytest.FixtureRequest) -> str:
    address = request.getfixturevalue("postgres")
    name = f"bad_input_{os.getpid()}_{request.module.__name__.rpartition('.')[2]}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return (
        address.replace("/postgres?", f"/{name}?") if "/postgres?" in address else f"{address.rsplit('/', 1)[0]}/{name}"
    )


ADDRESSES = {"sqlite": lambda _: None, "postgres": _postgres}
