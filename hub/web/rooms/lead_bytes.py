"""Bytes that somebody sent, as people can read them: as text, as hex, and laid out where they are JSON or a form."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import orjson

from hub.store.tables import SubmissionRow

MOST_TEXT = 20_000
"""Characters shown of a body; the rest is in the file."""
MOST_HEX = 2_048
_WIDTH = 16


def seen(row: SubmissionRow) -> dict[str, Any]:
    """Return a submission as its page shows it."""
    body = row.body or b""
    text, encoding = _text(body)
    names = (
        "id", "source", "kind", "received_at", "state", "url", "client", "key", "idempotency_key", "digest", "parent",
        "duplicate_of", "import_id", "problems", "reason", "tries",
    )  # fmt: skip
    return {
        **{name: getattr(row, name) for name in names},
        "headers": row.headers or {}, "size": len(body), "raw": text[:MOST_TEXT], "cut": len(text) > MOST_TEXT,
        "encoding": encoding, "hex": dump(body[:MOST_HEX]), "hex_cut": len(body) > MOST_HEX,
        "pretty": _pretty(body), "completed": row.completed,
    }  # fmt: skip


def _text(body: bytes) -> tuple[str, str]:
    """Return bytes as text: as UTF-8 where they are, else each byte that is none as its number."""
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return body.decode("utf-8", "backslashreplace"), ""


def dump(body: bytes) -> str:
    """Return bytes as people dump them: the place, sixteen bytes in hex, and what of them is plain ASCII."""
    lines = []
    for at in range(0, len(body), _WIDTH):
        row = body[at : at + _WIDTH]
        plain = "".join(chr(one) if 32 <= one < 127 else "." for one in row)
        lines.append(f"{at:06x}  {row.hex(' '):<{_WIDTH * 3 - 1}}  {plain}")
    return "\n".join(lines)


def _pretty(body: bytes) -> str:
    """Return JSON or a form laid out line by line; empty for anything else."""
    if len(body) > MOST_TEXT:
        return ""
    try:
        value = orjson.loads(body)
    except ValueError:
        value = None
    if isinstance(value, dict | list):
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=1000)
    except ValueError:
        return ""
    return "\n".join(f"{name} = {value}" for name, value in pairs)
