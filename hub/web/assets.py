"""The files pages load: our style and script, and two libraries that lie beside them; nothing comes from elsewhere."""

from __future__ import annotations

import hashlib
import mimetypes
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import Response

from hub.api.access import Masked, open_to_all
from hub.api.problems import ApiError

FOLDER = Path(__file__).parent / "static"

router = APIRouter(include_in_schema=False, route_class=Masked)


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    """Return every file by its name, with its kind."""
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file():
            kind = mimetypes.guess_type(path.name)[0] or "text/plain"
            found[path.name] = (path.read_bytes(), kind)
    return found


def address(name: str) -> str:
    """Return the address of a file; it changes with what is in it, so browsers may keep it for ever."""
    return f"/static/{_digest(name)}/{name}"


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(_files()[name][0]).hexdigest()[:12]


@router.get("/static/{digest}/{name}", dependencies=[open_to_all("Style and script hold nothing of anybody.")])
async def file(digest: str, name: str) -> Response:
    """Return a file."""
    if name not in _files():
        raise ApiError(404, f"There is no file {name[:64]!r}.")
    content, kind = _files()[name]
    keep = "public, max-age=31536000, immutable" if digest == _digest(name) else "no-store"
    return Response(content, media_type=kind, headers={"cache-control": keep, "x-content-type-options": "nosniff"})
