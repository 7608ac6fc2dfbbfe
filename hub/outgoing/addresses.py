"""Which addresses outgoing requests may reach: public ones, and those the operator lists."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

HINT = "List its network under hub: allow_networks, if that is meant."


class Blocked(OSError):
    """A name stands for an address that may not be reached."""


_REFUSED = tuple(
    ip_network(n)
    for n in (
        "192.0.0.0/24",  # protocol assignments, which older Pythons call public in part
        "192.88.99.0/24",  # 6to4 relays
        "::/96",  # IPv4-compatible carries an IPv4 address inside
        "::ffff:0:0:0/96",  # IPv4-translated, likewise
        "64:ff9b::/96",  # NAT64, likewise
        "64:ff9b:1::/48",
        "2002::/16",  # 6to4, likewise
        "2001::/32",  # Teredo, likewise
        "fec0::/10",  # site-local
        "5f00::/16",  # segment routing
    )
)
"""What `is_global` calls public and is not (IANA special-purpose registries)."""


def allowed(text: str, networks: Iterable[str] = ()) -> bool:
    """Return whether an IP address may be connected to."""
    return _allowed(text, tuple(networks))


@lru_cache(maxsize=1_000)  # an address is checked on every request to it
def _allowed(text: str, networks: tuple[str, ...]) -> bool:
    try:
        address: Address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    listed = [ip_network(n, strict=False) for n in networks]
    if any(address in n for n in listed if n.version == address.version):
        return True
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    if inner is not None:
        return _allowed(str(inner), networks)
    if not address.is_global or address.is_multicast:
        return False
    return not any(address in n for n in _REFUSED if isinstance(n, IPv6Network) == isinstance(address, IPv6Address))
