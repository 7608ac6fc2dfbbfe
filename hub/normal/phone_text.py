"""Prepares the text of a phone field: spreadsheet damage, extensions, labels, and several numbers in one field."""

from __future__ import annotations

import re
from typing import NamedTuple

from hub.normal import text

_FLOAT = re.compile(r"([0-9]{1,20})\.0{1,6}")
_EXPONENT = re.compile(r"([0-9])(?:[.,]([0-9]{1,20}))?[eE]\+?([0-9]{1,2})")
_EXTENSION = re.compile(
    r"[\s,;(（]*(?:;ext=|\bextension\b|\bext\b\.?|\bdurchwahl\b|доб\.?|(?<![^\W\d_])x\.?|#|转|轉|分机|分機|内线|內線)"
    r"\s*[.:：]?\s*([0-9]{1,7})\s*[)）]?\s*$",
    re.IGNORECASE,
)
_DASHED_EXTENSION = re.compile(r"(.*[0-9]{7,8})-([0-9]{1,6})")
_SEPARATOR = re.compile(r"[;,，；、|/\n\r\t]+|\s(?:or|and|und|oder|ou|y)\s|或|和|以及", re.IGNORECASE)
_DIGIT = re.compile(r"[0-9]")
_LETTERS = re.compile(r"[^\W\d_]+")
_FEWEST = 7  # digits of a number that can stand beside another one


class Written(NamedTuple):
    """A phone number as written: its text, its extension, and whether letters stand in it."""

    text: str
    extension: str | None = None
    letters: bool = False


def folded(raw: str) -> str:
    """Return the text with plain digits and without invisible characters, line breaks kept as separators."""
    said = text.lines(raw, 200).value or ""
    if said.isascii():
        return said
    said = text.ascii_width(said)
    return "".join(str(int(c)) if c.isdecimal() else c for c in said).replace("\uff0b", "+")


def unspoilt(said: str) -> str | None:
    """Return the number behind a spreadsheet's `13800138000.0` or full exponent; None when digits are lost."""
    whole = _FLOAT.fullmatch(said)
    if whole:
        return whole[1]
    exponent = _EXPONENT.fullmatch(said)
    if not exponent:
        return said
    digits, places = exponent[1] + (exponent[2] or ""), int(exponent[3])
    return digits if len(digits) == places + 1 else None


def pieces(said: str) -> list[str]:
    """Return the numbers in a field that each have enough digits; the whole text when there is only one."""
    found = [part.strip() for part in _SEPARATOR.split(said) if len(_DIGIT.findall(part)) >= _FEWEST]
    return found if len(found) > 1 else [said]


def spaced(said: str) -> list[str]:
    """Return the numbers of a field that only spaces part, such as two mobile numbers; empty when there is one."""
    found = [part for part in said.split() if len(_DIGIT.findall(part)) >= _FEWEST]
    return found if len(found) > 1 else []


def written(said: str) -> Written:
    """Return one number without its extension."""
    found = _EXTENSION.search(said)
    if found and len(_DIGIT.findall(said[: found.start()])) >= 3:
        said, extension = said[: found.start()], found[1]
    else:
        extension = None
    said = said.strip()
    if said.lower().startswith(("tel:", "callto:", "sms:")):
        said = said.partition(":")[2]
    return Written(said, extension, bool(_LETTERS.search(said)))


def without_letters(said: str) -> str:
    """Return the text without words, such as a label in front or `(office)` behind."""
    return _LETTERS.sub(" ", said)


def dashed_extension(said: str) -> tuple[str, str] | None:
    """Return number and extension of the Chinese `010-12345678-801`, None for anything else."""
    found = _DASHED_EXTENSION.fullmatch(said.strip())
    return (found[1], found[2]) if found else None


def digits(said: str) -> str:
    """Return the digits only."""
    return "".join(_DIGIT.findall(said))
