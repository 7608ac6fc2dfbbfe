"""Connecting a sink or source to a vendor by a person's consent: the page's address, then the code that it gave."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from pydantic import Field

from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.leads import Body
from hub.app import connect

router = APIRouter(prefix="/api", tags=["admin"], route_class=Masked)


class Ask(Body):
    """Where the vendor sends the person on to; the app is registered with this very address."""

    redirect: str = Field(max_length=2000, pattern=r"^https?://[^\s#]+$")


class Answer(Ask):
    """The address the vendor sent the person on to, and what `connect` gave for it."""

    answer: str = Field(max_length=8000)
    state: str = Field(min_length=16, max_length=200)
    verifier: str = Field(min_length=43, max_length=128)


@router.post("/connect/{name}", dependencies=[needs("owner")])
async def begin(hub: HubDep, name: str, body: Ask) -> dict[str, Any]:
    """Return the address of the vendor's consent page, and the state and verifier that the answer is checked by."""
    return asdict(connect.begin(hub, name, body.redirect))


@router.post("/connect/{name}/answer", dependencies=[needs("owner")])
async def finish(hub: HubDep, caller: CallerDep, name: str, body: Answer) -> dict[str, Any]:
    """Exchange the code of a consent for tokens, and keep them encrypted; they are never shown."""
    begun = connect.Begun(name, "", "", body.state, body.verifier, "")
    return await connect.finish(hub, begun, body.redirect, body.answer, caller.actor)
