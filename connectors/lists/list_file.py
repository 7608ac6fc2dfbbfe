"""Lists: leads bought or exported as CSV, TSV, XLSX, JSON or vCard files."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from hub import BadInput, FileSource, Problem, RawLead, Row, Table, hookimpl


class ListFile(FileSource):
    """A list of leads, one a row, in whatever form it came; the form is told by the content.

    The lead's key is what stands in the key column. Without one it is None, and the hub takes a hash of the
    row's content: the same row is then the same lead in any file, at any place, and a corrected row is a new one.
    """

    name = "list_file"
    title = "List file"
    docs_url = "https://www.rfc-editor.org/rfc/rfc4180"
    party: ClassVar[Literal["first", "second", "third"]] = "third"
    confirmed = ("CSV quoting and line ends (RFC 4180)", "XLSX cell types and number precision (tried with real files)")

    class Config(FileSource.Config):
        key: str | tuple[str, ...] | None = Field(
            None,
            description="Column that holds the row's own id; of several names the first that a file has is taken.",
        )

    config: Config

    def read(self, file: Path) -> Iterator[RawLead]:
        with self.table(file) as table:
            key = self._key(table)
            for row in table.rows:
                yield _lead(row, key)

    def _key(self, table: Table) -> tuple[str, ...]:
        """Return the key columns of this file; raises BadInput when the only one set is not there."""
        wanted = self.config.key
        if wanted is None:
            return ()
        names = (wanted,) if isinstance(wanted, str) else wanted
        if not table.columns:  # JSON and cards have no header: every row may have it or not
            return names
        same = {_plain(column): column for column in reversed(table.columns)}
        found = tuple(same[_plain(name)] for name in names if _plain(name) in same)
        if not found and isinstance(wanted, str):
            known = ", ".join(map(repr, table.columns[:30]))
            raise BadInput(f'The key column {wanted!r} is not in the file; it has {known}. Correct the setting "key".')
        return found[:1]


def _lead(row: Row, key: tuple[str, ...]) -> RawLead:
    own = next((str(row.data[name]).strip() for name in key if row.data.get(name) not in (None, "")), "")
    problems = row.problems
    if key and not own and "text" not in row.data:
        missing = Problem(field=key[0], code="key_missing", message=f"Row {row.number} has no id in its key column.")
        problems = (*problems, missing)
    return RawLead(own or None, row.data, problems=problems)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


@hookimpl
def hub_register() -> Iterator[type[ListFile]]:
    """Register the connector."""
    yield ListFile
