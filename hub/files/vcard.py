"""Reads vCards 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350), one card a row."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator, Sequence
from typing import Any

from hub.errors import BadInput
from hub.files.row import MAX_RECORD, Row, Table, unreadable
from hub.files.script import guess
from hub.files.text import DAMAGED, Encoding, Lines, LongLineError, codec
from hub.lead import Problem

_PROPERTY = re.compile(r"(?:[\w-]+\.)?([A-Za-z][\w-]*)((?:;[^:;\"]*(?:\"[^\"]*\"[^:;\"]*)*)*):(.*)", re.DOTALL)
_CHARSET = re.compile(r";CHARSET=\"?([^;:\"]+)", re.IGNORECASE)
_QUOTED = re.compile(r";(?:ENCODING=)?QUOTED-PRINTABLE(?=[;:]|$)", re.IGNORECASE)
_BINARY = frozenset(["PHOTO", "LOGO", "SOUND", "KEY"])
_PLAIN = {
    "FN": "full_name", "TITLE": "title", "URL": "website", "BDAY": "birthday", "NOTE": "notes", "LANG": "language",
    "NICKNAME": "nickname", "ROLE": "role", "UID": "uid", "REV": "rev", "KIND": "kind", "CATEGORIES": "categories",
    "X-WECHAT": "wechat", "X-WEIXIN": "wechat", "X-QQ": "qq",
}  # fmt: skip
_ADDRESS = ("street", "city", "region", "postcode", "country")
_SILENT = frozenset(
    ["VERSION", "PRODID", "X-ABLABEL", "X-ABADR", "SOURCE", "PROFILE", "SORT-STRING", "LABEL", *_BINARY]
)


def read(lines: Lines, encoding: Encoding) -> Table:
    """Return the table of a file of cards; a card that cannot be read is a row with a problem."""
    return Table(
        kind="vCard",
        rows=_rows(lines),
        note=f"cards, {encoding.name}",
        facts={"encoding": encoding.name, "how": encoding.how},
    )


def _rows(lines: Lines) -> Iterator[Row]:
    card: list[str] | None = None
    number = 0
    for line in _short(lines):
        word = line.strip().upper().replace(" ", "")
        if word == "BEGIN:VCARD":
            if card is not None:
                yield _unended(number, card)
            card, number = [], number + 1
        elif word == "END:VCARD" and card is not None:
            yield _row(number, card)
            card = None
        elif card is not None:
            card.append(line)
    if card is not None:
        yield _unended(number, card)
    if not number:
        raise BadInput("The file has no vCard in it. Nothing was read.")


def _short(lines: Lines) -> Iterator[str]:
    """Skip lines past 1 MiB characters: these are pictures."""
    while True:
        try:
            line = next(lines, None)
        except LongLineError:
            continue
        if line is None:
            return
        yield line


def _unended(number: int, card: Sequence[str]) -> Row:
    message = f"Card {number} has no END:VCARD; it could not be read. Correct the file there."
    return unreadable(number, "bad_card", message, "".join(card)[:2000])


def _row(number: int, card: Sequence[str]) -> Row:
    text = "".join(card)
    if len(text) > 8 * MAX_RECORD:
        return unreadable(number, "row_too_long", f"Card {number} is too long to be read.", text)
    try:
        data = fields(text)
    except BadInput as error:
        return unreadable(number, "bad_card", f"Card {number} could not be read: {error.reason}", text)
    if DAMAGED not in text:
        return Row(number, data)
    message = "Some bytes are not text in the file's encoding and show as \ufffd. Check the setting `encoding`."
    return Row(number, data, (Problem(field="row", code="damaged_text", message=message),))


def fields(text: str) -> dict[str, str]:
    """Return the fields of one card, named as lead fields where there is one; the second e-mail is `email_2`.

    Properties without a lead field keep their own name in lower case, pictures are left out.
    Raises BadInput for what is no card.
    """
    import vobject  # type: ignore[import-untyped, unused-ignore]  # takes 0.1 s to import, for few files

    plain = [line for line in _properties(text) if line]
    body = "\n".join(["BEGIN:VCARD", *plain, "END:VCARD"]) + "\n"
    try:
        card = vobject.readOne(body)
        found = {name: value for name, value in _pairs(card) if value}
    except Exception as error:  # vobject trips over odd cards in many ways
        raise BadInput(f"it is not a vCard ({type(error).__name__}).") from error
    if not found:
        raise BadInput("it is empty.")
    return found


def _properties(text: str) -> Iterator[str]:
    """Yield the card's properties: unfolded, decoded, without pictures and without what is no property."""
    for line in _unfolded(text):
        match = _PROPERTY.fullmatch(line)
        if match is None or match[1].upper() in (*_BINARY, "BEGIN", "END", "AGENT"):
            continue
        head = line[: match.start(3) - 1]
        if _QUOTED.search(head):
            charset = _CHARSET.search(head)
            value = _from_quoted(match[3], charset[1] if charset else None)
            line = f"{_QUOTED.sub('', _CHARSET.sub('', head))}:{value}"
        yield line


