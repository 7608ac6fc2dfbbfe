"""Reads a form with a file: the file goes to disk as it comes, within a size, and nothing of it stays in memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from hub.api.problems import ApiError
from hub.intake.uploads import opened

LONGEST_FIELD = 16 << 10
MOST_PARTS = 20
AROUND = 64 << 10  # bytes a form may have beside its file


@dataclass(slots=True)
class Form:
    """What was posted: the fields, and where the file lies, None without one."""

    fields: dict[str, str] = field(default_factory=dict)
    file: Path | None = None
    size: int = 0


class _Reader:
    """Takes a multipart body apart (RFC 7578); `place` returns where a file of a name goes."""

    def __init__(self, boundary: bytes, place: Callable[[str], Path], longest: int) -> None:
        self.form = Form()
        self._place, self._longest = place, longest
        self._header = [b"", b""]
        self._about: dict[bytes, bytes] = {}
        self._parts = 0
        self._target: BinaryIO | None = None
        self._text = bytearray()
        self.done = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part, "on_header_field": self._name, "on_header_value": self._value,
                "on_header_end": self._header_end, "on_headers_finished": self._begin, "on_part_data": self._data,
                "on_part_end": self._end, "on_end": self._all,
            },
        )  # fmt: skip

    def write(self, chunk: bytes) -> None:
        """Take the next bytes; raises ApiError for what is no form, or too much."""
        try:
            self._parser.write(chunk)
        except MultipartParseError as error:
            raise ApiError(422, "The form cannot be read. Send multipart/form-data.") from error

    def close(self) -> None:
        """Let go of the file."""
        if self._target is not None:
            self._target.close()
            self._target = None

    def _part(self) -> None:
        self._parts += 1
        self._about, self._text = {}, bytearray()
        if self._parts > MOST_PARTS:
            raise ApiError(422, f"A form may have {MOST_PARTS} parts at most.")

    def _name(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def _value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]

    def _header_end(self) -> None:
        self._about[self._header[0].lower()] = self._header[1]
        self._header = [b"", b""]

    def _begin(self) -> None:
        _, self._about = parse_options_header(self._about.get(b"content-disposition", b""))
        if b"filename" in self._about:
            if self.form.file is not None:
                raise ApiError(422, "Send one file at a time.")
            name = self._about[b"filename"].decode("utf-8", "replace")
            self.form.file = self._place(name)
            self._target = opened(self.form.file)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._target is None:
            self._text += data[start:end]
            if len(self._text) > LONGEST_FIELD:
                raise ApiError(413, "A field of the form is too long.")
            return
        self.form.size += end - start
        if self.form.size > self._longest:
            raise too_large(self._longest)
        self._target.write(data[start:end])

    def _end(self) -> None:
        if self._target is None:
            name = self._about.get(b"name", b"").decode("utf-8", "replace")
            self.form.fields[name] = self._text.decode("utf-8", "replace")
        self.close()

    def _all(self) -> None:
        self.done = True


def too_large(longest: int) -> ApiError:
    """Return the error for a file past the limit."""
    return ApiError(413, f"The file has more than {longest / 1e6:,.0f} MB. Split it, or raise max_mb of its source.")


async def _read_on(request: Request, most: int, within: float) -> None:
    """Let a sender finish who is refused: a browser shows no answer while it still sends. Only so far, though."""
    with contextlib.suppress(RuntimeError, ClientDisconnect, TimeoutError):
        async with asyncio.timeout(4 * within):
            async for chunk in request.stream():
                most -= len(chunk)
                if most < 0:
                    return


async def receive(request: Request, place: Callable[[str], Path], *, longest: int, within: float) -> Form:
    """Read a posted form, its file into the place that `place` names for it; `longest` counts the file's bytes.

    Raises ApiError: 413 for too much, 408 when nothing comes for `within` seconds, 422 for what is no such form.
    """
    reader = _Reader(_boundary(request, longest), place, longest)
    try:
        await _fed(reader, request, within)
    except ApiError:
        await _read_on(request, longest, within)
        raise
    except TimeoutError as error:
        raise ApiError(408, f"Nothing came for {within:g} s. Send the file again.") from error
    finally:
        reader.close()
    if not reader.done:
        raise ApiError(422, "The form was cut off. Send the file again.")
    return reader.form


def _boundary(request: Request, longest: int) -> bytes:
    """Return what parts the parts; raises ApiError for another kind of body, and for one that says it is too large."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 1 <= len(boundary) <= 200:
        raise ApiError(422, "Send the file as multipart/form-data, in a part with a file name.")
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > longest + AROUND:
        raise too_large(longest)
    return boundary


async def _fed(reader: _Reader, request: Request, within: float) -> None:
    stream = aiter(request.stream())
    while True:
        async with asyncio.timeout(within):
            chunk = await anext(stream, None)
        if chunk is None:
            return
        await asyncio.to_thread(reader.write, chunk)
