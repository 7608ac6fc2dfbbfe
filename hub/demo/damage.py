"""The damage real lists have: each kind is one pure function over the fields of one appearance."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import NamedTuple

from phonenumbers import PhoneNumberFormat, format_number, parse

from hub.demo.entry import Entry, Fields
from hub.demo.people import Person, ascii_name

Apply = Callable[[Fields, Person, Random], "Fields | None"]


class Damage(NamedTuple):
    """One kind of damage; `apply` returns the damaged fields, or None where it does not fit the person."""

    name: str
    apply: Apply


class Deck:
    """Deals kinds of damage, least recently used first, so that every kind comes up."""

    def __init__(self, random: Random, damages: Iterable[Damage]) -> None:
        self._random = random
        self._cards = list(damages)
        random.shuffle(self._cards)

    def deal(self, entry: Entry, person: Person) -> Entry:
        """Return the entry with the next kind of damage that fits, or as it is."""
        for card in self._cards:
            fields = card.apply(entry.fields, person, self._random)
            if fields is not None:
                self._cards.remove(card)
                self._cards.append(card)
                return entry.damaged(card.name, fields)
        return entry


_HOMOPHONES = dict(
    zip("伟静丽磊军勇艳杰涛明超平刚琳鹏波宁凯婷慧悦", "玮婧莉雷君永燕洁焘铭朝萍钢林朋博凝楷亭惠月", strict=True)
)
_DISPOSABLE = ("mailinator.com", "yopmail.com", "guerrillamail.com", "10minutemail.com")
_FORMULAS = (
    "=cmd|'/c calc'!A1",
    "@SUM(1+1)*cmd|'/c calc'!A0",
    '=HYPERLINK("https://evil.example.net","Click")',
    "-2+3",
)
_EMOJI = ("🎉", "🚀", "👩‍💻", "🇨🇳")
_HTML = ("<script>alert(1)</script>", "<b>urgent!</b><br>", '<img src=x onerror="alert(1)">', "{{7*7}} ${7*7}")
_SPELLED = {
    "Inc.": "Incorporated",
    "Corp.": "Corporation",
    "Ltd": "Limited",
    "GmbH": "Gesellschaft mbH",
    "股份有限公司": "股份公司",
}


def _named(fields: Fields, full: str, first: str, last: str) -> Fields:
    return {**fields, "full_name": full, "first_name": first, "last_name": last}


def _pinyin(fields: Fields, person: Person, _random: Random) -> Fields | None:
    if not person.chinese:
        return None
    return _named(fields, person.latin_name, person.latin_given, person.latin_family)


def _pinyin_reversed(fields: Fields, person: Person, _random: Random) -> Fields | None:
    if not person.chinese:
        return None
    family = person.latin_family.upper()
    return _named(fields, f"{person.latin_given} {family}", person.latin_given, family)


def _nickname(fields: Fields, person: Person, _random: Random) -> Fields | None:
    return _named(fields, f"{person.nickname} {person.latin_family}", person.nickname, person.latin_family)


def _name_typo(fields: Fields, person: Person, random: Random) -> Fields | None:
    if not person.chinese:
        wrong = _slip(person.family, random)
        return _named(fields, f"{person.given} {wrong}", person.given, wrong)
    wrong = "".join(_HOMOPHONES.get(letter, letter) for letter in person.given)
    return None if wrong == person.given else _named(fields, person.family + wrong, wrong, person.family)


def _slip(word: str, random: Random) -> str:
    """Return a word with two neighbouring letters swapped, or one left out where they are equal."""
    at = random.randrange(1, len(word) - 1)
    left, right = word[at], word[at + 1]
    return word[:at] + (left if left == right else right + left) + word[at + 2 :]


def _name_swapped(fields: Fields, person: Person, _random: Random) -> Fields:
    first, last = fields["last_name"], fields["first_name"]
    return _named(fields, f"{last}{first}" if person.chinese else f"{first} {last}", first, last)


def _name_upper(fields: Fields, person: Person, _random: Random) -> Fields | None:
    if person.chinese:
        return None
    return _named(fields, person.full_name.upper(), person.given.upper(), person.family.upper())


def _name_spaced(fields: Fields, person: Person, _random: Random) -> Fields:
    wide = "\u3000" if person.chinese else "\u00a0 "
    return _named(fields, wide.join(_parts(person)), f"{wide}{person.given}", f"{person.family}{wide}")


def _parts(person: Person) -> tuple[str, str]:
    return (person.family, person.given) if person.chinese else (person.given, person.family)


def _name_ascii(fields: Fields, person: Person, _random: Random) -> Fields | None:
    if person.full_name.isascii() or person.chinese:
        return None
    first, last = (ascii_name(part, person.country).title() for part in (person.given, person.family))
    return _named(fields, f"{first} {last}", first, last)


def _honorific(fields: Fields, person: Person, random: Random) -> Fields:
    if person.chinese:
        return _named(fields, person.family + random.choice(("先生", "女士", "总")), "", person.family)
    title = "Herr" if person.country == "DE" else "Dr."
    return _named(fields, f"{title} {person.full_name}", f"{title} {person.given}", person.family)


def _formula_name(fields: Fields, person: Person, random: Random) -> Fields:
    formula = random.choice(_FORMULAS)
    return _named(fields, formula, formula, person.family)


def _emoji_name(fields: Fields, person: Person, random: Random) -> Fields:
    given = f"{person.given}{random.choice(_EMOJI)}"
    full = f"{person.family}{given}" if person.chinese else f"{given} {person.family}"
    return _named(fields, full, given, person.family)


def _html(fields: Fields, _person: Person, random: Random) -> Fields:
    return {**fields, "message": f"{random.choice(_HTML)} {fields.get('message', '')}".strip()}


def _set_email(change: Callable[[str, Person, Random], str]) -> Apply:
    return lambda fields, person, random: {**fields, "email": change(person.email, person, random)}


def _invalid_email(address: str, person: Person, random: Random) -> str:
    local, _, host = address.partition("@")
    return random.choice((f"{local}@@{host}", f"{local}#{host}", f"{local} {person.family}@{host}", f"{local}@", "n/a"))


def _full_width(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if letter.isdigit() or letter in "+@" else letter for letter in text)


def _set_phone(change: Callable[[Person, Random], str | None]) -> Apply:
    def apply(fields: Fields, person: Person, random: Random) -> Fields | None:
        phone = change(person, random)
        return None if phone is None else {**fields, "phone": phone}

    return apply


def _spaced(person: Person, _random: Random) -> str:
    digits = person.phone[3:]
    if person.chinese:
        return f"+86 {digits[:3]}-{digits[3:7]}-{digits[7:]}"
    return format_number(parse(person.phone), PhoneNumberFormat.INTERNATIONAL)


def _national(person: Person, _random: Random) -> str:
    return person.phone[3:] if person.chinese else format_number(parse(person.phone), PhoneNumberFormat.NATIONAL)


def _scientific(person: Person, _random: Random) -> str | None:
    digits = person.phone[3:] if person.chinese else person.phone[1:]
    mantissa, exponent = f"{float(digits):.2E}".split("E")
    return f"{mantissa}E+{int(exponent)}"


def _zero_lost(person: Person, _random: Random) -> str | None:
    return person.phone[3:] if person.country in ("DE", "GB") else None


def _us_without_country(fields: Fields, person: Person, _random: Random) -> Fields | None:
    if person.country != "US":
        return None
    digits = person.phone[2:]
    return {**fields, "country": "", "phone": f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"}


def _company_spelled(fields: Fields, person: Person, _random: Random) -> Fields | None:
    name = person.company.name
    suffix = next((s for s in _SPELLED if name.endswith(s)), None)
    return None if suffix is None else {**fields, "company": name.removesuffix(suffix) + _SPELLED[suffix]}


def _company_english(fields: Fields, person: Person, _random: Random) -> Fields | None:
    return {**fields, "company": person.company.english} if person.chinese else None


def _company_short(fields: Fields, person: Person, _random: Random) -> Fields:
    return {**fields, "company": person.company.short}


def _company_upper(fields: Fields, person: Person, _random: Random) -> Fields | None:
    return None if person.chinese else {**fields, "company": person.company.name.upper()}


def without(fields: Fields, *names: str) -> dict[str, str]:
    """Return the fields less those of these names."""
    return {name: value for name, value in fields.items() if name not in names}


NAMES = (
    Damage("pinyin", _pinyin),
    Damage("pinyin_reversed", _pinyin_reversed),
    Damage("nickname", _nickname),
    Damage("name_typo", _name_typo),
    Damage("name_swapped", _name_swapped),
    Damage("name_upper", _name_upper),
    Damage("name_spaced", _name_spaced),
    Damage("name_ascii", _name_ascii),
    Damage("honorific", _honorific),
)
"""Other spellings of the same person."""
HOSTILE = (Damage("formula_name", _formula_name), Damage("emoji_name", _emoji_name), Damage("html_message", _html))
"""Text that means something to the programs it passes through."""
COMPANIES = (
    Damage("company_short", _company_short),
    Damage("company_spelled", _company_spelled),
    Damage("company_english", _company_english),
    Damage("company_upper", _company_upper),
    Damage("company_missing", lambda fields, _person, _random: without(fields, "company")),
)
SAME_EMAIL = (
    Damage("email_plus", _set_email(lambda a, _p, r: a.replace("@", f"+{r.choice(('demo', 'web', 'expo'))}@"))),
    Damage("email_upper", _set_email(lambda a, _p, _r: a.upper())),
    Damage("email_padded", _set_email(lambda a, _p, _r: f"\u00a0mailto:{a} ")),
    Damage("email_full_width", _set_email(lambda a, _p, _r: a.replace("@", "＠"))),
)
"""The same address, written differently."""
OTHER_EMAIL = (
    Damage("email_private", _set_email(lambda _a, p, _r: p.private_email)),
    Damage("email_missing", lambda fields, _person, _random: without(fields, "email")),
    Damage("email_invalid", _set_email(_invalid_email)),
    Damage("email_disposable", _set_email(lambda a, _p, r: f"{a.partition('@')[0]}@{r.choice(_DISPOSABLE)}")),
    Damage("email_crlf", _set_email(lambda a, _p, _r: f"{a}\r\nBcc: everybody@example.net")),
)
"""An address that does not lead back to the person's usual one."""
SAME_PHONE = (
    Damage("phone_spaced", _set_phone(_spaced)),
    Damage("phone_00", _set_phone(lambda p, _r: f"00{p.phone[1:]}")),
    Damage("phone_national", _set_phone(_national)),
    Damage("phone_full_width", _set_phone(lambda p, r: _full_width(_spaced(p, r)))),
    Damage("phone_extension", _set_phone(lambda p, r: f"{_spaced(p, r)} {'转' if p.chinese else 'ext. '}12")),
)
"""The same number, written differently."""
OTHER_PHONE = (
    Damage("phone_missing", lambda fields, _person, _random: without(fields, "phone")),
    Damage("us_without_country", _us_without_country),
)
"""No number, or one that cannot be told to be the same."""
SPREADSHEET = (
    Damage("phone_float", _set_phone(lambda p, _r: f"{p.phone[3:]}.0" if p.chinese else f"{p.phone[1:]}.0")),
    Damage("phone_scientific", _set_phone(_scientific)),
    Damage("leading_zero_lost", _set_phone(_zero_lost)),
)
"""What a spreadsheet did to a number; only the first kind can be undone."""