def _unfolded(text: str) -> Iterator[str]:
    whole: str | None = None
    soft = False
    for line in text.splitlines():
        if whole is not None and (soft or line[:1] in (" ", "\t")):
            whole += line if soft else line[1:]
        else:
            if whole is not None:
                yield whole
            whole = line.strip()
        soft = whole.endswith("=") and bool(_QUOTED.search(whole.partition(":")[0]))
        whole = whole.removesuffix("=") if soft else whole
    if whole is not None:
        yield whole


def _from_quoted(value: str, charset: str | None) -> str:
    raw = quopri.decodestring(value.encode("utf-8", "replace"))
    name = codec(charset) if charset else None
    try:
        decoded = raw.decode(name or "utf-8", "replace" if name else "strict")
    except UnicodeDecodeError:
        decoded = raw.decode(guess(raw), "replace")
    return decoded.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def _pairs(card: Any) -> Iterator[tuple[str, str]]:
    """Yield field and value of every property, the preferred of several e-mails and phones first."""
    for line in card.lines():
        name = line.name.upper()
        if name in _PLAIN:
            yield _PLAIN[name], _text(line.value)
        elif name == "N":
            yield from (("last_name", _text(line.value.family)), ("first_name", _text(line.value.given)))
            yield from (("middle_name", _text(line.value.additional)), ("salutation", _text(line.value.prefix)))
        elif name == "ORG":
            units = line.value if isinstance(line.value, list) else [line.value]
            yield from zip(("company", "department"), (units[0], " / ".join(filter(None, units[1:]))), strict=True)
        elif name not in _SILENT and name not in ("EMAIL", "TEL", "ADR"):
            yield name.lower(), _text(line.value)
    yield from _numbered("email", [_text(line.value) for line in _preferred(card, "email")])
    phones = _preferred(card, "tel")
    yield from _numbered("phone", [_text(line.value) for line in phones if "FAX" not in _types(line)])
    yield from _numbered("fax", [_text(line.value) for line in phones if "FAX" in _types(line)])
    for line in _preferred(card, "adr")[:1]:
        parts = (getattr(line.value, part, "") for part in ("street", "city", "region", "code", "country"))
        yield from zip(_ADDRESS, map(_text, parts), strict=True)


def _numbered(name: str, values: Sequence[str]) -> Iterator[tuple[str, str]]:
    unique = dict.fromkeys(value.removeprefix("tel:").removeprefix("mailto:").strip() for value in values)
    for position, value in enumerate(filter(None, unique), 1):
        yield (name if position == 1 else f"{name}_{position}"), value


def _preferred(card: Any, name: str) -> list[Any]:
    return sorted(card.contents.get(name, []), key=_rank)


def _rank(line: Any) -> tuple[int, int]:
    """Put preferred ones first, then mobile phones."""
    types = _types(line)
    preference = next(iter(line.params.get("PREF", [])), "100")
    rank = 1 if "PREF" in types else int(preference) if preference.isdecimal() and len(preference) < 4 else 100
    return rank, 0 if "CELL" in types else 1


def _types(line: Any) -> set[str]:
    stated = [*line.params.get("TYPE", []), *line.singletonparams]
    return {word.strip().upper() for words in stated for word in words.split(",")}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(filter(None, map(_text, value)))
    return str(value or "").replace("\0", "").strip()
