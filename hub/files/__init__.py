"""Turns files into rows: text in any encoding, workbooks, JSON and cards, as streams."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from hub.files import card, delimited, jsonl, sheet, vcard
from hub.files.card import card_fields, is_card
from hub.files.cells import cell_table
from hub.files.kinds import is_workbook, text_kind
from hub.files.mail import mail_lead
from hub.files.opening import open_file
from hub.files.row import Layout, Row, Table
from hub.files.text import Lines, detect, start
from hub.files.times import local_time

__all__ = ["Layout", "Row", "Table", "card_fields", "cell_table", "is_card", "local_time", "mail_lead", "open_table"]


@contextmanager
def open_table(path: Path, layout: Layout | None = None) -> Iterator[Table]:
    """Open a file and yield its table; what the file is decides its content, not its name.

    Raises BadInput when the file as a whole cannot be read, with what to do about it.
    """
    layout = layout or Layout()
    with open_file(path, layout.max_bytes) as file:
        if is_workbook(file):
            with sheet.opened(file, layout) as table:
                yield table
        else:
            yield _text_table(file, layout)


def _text_table(file: BinaryIO, layout: Layout) -> Table:
    encoding = detect(file, layout.encoding)
    head = start(file, encoding)
    kind = text_kind(head)
    lines = Lines(file, encoding.name)
    if kind == "vcard":
        return vcard.read(lines, encoding)
    if kind == "cards":
        return card.read(lines, encoding)
    return jsonl.read(lines, encoding, head) if kind == "json" else delimited.read(lines, layout, encoding)
