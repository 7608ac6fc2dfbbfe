"""`/in/{source}` as a plain Starlette route: reads within limits, then asks the door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from hub.api.address import client_of
from hub.api.problems import ApiError, problem
from hub.api.sender import check_sender
from hub.app import Hub
from hub.errors import Unverified
from hub.failpoints import hit
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
    except Limit as limit:
        return _problem(limit)
    peer = request.client.host if request.client else ""
    client = client_of(peer, headers.get("x-forwarded-for", ""), hub.plan.settings.hub)
    if not hub.door.crowd.enter(client, hub.plan.settings.hub.per_client):
        reply = hub.door.turn_away(request.path_params["source"])
        return Response(reply.body, reply.status, {**reply.headers, "connection": "close"})
    try:
        return await _received(request, headers, client, hub)
    finally:
        hub.door.crowd.leave(client)


async def _received(request: Request, headers: dict[str, str], client: str, hub: Hub) -> Response:
    try:
        await check_sender(request, headers.get("authorization", ""), client, hub)
        inbound = await _inbound(request, headers, client, hub)
    except Limit as limit:
        return _problem(limit)
    except ApiError as error:
        return problem(error.status, error.detail, {"connection": "close"})
    except ClientDisconnect:
        return Response(status_code=400)
    hit("intake.read")
    reply = await hub.door.receive(request.path_params["source"], inbound)
    return Response(reply.body, reply.status, dict(reply.headers))


async def _inbound(request: Request, headers: dict[str, str], client: str, hub: Hub) -> Inbound:
    """Return the whole request, read within the limits; raises Limit."""
    body = await _body(request, headers, hub.plan.settings.hub.max_body)
    return Inbound(
        method=request.method, url=_public_url(request.scope, headers, hub), headers=headers, query=_query(request),
        body=body, received_at=hub.clock.now(), client=client,
    )  # fmt: skip


async def feedback(request: Request) -> Response:
    """Answer a request to `/feedback/{sink}`: a letter about what became of leads."""
    hub: Hub = request.app.state.hub
    try:
        headers = _headers(request)
        peer = request.client.host if request.client else ""
        client = client_of(peer, headers.get("x-forwarded-for", ""), hub.plan.settings.hub)
        reply = await hub.hearing.receive(request.path_params["sink"], await _inbound(request, headers, client, hub))
    except Limit as limit:
        return _problem(limit)
    except Unverified as error:
        hub.door.count_unproven(request.path_params["sink"])
        return problem(401, error.reason)
    except LookupError:
        return problem(404, "No sink of this name takes feedback here. Look at the sink's page in the docs.")
    except ClientDisconnect:
        return Response(status_code=400)
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
    if "key" in scope["path_params"]:  # it has done its work, and is kept nowhere
        path = path.rpartition(b"/")[0]
    query = scope["query_string"]
    return f"{base}{path.decode('latin-1')}{'?' if query else ''}{query.decode('latin-1')}"


def _problem(limit: Limit) -> Response:
    body = {"type": "about:blank", "title": "Refused", "status": limit.status, "detail": limit.reason}
    headers = {"content-type": "application/problem+json", "connection": "close"}
    return Response(orjson.dumps(body), limit.status, headers)
