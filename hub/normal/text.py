"""Cleans any text: one Unicode form, no invisible characters, plain spaces, a sensible length."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

from wcwidth import grapheme_boundary_before

from hub.normal.tables import words
from hub.normal.verdicts import EMPTY, Cleaned

LINE = 500
LINES = 20_000
_DEPTH = 32
_LONGEST_GRAPHEME = 64

_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_FLAG = "\U0001f3f4"
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_HIDDEN_ASTRAL = re.compile(
    f"({_FLAG}[\U000e0020-\U000e007e]+\U000e007f)"  # the flags of England, Scotland and Wales are spelt in tags
    "|[\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff]"
)
_JOINERS = re.compile("(.?)([\u200c\u200d]+)(?=(.?))", re.DOTALL)
_EAST_ASIAN = re.compile("[\u3040-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0 "  # letters that print as nothing
_MARKS = "".join(chr(c) for c in range(0x300, 0x10000) if unicodedata.combining(chr(c)))
_ASTRAL_MARKS = "".join(chr(c) for c in range(0x10000, 0x1F000) if unicodedata.combining(chr(c)))
_PILED, _PILED_ASTRAL = (re.compile(f"([{marks}]{{8}})[{marks}]+") for marks in (_MARKS, _ASTRAL_MARKS))
_LONG = 1_000  # from here on a pile of marks costs time: sorting it is quadratic
_UNTIDY = re.compile(r"  | \n|\n |\n\n\n|^\s|\s\Z")
_MOJIBAKE = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u2122]")


_BLANK_WORDS = words(
    """
    n/a #n/a n.a. na. null (null) <null> none nil undefined nan - -- --- — – . .. ... / 无 無 暂无 没有 空 不详
    """
)


def is_blank_word(said: str) -> bool:
    """Return whether a text is what spreadsheets and forms write for nothing, such as `N/A` or 无."""
    return len(said) <= 9 and said.strip().lower() in _BLANK_WORDS


class NotTextError(Exception):
    """A structure came where text belongs."""


def as_text(raw: Any, depth: int = 0) -> str | None:
    """Return a value of any type as text, None for nothing; lists are joined with ", ". Raises NotTextError."""
    if raw is None or isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int):
        return str(raw) if raw.bit_length() < 4096 else hex(raw)  # longer ones are refused by str()
    if isinstance(raw, float | Decimal):
        return _number_text(raw)
    if isinstance(raw, bytes | bytearray):
        return bytes(raw).decode("utf-8", "replace")
    if isinstance(raw, date | time):
        return raw.isoformat()
    if isinstance(raw, Mapping) or depth > _DEPTH:
        raise NotTextError
    if isinstance(raw, list | tuple | set | frozenset):
        parts = [as_text(item, depth + 1) for item in raw]
        return ", ".join(part for part in parts if part and not part.isspace()) or None
    return str(raw)


def _number_text(raw: float | Decimal) -> str | None:
    if isinstance(raw, Decimal):
        if not raw.is_finite():
            return None
        return format(raw, "f") if -40 < raw.adjusted() < 40 else str(raw)
    if not math.isfinite(raw):
        return None
    return str(int(raw)) if raw.is_integer() and abs(raw) < 1e16 else repr(raw)


def line(raw: str, limit: int = LINE) -> Cleaned:
    """Return the text on one line, in NFC, spaces collapsed, cut at a grapheme; blank text is None."""
    if raw.isascii() and raw.isprintable() and len(raw) <= limit:
        plain = raw if "  " not in raw and raw[:1] != " " and raw[-1:] != " " else " ".join(raw.split())
        return Cleaned(plain or None)
    text, codes = _visible(raw[: limit * 4])
    return _finish(" ".join(text.split()), len(raw) > limit * 4, limit, codes)


def lines(raw: str, limit: int = LINES) -> Cleaned:
    """Return the text with its line breaks as plain newlines, at most one blank line in a row, otherwise as `line`."""
    if raw.isascii() and len(raw) <= limit and raw.replace("\n", "").isprintable():
        if "\n" not in raw:
            return line(raw, limit)
        if not _UNTIDY.search(raw):
            return Cleaned(raw)
    text, codes = _visible(raw[: limit * 4])
    rows = (" ".join(row.split()) for row in text.splitlines())
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(rows)).strip()
    return _finish(text, len(raw) > limit * 4, limit, codes)


def _finish(text: str, was_cut: bool, limit: int, codes: list[str]) -> Cleaned:
    if len(text) > limit or was_cut:
        text = cut(text, limit)
        codes.append("text_cut")
    return Cleaned(text if text.strip(_BLANKS) else None, None, EMPTY.parts, tuple(dict.fromkeys(codes)))


def _visible(raw: str) -> tuple[str, list[str]]:
    """Return the text in NFC without what cannot be seen, and the codes of what was taken out."""
    codes: list[str] = []
    text = raw.removeprefix("\ufeff")
    if looks_misread(text):
        codes.append("text_mojibake")
    text = _composed(text, codes)
    if not text.isprintable() and not text.replace("\n", "").isprintable():
        text = _composed(_strip(text, codes), codes)
    if "\ufffd" in text:
        codes.append("text_broken")
    return text, codes


def _composed(text: str, codes: list[str]) -> str:
    """Return the text in NFC; higher piles of marks than any script has are cut before and after it is made."""
    for pile in (_PILED, _PILED_ASTRAL) if len(text) > _LONG else (_PILED,):
        if pile.search(text):
            text = pile.sub(r"\1", text)
            codes.append("text_cut")
    text = unicodedata.normalize("NFC", text)
    return unicodedata.normalize("NFC", _PILED.sub(r"\1", text)) if _PILED.search(text) else text


def _strip(text: str, codes: list[str]) -> str:
    text = _SURROGATE.sub("\ufffd", text)
    seen = _CONTROL.sub("", text)
    if seen != text:
        codes.append("text_control")
    shown = _HIDDEN.sub("", _HIDDEN_ASTRAL.sub(lambda found: found[1] or "", seen))
    if "\u200c" in shown or "\u200d" in shown:
        shown = _JOINERS.sub(_joined, shown)
    if shown != seen:
        codes.append("text_hidden")
    return shown


def _joined(found: re.Match[str]) -> str:
    """Keep a joiner where a script or an emoji needs it: not beside ASCII, spaces or East Asian letters."""
    before, joiner, after = found.groups()
    needed = before > "\u00ff" and after > "\u00ff" and not (before + after).isspace()
    east_asian = _EAST_ASIAN.match(before) or _EAST_ASIAN.match(after)
    return before + joiner[0] if needed and not east_asian else before


def looks_misread(text: str) -> bool:
    """Return whether the text is UTF-8 that somebody read as Latin-1 or Windows-1252."""
    if text.isascii() or not _MOJIBAKE.search(text):
        return False
    for encoding in ("latin-1", "cp1252"):
        try:
            return not text.encode(encoding).decode("utf-8").isascii()
        except ValueError:
            continue
    return False


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters, cut between graphemes, so that no emoji or accent is torn."""
    if len(text) <= limit:
        return text
    boundary = grapheme_boundary_before(text, limit + 1)
    return text[: boundary if limit - boundary <= _LONGEST_GRAPHEME else limit].rstrip()


