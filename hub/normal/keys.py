"""Makes the keys a lead is recognised by: exact ones, and blocking ones that only suggest a look."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from hub.lead import Lead
from hub.normal import company, names
from hub.normal.email import domain_of
from hub.normal.phone import SHARED_TYPES
from hub.normal.verdicts import NOTHING

_LONGEST = 200
_LAST_OF_PHONE = 4
_TAIL = 8


class Keys(NamedTuple):
    """The keys of one lead: exact ones belong to one lead only, blocking ones to many."""

    exact: tuple[str, ...]
    blocking: tuple[str, ...]


def keys(lead: Lead, source: str, platform_lead_id: str | None = None, phone_digits: str = "") -> Keys:
    """Return the keys of a normalized lead of that source; a test lead's never meet a real one's.

    `phone_digits` are the digits of a phone field whose country is not known. Exact kinds are `email`, `phone` (with
    `;ext=`), `wechat`, `external:SOURCE` and `platform:SOURCE`; blocking ones start with `block:`.
    """
    prefix = "test:" if lead.test else ""
    exact = _contacts(lead) + _ids(lead, source, platform_lead_id)
    blocking = _blocking(lead, phone_digits)
    return Keys(tuple([_short(prefix + key) for key in exact]), tuple([_short(prefix + key) for key in blocking]))


def of_all(parts: Iterable[Lead]) -> frozenset[str]:
    """Return every key that these leads give, each as one submission says it by itself."""
    found = [keys(one, one.source, one.touch.platform_lead_id) for one in parts]
    return frozenset(key for one in found for key in (*one.exact, *one.blocking))


def _parts(lead: Lead, field: str) -> Mapping[str, Any]:
    value = lead.values.get(field)
    return value.parts if value is not None else NOTHING


def _valid(lead: Lead, field: str) -> bool:
    value = lead.values.get(field)
    return value is not None and value.valid is True


def _contacts(lead: Lead) -> list[str]:
    found = []
    if lead.email and _valid(lead, "email"):
        found.append(f"email:{_parts(lead, 'email')['key']}")
    if lead.phone and _valid(lead, "phone"):
        parts = _parts(lead, "phone")
        if parts["type"] not in SHARED_TYPES:
            found.append(
                f"phone:{lead.phone};ext={parts['extension']}" if parts["extension"] else f"phone:{lead.phone}"
            )
    if lead.wechat and _valid(lead, "wechat"):
        found.append(f"wechat:{_parts(lead, 'wechat')['key']}")
    return found


def _ids(lead: Lead, source: str, platform_lead_id: str | None) -> list[str]:
    found = []
    if lead.external_id:
        found.append(f"external:{source}:{lead.external_id}")
    if platform_lead_id:
        found.append(f"platform:{source}:{platform_lead_id}")
    return found


def _blocking(lead: Lead, phone_digits: str) -> list[str]:
    name = names.key(lead.full_name, lead.first_name, lead.last_name)
    family = names.family(lead.full_name, lead.last_name)
    firm = company.match_key(lead.company) if lead.company else ""
    digits = (lead.phone or "")[1:] or phone_digits
    found = []
    if name and firm:
        found.append(f"block:name+company:{name}|{firm}")
    if name and (domain := _own_domain(lead)):
        found.append(f"block:name+domain:{name}|{domain}")
    if name and len(digits) >= _TAIL:
        found.append(f"block:name+phone:{name}|{digits[-_LAST_OF_PHONE:]}")
    if firm and family:
        found.append(f"block:company+family:{firm}|{family}")
    if len(digits) >= _TAIL:
        found.append(f"block:phone:{digits[-_TAIL:]}")
    return found


def _own_domain(lead: Lead) -> str | None:
    """Return the domain of the person's company, from the e-mail address unless it is free, else from the website."""
    parts = _parts(lead, "email")
    if lead.email and not (parts.get("free") or parts.get("disposable")):
        return domain_of(lead.email)
    return _parts(lead, "website").get("domain")


def _short(key: str) -> str:
    """Return a key that an index takes; a long one ends in its hash."""
    if len(key) <= _LONGEST:
        return key
    return f"{key[: _LONGEST - 41]}~{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:40]}"


def account_of(lead: Lead) -> dict[str, str]:
    """Return what a lead's company is known by: its `domain` and the `firm` key of its name; none of a test lead."""
    if lead.test:
        return {}
    found = {"domain": _own_domain(lead), "firm": company.match_key(lead.company) if lead.company else None}
    return {name: _short(value) for name, value in found.items() if value}
