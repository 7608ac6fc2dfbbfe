"""Cleans web addresses and IP addresses; only http and https count as web."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from hub.normal import text
from hub.normal.verdicts import EMPTY, Cleaned

_LONGEST = 2_048
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?![0-9]{1,5}(?:/|$))")
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})+\.?")


@lru_cache(maxsize=8_000)
def website(raw: str) -> Cleaned:
    """Return the address as given when it is http, https or a bare host; part `domain` is its host without `www.`."""
    shown = text.line(raw, _LONGEST)
    if shown.value is None:
        return shown
    said = text.ascii_width(shown.value).lstrip("/")
    scheme = _SCHEME.match(said)
    if scheme and scheme[1].lower() not in ("http", "https"):
        return Cleaned(None, False, EMPTY.parts, (*shown.codes, "website_unsafe"))
    domain = host_of(said if scheme else f"//{said}")
    if domain is None or " " in said or "\\" in said or len(raw) > _LONGEST:
        return Cleaned(None, False, EMPTY.parts, (*shown.codes, "website_invalid"))
    return Cleaned(said, True, {"domain": domain.removeprefix("www.")}, shown.codes)


def host_of(url: str) -> str | None:
    """Return the host of an address in lower case; None when it has no usable one, or hides it behind a user name."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.username is not None or parts.port == 0:
            return None
    except ValueError:
        return None
    return host.rstrip(".") if _HOST.fullmatch(host) else None


def ip(raw: str) -> Cleaned:
    """Return an IP address in its short form, without port or zone."""
    said = text.line(raw, 100).value
    if said is None:
        return EMPTY
    bare = said.partition(",")[0].strip()  # X-Forwarded-For lists the client first
    bare = bare[1:].partition("]")[0] if bare.startswith("[") else bare.partition("%")[0]
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return Cleaned(str(ip_address(bare)), True)
    except ValueError:
        return Cleaned(None, False, EMPTY.parts, ("ip_invalid",))
