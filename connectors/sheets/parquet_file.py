"""Parquet file: keep one row for each lead in files that data warehouses and notebooks read."""

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from hub import FileSink, Lead, Misconfigured, Outcomes, Sent, hookimpl, instant, pick, replace_file, text

TIMES = {"submitted_at", "created_at", "updated_at", "touch.at", "first_touch.at"}
KINDS = {"score": "float64", "version": "int64", "test": "bool_", "consent": "bool_"}


class ParquetFile(FileSink):
    """A file of typed columns with one row for each lead; a later version takes the place of the earlier one.

    The columns of a file stay as they are: new ones are added at its end, empty for earlier leads, and those that the
    settings do not name any more stay empty for later ones.
    """

    name = "parquet_file"
    title = "Parquet file"
    docs_url = "https://arrow.apache.org/docs/python/parquet.html"
    confirmed = (
        "Times are microseconds in UTC, score is a number, consent and test are truth values, all else is text; tried "
        "with pyarrow 26.",
        "A file is written whole, synced, and put in the old one's place: whoever reads sees one or the other.",
    )
    unconfirmed = ("Old readers do not know zstd; `compression` changes it.",)
    batch = 1_000

    class Config(FileSink.Config):
        path: str = Field(
            pattern=r"(?i)\.parquet$",
            description="File to write, such as out/leads-{date}.parquet; {date} is the day the lead came in.",
        )
        compression: str = Field(
            "zstd", pattern="^(zstd|snappy|gzip|none)$", description="Compression: zstd, snappy, gzip or none."
        )
        max_rows: int = Field(
            200_000, ge=1, le=10_000_000, description="Rows at which the file is full: each send writes the whole file."
        )

    config: Config

    def write(self, path: Path, leads: Sequence[Lead]) -> Outcomes:
        """Write the rows of these leads and put the new file in the old one's place."""
        arrow, newest = _library("pyarrow"), {lead.id: lead for lead in leads}
        held = self._without(path, list(newest))
        schema = self._schema(arrow, held)
        columns = [self._column(arrow, path, field, list(newest.values())) for field in schema]
        parts = [] if held is None else [self._widened(arrow, held, schema)]
        table = arrow.concat_tables([*parts, arrow.Table.from_arrays(columns, schema=schema)])
        if table.num_rows > self.config.max_rows:
            raise Misconfigured(f"{path} is full ({self.config.max_rows} rows). Put {{date}} into `path`.")
        self._save(arrow, path, table)
        return [Sent(path.as_posix())] * len(leads)

    def drop(self, path: Path, lead: str) -> int:
        """Take a lead's row out of the file."""
        whole, kept = self._read(path), self._without(path, [lead])
        if whole is None or kept is None or whole.num_rows == kept.num_rows:
            return 0
        self._save(_library("pyarrow"), path, kept)
        return int(whole.num_rows - kept.num_rows)

    def _read(self, path: Path) -> Any:
        """Return the table in a file; None where there is no file yet."""
        if not path.exists() or not path.stat().st_size:
            return None
        parquet = _library("pyarrow.parquet")
        try:
            with parquet.ParquetFile(path) as file:
                table = file.read()
        except (_library("pyarrow").ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise Misconfigured(f"{path} is no Parquet file. Move it away, or write another path.") from error
        if "id" not in table.column_names:
            raise Misconfigured(f"{path} has no column 'id', so no row can be told apart. Move it away.")
        return table

    def _without(self, path: Path, ids: list[str]) -> Any:
        """Return the rows of all other leads."""
        table = self._read(path)
        if table is None:
            return None
        arrow, compute = _library("pyarrow"), _library("pyarrow.compute")
        keys = table["id"].cast(arrow.string())
        return table.filter(compute.invert(compute.is_in(keys, value_set=arrow.array(ids, arrow.string()))))

    def _schema(self, arrow: Any, held: Any) -> Any:
        """Return the columns of the file as they are, and after them those it lacks."""
        schema = arrow.schema([]) if held is None else held.schema
        for name in self.columns:
            if name not in schema.names:
                kind = arrow.timestamp("us", "UTC") if name in TIMES else getattr(arrow, KINDS.get(name, "string"))()
                schema = schema.append(arrow.field(name, kind))
        return arrow.schema([field.with_nullable(True) for field in schema], metadata=schema.metadata)

    def _widened(self, arrow: Any, held: Any, schema: Any) -> Any:
        for field in schema:
            if field.name not in held.column_names:
                held = held.append_column(field, arrow.nulls(held.num_rows, field.type))
        return held.cast(schema)

    def _column(self, arrow: Any, path: Path, field: Any, leads: Sequence[Lead]) -> Any:
        """Return what the leads have for a column of the file, by its type."""
        if field.name not in self.columns:
            return arrow.nulls(len(leads), field.type)
        said = [_value(arrow, pick(lead, field.name), field.type) for lead in leads]
        try:
            return arrow.array(said, field.type)
        except (arrow.ArrowException, ValueError, TypeError, OverflowError) as error:
            why = f"{path} has the column {field.name!r} as {field.type}, which a lead's value is not"
            raise Misconfigured(f"{why}. Start a new file, or take the column out of the settings.") from error

    def _save(self, arrow: Any, path: Path, table: Any) -> None:
        memory = arrow.BufferOutputStream()
        _library("pyarrow.parquet").write_table(table, memory, compression=self.config.compression)
        whole = memory.getvalue()
        replace_file(path, lambda file: file.writelines([whole]))


def _value(arrow: Any, value: Any, kind: Any) -> Any:
    if value is None or value == "":
        return None
    if arrow.types.is_timestamp(kind) and isinstance(value, str):
        return instant(value)
    if arrow.types.is_string(kind) or arrow.types.is_large_string(kind):
        return text(value).encode("utf-8", "replace").decode()
    return value


def _library(name: str) -> Any:
    """Return a module of pyarrow, which is large and so loaded when it is needed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Misconfigured("pyarrow is not installed. Install it: pip install 'leadhub[parquet]'.") from error


@hookimpl
def hub_register() -> Iterator[type[ParquetFile]]:
    """Register the connector."""
    yield ParquetFile
