"""Turns the bytes of a file into lines of text, whatever encoding they came in."""

from __future__ import annotations

import codecs
import io
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from hub.errors import BadInput
from hub.files.script import guess

MAX_LINE = 1 << 20  # characters
DAMAGED = "\ufffd"  # what bytes turn into that are no text in the file's encoding

_CHUNK = 1 << 16
_SAMPLE = 1 << 16
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDER: Mapping[str, str] = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "cp950",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
}
_NOT_FOR_FILES = frozenset(["utf-7", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs"])


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of a file, and how it was found: `mark`, `setting`, `read` or `guess`."""

    name: str
    how: str


def codec(name: str) -> str | None:
    """Return the codec for a declared charset, the wider one that people mean by it; None when unknown.

    `gb2312` gives gb18030 and `iso-8859-1` gives cp1252, as mail programs and browsers do.
    """
    try:
        found = codecs.lookup(name.strip()).name
        b"a".decode(found, "replace")  # refuses codecs that are not text, such as base64
    except (LookupError, ValueError):
        return None
    return None if found in _NOT_FOR_FILES else _WIDER.get(found, found)


def detect(file: BinaryIO, setting: str | None = None) -> Encoding:
    """Return the file's encoding: by its byte order mark, the setting, a strict read, then a guess.

    Reads the whole file in pieces; a UTF-8 file in which few bytes are damaged is still UTF-8.
    """
    file.seek(0)
    head = file.read(_SAMPLE)
    for mark, name in _BOMS:
        if head.startswith(mark):
            if len(head) == len(mark):
                raise BadInput("The file is empty: it has a byte order mark and nothing else. Export it again.")
            return Encoding(name, "mark")
    if setting is not None:
        return Encoding(codec(setting) or setting, "setting")
    wide = _wide(head)
    if wide is not None:
        return Encoding(wide, "read")
    good, bad = _utf8_share(file)
    if bad == 0 or good >= 3 * bad:
        return Encoding("utf-8", "read")
    return Encoding(guess(_telling(file)), "guess")


def start(file: BinaryIO, encoding: Encoding, size: int = _SAMPLE) -> str:
    """Return the start of the text, of at most so many bytes, without a byte order mark."""
    file.seek(0)
    text = codecs.getincrementaldecoder(encoding.name)("replace").decode(file.read(size))
    return text.removeprefix("\ufeff")


def _wide(head: bytes) -> str | None:
    """Return utf-16-le or utf-16-be for text without a mark: its line ends and digits have a zero on one side."""
    even, odd = head[0::2], head[1::2]
    for name, text, zeros in (("utf-16-le", even, odd), ("utf-16-be", odd, even)):
        if zeros.count(0) * 20 < len(zeros) or text.count(0):
            continue
        whole = head[: len(head) // 2 * 2].decode(name, "replace")
        if whole.count(DAMAGED) <= 1 and all(zeros[i] == 0 for i, byte in enumerate(text) if byte == 10):
            return name
    return None


def _utf8_share(file: BinaryIO) -> tuple[int, int]:
    """Return how many characters past ASCII read well as UTF-8, and how many do not."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good = bad = 0
    for chunk in iter(lambda: file.read(_CHUNK), b""):
        if chunk.isascii() and not decoder.getstate()[0]:
            continue
        text = decoder.decode(chunk)
        wrong = max(text.count(DAMAGED) - chunk.count(DAMAGED.encode()), 0)
        good += len(text) - len(text.encode("ascii", "ignore")) - wrong
        bad += wrong
    return good, bad + decoder.decode(b"", final=True).count(DAMAGED)


def _telling(file: BinaryIO) -> bytes:
    """Return a sample of the lines that are not plain ASCII: only these say something about the encoding."""
    file.seek(0)
    lines: list[bytes] = []
    size = 0
    while size < _SAMPLE and (line := file.readline(_SAMPLE)):
        if not line.isascii():
            lines.append(line)
            size += len(line)
    return b"".join(lines)


class LongLineError(Exception):
    """A line or record is longer than a row may be; `text` is its start."""


class Lines:
    """The lines of a file in order, with their ends; lines can be put back, and none can fill the memory."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        file.seek(0)
        own = os.fdopen(os.dup(file.fileno()), "rb")  # the wrapper closes what it reads
        # newline="" keeps the ends as they are, for the CSV reader, and parts at CR, LF and CRLF alike
        self._stream = io.TextIOWrapper(own, encoding, errors="replace", newline="")
        self._back: deque[str | LongLineError] = deque()
        self.number = 0  # of the line read last, from 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Return the next line; raises LongLineError for one past 1 MiB characters, which is then skipped."""
        line = self._back.popleft() if self._back else self._stream.readline(MAX_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        if isinstance(line, LongLineError):
            raise line
        if len(line) >= MAX_LINE and line[-1] not in "\r\n":
            self._skip()
            raise LongLineError(line[:2000])
        return line

    def back(self, lines: Sequence[str | LongLineError]) -> None:
        """Put lines back, so that they come again."""
        self._back.extendleft(reversed(lines))
        self.number -= len(lines)

    def peek(self, count: int, characters: int = 1 << 16) -> list[str]:
        """Return the next lines, at most so many lines and characters, and put them back."""
        seen: list[str | LongLineError] = []
        while len(seen) < count and characters > 0:
            try:
                line = next(self, None)
            except LongLineError as long:
                seen.append(long)
                break
            if line is None:
                break
            seen.append(line)
            characters -= len(line)
        self.back(seen)
        return [line for line in seen if isinstance(line, str)]

    def read(self, characters: int) -> str:
        """Return the next characters regardless of lines; not to be mixed with reading lines."""
        return self._stream.read(characters)

    def _skip(self) -> None:
        while (rest := self._stream.readline(MAX_LINE)) and rest[-1] not in "\r\n":
            pass
