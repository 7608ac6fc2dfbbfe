"""Which value survives when one person comes more than once: field by field, with the rest kept in the lineage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import reduce
from typing import Any

from hub.lead import LEAD_FIELDS, Lead, Touch, Value

ENRICHED = "enrich:"  # how the source of a value begins that no submission gave

Trust = Callable[[str], int]
"""How much a source is trusted, 0 to 100."""

_EARLY = datetime(1970, 1, 1, tzinfo=UTC)
_RECENT_WINS = frozenset({"consent", "consent_text"})  # a withdrawal counts, whoever reports it


def fold(known: Lead, new: Lead, trust: Trust) -> Lead:
    """Return the known lead with what the new one adds: valid beats invalid, said beats found, then trust, then time.

    What was corrected by hand counts as said at that time. Of two values of one time the one that came in later wins.
    The first touch and the earliest submit time are kept; id, owner, score and history are the known lead's.
    """
    won = {name: getattr(new, name) for name in LEAD_FIELDS if _wins(name, known, new, trust)}
    new_comes_first = _at(new.touch) < _at(known.first_touch)
    older, newer = (known, new) if _at(new.touch) >= _at(known.touch) else (new, known)
    return known.with_fields(
        **won,
        values={**known.values, **{name: _value(new, name, value) for name, value in won.items()}},
        problems=_problems(known, new, set(won)),
        extra={**older.extra, **newer.extra},
        tags={**older.tags, **newer.tags},
        first_touch=new.first_touch if new_comes_first else known.first_touch,
        touch=newer.touch,
        submitted_at=min(filter(None, (known.submitted_at, new.submitted_at)), default=None),
    )


def _wins(name: str, known: Lead, new: Lead, trust: Trust) -> bool:
    """Return whether the new lead's value takes the known one's place."""
    fresh, held = getattr(new, name), getattr(known, name)
    if fresh is None or held is None:
        return fresh is not None
    return _weighed(name, _value(new, name, fresh), _value(known, name, held), trust)[0]


def _weighed(name: str, fresh: Value, held: Value, trust: Trust) -> tuple[bool, str]:
    """Return whether the fresh value takes the held one's place, and why.

    What was corrected by hand is not undone by the very words that were wrong, however often they come again.
    """
    for one, other, won in ((held, fresh, False), (fresh, held, True)):
        if one.corrected and not other.corrected and one.valid is not False and one.raw == other.raw is not None:
            return won, "corrected"
    mine, theirs = _rank(name, fresh, trust), _rank(name, held, trust)
    place = next((at for at, pair in enumerate(zip(mine, theirs, strict=True)) if pair[0] != pair[1]), -1)
    return mine >= theirs, "newest" if name in _RECENT_WINS else _WHYS[place]


_WHYS = ("valid", "said", "trust", "newer", "newer")
"""Why a value wins, by the first place in which two ranks differ: it is valid where the other is not, a person said it
where the other was found out, its source is trusted more, or it is newer."""


def contest(known: Lead, new: Lead, trust: Trust) -> Iterator[dict[str, Any]]:
    """Yield, for each field of which both leads say something else, whether the new value won, why, and over whose.

    A field that was empty before is told, too. No values: a record can be kept when the person is forgotten.
    """
    for name in LEAD_FIELDS:
        fresh, held = getattr(new, name), getattr(known, name)
        if fresh is None or fresh == held:
            continue
        if held is None:
            yield {"field": name, "won": True, "by": "empty"}
            continue
        other = _value(known, name, held)
        won, why = _weighed(name, _value(new, name, fresh), other, trust)
        yield {"field": name, "won": won, "by": why, "over": other.submission, "source": other.source}


def rebuild(candidates: Iterable[Lead], trust: Trust) -> Lead:
    """Return the golden record of what single submissions said, oldest first; at least one is needed."""
    return reduce(lambda known, new: fold(known, new, trust), candidates)


def renew(known: Lead, parts: Iterable[Lead], trust: Trust) -> Lead:
    """Return a known lead as these parts make it, oldest first; its id, version, owner, score and origin are kept."""
    return rebuild(parts, trust).with_fields(**{name: getattr(known, name) for name in _OWN})


_OWN = ("id", "version", "source", "created_at", "updated_at", "score", "grade", "team", "owner")


def _value(lead: Lead, name: str, plain: Any) -> Value:
    kept = lead.values.get(name)
    return kept or Value(
        raw=plain, value=plain, valid=None, parts={}, source=lead.source, submission="", at=lead.submitted_at
    )


def _rank(name: str, value: Value, trust: Trust) -> tuple[bool, bool, int, datetime, str]:
    at = value.at or _EARLY
    if name in _RECENT_WINS:
        return False, False, 0, at, value.submission
    said = not value.source.startswith(ENRICHED)
    return value.valid is not False, said, trust(value.source), at, value.submission


def _problems(known: Lead, new: Lead, won: set[str]) -> tuple[Any, ...]:
    kept = [p for p in known.problems if p.field not in won]
    added = [p for p in new.problems if p.field in won or getattr(known, p.field, None) is None]
    return tuple(dict.fromkeys([*kept, *added]))


def _at(touch: Touch) -> tuple[datetime, str]:
    return touch.at or _EARLY, touch.submission
