"""Reads CSV, TSV and their kin as a stream of rows."""

from __future__ import annotations

from hub.files import tabular
from hub.files.records import Records, sniff
from hub.files.row import Layout, Table
from hub.files.text import Encoding, Lines

_NAMES = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}
_HOW = {"mark": "by its byte order mark", "setting": "as set", "read": "found", "guess": "guessed"}
_SAMPLE = 100  # lines


def read(lines: Lines, layout: Layout, encoding: Encoding) -> Table:
    """Return the table of a delimited text; raises BadInput when it has no rows or no header."""
    delimiter, width = _delimiter(lines, layout)
    records = Records(lines, delimiter, width)
    stream = iter(records)
    head = tabular.head(stream, layout)
    records.width = len(head.columns)
    return Table(
        kind="TSV" if delimiter == "\t" else "CSV",
        columns=head.columns,
        preamble=head.preamble,
        note=f"parted by {_NAMES.get(delimiter, repr(delimiter))}, {encoding.name} ({_HOW[encoding.how]})",
        rows=tabular.Rows(head, "Line").read(stream),
        facts={"encoding": encoding.name, "how": encoding.how, "delimiter": delimiter, "header_row": head.row},
    )


def _delimiter(lines: Lines, layout: Layout) -> tuple[str, int]:
    sample = lines.peek(_SAMPLE)
    complete = len(sample) < _SAMPLE
    hint = sample[0].strip("\r\n").strip('"') if sample else ""
    if hint[:4].lower() == "sep=" and len(hint) <= 5:  # Excel's own first line: says the delimiter, is no row
        next(lines)
        return sniff(sample[1:], complete, layout.delimiter or hint[4:] or "\t")
    return sniff(sample, complete, layout.delimiter)
