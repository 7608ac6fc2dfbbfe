"""What browsers ask of whoever takes their forms: leave to post from a script, and a page to go to afterwards."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import Field

Site = Annotated[str, Field(pattern=r"^(\*|null|https?://[!-.0-~]+/?)$")]
"""The type of a setting that holds an origin such as `https://acme.com`, or `*` for all."""

WebPage = Annotated[str, Field(pattern=r"^https?://[!-~]+$")]
"""The type of a setting that holds the whole address of a page."""

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def listed(origin: str, sites: Collection[str]) -> bool:
    """Return whether an Origin header is one of the listed sites; a hint of who posts, never a proof."""
    return "*" in sites or origin.lower() in {site.rstrip("/").lower() for site in sites}


def cors(headers: Mapping[str, str], sites: Collection[str]) -> dict[str, str]:
    """Return the headers that let a script on a listed site post JSON and read the answer (Fetch standard, CORS)."""
    origin = headers.get("origin")
    if not origin or not listed(origin, sites):
        return {"vary": "Origin"}
    return {
        "vary": "Origin",
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type",
        "access-control-max-age": "600",
    }


def by_script(headers: Mapping[str, str]) -> bool:
    """Return whether a script waits for the answer; otherwise a person does, and needs a page."""
    mode = headers.get("sec-fetch-mode")
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if mode or content_type not in _FORMS:
        return mode != "navigate"
    return "application/json" in headers.get("accept", "") or "x-requested-with" in headers


def return_page(given: Any, pages: Sequence[str]) -> str | None:
    """Return where to send the browser: the given address when a listed page has it, else the first listed page.

    The address up to any `?` or `#` must be a listed one letter by letter, so that no trick with hosts, user names or
    backslashes leads elsewhere.
    """
    if isinstance(given, str) and _bare(given) in map(_bare, pages):
        return quote(given, safe="!#$%&'()*+,/:;=?@[]~", errors="replace")
    return pages[0] if pages else None


def _bare(address: str) -> str:
    return re.split("[?#]", address, maxsplit=1)[0]
