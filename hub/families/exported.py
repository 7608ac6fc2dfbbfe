"""Polls platforms that hand leads over as a file which is ordered first, made in a while, and then downloaded."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import ClassVar

import httpx

from hub.errors import BadInput, Retry
from hub.families.polling import Sweep, SweepSource
from hub.lead import RawLead

MAX_FILE = 64 << 20  # bytes of a file that was packed
_EXCEL = ('="', "'")  # what stands before an id so that Excel leaves it alone


class ExportSource(SweepSource):
    """A poll of files: a pass orders one, waits a little, reads it, and keeps what was submitted since the last pass.

    The order is remembered, so that a file that takes long is read by the next poll instead of ordered again.
    """

    looks: ClassVar[int] = 8  # how often a poll looks whether the file is made
    look_every: ClassVar[float] = 3.0  # seconds between

    async def order(self, name: str, since: datetime, http: httpx.AsyncClient) -> str:
        """Order the file of a list, with what came since then where the platform can tell; return the order's id."""
        raise NotImplementedError

    async def made(self, name: str, order: str, http: httpx.AsyncClient) -> bool:
        """Return whether the file is made; raises BadInput when it never will be, or is not there any more."""
        raise NotImplementedError

    async def download(self, name: str, order: str, http: httpx.AsyncClient) -> Iterable[RawLead]:
        """Return the leads in the file; raises BadInput when it is not there any more."""
        raise NotImplementedError

    async def page(self, http: httpx.AsyncClient, name: str, sweep: Sweep) -> tuple[Iterable[RawLead], str | None]:
        """Order a file, or read the one that was ordered."""
        if sweep.after is None:
            return (), await self.order(name, sweep.since, http)
        for _ in range(self.looks):
            if await self.made(name, sweep.after, http):
                found = await self.download(name, sweep.after, http)
                return [lead for lead in found if lead.submitted_at is None or lead.submitted_at >= sweep.since], None
            await self.clock.sleep(self.look_every)
        raise Retry(
            f"The file {sweep.after!r:.60} of {name!r:.60} is still being made. The next poll reads it.", after=60
        )


def csv_rows(content: bytes, names: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file, also of the first file in a ZIP, by header, ids without Excel's protection.

    `names` has other names for headers, which it gives in small letters and nothing else: `Ad Group ID` is `adgroupid`.
    Empty cells are left out. Raises BadInput for what is neither.
    """
    try:
        text = _unpacked(content).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except (UnicodeDecodeError, csv.Error, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
        raise BadInput(f"The file is no CSV: {type(error).__name__}.") from error
    heads = [names.get(re.sub("[^a-z]", "", head.lower()), head.strip()) for head in rows[0]] if rows else []
    for row in rows[1:]:
        if any(row):
            yield {head: _plain(cell) for head, cell in zip(heads, row, strict=False) if cell}


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as pack:
        files = [one for one in pack.infolist() if one.filename.lower().endswith(".csv")]
        if not files or files[0].file_size > MAX_FILE:
            raise BadInput("The ZIP has no CSV file, or one that is too large.")
        return pack.read(files[0])


def _plain(cell: str) -> str:
    """Return a cell without the marks that keep Excel from rounding its digits."""
    for mark in _EXCEL:
        inner = cell.removeprefix(mark).removesuffix('"' if mark == '="' else "")
        if cell.startswith(mark) and inner.isascii() and inner.isdigit():
            return inner
    return cell
