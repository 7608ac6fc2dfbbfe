"""What sources of lists share: rows become leads, and a column may hold each row's own id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, Field

from hub.errors import BadInput
from hub.files import Row, Table
from hub.lead import Problem, RawLead
from hub.source import FileSource


class KeyColumn(BaseModel):
    """The setting that names the column with the rows' own ids; mix it into a Config."""

    key: str | tuple[str, ...] | None = Field(
        None, description="Column with the row's own id; of several names the first that the file has is taken."
    )

    def key_among(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the key columns that are there; raises BadInput when the only one set is not."""
        if self.key is None:
            return ()
        names = (self.key,) if isinstance(self.key, str) else self.key
        if not columns:  # JSON and cards have no header: every row may have it or not
            return names
        found = tuple(filter(None, (named(name, columns) for name in names)))
        if not found and isinstance(self.key, str):
            known = ", ".join(map(repr, columns[:30]))
            raise BadInput(
                f'The key column {self.key!r} is not in the file; it has {known}. Correct the setting "key".'
            )
        return found[:1]


class ListSource(FileSource):
    """A list of leads, one a row; `marks` are the columns by which a vendor's file is known, if there are any."""

    party: ClassVar[Literal["first", "second", "third"]] = "third"
    marks: ClassVar[tuple[str, ...]] = ()

    class Config(KeyColumn, FileSource.Config):
        """How the file is read, and what its rows are known by."""

    config: Config

    def read(self, file: Path) -> Iterator[RawLead]:
        """Yield the rows in order; raises BadInput for a file that has none of the marks."""
        with self.table(file) as table:
            self._check(table)
            key = self.config.key_among(table.columns)
            for row in table.rows:
                yield keyed_lead(row, key)

    def _check(self, table: Table) -> None:
        if not self.marks or not table.columns or any(named(mark, table.columns) for mark in self.marks):
            return
        known, wanted = ", ".join(map(repr, table.columns[:12])), ", ".join(map(repr, self.marks))
        raise BadInput(
            f"This is no file as {self.title} knows it: none of the columns {wanted} is there. It has {known}. "
            "Read it with the connector list_file, or with that of whoever made it."
        )


def keyed_lead(row: Row, key: Sequence[str]) -> RawLead:
    """Return a row as a lead; its key is what stands in the key column, None where no column is one."""
    own = next((str(row.data[name]).strip() for name in key if row.data.get(name) not in (None, "")), "")
    problems = row.problems
    if key and not own and "text" not in row.data:
        missing = Problem(field=key[0], code="key_missing", message=f"Row {row.number} has no id in its key column.")
        problems = (*problems, missing)
    return RawLead(own or None, row.data, problems=problems)


def named(name: str, columns: Sequence[str]) -> str | None:
    """Return the first column of that name, in whatever case and spacing; None when there is none."""
    return next((column for column in columns if _plain(column) == _plain(name)), None)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
