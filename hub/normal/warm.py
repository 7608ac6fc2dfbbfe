"""Loads the tables that the cleaners load at their first use, so that the first lead need not wait for them."""

from __future__ import annotations

from hub.normal import names, phone, pinyin, places, regions
from hub.normal.email import email
from hub.normal.language import language


def warm_up(countries: tuple[str, ...] = ()) -> None:
    """Load every table, and those of these countries (ISO 3166-1 alpha-2); takes about a second, once.

    It is a blocking call: hand it to a thread while a hub starts.
    """
    names.split("Dr. Ann B. Ng Jr.")
    pinyin.place_latin("重庆")
    pinyin.latin("张伟")
    places.country("CN")
    language("en")
    email("ann@example.com")
    phone.carrier_of("+8613800138000")
    for country in countries:
        phone.phone("02012345678", (country,))
        regions.code_of("A", country)
