"""Cuts what a lead is found by into words, and what people type into the words they look for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from hub.normal.tables import words as table

LONGEST = 24  # characters of a word; what is longer is found by how it begins
MOST = 64  # words of one lead
ASKED = 12  # words of one question that count
TYPED = 200  # characters of a question that count
FEW_DIGITS = 4  # from here on digits may be a part of a phone number

Question = tuple[tuple[str, ...], ...]
"""What is looked for: of each tuple one text must be how a word of the lead begins."""

_HAN = "\u3005\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
_PIECES = re.compile(f"[{_HAN}]+|[^\\W_{_HAN}]+")
_PLAIN = re.compile(r"[a-z0-9]+")
_HAN_FIRST = re.compile(f"[{_HAN}]")
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_HIRAGANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_UMLAUT = re.compile("[äöüåø]")
_NUMBER = re.compile(r"(?:\+|00)?[\d\s().\-/]+")
_ADDRESS = re.compile(r"^(?:[a-z]+://)?(?:www\.)?")
_ENDINGS = table("com net org cn de at ch eu uk us fr it es nl be pl cz jp kr tw hk sg in au ca br io co info biz")


def words_of(name: str | None, company: str | None, email: str | None, phone: str | None) -> frozenset[str]:
    """Return the words under which a lead is found; a number stands there from its beginning and from its end."""
    found: set[str] = set()
    for text in (name, company):
        if text:
            found.update(_words(text))
    if email:
        local, _, domain = email.rpartition("@")
        found.update(_words(f"{local} {domain.rpartition('.')[0]}"))
    if phone and (digits := "".join(filter(str.isdecimal, phone))):
        found.update((f"+{digits}"[:LONGEST], f"~{digits[::-1]}"[:LONGEST]))
    return frozenset(found) if len(found) <= MOST else frozenset(sorted(found)[:MOST])


def question_of(typed: str, code: str = "") -> Question:
    """Return what a typed text looks for; `code` is the country code that people here leave out of phone numbers."""
    said = unicodedata.normalize("NFKC", typed[:TYPED]).strip().casefold()
    if _NUMBER.fullmatch(said) and sum(map(str.isdecimal, said)) >= FEW_DIGITS:
        return (_number(said, code),)
    found = [one for chunk in said.split() for one in _asked(chunk, code)]
    return tuple(dict.fromkeys(found))[:ASKED]


def matches(question: Question, words: Iterable[str]) -> bool:
    """Return whether a lead with these words is what was looked for."""
    known = tuple(words)
    return all(any(word.startswith(one) for word in known) for one in question)


def _words(text: str) -> Iterator[str]:
    """Yield the words of a text, folded; of Chinese, Japanese and Korean every two characters, and the last one."""
    if text.isascii():
        for plain in _PLAIN.findall(text.lower()):
            yield plain[:LONGEST]
        return
    whole = unicodedata.normalize("NFKC", text).casefold()
    spellings = [whole, whole.translate(_UMLAUTS)] if _UMLAUT.search(whole) else [whole]
    for piece in (piece for spelling in spellings for piece in _PIECES.findall(_folded(spelling))):
        if _HAN_FIRST.match(piece):
            yield from (piece[at : at + 2] for at in range(len(piece)))
        else:
            yield piece[:LONGEST]


def _folded(text: str) -> str:
    """Return a text in lower case without accents; Hangul and voiced kana stay whole."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFD", text)
    bare = "".join([char for char in apart if not "\u0300" <= char <= "\u036f"])
    return unicodedata.normalize("NFC", bare).translate(_LETTERS).translate(_HIRAGANA)


def _asked(chunk: str, code: str) -> Iterator[tuple[str, ...]]:
    """Yield what one chunk between blanks looks for."""
    if "@" in chunk:
        local, _, domain = chunk.rpartition("@")
        chunk = f"{local} {domain.rpartition('.')[0] or domain}"
    elif "." in chunk:
        chunk = _ADDRESS.sub("", chunk)
        chunk = chunk.rpartition(".")[0] if chunk.rpartition(".")[2] in _ENDINGS else chunk
    spellings = dict.fromkeys((_folded(chunk), _folded(chunk.translate(_UMLAUTS))))
    for several in zip(*(_PIECES.findall(spelling) for spelling in spellings), strict=False):
        piece = several[0]
        if _HAN_FIRST.match(piece):
            yield from ((piece[at : at + 2],) for at in range(max(1, len(piece) - 1)))
        elif piece.isdecimal() and len(piece) >= FEW_DIGITS:
            yield _number(piece, code)
        else:
            yield tuple(dict.fromkeys(one[:LONGEST] for one in several))


def _number(said: str, code: str) -> tuple[str, ...]:
    """Return how words of a lead with such a number begin: the whole number, its end, its beginning at home."""
    digits = "".join(filter(str.isdecimal, said.replace("(0)", "")))
    if said.startswith(("+", "00")):
        return (f"+{digits.removeprefix('00') if said.startswith('00') else digits}"[:LONGEST],)
    bare = digits.lstrip("0") or digits
    home = (f"+{code}{bare}"[:LONGEST],) if code else ()
    return tuple(dict.fromkeys((digits[:LONGEST], f"+{digits}"[:LONGEST], f"~{bare[::-1]}"[:LONGEST], *home)))
