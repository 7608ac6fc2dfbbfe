"""What the tests of files share: a file written into an empty folder and read back whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.files import Layout, open_table
from tests.files.filemaking import Reader, Whole


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Write a file and read it."""

    def written(content: bytes | str, name: str = "leads.csv", **layout: Any) -> Whole:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        with open_table(path, Layout(**layout)) as table:
            return Whole(table.kind, table.columns, table.preamble, table.note, list(table.rows))

    return written
