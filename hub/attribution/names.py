"""Points at names that are probably one: the same but for case, spaces and signs, or one letter off."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from rapidfuzz.distance import DamerauLevenshtein

LONG = 8  # letters of a name that may be one off: in shorter ones a letter means something
MOST = 400  # names that are compared each with each


def folded(name: str) -> str:
    """Return a name without case, width, spaces and signs."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def alike(counts: Mapping[str, int]) -> list[list[str]]:
    """Return groups of names that are probably one, the one used most first; groups in the order of their names."""
    groups: dict[str, list[str]] = {}
    for name in counts:
        groups.setdefault(folded(name) or name, []).append(name)
    most = sorted(groups, key=lambda key: (-max(counts[name] for name in groups[key]), key))[:MOST]
    for place, key in enumerate(most):
        for other in most[place + 1 :]:
            if key in groups and other in groups and _one_off(key, other):
                groups[key] += groups.pop(other)
    found = (sorted(names, key=lambda name: (-counts[name], name)) for names in groups.values() if len(names) > 1)
    return sorted(found)


def _one_off(one: str, other: str) -> bool:
    """Return whether two names are one letter apart; digits tell campaigns apart, so they never are a slip."""
    if min(len(one), len(other)) < LONG or _digits(one) != _digits(other):
        return False
    return DamerauLevenshtein.distance(one, other, score_cutoff=1) <= 1


def _digits(name: str) -> str:
    return "".join(filter(str.isdigit, name))


def unlike(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the names that are not known, in their order: costs whose campaign brought no lead."""
    have = set(known)
    return sorted({name for name in names if name not in have})
