"""Backups of the database into the workspace: made, listed, checked; put back by the command alone."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field, SecretStr

from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.leads import Body, listed
from hub.api.problems import ApiError

router = APIRouter(prefix="/api", tags=["admin"], route_class=Masked)

SHORTEST = 12


class Passphrase(Body):
    """What a backup is encrypted with; it is kept nowhere, and without it nobody reads the backup."""

    passphrase: SecretStr | None = Field(None, max_length=1000)

    @property
    def plain(self) -> str | None:
        """Return it."""
        return self.passphrase.get_secret_value() or None if self.passphrase else None


@router.get("/backups", dependencies=[needs("owner")])
async def backups(hub: HubDep) -> dict[str, Any]:
    """List the backups in the workspace's folder `backups`, the newest first, and what is under way."""
    work = hub.backups.work
    doing = {"what": work.what, "name": work.name, "since": work.since} if work else None
    return {**listed(await hub.backups.listed(), None), "doing": doing}


@router.post("/backups", dependencies=[needs("owner")])
async def make(hub: HubDep, caller: CallerDep, body: Passphrase) -> dict[str, Any]:
    """Copy the database into a new file while the hub runs; with a passphrase, encrypted (AES-256-GCM, scrypt)."""
    return await hub.backups.make(long_enough(body.plain), caller.actor)


def long_enough(passphrase: str | None) -> str | None:
    """Return a passphrase; raises ApiError for one that can be guessed."""
    if passphrase is not None and len(passphrase) < SHORTEST:
        raise ApiError(422, f"passphrase: at least {SHORTEST} characters. Several words in a row are good.")
    return passphrase


@router.post("/backups/{backup}/check", dependencies=[needs("owner")])
async def check(hub: HubDep, caller: CallerDep, backup: str, body: Passphrase | None = None) -> dict[str, Any]:
    """Read a backup to its end, and say whether it is sound; an encrypted one needs its passphrase."""
    return await hub.backups.check(backup, body.plain if body else None, caller.actor)
