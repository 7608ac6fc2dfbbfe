"""The days that a country, or a part of one, has off, and the weekends that it works instead (调休)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

# The package `holidays` takes a fifth of a second to import, so only calendars that name a country wait for it.


class Year(NamedTuple):
    """What is different in one year."""

    free: frozenset[date]
    worked: frozenset[date]


def checked(code: str) -> str:
    """Return a code such as CN or DE-BY; raises ValueError, with what may have been meant, when it is not known."""
    country, dash, part = code.partition("-")
    known = _known()
    if country not in known:
        meant = _meant(country, known)
        hint = f"write {meant}" if meant else "write its two letters, such as CN, or DE-BY for a part"
        raise ValueError(f"{code[:200]!r} is no country whose public holidays are known; {hint}")
    if dash and part not in known[country]:
        raise ValueError(
            f"{code[:200]!r} is no part of {country} whose public holidays are known; {_part(country, part)}"
        )
    return code


@lru_cache(maxsize=1_000)
def year_of(code: str, year: int) -> Year:
    """Return the public holidays of a year, and the weekend days that are worked in place of others.

    Holidays are those of the whole day and for everybody. A year whose notice is not out yet has only what the law
    fixes, see `known_until`; a year that nobody has computed has nothing.
    """
    found = _asked(code, (year,))
    return Year(frozenset(found), frozenset(day for day in found.weekend_workdays if day.year == year))


@lru_cache(maxsize=1_000)
def known_until(code: str) -> int | None:
    """Return the last year whose moved days are known, for a country that moves days by notice; None elsewhere.

    China publishes its notice in November: until it is in the package, a later year has its statutory days only and no
    weekend that is worked. Countries that move days now and then count too: their last move is told.
    """
    found = _asked(code, ())
    if not found.has_substituted_holidays:
        return None
    special: Mapping[int, Any] = getattr(found, "special_public_holidays", {})
    return max((year for year, entries in special.items() if any(map(_moves, _each(entries)))), default=None)


def _each(entries: Any) -> Iterable[Any]:
    """Return the entries of a year, of which a single one stands by itself."""
    return entries if isinstance(entries[0], tuple) else (entries,)


def _moves(entry: tuple[Any, ...]) -> bool:
    """Return whether an entry is a free day and the day it is taken from, each as month and day."""
    return len(entry) >= 4 and all(isinstance(part, int) for part in entry)


def _asked(code: str, years: tuple[int, ...]) -> Any:
    import holidays

    country, _, part = code.partition("-")
    return holidays.country_holidays(country, subdiv=part or None, years=years)


def _known() -> Mapping[str, Iterable[str]]:
    import holidays

    return {code: parts for code, parts in holidays.list_supported_countries().items() if len(code) == 2}


def _meant(wrong: str, known: Iterable[str]) -> str | None:
    """Return the code of a country that was written small, with three letters or by its name."""
    from holidays.registry import COUNTRIES

    if wrong.upper() in known:
        return wrong.upper()
    folded = wrong.casefold().replace(" ", "")
    for names in COUNTRIES.values():
        if folded in [name.casefold() for name in names]:
            return next((name for name in names if name in known), None)
    return None


def _part(country: str, wrong: str) -> str:
    """Return what may have been meant by a part of a country."""
    found = _asked(country, ())
    named = {name.casefold(): code for name, code in found.subdivisions_aliases.items()}
    codes = {code.casefold(): code for code in found.subdivisions}
    meant = codes.get(wrong.casefold()) or named.get(wrong.casefold())
    if meant:
        return f"write {country}-{meant}"
    if found.subdivisions:
        return f"its parts are {', '.join(found.subdivisions)}"
    return f"it has none, so write {country}"
