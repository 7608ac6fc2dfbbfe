"""What people may ask of their data: to be forgotten, a copy, a consent taken back; and what retention does."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from hub.api.access import CallerDep, HubDep, Masked, needs
from hub.api.leads import Body
from hub.api.problems import ApiError
from hub.app import Hub
from hub.privacy.dossier import as_csv
from hub.store import listing
from hub.store.types import dumps

router = APIRouter(prefix="/api", tags=["privacy"], route_class=Masked)

Channel = Literal["", "email", "phone", "sms", "wechat"]


class Person(Body):
    """Whom to erase: an e-mail address, a phone number, or any key of theirs."""

    email: str | None = Field(None, max_length=320)
    phone: str | None = Field(None, max_length=100)
    key: str | None = Field(None, max_length=320)
    dry_run: bool = False


class Returning(Body):
    """Who may come back: a key of theirs, or the erasure."""

    email: str | None = Field(None, max_length=320)
    phone: str | None = Field(None, max_length=100)
    key: str | None = Field(None, max_length=320)


class Wanted(Body):
    """Whose data is written out, and how."""

    key: str = Field(max_length=320)
    format: Literal["json", "csv"] = "json"


class Withdrawal(Body):
    """What is taken back; an empty channel or recipient means all."""

    channel: Channel = ""
    recipient: str = Field("", max_length=63)


class Consent(Withdrawal):
    """What a person agreed to, in which words."""

    wording: str = Field(min_length=1, max_length=20_000)


class Hold(Body):
    """Why a lead may not be deleted."""

    reason: str = Field(min_length=1, max_length=500)


def _named(body: Person | Returning) -> dict[str, str | None]:
    if not body.email and not body.phone and not body.key:
        raise ApiError(422, "Name an e-mail address, a phone number, or another key of the person.")
    return {"email": body.email, "phone": body.phone, "key": body.key}


@router.post("/erase", dependencies=[needs("owner")])
async def erase(hub: HubDep, caller: CallerDep, body: Person) -> dict[str, Any]:
    """Erase a person everywhere and answer the certificate; with `dry_run`, say what would go."""
    return await hub.privacy.erase(**_named(body), by=caller.actor, dry_run=body.dry_run)


@router.get("/erasures/{erasure}", dependencies=[needs("admin")])
async def certificate(hub: HubDep, erasure: str) -> dict[str, Any]:
    """Show the certificate of an erasure, as it stands now."""
    found = await hub.privacy.eraser.certificate(erasure)
    if not found:
        raise ApiError(404, f"There is no erasure {erasure[:64]!r}.")
    return found


@router.post("/unerase", dependencies=[needs("owner")])
async def unerase(hub: HubDep, caller: CallerDep, body: Returning) -> dict[str, list[str]]:
    """Let an erased person come back, by their own will."""
    lifted = await hub.privacy.returns.unerase(caller.actor, **_named(body))
    if not lifted:
        raise ApiError(404, "Nobody with that key was erased.")
    return {"lifted": lifted}


@router.post("/people/export", dependencies=[needs("admin", right="export")])
async def copy(hub: HubDep, caller: CallerDep, body: Wanted) -> Response:
    """Write out everything that is known of one person."""
    found = await hub.privacy.export(body.key, caller.actor)
    if not found["leads"] and not found["submissions"]:
        raise ApiError(404, "Nobody with that key is here.")
    if body.format == "csv":
        return Response(as_csv(found), media_type="text/csv; charset=utf-8")
    return Response(dumps(found), media_type="application/json")


async def _lead(hub: Hub, text: str) -> str:
    found = await hub.db.read(listing.lookup, text)
    if not found:
        raise ApiError(404, f"There is no lead {text[:64]!r}.")
    return found[0]


@router.get("/leads/{lead}/consents", dependencies=[needs("operator")])
async def consents(hub: HubDep, lead: str) -> dict[str, Any]:
    """List what a person said about being contacted, oldest first."""
    return {"items": await hub.privacy.consents.records(await _lead(hub, lead)), "next": None}


@router.post("/leads/{lead}/consents", dependencies=[needs("operator")])
async def give(hub: HubDep, caller: CallerDep, lead: str, body: Consent) -> dict[str, Any]:
    """Note a consent that came some other way."""
    id_ = await _lead(hub, lead)
    said = {"channel": body.channel, "recipient": body.recipient, "wording": body.wording}
    return await hub.privacy.consents.give(id_, **said, by=caller.actor)


@router.post("/leads/{lead}/withdraw", dependencies=[needs("operator")])
async def withdraw(hub: HubDep, caller: CallerDep, lead: str, body: Withdrawal) -> dict[str, Any]:
    """Take a consent back; what waits to be sent is stopped."""
    id_ = await _lead(hub, lead)
    return await hub.privacy.consents.withdraw(id_, channel=body.channel, recipient=body.recipient, by=caller.actor)


@router.post("/leads/{lead}/unsubscribe-link", dependencies=[needs("operator")])
async def link(hub: HubDep, lead: str, body: Withdrawal) -> dict[str, str]:
    """Make the link by which the person takes the consent back."""
    token = hub.privacy.consents.link(await _lead(hub, lead), body.channel)
    base = (hub.plan.settings.hub.public_url or "").rstrip("/")
    return {"token": token, "url": f"{base}/unsubscribe/{token}"}


@router.post("/leads/{lead}/hold", dependencies=[needs("admin")])
async def hold(hub: HubDep, caller: CallerDep, lead: str, body: Hold) -> dict[str, Any]:
    """Keep a lead from retention, and its consent records whole, for a legal reason."""
    id_ = await _lead(hub, lead)
    return {"lead": id_, "held": True, "new": await hub.privacy.consents.hold(id_, body.reason, caller.actor)}


@router.delete("/leads/{lead}/hold", dependencies=[needs("admin")])
async def release(hub: HubDep, caller: CallerDep, lead: str) -> dict[str, Any]:
    """Lift the legal hold of a lead."""
    id_ = await _lead(hub, lead)
    if not await hub.privacy.consents.release(id_, caller.actor):
        raise ApiError(404, f"The lead {id_} is not held.")
    return {"lead": id_, "held": False}


@router.get("/retention", dependencies=[needs("admin")])
async def retention(hub: HubDep) -> dict[str, Any]:
    """Say, for each rule, how much has reached its age, and how much of it would go now."""
    return {"items": await hub.privacy.retention.preview(), "next": None}


@router.post("/retention", dependencies=[needs("owner")])
async def purge(hub: HubDep, caller: CallerDep) -> dict[str, int]:
    """Delete what has reached its age, as every night."""
    return await hub.privacy.retention.purge(caller.actor)
