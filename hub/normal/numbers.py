"""Reads amounts and ranges where their writing leaves no doubt."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from hub.normal import text
from hub.normal.tables import spellings
from hub.normal.verdicts import EMPTY, Cleaned

_CURRENCIES = spellings(
    """
    CNY: rmb, cny, 人民币, 元, 块
    USD: us$, usd, 美元, 美金
    EUR: €, eur, euro, 欧元
    GBP: £, gbp, 英镑
    HKD: hk$, hkd, 港币
    TWD: nt$, twd
    JPY: jpy, 日元, 円
    KRW: ₩, krw
    INR: ₹, inr
    CHF: chf
    SGD: sgd, s$
    AUD: aud, a$
    CAD: cad, c$
    """
)
_SIGNS = re.compile("|".join(re.escape(sign) for sign in sorted(_CURRENCIES, key=len, reverse=True)))
_UNITS = {
    "k": 1_000,
    "千": 1_000,
    "m": 1_000_000,
    "万": 10_000,
    "萬": 10_000,
    "亿": 100_000_000,
    "億": 100_000_000,
    "mio": 1_000_000,
}
_NUMBER = re.compile(
    r"(-?)([0-9][0-9.,' ]{0,30}|\.[0-9]{1,9})\s?(k|m|mio|千|万|萬|亿|億)?"
    r"(?![.,']*[a-z0-9_]| *[0-9%])"  # of `12,5x` not even the 12
)
_RANGE = re.compile(r"\s*(?:-|–|—|~|～|至|到|\bto\b|\bbis\b)\s*")


@lru_cache(maxsize=8_000)
def amount(raw: str) -> Cleaned:
    """Return the text as given; parts `low`, `high` (plain numbers as text) and `currency` where they are sure.

    `1,000`, `￥1.5万`, `51-200` and `500+` can be read; `1.234` cannot: it is 1234 in Berlin and 1.234 in London.
    """
    shown = text.line(raw, 100)
    if shown.value is None:
        return shown
    low, high, currency = _read(shown.value)
    parts: dict[str, Any] = {"low": low, "high": high, "currency": currency} if low is not None else {}
    return Cleaned(shown.value, True if parts else None, parts, shown.codes)


@lru_cache(maxsize=8_000)
def plain_number(raw: str) -> Cleaned:
    """Return one amount as a plain number such as `1000.5`, with its `currency` as a part when it stands there.

    Nothing else may stand beside it: money is counted, so it is read for sure or not at all.
    """
    shown = text.line(raw, 100)
    if shown.value is None:
        return shown
    bare, currency = _bare(shown.value)
    number = _number(bare) if _NUMBER.fullmatch(bare) else None
    if number is None:
        return Cleaned(None, False, EMPTY.parts, ("number_unclear",))
    return Cleaned(number, True, {"currency": currency} if currency else EMPTY.parts, shown.codes)


def _read(said: str) -> tuple[str | None, str | None, str | None]:
    """Return the lowest and highest number of a range (equal for one number; None: open) and the currency."""
    bare, currency = _bare(said)
    pieces = [bare] if bare.startswith("-") else _RANGE.split(bare, maxsplit=1)
    numbers = [_number(piece) for piece in pieces]
    if not numbers or None in numbers:
        return None, None, None
    is_open = bool(re.search(r"\+$|以上|or more|更多", bare)) or bare.startswith((">", "over ", "more than "))
    if len(numbers) == 1 and re.search(r"以下|以内|under|less than|^<|up to", bare):
        return "0", numbers[0], currency
    return numbers[0], None if is_open else numbers[-1], currency


def _bare(said: str) -> tuple[str, str | None]:
    """Return the text without the signs of money, and the currency they name."""
    folded = text.ascii_width(said).casefold().strip()
    found = _SIGNS.search(folded)
    bare = re.sub("[¥￥$]", " ", _SIGNS.sub(" ", folded)).strip()
    return bare, _CURRENCIES[found[0]] if found else None


def _number(said: str) -> str | None:
    found = _NUMBER.search(said)
    if not found or len(re.findall(r"[0-9][0-9.,' ]*", said)) != 1:
        return None
    digits = _unpointed(found[2].strip().rstrip(".,"))
    if digits is None:
        return None
    if found[3]:
        digits = _scaled(digits, _UNITS[found[3]])
    return f"-{digits}" if found[1] and digits.strip("0.") else digits


def _scaled(digits: str, unit: int) -> str:
    whole, _, decimals = digits.partition(".")
    places = len(str(unit)) - 1
    grown = int(whole + decimals[:places].ljust(places, "0"))
    rest = decimals[places:]
    return f"{grown}.{rest}" if rest else str(grown)


def _unpointed(digits: str) -> str | None:
    """Return digits with at most a decimal point; None where a mark may be either kind."""
    digits = digits.replace("'", "").replace(" ", "")
    marks = [c for c in digits if c in ".,"]
    if not marks:
        return digits.lstrip("0") or "0"
    if len(set(marks)) == 2:
        decimal = marks[-1]
        if marks.count(decimal) > 1:
            return None
        whole, _, decimals = digits.rpartition(decimal)
        return _grouped(whole, marks[0], decimals)
    if len(marks) > 1:
        return _grouped(digits, marks[0], "")
    whole, _, decimals = digits.partition(marks[0])
    if len(decimals) == 3 and marks[0] == "." and whole not in ("", "0"):
        return None
    if len(decimals) == 3 and marks[0] == "," and whole not in ("", "0"):
        return whole.lstrip("0") + decimals
    return f"{whole.lstrip('0') or '0'}.{decimals}" if decimals else whole


def _grouped(whole: str, mark: str, decimals: str) -> str | None:
    first, *groups = whole.split(mark)
    if any(len(group) != 3 or not group.isdigit() for group in groups) or not 0 < len(first) <= 3:
        return None
    joined = "".join((first, *groups)).lstrip("0") or "0"
    return f"{joined}.{decimals}" if decimals else joined
