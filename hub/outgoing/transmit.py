"""Sends one outgoing request, and tells apart what was never sent from what may have arrived."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import aiohttp
import httpx

from hub import failpoints
from hub.errors import Misconfigured, Retry, Unclear, Unreached
from hub.fields import to_json
from hub.http import Request, Response
from hub.strictjson import clean

MAX_RESPONSE = 1 << 20
TRACE: ContextVar[Mapping[str, str] | None] = ContextVar("trace", default=None)
"""The headers that name the trace what is sent now belongs to (W3C Trace Context); None while traces are off."""

CERTIFICATE_WAIT = 600.0  # a person has to renew a certificate; asking every few seconds helps nobody

_DEFAULTS = {"User-Agent": "leadhub", "Accept": "*/*", "Accept-Encoding": "identity"}  # identity: no bombs
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_UNCONNECTED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_NOBODY_THERE = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH)
_UNCALLABLE = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, aiohttp.InvalidURL)


async def transmit(
    request: Request, headers: Mapping[str, str], http: httpx.AsyncClient, timeout: float = 30.0
) -> Response:
    """Send one absolute request and return its answer, cut at 1 MiB; redirects are not followed.

    The whole exchange ends after 1.5 times `timeout` seconds. Raises Retry when no connection was made, Unclear when
    bytes may have reached the other side, Misconfigured when the address cannot be called.
    """
    try:
        async with asyncio.timeout(timeout * 1.5):
            return await _transmit(request, headers, http, timeout)
    except _UNCALLABLE as error:
        raise Misconfigured(f"the address cannot be called: {_without_address(error)}") from error
    except _UNSENT as error:
        raise _no_connection(error) from error
    except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:  # OSError has TimeoutError, the deadline above
        raise Unclear(f"no answer after sending: {type(error).__name__}.") from error


async def _transmit(request: Request, headers: Mapping[str, str], http: httpx.AsyncClient, timeout: float) -> Response:
    trace = TRACE.get()
    if trace is not None:
        headers = {**trace, **headers}
    limits = httpx.Timeout(timeout, connect=min(timeout, 5.0), pool=min(timeout, 10.0))
    sent = httpx.Request(  # made here rather than by the client, whose merging of defaults costs as much as sending
        request.method,
        _url(clean(request.url)),
        headers=_header_text(headers, request),
        params=clean(dict(request.params)) or None,
        data=clean(dict(request.form)) if request.form is not None else None,
        content=request.content if request.json is None else to_json(request.json),
        extensions={"timeout": limits.as_dict()},
    )
    if failpoints.on():
        sent = _in_halves(sent)
    answer = await http.send(sent, stream=True, follow_redirects=False)
    try:
        body = await _body(answer)
        failpoints.hit("deliver.answered")
        return Response(answer.status_code, _received(answer), body)
    finally:
        await answer.aclose()


def _in_halves(request: httpx.Request) -> httpx.Request:
    """Return the same request with a body that stops at the failpoints of sending."""
    halves = failpoints.in_halves(request.content)
    return httpx.Request(
        request.method, request.url, headers=request.headers, content=halves, extensions=request.extensions
    )


@lru_cache(maxsize=1_000)  # most sinks have one address
def _url(text: str) -> httpx.URL:
    url = httpx.URL(text)
    if not url.host:
        raise httpx.UnsupportedProtocol("it names no host")
    return url


def _received(answer: httpx.Response) -> dict[str, str]:
    """Return the headers by lower-case name, out of the raw ones: decoding them one by one costs more than sending."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in answer.headers.raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


async def _body(answer: httpx.Response) -> bytes:
    """Read the body up to the limit; when it breaks off, a status that is trouble anyway still counts."""
    body = bytearray()
    try:
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) >= MAX_RESPONSE:
                break
    except (httpx.HTTPError, aiohttp.ClientError, OSError):
        if answer.status_code < 300:
            raise
    return bytes(body[:MAX_RESPONSE])


def _header_text(headers: Mapping[str, str], request: Request) -> dict[str, str]:
    """Make every header sendable: one line of ASCII; the server judges what an odd secret is worth."""
    known = {name.lower() for name in headers}
    said = {name: value for name, value in _DEFAULTS.items() if name.lower() not in known}
    if request.json is not None and "content-type" not in known:
        said["Content-Type"] = "application/json"
    for name, value in headers.items():
        said[name] = " ".join(value.encode("ascii", "replace").decode().replace("\0", " ").splitlines()).strip()
    return said


def _no_connection(error: Any) -> Retry | Unclear:
    """Tell a failed connection from one that broke later: the aiohttp transport reports both as the former."""
    cause = error.__cause__
    if isinstance(cause, aiohttp.ClientConnectionError) and not isinstance(cause, _UNCONNECTED):
        return Unclear(f"the connection broke after sending: {type(cause).__name__}.")
    words = f"no connection: {str(error)[:200] or type(error).__name__}."
    if isinstance(cause, aiohttp.ClientConnectorError) and cause.os_error.errno in _NOBODY_THERE:
        return Unreached(words)
    return Retry(words, after=CERTIFICATE_WAIT if "CERTIFICATE_VERIFY_FAILED" in words else None)


def _without_address(error: Exception) -> str:
    """Return what an error says, unless aiohttp's words quote the whole address, which may be a secret."""
    quotes = isinstance(error, aiohttp.InvalidURL) or isinstance(error.__cause__, aiohttp.ClientError)
    return type(error).__name__ if quotes else str(error)[:300]
