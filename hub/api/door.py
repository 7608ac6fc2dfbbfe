"""`/in/{source}` as a plain Starlette route: reads within limits, then asks the door."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address, ip_network

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from hub.app import Hub
from hub.inbound import Inbound

BODY_SECONDS = 30.0
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
        body = await _body(request, hub.plan.settings.hub.max_body)
        query = _query(request)
    except Limit as limit:
        return _problem(limit)
    except ClientDisconnect:
        return Response(status_code=400)
    inbound = Inbound(
        method=request.method, url=_public_url(request, hub), headers=headers, query=query, body=body,
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
    pairs = request.query_params.multi_items()
    if len(pairs) > MAX_QUERY:
        raise Limit(400, f"More than {MAX_QUERY} query parameters.")
    return dict(pairs)


async def _body(request: Request, limit: int) -> bytes:
    """Read the body, refusing it as soon as it is too long or too slow; nothing is kept of it then."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Limit(415, "Compressed bodies are not taken. Send it without Content-Encoding.")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise Limit(413, f"The body is larger than {limit} bytes.")
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise Limit(413, f"The body is larger than {limit} bytes.")
                chunks.append(chunk)
    except TimeoutError:
        raise Limit(408, f"The body took longer than {BODY_SECONDS:g} seconds.") from None
    return b"".join(chunks)


def _public_url(request: Request, hub: Hub) -> str:
    """Return the address as the sender called it, which some vendors sign."""
    base = hub.plan.settings.hub.public_url
    if not base:
        return str(request.url)
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{base.rstrip('/')}{request.url.path}{query}"


def _client(request: Request, headers: dict[str, str], hub: Hub) -> str:
    """Return the sender's address; X-Forwarded-For is believed from trusted proxies only."""
    peer = request.client.host if request.client else ""
    proxies = [ip_network(n, strict=False) for n in hub.plan.settings.hub.trusted_proxies]
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


def _problem(limit: Limit) -> Response:
    body = {"type": "about:blank", "title": "Refused", "status": limit.status, "detail": limit.reason}
    headers = {"content-type": "application/problem+json", "connection": "close"}
    return Response(orjson.dumps(body), limit.status, headers)
