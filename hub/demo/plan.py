"""Decides who appears where, when, and how damaged: the demo's leads before they are written down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle
from random import Random
from zoneinfo import ZoneInfo

from hub.demo import campaigns, damage
from hub.demo.damage import Deck, without
from hub.demo.entry import SOURCES, Entry, clean_fields
from hub.demo.people import Person

DAYS = 14
LIVE = 24
UNREACHABLE = 10
SHARED_PHONES = 3
SHARED_MAILBOXES = 2
HONEYPOTS = 8
FAIR_ZONE = ZoneInfo("Asia/Shanghai")

_CHINESE_WEIGHTS = (20, 20, 8, 3, 3, 3, 24, 14, 14)
_WESTERN_WEIGHTS = (12, 8, 10, 14, 15, 14, 20, 10, 8)
_OWN_KEYS = ("email", "phone", "us_", "leading_")
_PUSHED = ("website", "partners", "product", "survey", "facebook", "google")
_BONDS = ("both", "email", "both", "phone", "email", "both", "near", "phone", "both", "near")
"""What the appearances of one person have in common: both exact keys, one of them, or only name and company."""


def plan(people: Sequence[Person], random: Random, now: datetime) -> tuple[Entry, ...]:
    """Return every appearance in the 14 days before `now`, oldest first."""
    planner = _Planner(random, now)
    entries: list[Entry] = []
    for person, count in zip(people, _counts(len(people), random), strict=True):
        entries += planner.appearances(person, count)
    known = {person.id: person for person in people}
    entries = _unreach(_share(_enliven(entries, random, now), known))
    entries += planner.honeypots(people)
    return tuple(sorted(entries, key=lambda entry: (entry.at, entry.person, entry.source)))


def _counts(people: int, random: Random) -> list[int]:
    """Say in how many sources each person appears: one in fifty in four, one in ten in three, a third in two."""
    four, three, two = people // 50, people // 10, people // 3
    counts = [4] * four + [3] * three + [2] * two + [1] * (people - four - three - two)
    random.shuffle(counts)
    return counts


class _Planner:
    """Holds the decks that the damage is dealt from."""

    def __init__(self, random: Random, now: datetime) -> None:
        self.random, self.now = random, now
        self.bonds = cycle(_BONDS)
        self.names = Deck(random, damage.NAMES)
        self.companies = Deck(random, damage.COMPANIES)
        self.same_email, self.other_email = Deck(random, damage.SAME_EMAIL), Deck(random, damage.OTHER_EMAIL)
        self.same_phone, self.other_phone = Deck(random, damage.SAME_PHONE), Deck(random, damage.OTHER_PHONE)
        self.spreadsheet = Deck(random, damage.SPREADSHEET)
        keys = (*damage.SAME_EMAIL, *damage.SAME_PHONE, *damage.OTHER_EMAIL, *damage.OTHER_PHONE)
        self.any = Deck(random, (*keys, *damage.HOSTILE, *damage.HOSTILE))

    def appearances(self, person: Person, count: int) -> Iterable[Entry]:
        """Yield a person's appearances, each in another source and each damaged its own way."""
        weights = _CHINESE_WEIGHTS if person.chinese else _WESTERN_WEIGHTS
        sources = _draw(tuple(SOURCES), weights, count, self.random)
        bond = next(self.bonds) if count > 1 else ""
        at = self._moment()
        for number, source in enumerate(sources):
            entry = self._entry(person, source, at)
            if not bond:
                yield self._alone(entry, person)
            else:
                yield self._again(entry, person, bond) if number else self._first(entry, person, bond)
            at = min(at + timedelta(minutes=self.random.randint(10, 6000)), self.now - timedelta(minutes=4))

    def honeypots(self, people: Sequence[Person]) -> Iterable[Entry]:
        """Yield what bots posted: a form filled in with borrowed names, and the field no human sees."""
        for number in range(HONEYPOTS):
            fields = {**clean_fields(self.random.choice(people)), "message": "Cheap SEO! https://spam.example.net"}
            fields |= {"email": f"bot{number}@spam.example.net", "phone": f"+1206555019{number}", "company": "SEO"}
            yield Entry(f"bot{number}", "website", self._moment(), fields, damage=("honeypot",), kind="spam")

    def _moment(self) -> datetime:
        seconds = self.random.randint(3600, DAYS * 86400 - 60)
        return (self.now - timedelta(seconds=seconds)).replace(microsecond=0)

    def _entry(self, person: Person, source: str, at: datetime) -> Entry:
        fields = clean_fields(person)
        if self.random.random() < 0.6:
            stock = campaigns.NOTES if source == "expo" else campaigns.MESSAGES
            fields["message"] = self.random.choice(stock[person.country])
        if source == "expo":
            at = self._at_the_fair()
        return Entry(person.id, source, at.replace(microsecond=0), fields, self._touch(person, source))

    def _at_the_fair(self) -> datetime:
        """Return a moment of the fair: three days from nine days ago, from nine to six on its own clock."""
        opening = (self.now - timedelta(days=9)).astimezone(FAIR_ZONE).replace(hour=9, minute=0, second=0)
        return opening.astimezone(UTC) + timedelta(days=self.random.randrange(3), seconds=self.random.randrange(32400))

    def _touch(self, person: Person, source: str) -> dict[str, str]:
        return campaigns.touch(source, person.country, self.random)

    def _alone(self, entry: Entry, person: Person) -> Entry:
        if entry.source == "lists" and self.random.random() < 0.5:
            return self.spreadsheet.deal(entry, person)
        return self.any.deal(entry, person) if self.random.random() < 0.6 else entry

    def _first(self, entry: Entry, person: Person, bond: str) -> Entry:
        if bond == "near":
            return entry.damaged("phone_missing", without(entry.fields, "phone"))
        if self.random.random() < 0.4:
            return self.random.choice((self.same_email, self.same_phone)).deal(entry, person)
        return entry

    def _again(self, entry: Entry, person: Person, bond: str) -> Entry:
        """Return a later appearance: another spelling, and what the bond leaves of e-mail and phone."""
        if self.random.random() < 0.75:
            entry = self.names.deal(entry, person)
        if self.random.random() < 0.4:
            entry = self.companies.deal(entry, person)
        if bond == "near":
            return entry.damaged("email_private", {**entry.fields, "email": person.private_email})
        if bond == "phone":
            return self.same_phone.deal(self.other_email.deal(entry, person), person)
        entry = self.same_email.deal(entry, person) if self.random.random() < 0.6 else entry
        if entry.source == "lists":
            return self.spreadsheet.deal(entry, person)
        return (self.same_phone if bond == "both" else self.other_phone).deal(entry, person)


