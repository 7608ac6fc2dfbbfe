"""Where a request comes from and how it was made, when proxies stand between; only listed ones are believed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from hub.settings import HubSettings


def client_of(peer: str, forwarded: str, settings: HubSettings) -> str:
    """Return the sender's address; `forwarded` (X-Forwarded-For) is believed from trusted proxies only."""
    proxies = _networks(settings.trusted_proxies)
    if not proxies or not peer:
        return peer
    chain = [part.strip() for part in forwarded.split(",") if part.strip()]
    for address in (peer, *reversed(chain)):
        try:
            known = any(ip_address(address) in network for network in proxies)
        except ValueError:
            return peer
        if not known:
            return address
    return peer


def caller_address(request: HTTPConnection, settings: HubSettings) -> str:
    """Return the address of whoever calls the API or a page."""
    forwarded = ", ".join(request.headers.getlist("x-forwarded-for"))
    return client_of(request.client.host if request.client else "", forwarded, settings)


def over_tls(request: HTTPConnection, settings: HubSettings) -> bool:
    """Return whether the browser speaks TLS, here or with a trusted proxy before us."""
    if request.url.scheme in ("https", "wss"):
        return True
    peer = request.client.host if request.client else ""
    if not _trusted(peer, settings.trusted_proxies):
        return False
    said = request.headers.get("x-forwarded-proto", "")
    if said:
        return said.rpartition(",")[2].strip().lower() == "https"
    public = urlsplit(settings.public_url or "")
    return public.scheme == "https" and public.netloc == request.headers.get("host", "")


def same_origin(headers: Mapping[str, str], settings: HubSettings) -> bool | None:
    """Return whether a browser says that one of our own pages made the request; None when it says nothing of it.

    `Sec-Fetch-Site` is sent over TLS and on this machine, `Origin` with every form and every script's write.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    if origin is None:
        return None
    public = urlsplit(settings.public_url or "")
    ours = f"{public.scheme}://{public.netloc}" if public.netloc else ""
    host = headers.get("host", "")
    return bool(host) and (origin == ours or origin in (f"http://{host}", f"https://{host}"))


def loopback(address: str) -> bool:
    """Return whether an address is this machine's own."""
    try:
        return ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return address == "localhost"


def _trusted(address: str, listed: tuple[str, ...]) -> bool:
    try:
        return any(ip_address(address) in network for network in _networks(listed))
    except ValueError:
        return False


@lru_cache(maxsize=8)
def _networks(listed: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(network, strict=False) for network in listed)
