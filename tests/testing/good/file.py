"""File: reads a table."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from hub import FileSource, RawLead, hookimpl


class File(FileSource):
    """A table whose column id is the key."""

    name = "file"
    title = "File"
    docs_url = "https://example.com/docs"

    def read(self, file: Path) -> Iterator[RawLead]:
        with self.table(file) as table:
            for row in table.rows:
                yield RawLead(str(row.data.get("id") or "") or None, row.data, problems=row.problems)


@hookimpl
def hub_register() -> Iterable[type[File]]:
    yield File
