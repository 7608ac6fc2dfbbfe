"""Cleans phone numbers to E.164; a country is never guessed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

from hub.normal import phone_text
from hub.normal.phone_text import Written
from hub.normal.verdicts import EMPTY, Cleaned

_MOST_PIECES = 5
_TYPES = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "company",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
SHARED_TYPES = frozenset(("toll_free", "premium", "shared_cost", "company", "voicemail", "pager"))
"""Types of numbers that do not stand for one person."""


class _Found(NamedTuple):
    """A number, its type, and the region it had to be read as of (None: the number says so itself)."""

    number: PhoneNumber
    kind: int
    assumed: str | None


@lru_cache(maxsize=20_000)
def phone(raw: str, regions: tuple[str, ...] = ()) -> Cleaned:
    """Return the number in E.164, read as of the first region it is valid in when it has no country code.

    Regions are ISO 3166-1 alpha-2. Parts: `type`, `region`, `extension`, `assumed` (the region it was read as of,
    None when the number says so itself). A number that cannot be sure has no value; the codes say why.
    """
    said = phone_text.folded(raw).strip()
    if not said:
        return EMPTY
    whole = phone_text.unspoilt(said)
    if whole is None:
        return Cleaned(None, False, EMPTY.parts, ("phone_excel_damaged",))
    parts = phone_text.pieces(whole)[:_MOST_PIECES]
    best = _best(parts, regions)
    if best.value is None and len(parts) == 1:
        parts = phone_text.spaced(whole)[:_MOST_PIECES]
        several = _best(parts, regions) if parts else best
        best = several if several.valid else best
    if len(parts) > 1 and best.value:
        return best._replace(codes=(*best.codes, "phone_several"))
    return best


def digits_of(raw: str) -> str:
    """Return the digits of a phone field, for numbers whose country is not known."""
    return phone_text.digits(phone_text.folded(raw))


@lru_cache(maxsize=20_000)
def region_of(e164: str) -> str | None:
    """Return the country of a number in E.164, ISO 3166-1 alpha-2, None when it has none."""
    number = _parse(e164, None)
    return phonenumbers.region_code_for_number(number) if number else None


def is_portable(region: str | None) -> bool:
    """Return whether people of a country keep their number when they change carrier, so that it names none."""
    return region is not None and phonenumbers.is_mobile_number_portable_region(region)


@lru_cache(maxsize=20_000)
def carrier_of(e164: str, language: str = "en") -> str | None:
    """Return the carrier the number was first given to, None when it is not known or does not say."""
    from phonenumbers import carrier  # its tables take 0.2 s and 40 MB

    number = _parse(e164, None)
    return carrier.safe_display_name(number, language) or None if number else None


def _best(parts: list[str], regions: tuple[str, ...]) -> Cleaned:
    """Return the first valid one, otherwise what is said about the first."""
    read = [_read(phone_text.written(part), regions) for part in parts]
    return next((one for one in read if one.valid), read[0])


def _read(number: Written, regions: tuple[str, ...]) -> Cleaned:
    for said, codes in _spellings(number):
        found = _find(said, regions)
        if found and found.assumed and _is_ambiguous(found.number, said, regions[regions.index(found.assumed) + 1 :]):
            codes = (*codes, "phone_ambiguous")
        if found:
            return _describe(found, number.extension, codes)
    dashed = phone_text.dashed_extension(number.text)
    if dashed and not number.extension:
        return _read(Written(*dashed), regions)
    restored = _with_zero(number, regions)
    return restored or _refuse(number, regions)


def _spellings(number: Written) -> list[tuple[str, tuple[str, ...]]]:
    """Return the ways to read a number: without words around it, then with its letters as keys (1-800-FLOWERS)."""
    if not number.letters:
        return [(number.text, ())]
    return [(phone_text.without_letters(number.text), ("phone_letters",)), (number.text, ("phone_letters",))]


def _find(said: str, regions: tuple[str, ...]) -> _Found | None:
    """Return the valid number a text holds, read as of the first region that makes it one."""
    international = _international(said)
    if international:
        found = _valid(international, None)
        if found or said.lstrip(" (（").startswith("+"):
            return found
    return next((found for region in regions if (found := _valid(said, region))), None)


def _valid(said: str, region: str | None) -> _Found | None:
    number = _parse(said, region)
    kind = phonenumbers.number_type(number) if number else PhoneNumberType.UNKNOWN  # a valid number has a type
    return _Found(number, kind, region) if number and kind != PhoneNumberType.UNKNOWN else None


def _is_ambiguous(found: PhoneNumber, said: str, others: tuple[str, ...]) -> bool:
    """Return whether another candidate country would make another valid number of the same text."""
    return any(rival.number != found for region in others if (rival := _valid(said, region)))


def _international(said: str) -> str | None:
    """Return the number as `+…` when it says its country itself, by + or by 00."""
    plain = said.lstrip(" (（.-")
    if plain.startswith("+"):
        return plain
    digits = phone_text.digits(plain)
    return f"+{digits[2:]}" if digits.startswith("00") and plain.startswith("0") and len(digits) > 9 else None


def _with_zero(number: Written, regions: tuple[str, ...]) -> Cleaned | None:
    """Read a number once more with the leading zero a spreadsheet drops; it counts only if that makes it valid."""
    if number.letters or not number.text[:1].isdigit() or number.text.startswith("0"):
        return None
    for region in regions:
        found = _valid(f"0{number.text}", region)
        if found:
            return _describe(found, number.extension, ("phone_zero_restored",))
    return None


def _refuse(number: Written, regions: tuple[str, ...]) -> Cleaned:
    """Say what is missing about a number that is not valid; one with a country code and a right length is kept."""
    digits = phone_text.digits(number.text)
    international = _international(number.text)
    found = _parse(international, None) if international else None
    results = [phonenumbers.is_possible_number_with_reason(n) for n in _candidates(found, number.text, regions)]
    if found and results == [ValidationResult.IS_POSSIBLE]:
        kept = _describe(_Found(found, PhoneNumberType.UNKNOWN, None), number.extension, ("phone_doubtful",))
        return kept._replace(valid=None)
    if ValidationResult.IS_POSSIBLE_LOCAL_ONLY in results and len(digits) >= 5:
        return Cleaned(None, None, EMPTY.parts, ("phone_no_area",))
    if not international and not regions and 7 <= len(digits) <= 15 and not number.letters:
        return Cleaned(None, None, EMPTY.parts, ("phone_no_country",))
    return Cleaned(None, False, EMPTY.parts, ("phone_invalid",))


def _candidates(found: PhoneNumber | None, said: str, regions: tuple[str, ...]) -> list[PhoneNumber]:
    if found:
        return [found]
    return [number for region in regions if (number := _parse(said, region))]


def _describe(found: _Found, extension: str | None, codes: tuple[str, ...]) -> Cleaned:
    number, kind = found.number, _TYPES.get(found.kind, "unknown")
    parts: dict[str, Any] = {
        "type": kind,
        "region": phonenumbers.region_code_for_number(number),
        "extension": extension or number.extension,
        "assumed": found.assumed,
    }
    if kind == "premium":
        codes = (*codes, "phone_premium")
    return Cleaned(phonenumbers.format_number(number, PhoneNumberFormat.E164), True, parts, codes)


def _parse(said: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(said, region)
    except phonenumbers.NumberParseException:
        return None
