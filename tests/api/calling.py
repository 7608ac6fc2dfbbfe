"""Calls the API of a hub in this process, as somebody with a key of some role."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
from fastapi import FastAPI

from hub.api.access import ROLES
from hub.app import Hub
from hub.web.app import create_app
from hub.web.kept import Kept

KEY = "the-key-of-this-machine"


def calling(
    hub: Hub, key: str | bytes | None = KEY, address: str = "127.0.0.1", setup_token: str | None = None
) -> contextlib.AbstractAsyncContextManager[httpx.AsyncClient]:
    """Return a client of the hub's API that sends this key."""
    app = create_app(hub, local_key=KEY, setup_token=setup_token)
    app.state.kept = Kept(hub.clock, patience=30.0)  # also on a busy machine, pages show what they count
    return calling_app(app, key, address)


@contextlib.asynccontextmanager
async def calling_app(
    app: FastAPI, key: str | bytes | None, address: str = "127.0.0.1"
) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of an application that was built before, which takes a while."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 40_000))
    raw = key.encode() if isinstance(key, str) else key
    headers = {b"authorization": b"Bearer " + raw} if raw else {}
    async with httpx.AsyncClient(transport=transport, base_url="http://hub", headers=headers) as http:
        yield http


async def keys_of_all_roles(hub: Hub) -> dict[str, str]:
    """Return an API key for each role, made through the API; that of the role source is for the source website."""
    wanted: list[dict[str, str]] = [{"role": role} for role in ROLES]
    async with calling(hub) as http:
        return {
            said["role"]: (await http.post("/api/keys", json=said)).json()["key"]
            for said in (*wanted, {"role": "source", "source": "website"})
        }


def problem(answer: httpx.Response) -> dict[str, Any]:
    """Return the problem in an answer, after looking whether it is one (RFC 9457)."""
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert set(said) == {"type", "title", "status", "detail"}
    assert said["status"] == answer.status_code
    assert said["title"]
    assert said["detail"].endswith((".", "?"))
    return said
