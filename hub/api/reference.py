"""The OpenAPI document, for callers who may look, and for this machine; strangers do not learn what runs here."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request

from hub.api.access import Masked, caller_of, hub_of
from hub.api.address import caller_address, loopback

router = APIRouter(prefix="/api", include_in_schema=False, route_class=Masked)


async def _here_or_signed_in(request: Request) -> None:
    """Let this machine and everybody with a key or session through."""
    forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    if forwarded or not loopback(caller_address(request, hub_of(request).plan.settings.hub)):
        await caller_of(request)


_here_or_signed_in.role = "viewer"  # type: ignore[attr-defined]
_here_or_signed_in.right = None  # type: ignore[attr-defined]
_here_or_signed_in.why = "This machine needs no key for it."  # type: ignore[attr-defined]


@router.get("/openapi.json", dependencies=[Depends(_here_or_signed_in)])
async def openapi(request: Request) -> dict[str, Any]:
    """Return the OpenAPI document of the API."""
    found: dict[str, Any] = request.app.openapi()
    return found
