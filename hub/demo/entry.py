"""One appearance of a person in a source, before it is written the way that source writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from hub.demo.people import INTERESTS, Person

SOURCES: Mapping[str, str] = {
    "website": "web_form",
    "partners": "json_webhook",
    "product": "standard_webhooks",
    "survey": "typeform",
    "facebook": "meta_lead_ads",
    "google": "google_ads_form",
    "lists": "list_file",
    "expo": "badge_file",
    "mailbox": "imap_mail",
}
"""The demo's sources and the connector of each."""

Kind = Literal["lead", "spam", "test", "unreachable", "noise"]
Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """What one source knows of one person; `fields` and `touch` have leadhub's names, absent means not given."""

    person: str  # the id of the person; empty for what is nobody (auto-replies)
    source: str
    at: datetime
    fields: Fields
    touch: Fields = field(default_factory=dict)
    damage: tuple[str, ...] = ()
    kind: Kind = "lead"

    def get(self, name: str) -> str:
        """Return a field, empty when it is not given."""
        return self.fields.get(name, "")

    def damaged(self, name: str, fields: Fields | None = None) -> Entry:
        """Return the entry with one more kind of damage and the fields that came of it."""
        return replace(self, fields=self.fields if fields is None else fields, damage=(*self.damage, name))


@dataclass(frozen=True, slots=True)
class Truth:
    """Who a record really is about; `key` is the source's own id of the record, or `file#line` where it has none."""

    source: str
    key: str
    file: str
    line: int | None
    person: str
    kind: Kind
    damage: tuple[str, ...]

    @classmethod
    def of(cls, entry: Entry, key: str, file: str, line: int | None = None, *more: str) -> Truth:
        """Return the truth about an entry that was written under this key; `more` names the file's own damage."""
        return cls(entry.source, key, file, line, entry.person, entry.kind, (*entry.damage, *more))


def clean_fields(person: Person) -> dict[str, str]:
    """Return what a person would fill in with care."""
    company = person.company
    return {
        "full_name": person.full_name,
        "first_name": person.given,
        "last_name": person.family,
        "email": person.email,
        "phone": person.phone,
        "company": company.name,
        "title": person.title,
        "country": company.country,
        "region": company.city.region,
        "city": company.city.name,
        "postcode": company.city.postcode,
        "industry": company.industry,
        "employees": company.employees,
        "budget": person.budget,
        "interest": INTERESTS[person.interest][person.chinese],
        "language": person.language,
        "consent": "true" if person.consent else "false",
    }
