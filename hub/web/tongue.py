"""The two languages of the pages: their words, and how each writes times, numbers and spans."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers, support, units
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.requests import Request

from hub.labels import Language

WORDS = Path(__file__).parent / "words"

LANGUAGES: Mapping[Language, str] = {"en": "English", "zh": "中文"}
"""The languages, each in its own name. The words are written in English, and translated by the files of WORDS."""

COOKIE = "leadhub_language"

_LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}  # the British write the day before the month, and 24 hours
_MOMENT = timedelta(seconds=1)
_UNITS = (("day", 86_400.0), ("hour", 3_600.0), ("minute", 60.0), ("second", 1.0))


@cache
def translations(language: str) -> support.NullTranslations:
    """Return the words of a language, out of all its files `words/ROOM.LANGUAGE.po`."""
    found: support.NullTranslations | None = None
    for path in sorted(WORDS.glob(f"*.{language}.po")):
        compiled = io.BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file, locale=_LOCALES[language]))
        compiled.seek(0)
        one = support.Translations(compiled)
        found = one if found is None else found.merge(one)  # type: ignore[attr-defined]
    return found if found is not None else support.NullTranslations()


def language_of(request: Request, otherwise: Language) -> Language:
    """Return the language a person reads: as the address says, else as they chose, else as the browser says."""
    for asked in (request.query_params.get("lang", ""), request.cookies.get(COOKIE, "")):
        if asked in LANGUAGES:
            return cast(Language, asked)
    for part in request.headers.get("accept-language", "").lower().split(","):
        if part.strip()[:2] in LANGUAGES:
            return cast(Language, part.strip()[:2])
    return otherwise


def N_(text: str) -> str:  # noqa: N802 - the name by which translators' tools know it
    """Mark a text that is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language, with the zone in which its times are told."""

    language: Language
    zone: ZoneInfo

    @property
    def _locale(self) -> Locale:
        return _locale(self.language)

    def say(self, text: str, /, **given: Any) -> str:
        """Return a text in this language."""
        said: str = translations(self.language).gettext(text)
        return said % given if given else said.replace("%%", "%")

    def within(self, context: str, text: str) -> str:
        """Return a text that means something of its own in a context; itself, where it is not translated."""
        return str(translations(self.language).pgettext(context, text)) if text else ""

    def word(self, name: str | None) -> str:
        """Return one of our own words, such as a state or an act, as people read it."""
        plain = (name or "").replace("_", " ")
        return self.say(plain) if plain else ""

    def when(self, at: datetime | str | None, form: str = "medium") -> str:
        """Return a moment in the hub's zone; `form` is one of Babel's, or a pattern."""
        found = moment(at)
        return "" if found is None else dates.format_datetime(found, form, self.zone, self._locale)

    def day(self, at: datetime | str | None) -> str:
        """Return the day of a moment in the hub's zone."""
        found = moment(at)
        return "" if found is None else dates.format_date(found.astimezone(self.zone), "medium", self._locale)

    def ago(self, at: datetime | str | None, now: datetime | str | None) -> str:
        """Return how long ago a moment is, roughly."""
        found, present = moment(at), moment(now)
        if found is None or present is None:
            return ""
        away = found - present
        if abs(away) < _MOMENT:  # nobody says "in 0 seconds"
            away = -_MOMENT
        return dates.format_timedelta(away, add_direction=True, locale=self._locale)

    def span(self, seconds: float | None) -> str:
        """Return a span in its two largest units."""
        if seconds is None:
            return ""
        size_of_all = abs(float(seconds))
        left, parts = round(size_of_all, 1 if size_of_all < 10 else None), list[str]()
        for unit, size in _UNITS:
            number = left // size if size > 1 else left
            left -= number * size
            if number and len(parts) < 2:
                parts.append(units.format_unit(number, f"duration-{unit}", "short", locale=self._locale))
        said = " ".join(parts) or units.format_unit(0, "duration-second", "short", locale=self._locale)
        return f"-{said}" if seconds < 0 and parts else said

    def number(self, value: float | None, digits: int | None = None) -> str:
        """Return a number with its groups of thousands; `digits` after the point."""
        if value is None:
            return ""
        return _decimal(value, digits, self.language)

    def percent(self, share: float | None, digits: int = 0) -> str:
        """Return a share of one as a percentage."""
        form = "#,##0%" if not digits else f"#,##0.{'0' * digits}%"
        return "" if share is None else _percent(share, form, self.language)

    def money(self, value: float | None, currency: str | None) -> str:
        """Return an amount of money; without a currency, the plain number."""
        if value is None:
            return ""
        if not currency:
            return self.number(value, 2)
        return numbers.format_currency(value, currency, locale=self._locale)

    @property
    def filters(self) -> Mapping[str, Callable[..., str]]:
        """Return what templates write values with."""
        return {
            "word": self.word, "when": self.when, "day": self.day, "span": self.span, "number": self.number,
            "percent": self.percent, "money": self.money, "ago": self.ago,
        }  # fmt: skip


@cache
def _locale(language: Language) -> Locale:
    return Locale.parse(_LOCALES[language])


@lru_cache(maxsize=5_000)  # a table of 200 people has 7,000 numbers, most of them alike
def _decimal(value: float, digits: int | None, language: Language) -> str:
    form = None if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    return numbers.format_decimal(value, form, locale=_locale(language))


@lru_cache(maxsize=5_000)
def _percent(share: float, form: str, language: Language) -> str:
    return numbers.format_percent(share, form, locale=_locale(language))


def moment(at: datetime | str | None) -> datetime | None:
    """Return a moment that may be written as text, as page data has it; None for none, and for one that is hidden."""
    if not isinstance(at, str):
        return at
    try:
        return datetime.fromisoformat(at)
    except ValueError:
        return None
