"""Finds out whom an operator means by an e-mail address, a phone number, a WeChat id or a lead's id."""

from __future__ import annotations

import re

from sqlmodel import Session

from hub.errors import BadInput
from hub.normal import email as emails
from hub.normal import phone as phones
from hub.plan import Plan
from hub.store import erasure
from hub.store import leads as lead_store
from hub.store.erasure import Person

_NUMBER = re.compile(r"[+(]?[\d\s().+-]{5,}")


def person_of(plan: Plan, *, email: str | None = None, phone: str | None = None, key: str | None = None) -> Person:
    """Return whom these words mean; raises BadInput for a number that cannot be read.

    `key` may be any of them: an e-mail address, a number, a lead's id, else a WeChat id.
    """
    if key:
        said = key.strip()
        if said.startswith("lead_"):
            return Person(leads=frozenset([said]))
        if "@" in said:
            email = said
        elif _NUMBER.fullmatch(said):
            phone = said
        else:
            return Person(_both([f"wechat:{said.casefold()}"]))
    keys, number = [], None
    if email:
        keys.append(f"email:{emails.match_key(email)}")
    if phone:
        number = _number(phone, plan.settings.hub.region)
        keys.append(f"phone:{number}")
    return Person(_both(keys), frozenset([email] if email else []), frozenset([number] if number else []))


def _number(phone: str, region: str | None) -> str:
    number = phones.phone(phone, (region,) if region else ()).value
    if number is None:
        raise BadInput("The phone number cannot be read. Write it with its country code, as +14155550100.", 422)
    return str(number)


def _both(keys: list[str]) -> frozenset[str]:
    return frozenset((*keys, *(f"test:{key}" for key in keys)))


def known(person: Person, *, session: Session) -> Person:
    """Return a person with the leads that are theirs and everything those are known by."""
    open_ones = lead_store.load(person.leads, session=session)
    asked = Person(person.keys, person.emails, person.phones, person.leads | {lead.id for lead in open_ones.values()})
    return erasure.widened(asked, erasure.leads_of(asked, session=session), session=session)
