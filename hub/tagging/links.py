"""Puts tags into the address of a page: what the address has already stays, hosts of any script are taken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, quote, unquote_plus, urlsplit, urlunsplit

import idna

from hub.errors import BadInput

LONGEST = 2_000
"""Characters of a link that every browser and every sheet of an ad platform takes."""

_KEPT = "!$&'()*+,;=:@/?%-._~"
_SCENE = re.compile(r"[0-9a-zA-Z!#$&'()*+,/:;=?@\-._~]{1,32}")
MOST_SCENE = 64


def tagged(page: str, tags: Mapping[str, str]) -> str:
    """Return the address of a page with these tags; raises BadInput for what is no web address.

    Other parameters and the fragment stay as they are; a tag that is there already is replaced.
    """
    parts = _page(page)
    old = [piece for piece in parts.query.split("&") if piece and _name(piece) not in tags]
    new = [f"{name}={quote(value, safe='')}" for name, value in tags.items() if value]
    link = urlunsplit(
        (parts.scheme.lower(), _host(parts), quote(parts.path, safe=_KEPT), "&".join([*old, *new]), parts.fragment)
    )
    if len(link) > LONGEST:
        raise BadInput(f"The link has {len(link)} characters; {LONGEST} are the most.", status=422)
    return link


def _page(page: str) -> SplitResult:
    text = page.strip()
    if not text:
        raise BadInput("Say which page it leads to.", status=422)
    if any(c.isspace() or not c.isprintable() or c in '\\<>"`' for c in text):
        raise BadInput("The address of the page has characters that no address has.", status=422)
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise BadInput("The address of the page cannot be read.", status=422) from error
    if parts.scheme.lower() not in ("http", "https"):
        raise BadInput("The address of the page begins with https:// or http://.", status=422)
    if not parts.hostname or parts.username is not None or parts.password is not None:
        raise BadInput("The address of the page needs a host, and no user name.", status=422)
    return parts._replace(query=quote(parts.query, safe=_KEPT), fragment=quote(parts.fragment, safe=_KEPT + "#"))


def _name(piece: str) -> str:
    return unquote_plus(piece.partition("=")[0])


def _host(parts: SplitResult) -> str:
    """Return the host as browsers send it: other scripts as Punycode (UTS 46)."""
    name = parts.hostname or ""
    try:
        port = parts.port
        host = name if name.isascii() else idna.encode(name, uts46=True).decode()
    except (ValueError, idna.IDNAError) as error:
        raise BadInput(f"The host {name[:100]!r} is none.", status=422) from error
    host = f"[{host}]" if ":" in host else host  # an address of IPv6
    if not re.fullmatch(r"[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\]", host):
        raise BadInput(f"The host {name[:100]!r} is none.", status=422)
    return host if port is None else f"{host}:{port}"


def scene(campaign: str) -> dict[str, bool]:
    """Return whether a campaign's name can be the scene value of a QR code of WeChat, by kind of code.

    A code of an official account takes 1 to 64 characters (scene_str), one of a mini program 32 without other scripts.
    https://developers.weixin.qq.com/doc/service/en/api/qrcode/qrcodes/api_createqrcode.html
    """
    return {
        "official_account": 1 <= len(campaign) <= MOST_SCENE,
        "mini_program": _SCENE.fullmatch(campaign) is not None,
    }
