"""One line per event, as text or JSON: time, level, event, ids, the request; no secrets, no locals, no line breaks."""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

from hub.observe.redaction import Redaction

SCOPE: ContextVar[MutableMapping[str, Any] | None] = ContextVar("scope", default=None)
"""The request that is being answered, as ASGI has it; None outside of requests."""

_PAIR = re.compile(r"""(\w+)=("[^"]*"|'[^']*'|\S+)""")
_PLACE = re.compile(r"%[-+ #0]*\d*(?:\.\d+)?[a-z]")
_ASKED = re.compile(r"[A-Za-z0-9._-]{1,64}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
FRAMES = 12


def request_id(scope: MutableMapping[str, Any]) -> str:
    """Return the id of a request: the sender's X-Request-ID where it is a plain one, else a new one, once."""
    state = scope.setdefault("state", {})
    if not state.get("request_id"):
        asked = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode("latin-1")
        state["request_id"] = asked if _ASKED.fullmatch(asked) else secrets.token_hex(8)
    return str(state["request_id"])


class Lines(logging.Formatter):
    """Writes a record as one line; `form` says how, and what is masked may change while it is used."""

    def __init__(self, form: str = "text") -> None:
        super().__init__()
        self.form: Callable[[], str] = lambda: form
        self.redaction = Redaction()

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        said = {"time": _time(record), "level": record.levelname.lower(), "logger": record.name}
        fields = dict(_fields(record))
        scope = SCOPE.get()
        if scope is not None:
            fields["request"] = request_id(scope)
        if record.exc_info and record.exc_info[1] is not None:
            fields |= _raised(record.exc_info[1])
        if self.form() == "json":
            whole = {**said, **{name: self.redaction.field(name, value) for name, value in fields.items()}}
            return _one_line(self.redaction.values(json.dumps(whole, ensure_ascii=False, default=str)))
        written = (f"{name}={_written(self.redaction.field(name, value))}" for name, value in fields.items())
        return self.redaction.values(" ".join((*said.values(), *written)))


class _Stream(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say nothing: what could not be written may hold anything, and stderr may be what is broken."""


def open_logs(form: str = "text", stream: TextIO | None = None) -> Lines:
    """Write what is worth a look, of ours and of the libraries', to stderr; returns what writes the lines."""
    lines = Lines(form)
    handler = _Stream(stream or sys.stderr)
    handler.setFormatter(lines)
    for name in ("httpx", "python_multipart", "aiohttp"):  # they quote addresses and bodies of strangers
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.captureWarnings(True)
    return lines


def _time(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a record: ours are written as key=value with a place for each value, others are a message."""
    template = record.msg if isinstance(record.msg, str) else ""
    pairs = list(_PAIR.finditer(template))
    given = record.args if isinstance(record.args, tuple) else ()
    ours = record.name.partition(".")[0] == "leadhub"
    if not ours or not pairs or sum(len(_PLACE.findall(pair[2])) for pair in pairs) != len(given):
        yield from (("event", "log"), ("message", _message(record)))
        return
    if pairs[0][1] != "event":
        yield "event", f"{record.name.rpartition('.')[2]}.failed"
    values = iter(given)
    for pair in pairs:
        yield pair[1], _value(pair[2], values)


def _value(written: str, values: Iterator[Any]) -> Any:
    """Return what stands behind a key: the value itself where its place is all there is, else the text made of it."""
    number = len(_PLACE.findall(written))
    if number == 1 and written in ("%s", "%r", "%d"):
        return next(values)
    return (written % tuple(next(values) for _ in range(number)) if number else written).strip("'\"")


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # a library's own mistake must not end in a line of ours
        return str(record.msg)


def _raised(error: BaseException) -> Iterable[tuple[str, Any]]:
    """Return what was raised and where, innermost first; never its words or what its variables held."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames)]
    return (("error", type(error).__name__), ("at", " < ".join(places)))


def _one_line(text: str) -> str:
    """Return JSON without what some readers take for the end of a line."""
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _written(value: Any) -> str:
    """Return a value for a line of text: as it is where it is one plain word, else quoted."""
    text = value if isinstance(value, str) else str(value)
    text = _UNPRINTABLE.sub(lambda found: repr(found[0])[1:-1], text)
    if isinstance(value, str) and (not text or " " in text or '"' in text or "=" in text):
        return json.dumps(text, ensure_ascii=False)
    return text
