"""Why leads are lost: the closed list of the settings, and own words beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.errors import BadInput
from hub.outcome import Disposition

OTHER = "other"
"""The reason for all that the list has not; it is always in it."""


def chosen(reason: str | None, words: str | None, disposition: str | None, known: Sequence[str]) -> str | None:
    """Return the reason as the list spells it; raises BadInput for one that is not in it. Without a list any word is.

    Own words without a reason mean `other`.
    """
    if not known or disposition != Disposition.LOST:
        return reason
    if not reason:
        return OTHER if words else None
    said = reason.strip().casefold()
    found = next((one for one in (*known, OTHER) if one.casefold() == said), None)
    if found is None:
        every = ", ".join(dict.fromkeys((*known, OTHER)))
        raise BadInput(
            f"{reason[:100]!r} is none of lost_reasons: {every}. Name one, and say the rest in `words`.", status=422
        )
    return found


def in_words(words: str | None) -> Mapping[str, Any]:
    """Return own words as an activity keeps them."""
    return {"words": words.strip()} if words and words.strip() else {}
