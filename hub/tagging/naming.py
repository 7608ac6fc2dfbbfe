"""Holds the tags of a link against the naming rules, and offers the right form of a wrong one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from rapidfuzz import process
from rapidfuzz.distance import OSA

from hub.settings.naming import NamingSettings, Tag, TagNaming

TAGS: tuple[str, ...] = get_args(Tag)
"""The tags of a link, in the order in which they stand in it."""

Code = Literal["missing", "form", "longest", "values", "parts"]
ALIKE = 0.8
"""Likeness from which two names may be the same one misspelt."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a tag, in words, and the right form of it; empty where none can be told."""

    tag: str
    code: Code
    says: str
    offer: str = ""


def judged(tags: Mapping[str, str], naming: NamingSettings) -> list[Complaint]:
    """Return everything that is wrong with the tags of a link; unknown tags are not looked at."""
    found: list[Complaint] = []
    for tag in TAGS:
        rule = naming.tags.get(tag, TagNaming())  # type: ignore[call-overload]
        value = tags.get(tag, "")
        if not value:
            if rule.required:
                found.append(
                    Complaint(tag, "missing", "It is needed.", rule.values[0] if len(rule.values) == 1 else "")
                )
            continue
        found += list(_wrong(tag, value, rule, naming))[:1]
    return found


def _wrong(tag: str, value: str, rule: TagNaming, naming: NamingSettings) -> Iterator[Complaint]:
    right = mended(value, naming)
    if rule.values and value not in rule.values:
        offer = right if right in rule.values else next(iter(near(right, rule.values, 0.5)), "")
        yield Complaint(tag, "values", f"It is one of: {', '.join(rule.values)}.", offer)
    if value != right and value not in rule.values:
        yield Complaint(tag, "form", _form(naming), right)
    if len(value) > rule.longest:
        yield Complaint(tag, "longest", f"It has more than {rule.longest} characters.", right[: rule.longest])
    if rule.parts and (missing := _parts(value, rule, naming)):
        form = naming.separator.join(f"{{{part.name}}}" for part in rule.parts)
        yield Complaint(tag, "parts", f"It is {form}: {missing}.")


def mended(value: str, naming: NamingSettings) -> str:
    """Return a name as the rules write it: its case, and the separator instead of what is not allowed."""
    text = unicodedata.normalize("NFKC", value).strip()
    text = text.lower() if naming.lower else text
    if naming.letters == "latin":  # an accent is left out, a letter of another script cannot be
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    kept = "".join(c if _allowed(c, naming) else naming.separator for c in text)
    pieces = [piece for piece in kept.split(naming.separator) if piece]
    return naming.separator.join(pieces)


def _allowed(character: str, naming: NamingSettings) -> bool:
    if character in naming.signs:
        return True
    return character.isalnum() and (naming.letters == "any" or character.isascii())


def _form(naming: NamingSettings) -> str:
    letters = "letters of any script" if naming.letters == "any" else "letters a to z"
    case = "lower case " if naming.lower else ""
    return f"Only {case}{letters}, digits and {' '.join(naming.signs) or 'no signs'}."


def _parts(value: str, rule: TagNaming, naming: NamingSettings) -> str:
    """Return what is wrong with the parts of a name; the last one may hold separators."""
    pieces = value.split(naming.separator, len(rule.parts) - 1)
    if len(pieces) < len(rule.parts) or not all(pieces):
        return f"{rule.parts[min(len(pieces), len(rule.parts) - 1)].name} is missing"
    for part, piece in zip(rule.parts, pieces, strict=True):
        if part.values and piece not in part.values:
            return f"{part.name} is one of {', '.join(part.values)}"
    return ""


def near(name: str, known: Iterable[str], alike: float = ALIKE) -> list[str]:
    """Return known names that a name may be a misspelling of, the nearest first; none where it is known itself.

    Two letters that changed places count as one mistake (optimal string alignment).
    """
    names = list(dict.fromkeys(known))
    if not name or name in names:
        return []
    found = process.extract(name, names, scorer=OSA.normalized_similarity, score_cutoff=alike, limit=3)
    return [one for one, _, _ in found]
