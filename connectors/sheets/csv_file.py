"""CSV file: append each lead as a row that spreadsheets open safely."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from hub import CsvLog, FileSink, Lead, Outcomes, Sent, cell, hookimpl, pick, text

_MOST_LOGS = 8  # files whose keys are kept in memory; an older day's file is read again


class CsvFile(FileSink):
    """A file of quoted values; a later version of a lead is one more row."""

    name = "csv_file"
    title = "CSV file"
    docs_url = "https://www.rfc-editor.org/rfc/rfc4180"
    confirmed = (
        "Every value is quoted and every row ends with CR LF (RFC 4180)",
        "Excel takes a file for UTF-8 by its byte order mark",
        "An apostrophe before = + - @ TAB CR LF keeps a cell from being a formula (OWASP, CSV injection)",
    )
    batch = 200
    key_columns = ("id", "version")

    class Config(FileSink.Config):
        delimiter: Literal[",", ";", "\t", "|"] = Field(",", description="What stands between two values.")
        encoding: Literal["utf-8-sig", "utf-8", "gb18030"] = Field(
            "utf-8-sig", description="Encoding; utf-8-sig starts with the byte order mark that Excel wants."
        )
        number_columns: tuple[str, ...] = Field(
            ("phone", "score", "touch.cost"),
            description="Columns where plain numbers and phone numbers, such as -5 and +4930123456, get no apostrophe.",
        )

    config: Config

    def ready(self) -> None:
        """Start without knowing any file."""
        super().ready()
        self._logs: dict[Path, CsvLog] = {}

    def write(self, path: Path, leads: Sequence[Lead]) -> Outcomes:
        """Append the leads whose version is not in the file yet."""
        self._log(path).add([self._row(lead) for lead in leads])
        return [Sent(path.as_posix())] * len(leads)

    def drop(self, path: Path, lead: str) -> int:
        """Take every version of a lead out of the file."""
        return self._log(path).drop("id", lead)

    def _row(self, lead: Lead) -> dict[str, str]:
        numbers = self.config.number_columns
        return {name: cell(text(pick(lead, name)), number=name in numbers) for name in self.columns}

    def _log(self, path: Path) -> CsvLog:
        log = self._logs.pop(path, None) or CsvLog(
            path,
            self.columns,
            self.key_columns,
            delimiter=self.config.delimiter,
            encoding=self.config.encoding,
        )
        self._logs[path] = log
        if len(self._logs) > _MOST_LOGS:
            del self._logs[next(iter(self._logs))]
        return log


@hookimpl
def hub_register() -> Iterator[type[CsvFile]]:
    """Register the connector."""
    yield CsvFile
