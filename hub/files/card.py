"""Reads what a badge or a business card's QR code holds: vCard, MECARD or BIZCARD."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from hub.errors import BadInput
from hub.files import vcard
from hub.files.row import Row, Table, unreadable
from hub.files.text import Encoding, Lines, LongLineError

MAX_CARD = 16_384  # characters; a QR code holds 2,953 bytes

_FIELD = re.compile(r"((?:[^\\;]|\\.)*);?", re.DOTALL)
_MECARD: Mapping[str, str] = {
    "N": "full_name", "TEL": "phone", "TEL-AV": "phone", "EMAIL": "email", "ORG": "company", "TITLE": "title",
    "TIL": "title", "URL": "website", "NOTE": "notes", "BDAY": "birthday", "NICKNAME": "nickname", "SOUND": "reading",
    "DIV": "department", "COM": "company",
}  # fmt: skip
_BIZCARD: Mapping[str, str] = {
    "N": "first_name", "X": "last_name", "T": "title", "C": "company", "A": "street", "B": "phone", "M": "phone",
    "F": "fax", "E": "email", "D": "department", "U": "website",
}  # fmt: skip
_MECARD_ADDRESS = ("box", "room", "street", "city", "region", "postcode", "country")


def is_card(text: str) -> bool:
    """Return whether a text looks like a vCard, MECARD or BIZCARD."""
    return text.lstrip("\ufeff \t\r\n")[:11].upper().startswith(("BEGIN:VCARD", "MECARD:", "BIZCARD:"))


def card_fields(text: str) -> dict[str, str]:
    """Return the fields in the text of a badge, named as lead fields; raises BadInput for what is no card.

    vCard as in RFC 2426 and RFC 6350; MECARD and BIZCARD as described by the ZXing project.
    """
    text = text.strip("\ufeff \t\r\n")
    start = text[:11].upper()
    if len(text) > MAX_CARD and not start.startswith("BEGIN:VCARD"):
        raise BadInput(f"The card is longer than {MAX_CARD:,} characters.")
    if start.startswith("MECARD:"):
        found = dict(_numbered(_mecard(text[7:])))
    elif start.startswith("BIZCARD:"):
        found = dict(_numbered((_BIZCARD.get(name, name.lower()), _plain(value)) for name, value in _parts(text[8:])))
    elif start.startswith("BEGIN:VCARD"):
        return vcard.fields(text if "\n" in text or "\r" in text else text.replace("\\r", "").replace("\\n", "\n"))
    else:
        raise BadInput("The text is no vCard, MECARD or BIZCARD.")
    if not found:
        raise BadInput("The card is empty.")
    return found


def read(lines: Lines, encoding: Encoding) -> Table:
    """Return the table of a file with one MECARD or BIZCARD a line."""
    return Table(
        kind="cards",
        rows=_rows(lines),
        note=f"one card a line, {encoding.name}",
        facts={"encoding": encoding.name, "how": encoding.how},
    )


def _rows(lines: Lines) -> Iterator[Row]:
    while True:
        try:
            line = next(lines, None)
            if line is None:
                return
            if line.strip():
                yield Row(lines.number, card_fields(line))
        except BadInput as error:
            message = f"Line {lines.number} could not be read: {error.reason}"
            yield unreadable(lines.number, "bad_card", message, line or "")
        except LongLineError as long:
            message = f"Line {lines.number} is too long to be read."
            yield unreadable(lines.number, "row_too_long", message, str(long))


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield the fields as name and value, the value with its escapes."""
    for field in _FIELD.findall(text):
        name, colon, value = field.partition(":")
        if colon and value.strip():
            yield name.strip().upper(), value


def _mecard(text: str) -> Iterator[tuple[str, str]]:
    for name, value in _parts(text):
        pieces = _commas(value)
        if name == "N" and len(pieces) > 1:
            yield from (("last_name", pieces[0]), ("first_name", " ".join(filter(None, pieces[1:]))))
        elif name == "ADR" and len(pieces) == len(_MECARD_ADDRESS):
            yield from zip(_MECARD_ADDRESS, pieces, strict=True)
        elif name == "ADR":
            yield "street", ", ".join(filter(None, pieces))
        else:
            yield _MECARD.get(name, name.lower()), _plain(value)


def _numbered(pairs: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Name the second e-mail `email_2`, and leave out what is empty."""
    counts: dict[str, int] = {}
    for name, value in pairs:
        if value:
            counts[name] = counts.get(name, 0) + 1
            yield (name if counts[name] == 1 else f"{name}_{counts[name]}"), value


def _commas(value: str) -> list[str]:
    """Part at commas that are not escaped."""
    return [_plain(piece) for piece in re.findall(r"((?:[^\\,]|\\.)*),?", value, re.DOTALL)[:-1]] or [_plain(value)]


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL).replace("\0", "").strip()
