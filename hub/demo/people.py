"""Invents people and companies from a seed: real-looking names, reserved domains, numbers kept free for fiction."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from hub.demo import names
from hub.demo.names import City

SHARES = (("CN", 55), ("US", 20), ("DE", 14), ("GB", 11))
"""How many people in a hundred live where."""

INTERESTS = {
    "trial": ("Trial request", "试用申请"),
    "demo": ("Demo", "预约演示"),
    "pricing": ("Pricing", "价格咨询"),
    "whitepaper": ("White paper", "白皮书下载"),
    "partner": ("Partnership", "渠道合作"),
}
"""What people ask for, in English and Chinese."""

BUDGETS = {
    "CN": ("5万以下", "5-20万", "20-50万", "50万以上", "￥100,000"),
    "US": ("under 10k", "10k-50k", "50k-100k", "over 100k", "$25,000"),
    "GB": ("under 10k", "10k-50k", "50k-100k", "£40,000"),
    "DE": ("bis 10.000 €", "10.000-50.000 €", "1.234,56 €", "50k-100k"),
}
EMPLOYEES = ("1-10", "11-50", "51-200", "201-500", "500+")
LANGUAGES = {"CN": "zh-CN", "US": "en-US", "GB": "en-GB", "DE": "de-DE"}
MAIL_HOSTS = ("example.com", "example.org", "example.net")
PRIVATE_HOSTS = ("mail.example.com", "post.example.org", "webmail.example.net")
_CHINESE_MOBILES = (
    "130 131 132 133 135 136 137 138 139 150 151 152 155 158 159 166 173 176 177 180 182 185 186 187 188 189 191"
)
_GERMAN_MOBILES = ("17604069", "1713920")


@dataclass(frozen=True, slots=True)
class Company:
    """A company: `name` with its legal form, `short` without, `english` where the name is Chinese."""

    name: str
    short: str
    english: str
    domain: str
    country: str
    city: City
    industry: str
    employees: str
    phone: str  # the switchboard, E.164


@dataclass(frozen=True, slots=True)
class Person:
    """The truth about one person; every field is clean, phones are E.164."""

    id: str
    given: str
    family: str
    latin_given: str
    latin_family: str
    nickname: str
    company: Company
    title: str
    email: str
    private_email: str
    phone: str
    interest: str
    budget: str
    consent: bool

    @property
    def country(self) -> str:
        """Return the country as ISO 3166-1 alpha-2."""
        return self.company.country

    @property
    def chinese(self) -> bool:
        """Return whether the name is written in Chinese, family name first."""
        return self.country == "CN"

    @property
    def full_name(self) -> str:
        """Return the name in the order the person writes it."""
        return f"{self.family}{self.given}" if self.chinese else f"{self.given} {self.family}"

    @property
    def latin_name(self) -> str:
        """Return the name in Latin letters, family name first for Chinese people."""
        both = (self.latin_family, self.latin_given)
        return " ".join(both if self.chinese else reversed(both))

    @property
    def language(self) -> str:
        """Return the language as BCP 47."""
        return LANGUAGES[self.country]


def make_people(random: Random, count: int) -> tuple[Person, ...]:
    """Return that many people (at most 1,000); every sixteenth is a namesake of an earlier one at another company."""
    if count > 1000:
        raise ValueError(f"There are free phone numbers for 1,000 people, not for {count}.")
    maker = _Maker(random, count)
    people: list[Person] = []
    for number in range(1, count + 1):
        country = random.choices([c for c, _ in SHARES], [share for _, share in SHARES])[0]
        twin = next((p for p in people[-16:] if p.country == country), None) if number % 16 == 0 else None
        people.append(maker.person(f"p{number:04d}", country, twin))
    return tuple(people)


class _Maker:
    """Hands out companies, addresses and numbers, none of them twice."""

    def __init__(self, random: Random, count: int) -> None:
        self.random = random
        self.companies = {
            country: tuple(_companies(random, country, min(max(count * share // 220, 4), 99)))
            for country, share in SHARES
        }
        self.numbers = {country: _numbers(random, country) for country, _ in SHARES}
        self.taken: set[str] = set()

    def person(self, key: str, country: str, twin: Person | None) -> Person:
        """Return a new person, named like the twin when there is one."""
        random = self.random
        given, latin_given, nickname = (twin.given, twin.latin_given, twin.nickname) if twin else self._given(country)
        family, latin_family = (twin.family, twin.latin_family) if twin else self._family(country)
        company = random.choice([c for c in self.companies[country] if not twin or c != twin.company])
        first, last = ascii_name(latin_given, country), ascii_name(latin_family, country)
        return Person(
            id=key,
            given=given,
            family=family,
            latin_given=latin_given,
            latin_family=latin_family,
            nickname=nickname,
            company=company,
            title=random.choice(names.TITLES[country]),
            email=self._email(f"{first}.{last}", company.domain),
            private_email=self._email(f"{first}{last}{random.randint(60, 99)}", random.choice(PRIVATE_HOSTS)),
            phone=next(self.numbers[country]),
            interest=random.choices(tuple(INTERESTS), (25, 25, 20, 22, 8))[0],
            budget=random.choice(BUDGETS[country]),
            consent=random.random() < 0.7,
        )

    def _given(self, country: str) -> tuple[str, str, str]:
        if country == "CN":
            given, latin = self.random.choice(names.CHINESE_GIVEN)
            return given, latin, self.random.choice(names.ENGLISH_NAMES)
        given, nickname = self.random.choice(names.GERMAN_GIVEN if country == "DE" else names.AMERICAN_GIVEN)
        return given, given, nickname

    def _family(self, country: str) -> tuple[str, str]:
        if country == "CN":
            return self.random.choice(names.CHINESE_FAMILY)
        stock = {"US": names.AMERICAN_FAMILY, "GB": names.BRITISH_FAMILY, "DE": names.GERMAN_FAMILY}[country]
        family = self.random.choice(stock)
        return family, family

    def _email(self, local: str, domain: str) -> str:
        address, number = f"{local}@{domain}", 1
        while address in self.taken:
            number += 1
            address = f"{local}{number}@{domain}"
        self.taken.add(address)
        return address


def _companies(random: Random, country: str, count: int) -> Iterator[Company]:
    make = _chinese_company if country == "CN" else _western_company
    seen: set[str] = set()
    while len(seen) < count:
        company = make(random, country, len(seen))
        if company.domain.partition(".")[0] not in seen:
            seen.add(company.domain.partition(".")[0])
            yield company


def _chinese_company(random: Random, country: str, number: int) -> Company:
    city = random.choice(names.CITIES[country])
    brand, latin = random.choice(names.CHINESE_BRANDS)
    trade, pinyin, english, industry = random.choice(names.CHINESE_TRADES)
    return Company(
        name=f"{city.name}{brand}{trade}{random.choice(names.CHINESE_SUFFIXES)}",
        short=f"{brand}{trade}",
        english=f"{city.latin} {latin.title()} {english} Co., Ltd.",
        domain=f"{latin}-{pinyin}.{random.choice(MAIL_HOSTS)}",
        country=country,
        city=city,
        industry=industry,
        employees=random.choice(EMPLOYEES),
        phone=f"+86{city.area_code}60138{number:03d}",
    )


def _western_company(random: Random, country: str, number: int) -> Company:
    city = random.choice(names.CITIES[country])
    brand = random.choice(names.WESTERN_BRANDS)
    trade, industry = random.choice(names.WESTERN_TRADES)
    short = f"{brand} {trade}"
    return Company(
        name=f"{short} {random.choice(names.WESTERN_SUFFIXES[country])}",
        short=short,
        english=short,
        domain=f"{country.lower()}-{short.lower().replace(' ', '-')}.{random.choice(MAIL_HOSTS)}",
        country=country,
        city=city,
        industry=industry,
        employees=random.choice(EMPLOYEES),
        phone=_switchboard(country, city, number),
    )


def _switchboard(country: str, city: City, number: int) -> str:
    if country == "US":
        return f"+1{city.area_code}55501{number % 40:02d}"
    if country == "GB":
        return f"+44{city.area_code.replace(' ', '')}09{number:02d}"
    return f"+49{city.area_code.replace(' ', '')}9{number:02d}"


def _numbers(random: Random, country: str) -> Iterator[str]:
    """Yield personal numbers of a country, each once, clear of the switchboards."""
    cities = names.CITIES[country]
    if country == "CN":
        pool = [f"+86{prefix}00138{line:03d}" for prefix in _CHINESE_MOBILES.split() for line in range(1, 1000)]
    elif country == "US":
        pool = [f"+1{city.area_code}55501{line:02d}" for city in cities for line in range(40, 100)]
    elif country == "GB":
        pool = [f"+44{city.area_code.replace(' ', '')}0{line:03d}" for city in cities for line in range(100, 900)]
    else:
        pool = [f"+49{prefix}{line:03d}" for prefix in _GERMAN_MOBILES for line in range(100)]
    random.shuffle(pool)
    yield from pool


def ascii_name(name: str, country: str) -> str:
    """Return a name as it stands in an e-mail address: lower-case ASCII letters, hyphens and dots."""
    spelled = {"ü": "v"} if country == "CN" else {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}
    text = "".join(spelled.get(letter, letter) for letter in name.lower())
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.replace(" ", ".") if letter.isalnum() or letter in ".-")
