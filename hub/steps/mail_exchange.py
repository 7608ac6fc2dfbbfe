"""Asks the DNS whether a domain takes mail."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import dns.asyncresolver
import dns.exception
import dns.resolver

_SECONDS = 3.0

Answer = Literal["yes", "no", "unknown"]


async def takes_mail(domain: str, server: str | None = None) -> Answer:
    """Return whether mail to the domain has somewhere to go: an MX, or failing that an address (RFC 5321, section 5.1).

    A null MX (RFC 7505) and a domain that does not exist are a no; a name server that does not answer is unknown.
    `server` is ADDRESS or ADDRESS:PORT; None asks the system's.
    """
    try:
        resolver = _resolver(server)
        name = domain if domain.isascii() else domain.encode("idna").decode("ascii")
        answer = await resolver.resolve(name, "MX", search=False)
        return "yes" if any(record.exchange.to_text() != "." for record in answer) else "no"
    except dns.resolver.NXDOMAIN:
        return "no"
    except dns.resolver.NoAnswer:
        return await _has_address(resolver, name)
    except (dns.exception.DNSException, OSError, ValueError):
        return "unknown"


async def _has_address(resolver: dns.asyncresolver.Resolver, name: str) -> Answer:
    for kind in ("A", "AAAA"):
        try:
            await resolver.resolve(name, kind, search=False)
            return "yes"
        except dns.resolver.NoAnswer:
            continue
        except (dns.exception.DNSException, OSError):
            return "unknown"
    return "no"


@lru_cache(maxsize=8)
def _resolver(server: str | None) -> dns.asyncresolver.Resolver:
    """Return the resolver of a name server; it remembers answers for as long as they may be remembered."""
    resolver = dns.asyncresolver.Resolver(configure=server is None)
    if server is not None:
        address, colon, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "")
        resolver.nameservers = [address]
        resolver.port = int(port) if colon else 53
    resolver.cache = dns.resolver.LRUCache(10_000)
    resolver.lifetime = _SECONDS
    return resolver
