"""What this leadhub is: version, licences, the database and its size, language and time zone; and who was erased."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter
from sqlalchemy import text
from sqlmodel import Session

from hub.api.access import HubDep, Masked, needs
from hub.api.leads import After, Limit, listed
from hub.app import Hub
from hub.app.watching import own_version
from hub.store import listing
from hub.store.migrations import head

router = APIRouter(prefix="/api", tags=["operate"], route_class=Masked)

LICENCE = "Apache-2.0"


@router.get("/about", dependencies=[needs("viewer")])
async def about(hub: HubDep) -> dict[str, Any]:
    """Say which leadhub this is, and what it keeps its data in."""
    settings = hub.plan.settings.hub
    return {
        "name": settings.name, "version": own_version(), "licence": LICENCE, "schema": head(),
        "database": "SQLite" if hub.db.sqlite else "PostgreSQL", "bytes": await _size(hub),
        "language": settings.language, "time_zone": settings.time_zone, "region": settings.region,
        "public_url": settings.public_url, "revision": hub.plan.revision,
    }  # fmt: skip


async def _size(hub: Hub) -> int:
    if not hub.db.sqlite:
        return await hub.db.read(_server_size)
    path = Path(str(hub.db.url.database))
    return sum(one.stat().st_size for one in (path, Path(f"{path}-wal")) if one.exists())


def _server_size(*, session: Session) -> int:
    return int(session.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


@router.get("/erasures", dependencies=[needs("admin")])
async def erasures(hub: HubDep, limit: Limit = 50, after: After = None) -> dict[str, Any]:
    """List the erasures, newest first; each has a certificate."""
    return listed(*await hub.db.read(listing.page, "erasure", {}, limit=limit, after=after))