def _draw(stock: Sequence[str], weights: Sequence[int], count: int, random: Random) -> list[str]:
    """Return `count` different members of the stock, the heavy ones more often."""
    left = dict(zip(stock, weights, strict=True))
    drawn: list[str] = []
    for _ in range(count):
        one = random.choices(tuple(left), tuple(left.values()))[0]
        drawn.append(one)
        del left[one]
    return drawn


def _enliven(entries: list[Entry], random: Random, now: datetime) -> list[Entry]:
    """Let some people press the button in the last two and a half minutes, so that the demo starts with live leads."""
    alone = _alone(entries)
    chosen = [e.person for e in entries if e.person in alone and e.source in _PUSHED][-LIVE:]
    moment = {person: now.replace(microsecond=0) - timedelta(seconds=random.randint(5, 150)) for person in chosen}
    return [replace(e, at=moment.get(e.person, e.at)) for e in entries]


def _unreach(entries: list[Entry]) -> list[Entry]:
    """Take every way to reach them from some people who appear once."""
    alone = _alone(entries)
    chosen = [e for e in entries if e.person in alone and not e.damage and e.source in ("lists", "expo")][:UNREACHABLE]
    bare = {e.person: replace(e, fields=without(e.fields, "email", "phone"), kind="unreachable") for e in chosen}
    return [bare[e.person].damaged("no_contact") if e.person in bare else e for e in entries]


def _share(entries: list[Entry], people: dict[str, Person]) -> list[Entry]:
    """Give some pairs of colleagues one switchboard or one mailbox: different people with an equal key."""
    alone = _alone(entries)
    first: dict[str, Entry] = {}
    pairs: list[tuple[str, str]] = []
    for entry in entries:
        domain = people[entry.person].company.domain
        if entry.person in alone and not any(name.startswith(_OWN_KEYS) for name in entry.damage):
            if domain in first:
                pairs.append((first.pop(domain).person, entry.person))
            else:
                first[domain] = entry
    phones = {person for pair in pairs[:SHARED_PHONES] for person in pair}
    boxes = {person for pair in pairs[SHARED_PHONES : SHARED_PHONES + SHARED_MAILBOXES] for person in pair}
    return [_shared(entry, people[entry.person], phones, boxes) for entry in entries]


def _shared(entry: Entry, person: Person, phones: set[str], boxes: set[str]) -> Entry:
    if entry.person in phones:
        return entry.damaged("shared_phone", {**entry.fields, "phone": person.company.phone})
    if entry.person in boxes:
        return entry.damaged("shared_mailbox", {**entry.fields, "email": f"info@{person.company.domain}"})
    return entry


def _alone(entries: Iterable[Entry]) -> set[str]:
    seen: dict[str, int] = {}
    for entry in entries:
        seen[entry.person] = seen.get(entry.person, 0) + 1
    return {person for person, count in seen.items() if count == 1}
