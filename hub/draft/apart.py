"""Takes a rule apart into the rows it is made of, where rows can say all that it says."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hub.draft.conditions import FUNCTIONS, METHODS, NUMBER, SIGNS, Condition, Row
from hub.draft.naming import is_plain, parts_of, path_at, path_of, quoted
from hub.errors import ConfigError
from hub.rules.syntax import Token, literal, tokens

_GAP = re.compile(r"\s*")


def read(expression: str) -> Condition | None:
    """Return the rows of a rule, None where it says more than rows can."""
    try:
        words: Sequence[Token] = tokens(expression)
    except ConfigError:
        return None
    if not words or not _without_notes(expression, words):
        return None
    words = _bare(words)
    found = {sign: _parts(words, sign) for sign in ("&&", "||")}
    if len(found["&&"]) > 1 and len(found["||"]) > 1:
        return None
    sign = "||" if len(found["||"]) > 1 else "&&"
    rows = [_one(_bare(part)) for part in found[sign]]
    whole = [row for row in rows if row is not None]
    return Condition(tuple(whole), "any" if sign == "||" else "all") if len(whole) == len(rows) else None


def _without_notes(expression: str, words: Sequence[Token]) -> bool:
    """Return whether nothing but blanks stands between the words: a note in a rule would be lost."""
    ends = [0, *(word.end for word in words)]
    starts = [*(word.start for word in words), len(expression)]
    return all(_GAP.fullmatch(expression, end, start) for end, start in zip(ends, starts, strict=True))


def _bare(words: Sequence[Token]) -> Sequence[Token]:
    """Return the words without brackets around all of them."""
    while len(words) > 2 and words[0].text == "(" and _closing(words, 0) == len(words) - 1:
        words = words[1:-1]
    return words


def _closing(words: Sequence[Token], opening: int) -> int:
    depth = 0
    for index in range(opening, len(words)):
        depth += (words[index].text in "([{") - (words[index].text in ")]}")
        if depth == 0:
            return index
    return -1


def _parts(words: Sequence[Token], sign: str) -> list[Sequence[Token]]:
    depth, start = 0, 0
    found: list[Sequence[Token]] = []
    for index, word in enumerate(words):
        depth += (word.text in "([{") - (word.text in ")]}")
        if depth == 0 and word.text == sign:
            found.append(words[start:index])
            start = index + 1
    return [*found, words[start:]]


_OPPOSITE = {
    "known": "unknown",
    "true": "false",
    "one_of": "not_one_of",
    "in": "not_in",
    "contains_any": "contains_none",
}
_OPPOSITE.update({name: f"not_{name}" for name in METHODS.values()})


def _one(words: Sequence[Token]) -> Row | None:
    """Return the row of one comparison, None for anything else."""
    if words and words[0].text == "!":
        inner = _bare(words[1:])
        row = _one(inner)
        bracketed = len(inner) < len(words) - 1
        if row is None or row.operator not in _OPPOSITE or (row.operator == "in" and not bracketed):
            return None
        return Row(row.field, _OPPOSITE[row.operator], row.values)
    return _asked(words) or _member(words) or _called(words) or _compared(words)


def _asked(words: Sequence[Token]) -> Row | None:
    """Read has(lead.phone)."""
    if len(words) < 4 or words[0].text != "has" or _closing(words, 1) != len(words) - 1:
        return None
    found = path_at(words, 2)
    whole = found is not None and found[1] == len(words) - 1 and len(found[0]) > 1 and is_plain(found[0][-1])
    return Row(path_of(found[0]), "known") if found is not None and whole else None


def _member(words: Sequence[Token]) -> Row | None:
    """Read "company size" in extra."""
    if len(words) < 3 or not _is_text(words[0]) or words[1].text != "in":
        return None
    found = path_at(words, 2)
    name = literal(words[0].text)
    if found is None or found[1] != len(words) or not name:
        return None
    return Row(path_of((*found[0], name)), "known")


def _called(words: Sequence[Token]) -> Row | None:
    """Read one_of(lead.country, ["DE", "AT"])."""
    name = words[0].text if words else ""
    if name not in ("one_of", "contains_any") or len(words) < 2 or _closing(words, 1) != len(words) - 1:
        return None
    found = _field(words, 2)
    if found is None or found[1] >= len(words) or words[found[1]].text != ",":
        return None
    values = _list(words[found[1] + 1 : -1])
    return Row(found[0], name, values) if values else None


def _compared(words: Sequence[Token]) -> Row | None:
    found = _field(words, 0)
    if found is None:
        return None
    field, after = found[0], words[found[1] :]
    if not after:
        return Row(field, "true") if parts_of(field) else None
    sign = after[0].text
    if sign == "in":
        values = _list(after[1:])
        return Row(field, "in", values) if values else None
    if sign == "." and len(after) == 5 and after[1].text in METHODS and after[2].text == "(" and _is_text(after[3]):
        text = literal(after[3].text)
        return Row(field, METHODS[after[1].text], (text,)) if text else None
    return _with_constant(field, sign, after[1:]) if sign in SIGNS else None


def _with_constant(field: str, sign: str, after: Sequence[Token]) -> Row | None:
    said = "".join(word.text for word in after)
    equal = sign in ("==", "!=")
    if equal and said in ("true", "false") and parts_of(field):
        return Row(field, "true" if (said == "true") == (sign == "==") else "false")
    if len(after) <= 2 and NUMBER.fullmatch(said):
        return Row(field, SIGNS[sign], (said,))
    if len(after) != 1 or not equal:
        return None
    if said == "null" or (_is_text(after[0]) and not literal(said)):
        parts = parts_of(field)
        known = parts is not None and len(parts) == 2
        return Row(field, "unknown" if sign == "==" else "known") if known else None
    return Row(field, "is" if sign == "==" else "is_not", (literal(said),)) if _is_text(after[0]) else None


def _is_text(word: Token) -> bool:
    return word.kind == "text" and not word.text.startswith(("b", "B", "rb", "rB", "Rb", "RB"))


def _list(words: Sequence[Token]) -> tuple[str, ...]:
    """Return the texts of a list; nothing where it holds anything else, or an empty text."""
    if len(words) < 3 or words[0].text != "[" or words[-1].text != "]":
        return ()
    items, between = words[1:-1:2], words[2:-1:2]
    if not all(map(_is_text, items)) or any(word.text != "," for word in between) or len(between) != len(items) - 1:
        return ()
    values = tuple(literal(word.text) for word in items)
    return values if all(values) else ()


def _field(words: Sequence[Token], at: int) -> tuple[str, int] | None:
    """Return the field at a place, with the function it stands in, and the place after it."""
    plain = path_at(words, at)
    if plain is not None:
        return path_of(plain[0]), plain[1]
    if at + 3 >= len(words) or words[at].text not in FUNCTIONS or words[at + 1].text != "(":
        return None
    inner, end = path_at(words, at + 2), _closing(words, at + 1)
    if inner is None or end < 0:
        return None
    rest = words[inner[1] : end]
    if not rest:
        return f"{words[at].text}({path_of(inner[0])})", end + 1
    if len(rest) == 2 and rest[0].text == "," and _is_text(rest[1]):
        return f"{words[at].text}({path_of(inner[0])}, {quoted(literal(rest[1].text))})", end + 1
    return None
