"""Says sentences of the lower floors in the reader's language: errors, refusals and reasons, known by their pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from babel.messages.pofile import read_po

from hub.normal.verdicts import CODES
from hub.web.tongue import WORDS, Tongue, translations

FIELD = "{}"
"""Stands in a pattern for what a sentence names."""

_NUMBERED = re.compile(r"\{(\d+)(?::(word|name))?\}")
_LINE = re.compile(r"([^:\n]{1,200}):(\d+): ")
_STOP = re.compile(r"(?<=[.?!]) ")
_KINDS = {"word": re.compile(r"[A-Za-z][a-z_]*"), "name": re.compile(r"\S+")}
_ENDS = ("。", "？", "！")
_MOST = 8  # sentences in a row, or parts of a list
_LONGEST_PLACE = 100
_DEEPEST = 4  # a sentence in a sentence in a sentence


@dataclass(frozen=True, slots=True)
class Pattern:
    """A sentence with fields: its literal parts, in order, and what it is in another language."""

    parts: tuple[str, ...]
    said: tuple[str, ...]  # literal text and fields: {0}, {0:word} for one of our words, {0:name} for what has no space
    weight: int  # how much of a sentence it knows: the characters that are no field
    longest: str  # the longest of its parts, by which most other sentences are told from its own at once

    @classmethod
    def of(cls, parts: tuple[str, ...], said: tuple[str, ...]) -> Pattern:
        """Return the pattern of these parts."""
        return cls(parts, said, sum(map(len, parts)), max(parts, key=len))

    def fields(self, text: str) -> tuple[str, ...] | None:
        """Return what a text has in the fields; None for another sentence. Reads the text once, whatever is in it."""
        if len(self.parts) == 1:
            return () if text == self.parts[0] else None
        first, *middle, last = self.parts
        end = len(text) - len(last)
        if not text.startswith(first) or not text.endswith(last) or end < len(first):
            return None
        found, position = list[str](), len(first)
        for part in middle:
            at = text.find(part, position, end)
            if at < 0:
                return None
            found.append(text[position:at])
            position = at + len(part)
        found.append(text[position:end])
        return tuple(found) if self._fit(found) else None

    def _fit(self, found: Sequence[str]) -> bool:
        """Return whether fields hold what they may: one in quotes has none in it, a word or a name is one.

        A sentence that begins with a field begins there, not with the sentence before it.
        """
        if not self.parts[0] and _STOP.search(found[0]):
            return False
        around = zip(self.parts, found, self.parts[1:], strict=False)
        if any('"' in field and before.endswith('"') and after.startswith('"') for before, field, after in around):
            return False
        asked = (field for part in self.said if (field := _NUMBERED.fullmatch(part)) is not None and field[2])
        return all(_KINDS[field[2]].fullmatch(found[int(field[1])]) for field in asked)


def pattern_of(source: str, said: str) -> Pattern:
    """Return the pattern of a sentence whose fields are written {}, with its translation."""
    return Pattern.of(tuple(source.split(FIELD)), tuple(_split(said)))


def _split(said: str) -> Iterator[str]:
    position = 0
    for field in _NUMBERED.finditer(said):
        yield said[position : field.start()]
        yield field[0]
        position = field.end()
    yield said[position:]


Found = tuple[Pattern, tuple[str, ...]]
"""The pattern of a sentence, and what the sentence has in its fields."""


@dataclass(frozen=True, slots=True)
class Sentences:
    """The sentences of a language: those without a field, and patterns by the whole word they begin or end with.

    Patterns are in order, most literal text first; those that neither begin nor end with a word stand under no word.
    """

    plain: Mapping[str, str]
    begun: Mapping[str, tuple[Pattern, ...]]
    ended: Mapping[str, tuple[Pattern, ...]]

    def best(self, text: str) -> Found | None:
        """Return the pattern that knows most of a sentence."""
        first, last = text.partition(" ")[0], text.rpartition(" ")[2]
        some = (self.begun.get(first, ()), self.ended.get(last, ()), self.ended.get("", ()))
        found = [one for one in (_fitting(patterns, text) for patterns in some) if one is not None]
        return max(found, key=lambda one: one[0].weight, default=None)


def _fitting(patterns: Iterable[Pattern], text: str) -> Found | None:
    for one in patterns:
        fields = one.fields(text) if one.longest in text else None
        if fields is not None:
            return one, fields
    return None


@cache
def sentences(language: str) -> Sentences:
    """Return what is translated of the lower floors; what cleaners say has its Chinese beside its English."""
    plain = {one.english: one.chinese for one in CODES.values()} if language == "zh" else {}
    begun, ended = dict[str, list[Pattern]](), dict[str, list[Pattern]]()
    for source, said in _entries(language):
        if FIELD not in source:
            plain[source] = said
            continue
        one = pattern_of(source, said)
        first, begins, _ = one.parts[0].partition(" ")
        _, ends, last = one.parts[-1].rpartition(" ")
        if begins:
            begun.setdefault(first, []).append(one)
        else:
            ended.setdefault(last if ends else "", []).append(one)
    return Sentences(plain, _in_order(begun), _in_order(ended))


def _in_order(some: Mapping[str, list[Pattern]]) -> Mapping[str, tuple[Pattern, ...]]:
    return {word: tuple(sorted(patterns, key=lambda one: (-one.weight, one.parts))) for word, patterns in some.items()}


def _entries(language: str) -> Iterator[tuple[str, str]]:
    for path in sorted(WORDS.glob(f"errors*.{language}.po")):
        with path.open("rb") as file:
            for entry in read_po(file):
                if isinstance(entry.id, str) and isinstance(entry.string, str) and entry.id and entry.string:
                    yield entry.id, entry.string


def spoken(tongue: Tongue, said: BaseException | str | None) -> str:
    """Return a sentence of ours, or what an error says, in the reader's language; as it is where nobody translated it.

    Several sentences in a row are said one by one, and sentences within a sentence too.
    """
    text = str(said or "")
    return text if tongue.language == "en" else _known(tongue, text, _DEEPEST) or text


def _known(tongue: Tongue, text: str, depth: int) -> str | None:
    """Return a text in the reader's language, None where nothing in it is ours."""
    plain = text.strip()
    if depth <= 0 or not plain:
        return None
    ways = (_placed, _in_a_row) if _LINE.match(plain) else (_together, _in_a_row, _placed)
    return next((said for way in ways if (said := way(tongue, plain, depth)) is not None), None)


