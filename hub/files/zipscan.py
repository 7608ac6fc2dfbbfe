"""Looks through a workbook's zip archive before anything opens it: how much it unpacks to, and what is in it."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from hub.errors import BadInput

MAX_ENTRIES = 1_000
MAX_UNPACKED = 500_000_000
MAX_RATIO = 100
SMALL = 5_000_000  # bytes unpacked and
SMALL_AREA = 2_000_000  # cells between the first and the last, and
SMALL_TEXT = 64_000_000  # bytes in cells at most: a workbook below all three is read in this process

_CHUNK = 1 << 16
_RATIO_FROM = 1_000_000  # bytes unpacked; less harms nobody
_MAX_DIRECTORY = 1 << 20
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Z]{0,3})([0-9]{1,7})["']""")
_STRING = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?si\b")
_SHORTEST_CELL = 20  # bytes that a cell with a reference to a string takes
_UNPACK = "Unpack it and hand in what is inside."
_SAVE_AS = "Open it in a spreadsheet program and save it as CSV (UTF-8) or XLSX."


@dataclass(slots=True)
class Scan:
    """What a look through a workbook found: bytes when unpacked, and the last row and column that are named."""

    unpacked: int = 0
    rows: int = 0
    columns: int = 0
    longest: int = 0  # bytes of the longest string that cells refer to

    @property
    def small(self) -> bool:
        """Return whether reading it cannot take much memory, whatever its author intended."""
        area = self.rows * max(self.columns, 1)
        text = self.unpacked // _SHORTEST_CELL * self.longest  # every cell may refer to the same long string
        return self.unpacked <= SMALL and area <= SMALL_AREA and text <= SMALL_TEXT


def scan(file: BinaryIO) -> Scan:
    """Unpack every part, keeping nothing, and return what a workbook takes; raises BadInput for a bomb or no XLSX.

    Sizes are counted, never believed: the sizes in a zip archive are what its author wrote there.
    """
    size = file.seek(0, 2)
    try:
        _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
        _check_names([entry.filename for entry in entries])
        _check_layout(entries)
        found = Scan()
        for entry in entries:
            _look_through(entry, file, found, size)
    except (zipfile.BadZipFile, zlib.error, struct.error, ValueError, NotImplementedError, EOFError) as error:
        raise BadInput(f"The workbook is damaged: {str(error)[:200]}. Save it again.") from error
    return found


def _check_directory(file: BinaryIO) -> None:
    """Look at the directory's own sizes first, so that listing it cannot fill the memory."""
    size = file.seek(0, 2)
    file.seek(max(size - 65_557 - 20, 0))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        raise BadInput("The workbook is damaged: it ends too early. Copy or export it again.")
    count, directory = struct.unpack_from("<HI", tail, at + 10)
    if tail[at - 20 : at - 16] == b"PK\x06\x07" and at >= 20:
        file.seek(struct.unpack_from("<Q", tail, at - 12)[0])
        wide = file.read(56)
        count, directory = struct.unpack_from("<QQ", wide, 32)
    if count > MAX_ENTRIES or directory > _MAX_DIRECTORY:
        raise BadInput(f"The workbook has {count:,} parts; at most {MAX_ENTRIES:,} are read.")


def _check_names(names: Sequence[str]) -> None:
    if len(names) > MAX_ENTRIES:
        raise BadInput(f"The workbook has {len(names):,} parts; at most {MAX_ENTRIES:,} are read.")
    if len(set(names)) != len(names):
        raise BadInput("The workbook has two parts of one name. Save it again.")
    if "xl/workbook.bin" in names:
        raise BadInput(f"The file is a binary workbook (.xlsb). {_SAVE_AS}")
    if "content.xml" in names and "mimetype" in names:
        raise BadInput(f"The file is an OpenDocument file. {_SAVE_AS}")
    if "word/document.xml" in names:
        raise BadInput(f"The file is a Word document. {_SAVE_AS}")
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise BadInput(f"The file is a zip archive and no workbook. {_UNPACK}")


def _check_layout(entries: Sequence[zipfile.ZipInfo]) -> None:
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.flag_bits & 1:
            raise BadInput("The workbook has a password. Save it without one.")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadInput(f"The workbook is packed in an unusual way (method {entry.compress_type}). {_SAVE_AS}")
        if entry.header_offset < end:
            raise BadInput("The workbook's parts overlap, as in a zip bomb. It is not opened.")
        end = entry.header_offset + 30 + entry.compress_size


def _look_through(entry: zipfile.ZipInfo, file: BinaryIO, found: Scan, size: int) -> None:
    is_xml = entry.filename.lower().endswith((".xml", ".rels", ".vml"))
    tail = b""
    has_rows = False
    strings = _Strings()
    for chunk in _unpacked(entry, file):
        if is_xml and not tail:
            _check_utf8(chunk)
        found.unpacked += len(chunk)
        if found.unpacked > MAX_UNPACKED:
            raise BadInput(f"The workbook unpacks to more than {MAX_UNPACKED // 1_000_000} MB. It is not opened.")
        if found.unpacked > max(size * MAX_RATIO, _RATIO_FROM):
            raise BadInput(f"The workbook unpacks to more than {MAX_RATIO} times its size, as a zip bomb does.")
        if is_xml:
            text = tail + chunk
            _check_entities(text)
            has_rows = has_rows or b"<row" in text or b":row" in text
            if found.unpacked <= SMALL:
                if has_rows:
                    _measure(text, found)
                strings.see(text, len(chunk))
                found.longest = max(found.longest, strings.longest)
            tail = chunk[-64:]


@dataclass(slots=True)
class _Strings:
    """Measures the strings of a part, which may be cut anywhere between two chunks."""

    longest: int = 0
    _end: int = 0
    _last: int | None = None

    def see(self, text: bytes, fresh: int) -> None:
        """Look at the next chunk, of which the last `fresh` bytes are new."""
        self._end += fresh
        start = self._end - len(text)
        for found in _STRING.finditer(text):
            self._measure(start + found.start())
            self._last = start + found.start()
        self._measure(self._end)

    def _measure(self, end: int) -> None:
        if self._last is not None:
            self.longest = max(self.longest, end - self._last)


def _check_utf8(start: bytes) -> None:
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in start[:4]:
        raise BadInput("The workbook's XML is not UTF-8. Save it again.")


def _check_entities(text: bytes) -> None:
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise BadInput("The workbook's XML declares entities, which no spreadsheet program writes. It is not opened.")


def _measure(text: bytes, found: Scan) -> None:
    for letters, digits in _REFERENCE.findall(text):
        found.rows = max(found.rows, int(digits))
        if letters:
            found.columns = max(found.columns, _column(letters))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _unpacked(entry: zipfile.ZipInfo, file: BinaryIO) -> Iterator[bytes]:
    file.seek(entry.header_offset)
    local = file.read(30)
    if local[:4] != b"PK\x03\x04":
        raise zipfile.BadZipFile("a part does not start where the directory says")
    name, extra = struct.unpack_from("<HH", local, 26)
    file.seek(entry.header_offset + 30 + name + extra)
    left = entry.compress_size
    unpacker = zlib.decompressobj(-15)
    while left > 0 and (packed := file.read(min(left, _CHUNK))):
        left -= len(packed)
        if entry.compress_type == zipfile.ZIP_STORED:
            yield packed
            continue
        while packed:
            yield unpacker.decompress(packed, _CHUNK)
            packed = unpacker.unconsumed_tail
            if unpacker.eof:
                return
