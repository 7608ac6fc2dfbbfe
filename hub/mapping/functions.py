"""The pure functions a mapping may name in `with:`; each takes one value as received and returns one."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from hub.instant import instant

_YES = frozenset(
    re.findall(
        r"\S+",
        "1 true t yes y on ok agree agreed i-agree accept accepted opt-in optin checked x ja oui si sí sim "
        "是 是的 同意 已同意 我同意 愿意 真",
    )
)
_NO = frozenset(
    re.findall(
        r"\S+",
        "0 false f no n off disagree disagreed declined opt-out optout unchecked nein non não "
        "否 不 不是 不同意 未同意 拒绝 不愿意 假",
    )
)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_BREAK = re.compile(r"<\s*(?:br|/p|/div|/li)\s*/?>", re.IGNORECASE)


def text(value: Any) -> str:
    """Write a number, or true and false, as text; whole numbers lose their `.0`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e18:
        return str(int(value))
    if isinstance(value, (int, float)):
        return str(value)
    raise ValueError(f"it takes text, not {_kind(value)}")


def lower(value: Any) -> str:
    """Write it in lower case."""
    return text(value).lower()


def upper(value: Any) -> str:
    """Write it in upper case."""
    return text(value).upper()


def strip(value: Any) -> str:
    """Take spaces off both ends."""
    return text(value).strip()


def digits(value: Any) -> str:
    """Keep the digits only, in whatever script they are written."""
    return "".join(str(unicodedata.decimal(character)) for character in text(value) if character.isdecimal())


def number(value: Any) -> str:
    """Keep a plain number: `1,234.50 USD` becomes `1234.50`."""
    found = re.search(r"-?[0-9]+(?:\.[0-9]+)?", re.sub(r"(?<=[0-9])[,'\u00a0 ](?=[0-9]{3})", "", text(value)))
    if found is None:
        raise ValueError("there is no number in it")
    return found[0]


def join(value: Any) -> str:
    """Join a list with commas."""
    return ", ".join(text(item) for item in _items(value))


def join_words(value: Any) -> str:
    """Join a list with spaces, such as the parts of a name."""
    return " ".join(text(item).strip() for item in _items(value))


def join_lines(value: Any) -> str:
    """Join a list with line breaks."""
    return "\n".join(text(item) for item in _items(value))


def first(value: Any) -> Any:
    """Take the first item of a list that is not empty."""
    return next(iter(_items(value)), None)


def last(value: Any) -> Any:
    """Take the last item of a list that is not empty."""
    return next(iter(reversed(_items(value))), None)


def split_comma(value: Any) -> list[str]:
    """Split at commas and semicolons, Western or Chinese."""
    return [part.strip() for part in re.split("[,;，；、]", text(value)) if part.strip()]


def epoch_s(value: Any) -> str:
    """Read seconds since 1970 and write the time as ISO 8601 in UTC."""
    return _iso(float(text(value)))


def epoch_ms(value: Any) -> str:
    """Read milliseconds since 1970 and write the time as ISO 8601 in UTC."""
    return _iso(float(text(value)) / 1000)


def iso_time(value: Any) -> str:
    """Read a time in ISO 8601 or counted since 1970 (UTC where no zone stands) and write it as ISO 8601 in UTC."""
    return _iso(value)


def boolean(value: Any) -> bool:
    """Read yes and no in several languages; anything else is kept as it is and noted."""
    if isinstance(value, bool):
        return value
    word = text(value).strip().casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise ValueError("it is neither yes nor no")


def html_unescape(value: Any) -> str:
    """Turn `&amp;` and its kin into the characters they stand for."""
    return html.unescape(text(value))


def html_text(value: Any) -> str:
    """Take the text out of HTML."""
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", text(value)))).strip()


def url_decode(value: Any) -> str:
    """Turn `%20` and `+` into the characters they stand for."""
    return unquote_plus(text(value))


def url_host(value: Any) -> str:
    """Take the host out of a web address, without `www.`."""
    address = text(value).strip()
    return (urlsplit(address if "//" in address else f"//{address}").hostname or "").removeprefix("www.")


def name_part(value: Any) -> str:
    """Take the name out of `Ann Ng <ann@acme.com>`."""
    return parseaddr(text(value))[0]


def email_part(value: Any) -> str:
    """Take the address out of `Ann Ng <ann@acme.com>`."""
    return parseaddr(text(value))[1]


def no_prefix(value: Any) -> str:
    """Take a word and a colon off the front, as in `tel:+4930…` or `mailto:ann@acme.com`."""
    return re.sub(r"^\s*[A-Za-z]{1,12}:(?!//)", "", text(value)).strip()


FUNCTIONS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "text": text,
        "lower": lower,
        "upper": upper,
        "strip": strip,
        "digits": digits,
        "number": number,
        "join": join,
        "join_words": join_words,
        "join_lines": join_lines,
        "first": first,
        "last": last,
        "split_comma": split_comma,
        "epoch_s": epoch_s,
        "epoch_ms": epoch_ms,
        "iso_time": iso_time,
        "bool": boolean,
        "html_unescape": html_unescape,
        "html_text": html_text,
        "url_decode": url_decode,
        "url_host": url_host,
        "name_part": name_part,
        "email_part": email_part,
        "no_prefix": no_prefix,
    }
)
"""The functions leadhub ships, by the name a mapping gives them."""


def _items(value: Any) -> list[Any]:
    held = value if isinstance(value, (list, tuple)) else [value]
    return [item for item in held if item is not None and item != ""]


def _iso(value: Any) -> str:
    moment = instant(value)
    if moment is None:
        raise ValueError("it is not a time between 1990 and 2100")
    return moment.isoformat().replace("+00:00", "Z")


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, (list, tuple)) else "an object" if isinstance(value, Mapping) else "nothing"
