"""Says a rule as a plain sentence, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from hub.errors import ConfigError
from hub.labels import Language, label
from hub.rules.facts import NAMES
from hub.rules.syntax import Token, literal, paths, tokens

_PHRASES: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "==": "{} is {}",
            "!=": "{} is not {}",
            ">": "{} is above {}",
            ">=": "{} is at least {}",
            "<": "{} is below {}",
            "<=": "{} is at most {}",
            "in": "{} is one of {}",
            "one_of": "{} is one of {}",
            "contains": "{} contains {}",
            "contains_any": "{} contains one of {}",
            "startsWith": "{} starts with {}",
            "endsWith": "{} ends with {}",
            "matches": "{} matches {}",
            "known": "{} is known",
            "unknown": "{} is unknown",
            "true": "{} is true",
            "false": "{} is false",
            "&&": " and ",
            "||": " or ",
            "(": "({})",
            ",": ", ",
            "!": "it is not so that {}",
            "number": "{}",
            "length": "the length of {}",
            "domain": "the domain of {}",
            "days_since": "days since {}",
            "hour": "the hour of {} in {}",
            "weekday": "the weekday of {} in {}",
        },
        "zh": {
            "==": "{}为 {}",
            "!=": "{}不为 {}",
            ">": "{}大于 {}",
            ">=": "{}至少为 {}",
            "<": "{}小于 {}",
            "<=": "{}至多为 {}",
            "in": "{}为 {} 之一",
            "one_of": "{}为 {} 之一",
            "contains": "{}包含 {}",
            "contains_any": "{}包含 {} 之一",
            "startsWith": "{}以 {} 开头",
            "endsWith": "{}以 {} 结尾",
            "matches": "{}符合 {}",
            "known": "{}已知",
            "unknown": "{}未知",
            "true": "{}为真",
            "false": "{}为假",
            "&&": "且",
            "||": "或",
            "(": "（{}）",
            ",": "、",
            "!": "并非{}",
            "number": "{}",
            "length": "{}的字数",
            "domain": "{}的域名",
            "days_since": "距{}的天数",
            "hour": "{}在 {} 的小时",
            "weekday": "{}在 {} 的星期",
        },
    }
)
_COMPARE = frozenset({"==", "!=", ">", ">=", "<", "<="})
_METHODS = frozenset({"contains", "startsWith", "endsWith", "matches"})
_FUNCTIONS = frozenset({"one_of", "contains_any"})
_OF_FIELDS = frozenset({"number", "length", "domain", "days_since"})
_OF_ZONES = frozenset({"hour", "weekday"})
_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")


@lru_cache(maxsize=1024)
def words(expression: str, language: Language = "en") -> str:
    """Return an expression as a plain sentence; parts that are not simple stay as they are written."""
    try:
        read = tokens(expression)
    except ConfigError:
        return expression
    return _either(expression, read, language) if read else expression


def _either(expression: str, read: Sequence[Token], language: Language) -> str:
    """Say a chain of || and &&; each part that cannot be said is quoted."""
    for sign in ("||", "&&"):
        parts = chained(read, sign)
        if len(parts) > 1:
            return _joined([_either(expression, part, language) for part in parts], sign, language)
    if len(read) > 2 and read[0].text == "(" and closing(read, 0) == len(read) - 1:
        return _PHRASES[language]["("].format(_either(expression, read[1:-1], language))
    said = _simple(read, language)
    return said if said is not None else expression[read[0].start : read[-1].end] if read else ""


def _joined(said: Sequence[str], sign: str, language: Language) -> str:
    """Join parts; in Chinese the word between them is set apart from Latin letters by spaces."""
    word = _PHRASES[language][sign]
    if language == "en":
        return word.join(said)
    whole = said[0]
    for part in said[1:]:
        whole += (" " if whole[-1:].isascii() else "") + word + (" " if part[:1].isascii() else "") + part
    return whole


def chained(read: Sequence[Token], sign: str) -> list[Sequence[Token]]:
    """Return the tokens split at an operator that stands outside brackets; a ternary is never split."""
    depth, start = 0, 0
    found: list[Sequence[Token]] = []
    for index, token in enumerate(read):
        depth += (token.text in _OPEN) - (token.text in _CLOSE)
        if depth == 0 and token.text == "?":
            return [read]
        if depth == 0 and token.text == sign:
            found.append(read[start:index])
            start = index + 1
    return [*found, read[start:]]


def closing(read: Sequence[Token], opening: int) -> int:
    """Return where the bracket that opens there is closed, -1 where it is not."""
    depth = 0
    for index in range(opening, len(read)):
        depth += (read[index].text in _OPEN) - (read[index].text in _CLOSE)
        if depth == 0:
            return index
    return -1


def _simple(read: Sequence[Token], language: Language) -> str | None:
    """Say one comparison of a field with a constant; None when it is something else."""
    phrases = _PHRASES[language]
    if read and read[0].text == "!":
        return _negated(read[1:], language)
    if len(read) > 3 and read[0].text in ("has", *_FUNCTIONS) and closing(read, 1) == len(read) - 1:
        name, after = _field(read[2:-1], language)
        if name and read[0].text == "has" and not after:
            return phrases["known"].format(name)
        listed = _list(after[1:], language) if after and after[0].text == "," else None
        return phrases[read[0].text].format(name, listed) if name and listed else None
    name, after = _field(read, language)
    if not name:
        return None
    if not after:
        return phrases["true"].format(name)
    sign = after[0].text
    if sign in _COMPARE and len(after) == 2:
        return _compared(name, sign, after[1], language)
    if sign == "in":
        listed = _list(after[1:], language)
        return phrases["in"].format(name, listed) if listed else None
    if sign == "." and len(after) == 5 and after[1].text in _METHODS:
        value = _value(after[3])
        return phrases[after[1].text].format(name, value) if value else None
    return None


def _negated(read: Sequence[Token], language: Language) -> str | None:
    said = {"has": "unknown", "": "false"}
    kind = "has" if read and read[0].text == "has" else ""
    inner = read[2:-1] if kind else read
    name, after = _field(inner, language)
    if name and not after:
        return _PHRASES[language][said[kind]].format(name)
    bracketed = len(read) > 2 and read[0].text == "(" and closing(read, 0) == len(read) - 1
    if not bracketed and (not read or read[0].text not in _FUNCTIONS):
        return None
    whole = _simple(read[1:-1] if bracketed else read, language)
    return _PHRASES[language]["!"].format(whole) if whole is not None else None


def _compared(name: str, sign: str, token: Token, language: Language) -> str | None:
    phrases = _PHRASES[language]
    if sign in ("==", "!=") and token.text in ("null", "''", '""'):
        return phrases["unknown" if sign == "==" else "known"].format(name)
    if sign in ("==", "!=") and token.text in ("true", "false"):
        return phrases["true" if (token.text == "true") == (sign == "==") else "false"].format(name)
    value = _value(token)
    return phrases[sign].format(name, value) if value else None


def _field(read: Sequence[Token], language: Language) -> tuple[str, Sequence[Token]]:
    """Return what people call the field that stands first, and the tokens after it."""
    found = next(paths(read, NAMES), None)
    if found is None or found.first != 0:
        return _of_field(read, language)
    name = label(".".join(found.parts), language)
    # Chinese is set apart from Latin letters by a space
    return name + " " if language == "zh" and name[-1].isascii() else name, read[found.last + 1 :]


def _of_field(read: Sequence[Token], language: Language) -> tuple[str, Sequence[Token]]:
    """Return what people call a field in one of the functions that say something of it, and the tokens after it."""
    function = read[0].text if len(read) > 3 and read[1].text == "(" else ""
    if function not in _OF_FIELDS | _OF_ZONES:
        return "", read
    end = closing(read, 1)
    name, after = _field(read[2:end], language)
    given = [name.strip()]
    if function in _OF_ZONES and len(after) == 2 and (zone := _value(after[1])):
        given, after = [name.strip(), zone], ()
    if not name or after or len(given) != (2 if function in _OF_ZONES else 1):
        return "", read
    said = _PHRASES[language][function].format(*given)
    return said + " " if language == "zh" and said[-1].isascii() else said, read[end + 1 :]


def _list(read: Sequence[Token], language: Language) -> str | None:
    if len(read) < 3 or read[0].text != "[" or closing(read, 0) != len(read) - 1:
        return None
    items = [_value(token) for token in read[1:-1:2]]
    if None in items or any(token.text != "," for token in read[2:-1:2]):
        return None
    return _PHRASES[language][","].join(item for item in items if item)


def _value(token: Token) -> str | None:
    if token.kind == "number":
        return token.text
    if token.kind == "text" and not token.text.startswith(("b", "B")):
        return literal(token.text) or None
    return None
