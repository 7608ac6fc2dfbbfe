"""The audit log: read page by page, and held against its seals and anchors."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from hub.api.access import HubDep, Masked, needs
from hub.api.leads import After, Limit, listed
from hub.store import listing

router = APIRouter(prefix="/api", tags=["admin"], route_class=Masked)


@router.get("/audit", dependencies=[needs("admin")])
async def entries(
    hub: HubDep, limit: Limit = 50, after: After = None, what: str | None = None, who: str | None = None,
    target: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """List who did what, newest first."""
    where = {k: v for k, v in {"what": what, "who": who, "target": target}.items() if v is not None}
    return listed(*await hub.db.read(listing.page, "audit", where, limit=limit, after=after))


@router.get("/audit/verify", dependencies=[needs("admin")])
async def verify(hub: HubDep) -> dict[str, Any]:
    """Walk the whole audit log and say where it was tampered with."""
    report = await hub.auditor.verify()
    return {
        "whole": not report.broken, "entries": report.entries, "anchors": report.anchors, "head": report.head,
        "broken": report.broken,
    }  # fmt: skip
