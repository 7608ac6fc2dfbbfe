"""How alike two leads are: Fellegi-Sunter weights over the fields that tell people apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pypinyin import lazy_pinyin
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, JaroWinkler

from hub.lead import Lead
from hub.normal.company import match_key as company_key


class Weights(BaseModel):
    """Evidence in bits for each level of agreement; trained weights may be put in their place."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prior: float = Field(-7.0, description="Bits against two leads that share a blocking key being one person.")
    name: tuple[float, float, float] = Field((7.0, 4.5, -5.0), description="Equal, close, different names.")
    email: tuple[float, float, float] = Field((9.0, 4.0, -1.0), description="Equal, close, different local parts.")
    domain: tuple[float, float] = Field((4.0, -0.5), description="Equal, different company domains.")
    phone: tuple[float, float, float] = Field((10.0, 5.0, -2.0), description="Equal, one digit off, different.")
    company: tuple[float, float, float] = Field((4.0, 2.5, -1.5), description="Equal, close, different companies.")
    city: tuple[float, float] = Field((2.0, -0.5), description="Equal, different cities.")
    title: tuple[float, float] = Field((2.0, -0.5), description="Equal, different titles.")


@dataclass(frozen=True, slots=True)
class Likeness:
    """How likely two leads are one person (0 to 1), and what speaks for and against it."""

    score: float
    reasons: tuple[str, ...]


DEFAULT = Weights()


def likeness(one: Lead, other: Lead, weights: Weights = DEFAULT) -> Likeness:
    """Return how likely two leads are the same person; fields that either lacks say nothing."""
    bits = weights.prior
    reasons: list[str] = []
    for field, value, level in _evidence(one, other, weights):
        bits += value
        reasons.append(f"{level} {field} ({value:+.1f})")
    return Likeness(1.0 / (1.0 + 2.0 ** -max(min(bits, 60.0), -60.0)), tuple(reasons))


def _evidence(one: Lead, other: Lead, w: Weights) -> list[tuple[str, float, str]]:
    found: list[tuple[str, float, str]] = []
    a, b = name_key(one.name_text), name_key(other.name_text)
    if a and b:
        close = max(JaroWinkler.similarity(a, b), fuzz.token_sort_ratio(a, b) / 100)
        found.append(("name", *_three(w.name, a == b, close >= 0.9)))
    if one.email and other.email:
        (la, da), (lb, db) = (e.casefold().rsplit("@", 1) for e in (one.email, other.email))
        found.append(("e-mail name", *_three(w.email, la == lb, JaroWinkler.similarity(la, lb) >= 0.92)))
        if not (one.extra.get("email_free") or other.extra.get("email_free")):
            found.append(("domain", *_two(w.domain, da == db)))
    if one.phone and other.phone:
        off = OSA.distance(one.phone, other.phone)
        found.append(("phone", *_three(w.phone, off == 0, off == 1)))
    ca, cb = (company_key(lead.company) if lead.company else "" for lead in (one, other))
    if ca and cb:
        found.append(("company", *_three(w.company, ca == cb, fuzz.token_set_ratio(ca, cb) >= 85)))
    if one.city and other.city:
        found.append(("city", *_two(w.city, one.city.casefold() == other.city.casefold())))
    if one.title and other.title:
        found.append(("title", *_two(w.title, one.title.casefold() == other.title.casefold())))
    return found


def _three(weights: tuple[float, float, float], equal: bool, close: bool) -> tuple[float, str]:
    return (weights[0], "same") if equal else (weights[1], "similar") if close else (weights[2], "different")


def _two(weights: tuple[float, float], equal: bool) -> tuple[float, str]:
    return (weights[0], "same") if equal else (weights[1], "different")


@lru_cache(8192)
def name_key(name: str) -> str:
    """Return a name so that word order and script do not matter: `张伟` and `Zhang Wei` give `wei zhang`."""
    if any("\u4e00" <= c <= "\u9fff" for c in name):
        words = lazy_pinyin(name.replace(" ", ""))
        words = [words[0], "".join(words[1:])] if len(words) > 1 else words
    else:
        words = name.casefold().split()
    return " ".join(sorted(w for w in words if w.strip()))


def alike_names(one: Lead, other: Lead) -> bool | None:
    """Return whether two leads' names can be one person's; None when either has none."""
    a, b = name_key(one.name_text), name_key(other.name_text)
    if not a or not b:
        return None
    return a == b or max(JaroWinkler.similarity(a, b), fuzz.token_set_ratio(a, b) / 100) >= 0.85


def load_weights(data: Mapping[str, Any]) -> Weights:
    """Return weights from a mapping, such as a trained model's export."""
    return Weights.model_validate(data)
