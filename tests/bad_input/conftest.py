"""One hub behind its web server for all cases of a module: the cases are many, and each only adds a person."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bad_input.serving import Served, serving
from tests.conftest import Postgres

DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


MEMORY = "/dev/shm"  # nobody cuts the power in these tests, so no case need wait for a disk


@pytest.fixture(scope="module")
def workspace() -> Iterator[Path]:
    """Return an empty folder, in memory where there is one for it."""
    roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 256 << 20
    with tempfile.TemporaryDirectory(dir=MEMORY if roomy else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def served(workspace: Path) -> Iterator[Served]:
    """Return a hub on SQLite."""
    with serving(made(workspace / "served")) as hub:
        yield hub


def made(folder: Path) -> Path:
    """Return a folder, made."""
    folder.mkdir()
    return folder


@pytest.fixture(scope="module", params=DATABASES)
def stored_address(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Return the address of an empty database of either kind; None for the SQLite file of the workspace."""
    if request.param == "sqlite":
        yield None
        return
    server: Postgres = request.getfixturevalue("postgres")
    address = server.take()
    yield address
    server.give_back(address)


@pytest.fixture(scope="module")
def stored(stored_address: str | None, workspace: Path) -> Iterator[Served]:
    """Return a hub on either database."""
    with serving(made(workspace / f"stored-{bool(stored_address)}"), database=stored_address) as hub:
        yield hub
