"""Calls the API of a hub in this process, as somebody with a key of some role."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx

from hub.api.access import ROLES
from hub.app import Hub
from hub.web.app import create_app

KEY = "the-key-of-this-machine"


@contextlib.asynccontextmanager
async def calling(hub: Hub, key: str | bytes | None = KEY) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of the hub's API that sends this key."""
    app = create_app(hub, local_key=KEY)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    raw = key.encode() if isinstance(key, str) else key
    headers = {b"authorization": b"Bearer " + raw} if raw else {}
    async with httpx.AsyncClient(transport=transport, base_url="http://hub", headers=headers) as http:
        yield http


async def keys_of_all_roles(hub: Hub) -> dict[str, str]:
    """Return an API key for each role, made through the API."""
    async with calling(hub) as http:
        return {role: (await http.post("/api/keys", json={"role": role})).json()["key"] for role in ROLES}


def problem(answer: httpx.Response) -> dict[str, Any]:
    """Return the problem in an answer, after looking whether it is one (RFC 9457)."""
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert set(said) == {"type", "title", "status", "detail"}
    assert said["status"] == answer.status_code
    assert said["title"]
    assert said["detail"].endswith((".", "?"))
    return said
