"""Reads activities that come as rows, from a table or another program: each is one, or says what is wrong with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

from hub.errors import BadInput
from hub.feedback.persons import keys_of
from hub.feedback.reasons import chosen, in_words
from hub.files import local_time
from hub.news import NO_ANSWER, Activity, Feedback, Kind
from hub.outcome import Disposition
from hub.settings import Settings
from hub.store.activities import Heard

COLUMNS = (
    "lead", "mail", "phone", "ref", "sink", "at", "kind", "by", "disposition", "word", "reason", "words", "value",
    "currency", "key",
)  # fmt: skip
"""What a row may have: whose lead it is (lead, mail, phone, or ref with sink), what was done, when and by whom."""
WHOSE = ("lead", "mail", "phone", "ref")
KINDS: tuple[str, ...] = get_args(Kind)
LONGEST = 2000

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads rows that were heard through one system, whose words may have meanings of their own."""

    settings: Settings
    through: str
    sink: object  # the sink of that name, if there is one
    by: str  # who did what names nobody

    def read(self, row: Row) -> Heard:
        """Return what a row says; raises BadInput, in words for whoever keeps the table."""
        said = _texts(row)
        if not any(said.get(name) for name in WHOSE):
            raise BadInput(f"It names no lead: fill one of {', '.join(WHOSE)}.")
        kind: Any = said.get("kind", "").lower()
        if kind not in KINDS:
            raise BadInput(f"The kind {said.get('kind', '')[:40]!r} is none of {', '.join(KINDS)}.")
        disposition = self._disposition(said)
        reason = chosen(said.get("reason"), said.get("words"), disposition, self.settings.lost_reasons)
        people = tuple(said[name] for name in ("mail", "phone") if said.get(name))
        activity = Activity(
            said.get("key") or key_of(row), self._at(said.get("at", "")), kind, ref=said.get("ref"),
            lead=said.get("lead"), people=people, sink=said.get("sink"), word=said.get("word"),
            by=said.get("by") or self.by, value=_number(said.get("value")), currency=_currency(said.get("currency")),
            reason=reason, data=in_words(said.get("words")),
        )  # fmt: skip
        robots = self.sink.config.robots if isinstance(self.sink, Feedback) else ()
        human = kind not in NO_ANSWER and activity.by not in robots
        return Heard(activity, disposition, human, keys_of(people, self.settings.hub.region))

    def _disposition(self, said: Mapping[str, str]) -> Disposition | None:
        named, word = said.get("disposition", "").lower(), said.get("word")
        if named:
            if named not in list(Disposition):
                raise BadInput(f"The disposition {named[:40]!r} is none of {', '.join(Disposition)}.")
            return Disposition(named)
        if isinstance(self.sink, Feedback):
            return self.sink.disposition(word)
        if not word:
            return None
        return Disposition(word.lower()) if word.lower() in list(Disposition) else Disposition.UNKNOWN

    def _at(self, text: str) -> datetime:
        try:
            found = datetime.fromisoformat(text) if text[:4].isdigit() and "T" in text else local_time(text)
        except ValueError:
            found = None
        if found is None:
            raise BadInput(f"The time {text[:40]!r} cannot be read. Write it as 2026-05-04 14:30.")
        zone: ZoneInfo = self.settings.hub.zone
        try:
            return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
        except OverflowError as error:
            raise BadInput(f"The time {text[:40]!r} is none.") from error


def key_of(row: Row) -> str:
    """Return the key of a row that has none: equal rows are one activity."""
    said = _texts(row)
    whole = json.dumps({name: said[name] for name in sorted(said) if name != "key"}, ensure_ascii=False)
    return said.get("key") or f"row:{hashlib.sha256(whole.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _texts(row: Row) -> dict[str, str]:
    """Return the cells that hold something, as text; raises BadInput for columns nobody knows."""
    unknown = sorted(str(name) for name in row if name not in COLUMNS)
    if unknown:
        raise BadInput(f"There is no column {unknown[0][:40]!r}. There are {', '.join(COLUMNS)}.")
    said = {name: str(value).strip() for name, value in row.items() if value is not None}
    long = next((name for name, value in said.items() if len(value) > LONGEST), None)
    if long:
        raise BadInput(f"The {long} has more than {LONGEST} characters.")
    return {name: value for name, value in said.items() if value}


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        value = -1.0
    if value is not None and not 0 <= value < 1e15:
        raise BadInput(f"The value {(text or '')[:40]!r} is no number such as 1250.50.")
    return value


def _currency(text: str | None) -> str | None:
    if text and not (len(text) == 3 and text.isascii() and text.isalpha()):
        raise BadInput(f"The currency {text[:40]!r} is no code such as EUR.")
    return text.upper() if text else None
