"""Reads JSON as a stream of rows: one object a line, objects in an array, or objects one after the other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from hub import strictjson
from hub.errors import BadInput
from hub.files.row import MAX_RECORD, Row, Table, unreadable
from hub.files.text import DAMAGED, Encoding, Lines, LongLineError
from hub.lead import Problem

_CHUNK = 1 << 16
_GAP = re.compile(r"[\s,]*")
_RESUME = re.compile(r"[}\n]\s*,?\s*(?=\{)")
_bounds = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)  # only to see where a value ends


def read(lines: Lines, encoding: Encoding, start: str) -> Table:
    """Return the table of a JSON text; values keep their JSON types, long numbers come as text.

    `start` is the start of the text: it tells whether every object has a line of its own.
    """
    if any(_whole_object(line) for line in start.split("\n", 2)[:2]):
        return Table(
            kind="JSONL",
            rows=_counted(_by_line(lines)),
            note=f"one object a line, {encoding.name}",
            facts={"encoding": encoding.name, "how": encoding.how},
        )
    return Table(
        kind="JSON",
        rows=_counted(_Stream(lines).rows()),
        note=f"objects in a row, {encoding.name}",
        facts={"encoding": encoding.name, "how": encoding.how},
    )


def _counted(rows: Iterator[Row]) -> Iterator[Row]:
    empty = True
    for row in rows:
        empty = False
        yield row
    if empty:
        raise BadInput("The file has JSON but no objects in it. Nothing was read.")


def _whole_object(line: str) -> bool:
    if not line.lstrip("\ufeff \t").startswith("{"):
        return False
    try:
        _bounds.raw_decode(line.lstrip("\ufeff \t"))
    except (ValueError, RecursionError):
        return False
    return True


def _by_line(lines: Lines) -> Iterator[Row]:
    while True:
        try:
            line = next(lines, None)
        except LongLineError as long:
            message = f"Line {lines.number} is longer than {MAX_RECORD:,} characters; it could not be read."
            yield unreadable(lines.number, "row_too_long", message, str(long))
            continue
        if line is None:
            return
        if text := line.strip("\ufeff \t\r\n,"):
            yield from _objects(text, lines.number)


def _objects(text: str, number: int) -> Iterator[Row]:
    """Yield the objects of one line; most have one, sloppy writers leave out the line end."""
    at = 0
    while at < len(text):
        try:
            _, end = _bounds.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = len(text)
        yield _row(text[at:end], number, f"Line {number}")
        at = _skip_gap(text, end)


def _row(text: str, number: int, where: str) -> Row:
    try:
        value: Any = strictjson.loads(text)
    except BadInput as error:
        return unreadable(number, "bad_json", f"{where} could not be read: {error.reason}", text)
    if not isinstance(value, dict):
        message = f"{where} is {type(value).__name__}, not a JSON object; it could not be read."
        return unreadable(number, "bad_json", message, text)
    if DAMAGED not in text:
        return Row(number, value)
    message = "Some bytes are not text in the file's encoding and show as \ufffd. Check the setting `encoding`."
    return Row(number, value, (Problem(field="row", code="damaged_text", message=message),))


def _skip_gap(text: str, at: int) -> int:
    found = _GAP.match(text, at)
    return found.end() if found else at


class _Stream:
    """Takes one value after the other out of a text that is never held as a whole."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._text, self._at = "", 0

    def rows(self) -> Iterator[Row]:
        number = 0
        while self._next(first=number == 0):
            number += 1
            text = self._value()
            yield self._lost(number) if text is None else _row(text, number, f"Object {number}")

    def _next(self, first: bool) -> bool:
        """Stand at the start of the next value; False at the end of the array or file."""
        while True:
            self._at = _skip_gap(self._text, self._at)
            character = self._text[self._at : self._at + 1]
            if character in ("]", "\ufeff") or (character == "[" and first):
                self._at += 1
                first = character != "["  # after an array another one may follow
            elif character:
                return True
            elif not self._more():
                return False

    def _value(self) -> str | None:
        """Return the text of the next value; None when what stands there is not JSON."""
        while True:
            try:
                _, end = _bounds.raw_decode(self._text, self._at)
            except RecursionError:
                return None
            except json.JSONDecodeError as error:
                cut_off = error.pos + 12 > len(self._text) or error.msg.startswith("Unterminated")
                if not cut_off or len(self._text) - self._at > MAX_RECORD or not self._more():
                    return None
                continue
            if end < len(self._text) or not self._more():
                value, self._at = self._text[self._at : end], end
                return value

    def _lost(self, number: int) -> Row:
        """Skip to where another object seems to start."""
        text = self._text[self._at : self._at + 2000]
        found = _RESUME.search(self._text, self._at + 1)
        while found is None:
            self._at = max(self._at, len(self._text) - 100)
            if not self._more():
                break
            found = _RESUME.search(self._text, self._at)
        self._at = found.end() if found else len(self._text)
        message = f"Object {number} is not JSON; reading went on at the next object. Correct the file there."
        return unreadable(number, "bad_json", message, text)

    def _more(self) -> bool:
        """Read on; False at the end of the file."""
        chunk = self._lines.read(_CHUNK)
        self._text, self._at = self._text[self._at :] + chunk, 0
        return bool(chunk)
