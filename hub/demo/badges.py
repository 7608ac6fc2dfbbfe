"""Writes what came back from the fair: two syncs of the badge scanners and a file of business cards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from hub.demo.entry import Entry, Truth
from hub.demo.plan import FAIR_ZONE
from hub.demo.tables import csv_bytes, line_numbers

FOLDER = "inbox/expo"
FIRST, SECOND, CARDS = f"{FOLDER}/scans.csv", f"{FOLDER}/scans-resync.csv", f"{FOLDER}/cards.vcf"
RESYNCED = 10
CARD_EVERY = 4  # one contact in four gave a card instead of being scanned

COLUMNS = ("Scan ID", "Scan Time", "Scanned By", "Device", "Badge", "Rating", "Notes")
_STAFF = ("li.wei", "ann.ng", "wang.fang")
_NEXT_DAY = timedelta(days=1)


def write(entries: Sequence[Entry], random: Random) -> tuple[dict[str, bytes], list[Truth]]:
    """Return the scanner files by path and the truth about every scan and card."""
    cards = entries[CARD_EVERY - 1 :: CARD_EVERY]
    scanned = [entry for entry in entries if entry not in cards]
    bare = [entry for entry in scanned if entry.kind == "unreachable"]
    again = [entry for entry in scanned if entry.kind == "lead"][::2][:RESYNCED]
    late = again[: RESYNCED // 2]  # scanned as a bare id; the organiser releases who it is after the fair
    first, second = [list(COLUMNS)], [list(COLUMNS)]
    marks: list[tuple[Entry, str, list[str]]] = []
    for number, entry in enumerate(scanned, start=10290):
        row = [f"scan-{number}", *_seen(entry, random), _badge(entry, number), str(random.randint(1, 5))]
        note = entry.get("message")
        opaque = entry in late or entry in bare
        first.append([*row[:4], f"A{number}" if opaque else row[4], row[5], note])
        if entry in again:
            second.append([*row, f"{note} | called on {_local(entry.at + _NEXT_DAY)}".strip(" |")])
        kind = "badge_id_only" if opaque else "mecard" if row[4].startswith("MECARD") else "vcard"
        more = [kind, "second_sync"] if entry in again else [kind]
        marks.append((entry, row[0], more))
    lines = line_numbers(first[1:], header=True, one_line=False)
    truths = [Truth.of(entry, key, FIRST, line, *more) for (entry, key, more), line in zip(marks, lines, strict=True)]
    files = {FIRST: csv_bytes(first, "utf-8-sig"), SECOND: csv_bytes(second, "utf-8-sig")}
    content, known = _cards(cards, random)
    return files | {CARDS: content}, truths + known


def vcard(entry: Entry, version: str, uid: str = "") -> str:
    """Return the entry as a vCard 2.1, 3.0 or 4.0 with CRLF line ends; long lines of 3.0 and 4.0 are folded."""
    put = _quoted_printable if version == "2.1" else _escaped
    typed = {"2.1": ";CELL", "3.0": ";TYPE=CELL", "4.0": ';TYPE="cell"'}[version]
    lines = ["BEGIN:VCARD", f"VERSION:{version}"]
    lines += [put("N", entry.get("last_name"), entry.get("first_name"), "", "", ""), put("FN", entry.get("full_name"))]
    for name, field in (("ORG", "company"), ("TITLE", "title"), (f"TEL{typed}", "phone"), ("EMAIL", "email")):
        if entry.get(field):
            lines.append(put(name, entry.get(field)))
    lines.append(
        put("ADR", "", "", "", entry.get("city"), entry.get("region"), entry.get("postcode"), entry.get("country"))
    )
    lines += [f"UID:{uid}"] if uid else []
    lines.append("END:VCARD")
    return "\r\n".join(line if version == "2.1" else _folded(line) for line in lines) + "\r\n"


def mecard(entry: Entry) -> str:
    """Return the entry as a MECARD, the short card that fits into a small QR code."""
    fields = [("N", f"{_mecard_text(entry.get('last_name'))},{_mecard_text(entry.get('first_name'))}")]
    pairs = (("TEL", "phone"), ("EMAIL", "email"), ("ORG", "company"), ("TITLE", "title"))
    fields += [(name, _mecard_text(entry.get(field))) for name, field in pairs if entry.get(field)]
    return "MECARD:" + "".join(f"{name}:{value};" for name, value in fields) + ";"


def _badge(entry: Entry, number: int) -> str:
    return mecard(entry) if number // 2 % 2 else vcard(entry, "3.0")


def _seen(entry: Entry, random: Random) -> list[str]:
    return [_local(entry.at), random.choice(_STAFF), f"scanner-{random.randint(1, 3)}"]


def _local(at: datetime) -> str:
    """Return a time as scanners write it: on the clock of the fair, without a zone."""
    return at.astimezone(FAIR_ZONE).strftime("%Y-%m-%d %H:%M:%S")


def _cards(entries: Sequence[Entry], random: Random) -> tuple[bytes, list[Truth]]:
    text, truths, line = "", [], 1
    for number, entry in enumerate(entries, start=1):
        uid = str(UUID(int=random.getrandbits(128), version=4))
        card = vcard(entry, ("2.1", "3.0", "4.0")[number % 3], uid)
        truths.append(Truth.of(entry, uid, CARDS, line, "vcard"))
        text += card
        line += card.count("\r\n")
    return text.encode(), truths


def _escaped(name: str, *parts: str) -> str:
    return f"{name}:" + ";".join(_vcard_text(part) for part in parts)


def _quoted_printable(name: str, *parts: str) -> str:
    """Return a vCard 2.1 property; texts past ASCII are quoted-printable with soft line breaks."""
    value = ";".join(part.replace(";", "\\;") for part in parts)
    if value.isascii() and value.isprintable():
        return f"{name}:{value}"
    letters = [chr(byte) if 32 <= byte < 127 and byte != 61 else f"={byte:02X}" for byte in value.encode()]
    rows = ["".join(letters[start : start + 24]) for start in range(0, len(letters), 24)]
    return f"{name};CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:" + "=\r\n".join(rows)


def _vcard_text(value: str) -> str:
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n")):
        value = value.replace(plain, escaped)
    return value


def _mecard_text(value: str) -> str:
    flat = " ".join(value.split())
    return "".join(f"\\{letter}" if letter in '\\;:,"' else letter for letter in flat)


def _folded(line: str) -> str:
    """Return a line folded so that none has more than 75 bytes, as RFC 6350 asks."""
    pieces = [""]
    for letter in line:
        if len((pieces[-1] + letter).encode()) > 74:
            pieces.append("")
        pieces[-1] += letter
    return "\r\n ".join(pieces)
