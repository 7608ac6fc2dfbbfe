"""The enrichers that ask nobody: what an e-mail address and a phone number say by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.lead import Lead
from hub.normal.email import domain_of
from hub.normal.mailboxes import is_disposable, is_free
from hub.normal.phone import carrier_of, is_portable, region_of
from hub.normal.tables import words
from hub.step import Context, enricher

_SECOND_LEVEL = words(
    """
    ac asn co com edu gen go gob gouv gov gv id ltd me mil ne net nom or org plc sch web
    """
)


@enricher("email_domain")
def email_domain(lead: Lead, _ctx: Context) -> Mapping[str, Any]:
    """Guess the company from the e-mail domain, and say in `email_free` whether the mailbox is a free one."""
    domain = domain_of(lead.email)
    if domain is None:
        return {}
    free = is_free(domain)
    if free or is_disposable(domain):
        return {"email_free": free}
    return {"email_free": False, "company": company_guess(domain)}


@enricher("phone_region")
def phone_region(lead: Lead, _ctx: Context) -> Mapping[str, Any]:
    """Take the country from the phone number, and put `phone_region` and `phone_carrier` into extra."""
    if not lead.phone:
        return {}
    value = lead.values.get("phone")
    region = (value.parts.get("region") if value else None) or region_of(lead.phone)
    carrier = None if is_portable(region) else carrier_of(lead.phone)
    found = {"country": region, "phone_region": region, "phone_carrier": carrier}
    return {name: value for name, value in found.items() if value}


def company_guess(domain: str) -> str | None:
    """Return the name a company's domain hints at: `acme-tools.com.cn` gives `Acme Tools`."""
    labels = domain.split(".")
    if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL:
        labels = labels[:-1]
    if len(labels) < 2:
        return None
    names = labels[-2].replace("_", "-").split("-")
    return " ".join(name[:1].upper() + name[1:] for name in names if name) or None
