"""Fields as rules write them: their parts, and the texts they are compared with."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from hub.errors import ConfigError
from hub.rules import NAMES
from hub.rules.syntax import Token, paths, tokens

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = frozenset(
    ("in", "true", "false", "null", "as", "break", "const", "continue", "else", "for", "function", "if", "import",
     "let", "loop", "package", "return", "namespace", "var", "void", "while")
)  # fmt: skip


def quoted(text: str) -> str:
    """Return a text as rules write it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def path_of(parts: Sequence[str]) -> str:
    """Return a field as rules write it: `extra.size`, or `extra["company size"]`."""
    return parts[0] + "".join(f".{part}" if is_plain(part) else f"[{quoted(part)}]" for part in parts[1:])


def is_plain(part: str) -> bool:
    """Return whether a part of a field may stand behind a dot."""
    return _WORD.fullmatch(part) is not None and part not in _RESERVED


def parts_of(field: str) -> tuple[str, ...] | None:
    """Return the parts of a plain field, None where it is none."""
    try:
        read = tokens(field)
    except ConfigError:
        return None
    found = path_at(read, 0) if read else None
    return found[0] if found and found[1] == len(read) else None


def path_at(words: Sequence[Token], at: int) -> tuple[tuple[str, ...], int] | None:
    """Return the plain field that stands at a place, and the place after it."""
    found = next(paths(words[at:], NAMES), None)
    return (found.parts, at + found.last + 1) if found is not None and found.first == 0 else None
