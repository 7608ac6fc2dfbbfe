"""Remembers what a poll has handed over, by short marks that fit into its cursor."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Any

from hub.fields import to_json

_LENGTH = 8  # characters: 48 bits, so that among 50,000 one new thing in six thousand million looks known


def mark_of(*parts: Any) -> str:
    """Return the mark of a thing: equal for equal JSON values, and for others not."""
    return base64.urlsafe_b64encode(hashlib.sha256(to_json(parts)).digest()).decode()[:_LENGTH]


def marks_in(text: str) -> set[str]:
    """Return the marks that `marks_text` wrote."""
    return {text[start : start + _LENGTH] for start in range(0, len(text), _LENGTH)}


def marks_text(marks: Iterable[str]) -> str:
    """Return marks as one text, in an order of their own."""
    return "".join(sorted(marks))
