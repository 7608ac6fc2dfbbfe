"""Sends leads the way vendors do: payloads and signatures, the same for the same ids and times; one module a vendor."""

from __future__ import annotations

import hmac
import importlib
import json
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, NamedTuple

import httpx

from hub.lead import TOUCH_FIELDS

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}

Fields = Mapping[str, Any]


class Sent(NamedTuple):
    """What a vendor posts; `query` is added to the address."""

    headers: dict[str, str]
    body: bytes
    query: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Job:
    """One lead to send: `key` is the vendor's id of it, `at` when it was submitted, `url` where it is posted.

    `fields` have the hub's names; those of a touch go where the vendor puts tracking, unknown ones are questions.
    """

    fields: Fields
    key: str
    at: datetime
    secret: str | None = None
    url: str = "https://hub.example.com/in/source"
    options: Fields = field(default_factory=dict)


def names() -> list[str]:
    """Return the connectors whose vendor can be played as a sender; each module of this folder is one."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def payload(
    vendor: str,
    fields: Fields,
    *,
    key: str,
    at: datetime,
    secret: str | None = None,
    url: str = "https://hub.example.com/in/source",
    **options: Any,
) -> Sent:
    """Return what that vendor posts for this lead; raises LookupError for one there is no sender of.

    A vendor's module says which options it takes.
    """
    made: Sent = _module(vendor).payload(Job(fields, key, at.astimezone(UTC), secret, url, options))
    return made


def kept(vendor: str, fields: Fields, *, key: str, at: datetime, **options: Any) -> tuple[str, dict[str, Any]] | None:
    """Return what the vendor keeps for a second call, and under which name in the sandbox; None: nothing."""
    module = _module(vendor)
    if not hasattr(module, "kept"):
        return None
    secret, url = options.pop("secret", None), options.pop("url", "")
    found: tuple[str, dict[str, Any]] = module.kept(Job(fields, key, at, secret, url, options))
    return found


async def post(
    vendor: str,
    url: str,
    fields: Fields,
    *,
    key: str,
    at: datetime,
    http: httpx.AsyncClient,
    secret: str | None = None,
    sandbox: str | None = None,
    **options: Any,
) -> httpx.Response:
    """Send the lead to a hub's intake address and return its answer.

    With a sandbox's address, what the vendor keeps for a second call can be read there from before the webhook on.
    """
    held = kept(vendor, fields, key=key, at=at, secret=secret, url=url, **options)
    if sandbox is not None and held is not None:
        seeds = {"items": [held[1]]}
        (await http.post(f"{sandbox}/_sandbox/records", params={"vendor": held[0]}, json=seeds)).raise_for_status()
    headers, body, query = payload(vendor, fields, key=key, at=at, secret=secret, url=url, **options)
    return await http.post(url, headers=headers, content=body, params=query or None)


def _module(vendor: str) -> ModuleType:
    known = names()
    if vendor not in known:
        raise LookupError(f"There is no sender {vendor!r}; there are {', '.join(known)}.")
    return importlib.import_module(f"{__name__}.{vendor}")


def texts(value: Any) -> list[str]:
    """Return a value, or each of several, as text."""
    values = value if isinstance(value, list) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in values]


def lines(fields: Fields, *known: str) -> str:
    """Return what a person would write into a chat: each field on a line of its own, but those the chat knows."""
    return "\n".join(", ".join(texts(value)) for name, value in fields.items() if name not in (*known, *TOUCH_FIELDS))


def digest(secret: str | None, body: bytes) -> bytes:
    """Return the HMAC-SHA256 of a body."""
    return hmac.digest((secret or "").encode(), body, "sha256")


def iso(at: datetime) -> str:
    """Return a time in UTC, with Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def compact(value: Any) -> bytes:
    """Return JSON without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
