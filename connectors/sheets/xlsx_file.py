"""Excel file: keep one row for each lead in a workbook."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from pydantic import Field

from hub import (
    FileSink,
    Lead,
    Misconfigured,
    Outcomes,
    Retry,
    Sent,
    cell,
    hookimpl,
    pick,
    printable,
    replace_file,
    text,
)

_CELL = 32_767  # characters; Excel's limit
_HEADER = 1  # row


class XlsxFile(FileSink):
    """A workbook with one row for each lead; a later version takes the place of the earlier one."""

    name = "xlsx_file"
    title = "Excel file (XLSX)"
    docs_url = "https://openpyxl.readthedocs.io/en/stable/"
    confirmed = (
        "A cell of type string is never a formula, whatever it starts with (ECMA-376, cell types)",
        "A sheet has at most 1,048,576 rows, a cell 32,767 characters (Microsoft, Excel limits)",
    )
    unconfirmed = ("openpyxl drops images and charts of a workbook that somebody edited",)
    batch = 500

    class Config(FileSink.Config):
        path: str = Field(
            pattern=r"(?i)\.xlsx$",
            description="File to write, such as out/leads-{date}.xlsx; {date} is the day the lead came in.",
        )
        sheet: str = Field("Leads", min_length=1, max_length=31, description="Name of the sheet (tab).")
        max_rows: int = Field(
            20_000, ge=1, le=1_000_000, description="Rows at which the file is full: each send writes the whole file."
        )

    config: Config

    def write(self, path: Path, leads: Sequence[Lead]) -> Outcomes:
        """Write the rows of these leads and put the new workbook in the old one's place."""
        if path.with_name(f"~${path.name}").exists():
            raise Retry(f"{path} is open in Excel; what is written now would be lost when it is saved there.", after=60)
        book = _opened(path, self.config.sheet)
        sheet = book[self.config.sheet]
        columns = self._columns(sheet)
        last = max(sheet.max_row, _HEADER)
        rows = {str(sheet.cell(at, columns["id"]).value): at for at in range(_HEADER + 1, last + 1)}
        for lead in leads:
            at = rows.setdefault(lead.id, last + 1)
            last = max(last, at)
            for name in self.columns:
                _put(sheet, at, columns[name], text(pick(lead, name)))
        if last - _HEADER > self.config.max_rows:
            raise Misconfigured(f"{path} is full ({self.config.max_rows} rows). Put {{date}} into `path`.")
        replace_file(path, book.save)
        return [Sent(path.as_posix())] * len(leads)

    def drop(self, path: Path, lead: str) -> int:
        """Take a lead's row out of the workbook."""
        if path.with_name(f"~${path.name}").exists():
            raise Retry(f"{path} is open in Excel; what is written now would be lost when it is saved there.", after=60)
        book = _opened(path, self.config.sheet)
        sheet = book[self.config.sheet]
        at = self._columns(sheet)["id"]
        rows = [row for row in range(sheet.max_row, _HEADER, -1) if sheet.cell(row, at).value == lead]
        for row in rows:
            sheet.delete_rows(row)
        if rows:
            replace_file(path, book.save)
        return len(rows)

    def _columns(self, sheet: Any) -> dict[str, int]:
        """Return the place of each column; those the sheet lacks are added at its right."""
        columns = {str(head.value): head.column for head in sheet[_HEADER] if head.value is not None}
        for name in self.columns:
            if name not in columns:
                columns[name] = max(columns.values(), default=0) + 1
                _put(sheet, _HEADER, columns[name], name)
        return columns


def _opened(path: Path, name: str) -> Any:
    """Return the workbook with the sheet in it; a new one where there is no file."""
    try:
        book = openpyxl.load_workbook(path) if path.exists() and path.stat().st_size else openpyxl.Workbook()
    except OSError:
        raise
    except Exception as error:  # openpyxl raises whatever a damaged part makes it trip over
        raise Misconfigured(f"{path} is not a workbook. Move it away, or write another path.") from error
    if name not in book.sheetnames:
        empty = book.active is not None and book.active.max_row == 1 and not list(book.active.rows)
        sheet = book.active if empty else book.create_sheet()
        sheet.title = name
        sheet.freeze_panes = f"A{_HEADER + 1}"
    return book


def _put(sheet: Any, row: int, column: int, value: str) -> None:
    """Write a value as text: openpyxl would make a formula of `=…` and an error of `#N/A`."""
    said = printable(value)[:_CELL]
    place = sheet.cell(row, column)
    place.value = said or None
    if said:
        place.data_type = "s"
    place.number_format = "@"
    place.quotePrefix = cell(said) != said  # or a person who edits the cell would make it a formula


@hookimpl
def hub_register() -> Iterator[type[XlsxFile]]:
    """Register the connector."""
    yield XlsxFile
