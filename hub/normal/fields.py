"""Which cleaner treats which field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from hub.normal import text
from hub.normal.consent import consent
from hub.normal.dates import day
from hub.normal.email import email
from hub.normal.language import language
from hub.normal.numbers import amount, plain_number
from hub.normal.phone import phone
from hub.normal.places import country
from hub.normal.regions import code_of, match_key
from hub.normal.tables import words
from hub.normal.verdicts import EMPTY, NOTHING, Cleaned
from hub.normal.web import ip, website
from hub.normal.wechat import wechat

Cleaner = Callable[[str], Cleaned]


def _line(limit: int) -> Cleaner:
    return lambda raw: text.line(raw, limit)


def _lines(limit: int) -> Cleaner:
    return lambda raw: text.lines(raw, limit)


@lru_cache(maxsize=8_000)
def _place(raw: str) -> Cleaned:
    shown = text.line(raw, 200)
    return shown._replace(parts={"key": match_key(shown.value)}) if shown.value else shown


def _currency(raw: str) -> Cleaned:
    shown = text.line(raw, 10)
    return shown._replace(value=shown.value.upper()) if shown.value else shown


_NAME = _line(200)
_LONG = _line(2_048)

_LEAD: Mapping[str, Cleaner] = MappingProxyType(
    {
        "full_name": _NAME, "first_name": _NAME, "last_name": _NAME, "email": email, "wechat": wechat,
        "external_id": _line(300), "company": _line(300), "title": _line(200), "country": country, "region": _place,
        "city": _place, "postcode": _line(20), "street": _lines(500), "website": website, "industry": _line(200),
        "employees": amount, "budget": amount, "authority": _lines(2_000), "need": _lines(5_000),
        "timeline": _lines(1_000), "message": _lines(20_000), "interest": _line(1_000), "language": language,
        "birthday": day, "consent_text": _lines(20_000), "notes": _lines(20_000),
    }
)  # fmt: skip
_TOUCH: Mapping[str, Cleaner] = MappingProxyType(
    {
        "page_url": _LONG, "landing_page": _LONG, "referrer": _LONG, "user_agent": _line(1_000), "gclid": _LONG,
        "gbraid": _LONG, "wbraid": _LONG, "dclid": _LONG, "fbclid": _LONG, "fbp": _LONG, "fbc": _LONG, "msclkid": _LONG,
        "ttclid": _LONG, "twclid": _LONG, "li_fat_id": _LONG, "bd_vid": _LONG, "qz_gdt": _LONG, "clickid": _LONG,
        "cost": plain_number, "currency": _currency, "ip": ip,
    }
)  # fmt: skip
_LONG_TEXTS = words(
    """
    street authority need timeline message consent_text notes
    """
)
_LOOKED_AT = 2_100  # characters of a short field; the caches behind the cleaners keep what they are given
_KEEPS_ANY_WORD = words(
    """
    full_name first_name last_name message notes need authority timeline consent_text external_id platform_lead_id
    country
    """
)
"""Fields where `None` or `无` may be what the person said; a country says so itself."""


def lead_field(field: str, raw: Any, regions: tuple[str, ...] = ()) -> Cleaned:
    """Return the cleaned value of a lead field; `regions` are where a phone number may be from, likeliest first.

    Raises NotTextError when a structure came where text belongs.
    """
    if field == "consent":
        return consent(raw)
    said = raw if isinstance(raw, str) else text.as_text(raw)
    if not said or (len(said) <= 9 and field not in _KEEPS_ANY_WORD and text.is_blank_word(said)):
        return EMPTY
    if len(said) > _LOOKED_AT and field not in _LONG_TEXTS:
        said = said[:_LOOKED_AT]
    if field == "phone":
        return phone(said, regions)
    cleaner = _LEAD.get(field)
    return cleaner(said) if cleaner else text.line(said)


def touch_field(field: str, raw: Any) -> Cleaned:
    """Return the cleaned value of a touch field, always text. Raises NotTextError as `lead_field` does."""
    said = raw if isinstance(raw, str) else text.as_text(raw)
    if not said:
        return EMPTY
    said = said[:_LOOKED_AT]
    cleaner = _TOUCH.get(field)
    return cleaner(said) if cleaner else text.line(said)


def region_parts(region: str | None, country_code: str | None) -> Mapping[str, Any]:
    """Return the part `code` (ISO 3166-2) of a province or state of that country, nothing when it is not known."""
    code = code_of(region, country_code) if region else None
    return {"code": code} if code else NOTHING
