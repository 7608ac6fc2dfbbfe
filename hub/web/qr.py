"""QR codes as data that a template draws: no HTML, no address that would carry what is in them."""

from __future__ import annotations

from typing import TypedDict

import segno


class Drawn(TypedDict):
    """A square of so many modules, quiet zone included, and the path that fills the dark ones."""

    size: int
    path: str


QUIET = 4


def drawn(text: str) -> Drawn:
    """Return the QR code of a text, with error correction of at least 15 %."""
    code = segno.make(text, error="m", micro=False)
    dark = [
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(code.matrix_iter(border=QUIET))
        for x, module in enumerate(row)
        if module
    ]
    return {"size": int(code.symbol_size(border=QUIET)[0]), "path": "".join(dark)}
