"""QR codes of links, as files."""

from __future__ import annotations

import io
from typing import Literal

import segno

SCALE = 12
"""Pixels of one module of a PNG: enough for print at hand's width."""


def qr(link: str, kind: Literal["svg", "png"]) -> bytes:
    """Return the QR code of a link on white, with its quiet zone; up to 15 % of it may be dirty (level M)."""
    out = io.BytesIO()
    segno.make(link, error="m", micro=False).save(out, kind=kind, scale=SCALE, border=4, light="#fff")
    return out.getvalue()
