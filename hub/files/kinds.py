"""Tells what a file is by its first bytes, whatever its name says, and refuses by name what is not read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO, Literal

from hub.errors import BadInput

TextKind = Literal["delimited", "json", "vcard", "cards"]

HEAD = 4096
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_SAVE_AS = "Open it in a spreadsheet program and save it as CSV (UTF-8) or XLSX."
_UNPACK = "Unpack it and hand in what is inside."

_REFUSED: Mapping[bytes, str] = {
    b"\x09\x08\x10\x00": f"an old Excel workbook (.xls). {_SAVE_AS}",
    b"\x09\x04\x06\x00": f"an old Excel workbook (.xls). {_SAVE_AS}",
    b"%PDF": "a PDF. Export the leads as CSV or XLSX.",
    b"{\\rtf": f"an RTF document. {_SAVE_AS}",
    b"\x1f\x8b": f"a gzip archive. {_UNPACK}",
    b"BZh": f"a bzip2 archive. {_UNPACK}",
    b"\xfd7zXZ": f"an xz archive. {_UNPACK}",
    b"7z\xbc\xaf": f"a 7z archive. {_UNPACK}",
    b"Rar!": f"a RAR archive. {_UNPACK}",
    b"PK\x05\x06": "an empty zip archive. Hand in the file that should be inside.",
    b"PAR1": "a Parquet file. Export the leads as CSV or XLSX.",
    b"SQLite format 3": "a SQLite database. Export the leads as CSV or XLSX.",
    b"-----BEGIN PGP": "an encrypted file (PGP). Decrypt it first.",
    b"\x89PNG": "an image. Type the lead in, or scan the card with an app that exports vCard.",
    b"\xff\xd8\xff": "an image. Type the lead in, or scan the card with an app that exports vCard.",
    b"GIF8": "an image. Type the lead in, or scan the card with an app that exports vCard.",
    b"\x7fELF": "a program. It is not read.",
}


def is_workbook(file: BinaryIO) -> bool:
    """Return whether the file is a zip archive, as XLSX is; raises BadInput naming what is never read."""
    file.seek(0)
    head = file.read(HEAD)
    if not head:
        raise BadInput("The file is empty: it has 0 bytes. Export it again.")
    if head.startswith(OLE):
        raise BadInput(f"The file is {_ole(file)}")
    for magic, what in _REFUSED.items():
        if head.startswith(magic):
            raise BadInput(f"The file is {what}")
    return head.startswith(b"PK\x03\x04")


def text_kind(head: str) -> TextKind:
    """Return how a text of which this is the start is written; raises BadInput for web pages and binaries."""
    start = head.lstrip("\ufeff \t\r\n\0")
    lower = start[:200].lower()
    if not start:
        raise BadInput("The file is empty: it has no text. Export it again.")
    if lower.startswith(("<!doctype html", "<html", "<head", "<meta", "<table", "<body", "<div")):
        raise BadInput(f"The file is a web page (HTML), whatever its name says. {_SAVE_AS}")
    if lower.startswith(("<?xml", "<!doctype", "<workbook", "<?mso")):
        raise BadInput(f"The file is XML, whatever its name says. {_SAVE_AS}")
    controls = sum(c < " " and c not in "\t\r\n\0\x0b\x0c\x1a\x1b\x1d\x1e" for c in head)
    if controls * 50 > len(head):
        raise BadInput("The file is neither text nor a workbook. Export the leads as CSV (UTF-8) or XLSX.")
    if lower.startswith("begin:vcard"):
        return "vcard"
    if lower.startswith(("mecard:", "bizcard:")):
        return "cards"
    return "json" if _opens_json(start) else "delimited"


def _opens_json(start: str) -> bool:
    after = start[1:].lstrip()[:1]
    return (start[0] == "{" and after in ('"', "}")) or (start[0] == "[" and after in ("{", "]", "[", '"'))


def _ole(file: BinaryIO) -> str:
    file.seek(0)
    start = file.read(1 << 20)
    if "EncryptedPackage".encode("utf-16-le") in start:
        return "a workbook with a password. Save it without one."
    return f"an old Excel workbook (.xls), whatever its name says. {_SAVE_AS}"
