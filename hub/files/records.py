"""Parts delimited text into records, and finds its way again after one that is broken."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub.files.damage import SUSPICIOUS
from hub.files.row import MAX_RECORD
from hub.files.text import Lines, LongLineError

DEFAULT_DELIMITERS = ",\t;|"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its line or row, its cells, whether one needs a closer look, and which are rounded numbers."""

    number: int
    cells: list[str]
    suspicious: bool = False
    imprecise: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """Lines that cannot be read as a record, and why."""

    number: int
    last: int
    code: str
    reason: str
    text: str


class Records:
    """The records of a file; `width` is the usual number of columns, which the header may correct.

    A quote that is never closed swallows all that follows. So after a broken record reading goes on
    at the next line which has as many columns as the header.
    """

    def __init__(self, lines: Lines, delimiter: str, width: int) -> None:
        self.width = width
        self._lines, self._delimiter = lines, delimiter
        self._taken: list[str] = []
        self._size = 0
        self._suspicious = False

    def __iter__(self) -> Iterator[Record | Broken]:
        reader = csv.reader(self._feed(), delimiter=self._delimiter, strict=True)
        while True:
            self._taken.clear()
            self._size, self._suspicious = 0, False
            start = self._lines.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, LongLineError) as error:
                yield self._broken(start, error)
                reader = csv.reader(self._feed(), delimiter=self._delimiter, strict=True)
                continue
            yield Record(start, cells, self._suspicious)

    def _feed(self) -> Iterator[str]:
        search = SUSPICIOUS.search
        for line in self._lines:
            self._taken.append(line)
            self._size += len(line)
            if self._size > MAX_RECORD:
                raise LongLineError(self._taken[0])
            if not self._suspicious and search(line):
                self._suspicious = True
            yield line

    def _broken(self, start: int, error: csv.Error | LongLineError) -> Broken:
        text = self._taken[0] if self._taken else str(error)
        several = len(self._taken) > 1
        self._lines.back(self._taken[1:])
        self._resume()
        return Broken(start, self._lines.number, *_reason(error, several), text)

    def _resume(self) -> None:
        """Skip lines until one stands for itself as a record of the usual width."""
        if self.width < 2:
            return
        while True:
            try:
                line = next(self._lines, None)
            except LongLineError:
                continue
            if line is None:
                return
            if self._fits(line):
                self._lines.back([line])
                return

    def _fits(self, line: str) -> bool:
        try:
            return len(next(csv.reader([line], delimiter=self._delimiter, strict=True), ())) == self.width
        except csv.Error:
            return False


def _reason(error: csv.Error | LongLineError, several: bool) -> tuple[str, str]:
    if isinstance(error, LongLineError):
        return "row_too_long", f"is longer than {MAX_RECORD:,} characters"
    if "field larger" in str(error):
        words = f"has a field longer than {csv.field_size_limit():,} characters"
        return ("unclosed_quote", f"{words} or a quote that is never closed") if several else ("field_too_long", words)
    if several or "unexpected end" in str(error):
        return "unclosed_quote", "opens a quote that is not closed rightly"
    return "bad_quotes", "has a quote in the wrong place"


def sniff(lines: Sequence[str], complete: bool, delimiter: str | None = None) -> tuple[str, int]:
    """Return the delimiter that parts the most lines into the same number of columns, and that number.

    `complete` tells that the lines are the whole file; otherwise the last record may be cut off. One column
    gives a comma; a `delimiter` that is set is kept.
    """
    best, best_score = delimiter or ",", (0.0, 1)
    for candidate in delimiter or DEFAULT_DELIMITERS:
        score = _consistency(lines, candidate, complete)
        if score > best_score:
            best, best_score = candidate, score
    return best, best_score[1]


def _consistency(lines: Sequence[str], delimiter: str, complete: bool) -> tuple[float, int]:
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if any(cell.strip() for cell in row)]
    except csv.Error:
        return 0.0, 0
    if not complete and len(widths) > 2:
        del widths[-1]
    parted = Counter(width for width in widths if width > 1)
    if not parted:
        return 0.0, 0
    width, count = max(parted.items(), key=lambda item: (item[1], item[0]))
    return count / len(widths), width
