"""Puts a mail together again out of what an inbound mail service took apart, so that it is read as any other."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote

from hub.inbound import Inbound

_NAME = re.compile(r"[!-9;-~]{1,100}")  # RFC 5322, section 2.2
_OWN = re.compile(r"content-|mime-version$", re.IGNORECASE)  # of the mail as it was put together before
_BOUNDARY = "leadhub-parts"  # no line of base64 starts with a hyphen, so it cannot stand in a part

Attachment = tuple[str, bytes]
"""The name and the content of an attachment; content that is not known is empty."""


def mail_of(
    headers: Iterable[tuple[str, str]], plain: str = "", html: str = "", attachments: Iterable[Attachment] = ()
) -> bytes:
    """Return a mail (RFC 5322) with these headers, in order, and these parts; headers of odd names are left out."""
    kept = [(name, " ".join(value.split())) for name, value in headers if _NAME.fullmatch(name)]
    lines = [f"{name}: {value}" for name, value in kept if not _OWN.match(name)]
    lines += ["MIME-Version: 1.0", f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"']
    parts = [
        _encoded(f"text/{kind}; charset=utf-8", text.encode("utf-8", "replace"))
        for kind, text in (("plain", plain), ("html", html))
        if text
    ]
    parts += [_attached(name, content) for name, content in attachments]
    body = "".join(f"--{_BOUNDARY}\r\n{part}\r\n" for part in parts)
    return "\r\n".join([*lines, "", f"{body}--{_BOUNDARY}--", ""]).encode("utf-8", "replace")


def address_line(email: str, name: str = "") -> str:
    """Return an address and the name beside it as a header has them."""
    shown = name.replace('"', "").replace("\\", "").strip()
    return f'"{shown}" <{email}>' if shown else email


def bytes_of(inbound: Inbound, field: str) -> bytes:
    """Return a form field as the bytes that came, whatever their charset; empty where there is none."""
    text = "".join(inbound.form().get(field, ())[:1])
    if "\ufffd" not in text:
        return text.encode("utf-8", "replace")
    return "".join(inbound.form("latin-1").get(field, ())[:1]).encode("latin-1", "replace")


def _attached(name: str, content: bytes) -> str:
    kind = "text/xml" if name.lower().endswith((".xml", ".adf")) else "application/octet-stream"
    shown = quote(name[:200], safe="", errors="replace")
    return _encoded(kind, content, f"Content-Disposition: attachment; filename*=UTF-8''{shown}\r\n")


def _encoded(kind: str, content: bytes, more: str = "") -> str:
    written = base64.encodebytes(content).decode().replace("\n", "\r\n")
    return f"Content-Type: {kind}\r\n{more}Content-Transfer-Encoding: base64\r\n\r\n{written}"
