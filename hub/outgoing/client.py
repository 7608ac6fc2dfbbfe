"""The one HTTP client for everything outgoing: guarded, without redirects, proxies or .netrc."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.typedefs import StrOrURL
from httpx_aiohttp import AiohttpTransport
from yarl import URL

from hub.outgoing.addresses import HINT, Blocked, allowed
from hub.outgoing.names import Lookups
from hub.outgoing.sockets import trusting

Networks = Callable[[], Iterable[str]]
Trust = Callable[[], Mapping[str, Path]]
"""The certificates to trust instead of the system's, by host: a PEM file."""

_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")  # a name or IPv4, or IPv6 unscoped

LIMIT = 512  # connections in all
PER_HOST = 128
DNS_SECONDS = 5.0


class Refused(httpx.UnsupportedProtocol):
    """The address is not one that leadhub may call."""


class GuardedResolver(AbstractResolver):
    """Resolves a name once and hands over only addresses that may be reached; those are what is connected to."""

    def __init__(self, networks: Networks) -> None:
        self._networks, self._lookups = networks, Lookups()

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_UNSPEC) -> list[ResolveResult]:
        """Return the addresses of a host; raises Blocked when one of them may not be reached."""
        async with asyncio.timeout(DNS_SECONDS):
            found = await self._lookups.find(host, port, int(family))
        networks = tuple(self._networks())
        addresses: list[ResolveResult] = []
        for kind, _, proto, _, where in found:
            if not allowed(str(where[0]), networks):
                raise Blocked(f"blocked address: {host!r} is {where[0]}, which is not public. {HINT}")
            addresses.append(
                ResolveResult(
                    hostname=host, host=str(where[0]), port=int(where[1]), family=kind, proto=proto,
                    flags=socket.AI_NUMERICHOST,
                )
            )  # fmt: skip
        return addresses

    async def close(self) -> None:
        """Nothing to close."""


class _Guard(httpx.AsyncBaseTransport):
    """Checks the address of each request before the transport sees it."""

    def __init__(self, networks: Networks, trust: Trust) -> None:
        self._networks, self._trust = networks, trust
        self._inner: dict[Path | None, httpx.AsyncBaseTransport] = {}  # by the certificates it trusts

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        host = url.raw_host.decode("ascii")
        if url.scheme not in ("http", "https") or not _HOST.fullmatch(host) or url.userinfo or not _is_port(url.port):
            raise Refused(f"the address {str(url.copy_with(userinfo=b''))[:100]!r} is not a plain http(s) address")
        if _is_number(host) and not allowed(host, self._networks()):
            raise Refused(f"blocked address: {host} is not public. {HINT}")
        try:
            return await self._transport(host.lower()).handle_async_request(request)
        except httpx.TransportError as error:
            blocked = _blocked(error)
            if blocked is not None:
                raise Refused(str(blocked)) from error
            raise

    def _transport(self, host: str) -> httpx.AsyncBaseTransport:
        """Return the transport that trusts what is to be trusted for a host, and keeps its connections apart."""
        file = self._trust().get(host)
        found = self._inner.get(file)
        if found is None:
            found = self._inner[file] = _transport(self._networks, _context(file, host))
        return found

    async def aclose(self) -> None:
        for transport in self._inner.values():
            await transport.aclose()


def _context(file: Path | None, host: str) -> ssl.SSLContext:
    try:
        return trusting(file)
    except OSError as error:
        said = f"hub: trust: {file}, the certificates for {host}, cannot be read ({type(error).__name__})"
        raise Refused(f"{said}. Give the path of a PEM file") from error


def _transport(networks: Networks, context: ssl.SSLContext) -> httpx.AsyncBaseTransport:
    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=LIMIT, limit_per_host=PER_HOST, resolver=GuardedResolver(networks), use_dns_cache=False,
            keepalive_timeout=15, ssl=context,
        )  # fmt: skip
        made = aiohttp.ClientSession(
            connector=connector, auto_decompress=True, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
        )
        made._build_url = _as_written  # type: ignore[assignment, method-assign]
        return made

    return AiohttpTransport(verify=context, client=session)


def _as_written(url: StrOrURL) -> URL:
    """Return an address as httpx wrote it: aiohttp would write `%2F` in a query as `/`, and a signature covers it."""
    return URL(url, encoded=True) if isinstance(url, str) else url


def _blocked(error: BaseException) -> Blocked | None:
    """Return the refusal behind a connection error; aiohttp wraps what its resolver raises."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, Blocked):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def _is_number(host: str) -> bool:
    """Return whether aiohttp would take a host for an address and connect without asking the resolver."""
    return ":" in host or host.replace(".", "").isdigit()


def _is_port(port: int | None) -> bool:
    return port is None or 0 < port < 1 << 16


class _Forgetful(httpx.AsyncClient):
    """Takes no cookies: one client serves all destinations, and none learns what another said."""

    @property  # type: ignore[misc]
    def cookies(self) -> httpx.Cookies:
        """Return a jar that stays empty."""
        return _EMPTY


class _Sieve(httpx.Cookies):
    def extract_cookies(self, response: httpx.Response) -> None:
        """Take nothing."""


_EMPTY = _Sieve()


def make_client(networks: Networks = tuple, trust: Trust = dict) -> httpx.AsyncClient:
    """Return the client; `networks` are those the operator allows although they are not public."""
    return _Forgetful(
        transport=_Guard(networks, trust), follow_redirects=False, trust_env=False, timeout=30.0,
        headers={"user-agent": "leadhub", "accept": "*/*"},
    )  # fmt: skip
