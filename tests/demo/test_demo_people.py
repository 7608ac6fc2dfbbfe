"""The demo's people: invented, but every address and number has the form of a real one."""

from __future__ import annotations

from collections import Counter
from random import Random

import phonenumbers
import pytest
from email_validator import validate_email

from hub.demo.people import Person, make_people

SEEDS = (1, 7, 2026)


@pytest.fixture(params=SEEDS, name="people")
def _people(request: pytest.FixtureRequest) -> tuple[Person, ...]:
    return make_people(Random(request.param), 320)


def test_the_same_seed_gives_the_same_people() -> None:
    assert make_people(Random(7), 50) == make_people(Random(7), 50)
    assert make_people(Random(7), 50) != make_people(Random(8), 50)


def test_every_number_is_one_that_phonenumbers_calls_valid(people: tuple[Person, ...]) -> None:
    numbers = {number for person in people for number in (person.phone, person.company.phone)}
    assert [n for n in numbers if not phonenumbers.is_valid_number(phonenumbers.parse(n))] == []


def test_numbers_belong_to_the_country_of_the_person(people: tuple[Person, ...]) -> None:
    assert [
        person.phone
        for person in people
        if phonenumbers.region_code_for_number(phonenumbers.parse(person.phone)) != person.country
    ] == []


def test_every_address_is_valid_and_in_a_domain_kept_for_examples(people: tuple[Person, ...]) -> None:
    addresses = [address for person in people for address in (person.email, person.private_email)]
    domains = {validate_email(a, check_deliverability=False).domain.split(".", 1)[1] for a in addresses}
    assert domains <= {"example.com", "example.org", "example.net"}


def test_nobody_shares_an_address_or_a_number(people: tuple[Person, ...]) -> None:
    addresses = [address for person in people for address in (person.email, person.private_email)]
    assert len(set(addresses)) == len(addresses)
    assert len({person.phone for person in people} - {person.company.phone for person in people}) == len(people)


def test_all_four_countries_are_there_and_chinese_people_are_the_most(people: tuple[Person, ...]) -> None:
    countries = Counter(person.country for person in people)
    assert set(countries) == {"CN", "US", "DE", "GB"}
    assert countries.most_common(1)[0][0] == "CN"
    assert min(countries.values()) >= 20


def test_some_different_people_have_the_same_name_at_different_companies(people: tuple[Person, ...]) -> None:
    names = Counter(person.full_name for person in people)
    twins = [person for person in people if names[person.full_name] > 1]
    assert len(twins) >= 10
    assert len({(person.full_name, person.company.domain) for person in twins}) > len({p.full_name for p in twins})


def test_names_stand_in_the_order_their_bearers_write_them() -> None:
    people = make_people(Random(1), 100)
    chinese = next(person for person in people if person.chinese)
    western = next(person for person in people if not person.chinese)
    assert chinese.full_name == chinese.family + chinese.given
    assert chinese.latin_name == f"{chinese.latin_family} {chinese.latin_given}"
    assert western.full_name == western.latin_name == f"{western.given} {western.family}"


def test_more_people_than_there_are_free_numbers_for_are_refused() -> None:
    with pytest.raises(ValueError, match="1,000 people, not for 1001"):
        make_people(Random(1), 1001)