def key(text: str) -> str:
    """Return what two spellings of one text share: NFKC, no accents, case folded, letters and digits only."""
    if text.isascii():
        return "".join(filter(str.isalnum, text.lower()))
    folded = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(c for c in folded if not "\u0300" <= c <= "\u036f")
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", plain)))


_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0x3002: ".", 0xFF61: "."}


def ascii_width(text: str) -> str:
    """Return the text with full-width ASCII such as ＠ and １ in its ordinary form."""
    return text if text.isascii() else text.translate(_FULL_WIDTH)


def storable(value: Any, depth: int = 0) -> Any:
    """Return a value of `extra` that every database takes: no NUL, no lone surrogate, no endless nesting."""
    if isinstance(value, str):
        return value if value.isprintable() else _SURROGATE.sub("\ufffd", _CONTROL.sub("", value))
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping) and depth < _DEPTH:
        return {storable(str(name)): storable(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple) and depth < _DEPTH:
        return [storable(item, depth + 1) for item in value]
    if isinstance(value, int | float) and -(2**63) <= value < 2**63:
        return value
    return storable(scalar_text(value))


def scalar_text(value: Any) -> str | None:
    """Return any single value as text, however odd; None when it has none."""
    try:
        return as_text(value)
    except NotTextError:
        return repr(value)[:200]
    except Exception:  # an object of a connector's own may refuse to be text
        return type(value).__name__
