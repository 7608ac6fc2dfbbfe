"""`/in/{source}` as a plain Starlette route: reads within limits, then asks the door."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from hub.app import Hub
from hub.inbound import Inbound

MAX_HEADERS = 200
MAX_HEADER_BYTES = 32 << 10
MAX_QUERY = 100
METHODS = ["GET", "POST", "OPTIONS", "HEAD", "PUT", "PATCH", "DELETE"]


class Limit(Exception):
    """A limit of the intake was passed."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


async def intake(request: Request) -> Response:
    """Answer a request to `/in/{source}`."""
    hub: Hub = request.app.state.hub
    try:
        headers = _headers(request)
        body = await _body(request, headers, hub.plan.settings.hub.max_body)
        query = _query(request)
    except Limit as limit:
        return _problem(limit)
    except ClientDisconnect:
        return Response(status_code=400)
    inbound = Inbound(
        method=request.method, url=_public_url(request.scope, headers, hub), headers=headers, query=query, body=body,
        received_at=hub.clock.now(), client=_client(request, headers, hub),
    )  # fmt: skip
    reply = await hub.door.receive(request.path_params["source"], inbound)
    return Response(reply.body, reply.status, dict(reply.headers))


def _headers(request: Request) -> dict[str, str]:
    raw = request.headers.raw
    if len(raw) > MAX_HEADERS or sum(len(k) + len(v) for k, v in raw) > MAX_HEADER_BYTES:
        raise Limit(431, f"More than {MAX_HEADERS} headers or {MAX_HEADER_BYTES >> 10} KiB of them.")
    headers: dict[str, str] = {}
    for key, value in raw:
        name = key.decode("latin-1")
        text = value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers


def _query(request: Request) -> dict[str, str]:
    if not request.scope["query_string"]:
        return {}
    pairs = request.query_params.multi_items()
    if len(pairs) > MAX_QUERY:
        raise Limit(400, f"More than {MAX_QUERY} query parameters.")
    return dict(pairs)


async def _body(request: Request, headers: dict[str, str], limit: int) -> bytes:
    """Read the body, refusing it as soon as it is too long; nothing is kept of it then. The server ends slow ones."""
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Limit(415, "Compressed bodies are not taken. Send it without Content-Encoding.")
    if headers.get("transfer-encoding", "chunked").lower() != "chunked":
        raise Limit(501, "The only Transfer-Encoding taken is chunked.")
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise Limit(413, f"The body is larger than {limit} bytes.")
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise Limit(413, f"The body is larger than {limit} bytes.")
        chunks.append(chunk)
    return b"".join(chunks)


def _public_url(scope: Mapping[str, Any], headers: dict[str, str], hub: Hub) -> str:
    """Return the address as the sender called it, which some vendors sign."""
    base = hub.plan.settings.hub.public_url
    if base:
        base = base.rstrip("/")
    else:
        host = headers.get("host") or ":".join(map(str, scope.get("server") or ()))
        base = f"{scope['scheme']}://{host}"
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"]
    return f"{base}{path.decode('latin-1')}{'?' if query else ''}{query.decode('latin-1')}"


def _client(request: Request, headers: dict[str, str], hub: Hub) -> str:
    """Return the sender's address; X-Forwarded-For is believed from trusted proxies only."""
    peer = request.client.host if request.client else ""
    proxies = _networks(hub.plan.settings.hub.trusted_proxies)
    if not proxies or not peer:
        return peer
    chain = [part.strip() for part in headers.get("x-forwarded-for", "").split(",") if part.strip()]
    for address in (peer, *reversed(chain)):
        try:
            known = any(ip_address(address) in network for network in proxies)
        except ValueError:
            return peer
        if not known:
            return address
    return peer


@lru_cache(maxsize=8)
def _networks(listed: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(network, strict=False) for network in listed)


def _problem(limit: Limit) -> Response:
    body = {"type": "about:blank", "title": "Refused", "status": limit.status, "detail": limit.reason}
    headers = {"content-type": "application/problem+json", "connection": "close"}
    return Response(orjson.dumps(body), limit.status, headers)