def _together(tongue: Tongue, text: str, depth: int) -> str | None:
    """Return a list, all of whose parts are ours, such as "lead.score is a number, lead.email is text"."""
    parts = text.split(", ", _MOST)
    found = [_find(tongue, part) for part in parts if ", " not in part]
    if len(parts) < 2 or len(found) < len(parts) or None in found:
        return None
    return "，".join(_filled(tongue, one, depth) for one in found if one is not None)


def _in_a_row(tongue: Tongue, text: str, depth: int) -> str | None:
    """Return one sentence, or several that follow each other; None when none of them is ours.

    A sentence of ours may hold full stops: of all ways to part the text, the one counts that knows most of it.
    """
    pieces = _STOP.split(text, _MOST)
    ways: list[tuple[int, list[Found | str]]] = [(0, [])]  # of what begins with the last piece, the one before it, …
    for start in reversed(range(len(pieces))):
        some = []
        for end in range(start + 1, len(pieces) + 1):
            piece = " ".join(pieces[start:end])
            found = _find(tongue, piece)
            weight, rest = ways[len(pieces) - end]
            some.append((weight + (found[0].weight if found else 0), [found or piece, *rest]))
        ways.append(max(some, key=lambda way: (way[0], -len(way[1]))))
    weight, parts = ways[-1]
    if not weight:
        return None
    said = [_filled(tongue, one, depth) if not isinstance(one, str) else _rest(tongue, one, depth) for one in parts]
    return "".join(one if one.endswith(_ENDS) else f"{one} " for one in said).rstrip(" ")


def _rest(tongue: Tongue, text: str, depth: int) -> str:
    said = _placed(tongue, text, depth - 1) if depth > 1 else None
    return said if said is not None else text


def _placed(tongue: Tongue, text: str, depth: int) -> str | None:
    """Return a sentence behind the place it is about, such as `hub.yaml:3: ` or `Sink "crm": `."""
    place, _, rest = text.partition(": ")
    if not rest or len(place) > _LONGEST_PLACE or _STOP.search(place):
        return None
    said = _known(tongue, rest, depth - 1)
    if said is None:
        return None
    line = _LINE.match(text)
    if line is not None:
        file = sentences(tongue.language).plain.get(line[1], line[1])
        return tongue.say("%(file)s, line %(line)s: %(said)s", file=file, line=line[2], said=said)
    named = _find(tongue, f"{place}:") or _find(tongue, place)
    return f"{_filled(tongue, named, depth).removesuffix('：') if named else place}：{said}"


def _find(tongue: Tongue, text: str) -> Found | None:
    """Return the sentence that a text is, and what it names; one that only got its full stop here counts, too."""
    found = _exactly(tongue, text)
    bare = _exactly(tongue, text[:-1]) if text.endswith(".") and len(text) > 1 else None
    if bare is None or (found is not None and found[0].weight > bare[0].weight):
        return found
    pattern, fields = bare
    return Pattern.of((*pattern.parts[:-1], f"{pattern.parts[-1]}."), (*pattern.said, "。")), fields


def _exactly(tongue: Tongue, text: str) -> Found | None:
    known = sentences(tongue.language)
    said = known.plain.get(text) or (translations(tongue.language).gettext(text) if text.endswith(".") else text)
    if said != text:
        return Pattern.of((text,), (said,)), ()
    found = known.best(text)
    if found is None and text[:1].isupper():  # a sentence that begins with a field that was empty
        found = known.best(text[0].lower() + text[1:])
    return found


def _filled(tongue: Tongue, found: Found, depth: int) -> str:
    written = ""
    for part in found[0].said:
        field = _NUMBERED.fullmatch(part)
        if field is not None:
            written += _value(tongue, found[1][int(field[1])], field[2], depth - 1)
        elif written.endswith(_ENDS):
            written += part.removeprefix("。").lstrip(" ")
        else:
            written += part.removeprefix("。") if written.endswith(".") else part
    return written


def _value(tongue: Tongue, value: str, kind: str | None, depth: int) -> str:
    """Return what stands in a field: sentences of ours and our own words in the reader's language, others as they are.

    A sentence may have lost its full stop to the one it stands in.
    """
    if kind or depth <= 0 or not value.strip():
        return tongue.word(value.lower()) if kind == "word" else value
    found = _find(tongue, f"{value.strip()}.")
    if found is not None and found[0].parts[-1].endswith("."):
        return _filled(tongue, found, depth).removesuffix("。")
    said = _known(tongue, value, depth)
    return said if said is not None else _quoted(value)


def _quoted(value: str) -> str:
    """Return a name in quotes with the quotes of Chinese."""
    inner = value[1:-1]
    plain = len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" and not set(inner) & set(f"{value[0]}\\“”")
    return f"“{inner}”" if plain else value
