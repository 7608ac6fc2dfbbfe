"""The contract of feedback: what another system says that people did with a lead, and what became of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, TypeGuard

import httpx
from pydantic import BaseModel, Field

from hub.http import Reply
from hub.inbound import Inbound
from hub.outcome import Disposition

Kind = Literal["status", "accept", "call", "mail", "message", "meeting", "note", "task", "owner", "deal"]
NO_ANSWER: frozenset[str] = frozenset(("accept", "note", "owner", "task"))
"""Kinds that are no answer to the prospect, whoever did them."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that was done with a lead elsewhere; `ref` is the record there, as `Sent.ref` named it.

    `key` is the system's own id of it (heard again, it counts once), `word` a status in the system's own words, `by`
    who did it there. `human` is None where the system does not tell a person from a program. What names no record tells
    whose lead it is by `people`, the prospect's mail addresses and numbers: the first that is ours counts.
    """

    key: str
    at: datetime
    kind: Kind
    ref: str | None = None
    lead: str | None = None  # our own id, where the system keeps it
    people: tuple[str, ...] = ()
    sink: str | None = None  # the sink that gave `ref`; none: the one that tells
    word: str | None = None
    by: str | None = None
    human: bool | None = None
    value: float | None = None  # of a deal, in `currency` (ISO 4217)
    currency: str | None = None
    reason: str | None = None  # why it was lost, in the words of whoever closed it
    data: Mapping[str, Any] = field(default_factory=dict)  # as received


@dataclass(frozen=True, slots=True)
class News:
    """One page of a feedback poll and the cursor that stands after it; both are committed together."""

    activities: tuple[Activity, ...]
    cursor: str | None


class Feedback:
    """What a sink is that can say what became of its leads, asked for news, by webhook, or both.

    Its Config takes Feedback.Settings in. A webhook is posted to `/feedback/{sink}`.
    """

    listens: ClassVar[timedelta] = timedelta(minutes=1)  # how often it is asked for news
    words: ClassVar[Mapping[str, Disposition]] = {}  # the vendor's status words, in lower case

    class Settings(BaseModel):
        """What the words of one's own system mean, and who in it is no person."""

        feedback: bool = Field(True, description="Hear what became of the leads.")
        dispositions: dict[str, Disposition] = Field(
            default_factory=dict,
            description="Your own status words to what they mean here, such as Angebot: opportunity.",
        )
        robots: tuple[str, ...] = Field(
            (), description="Users of that system that are programs: what they do is no answer to a prospect."
        )

    config: Any

    def disposition(self, word: str | None) -> Disposition | None:
        """Return what a status word means: the settings first, then the vendor's; unknown for any other word."""
        if not word or not word.strip():
            return None
        said = word.strip().lower()
        own = {name.strip().lower(): meaning for name, meaning in self.config.dispositions.items()}
        return own.get(said) or self.words.get(said) or Disposition.UNKNOWN

    def is_human(self, activity: Activity) -> bool:
        """Return whether a person did it; a nobody's act counts as a program's."""
        if activity.by is not None and activity.by in self.config.robots:
            return False
        return bool(activity.by) if activity.human is None else activity.human

    async def news(self, cursor: str | None, http: httpx.AsyncClient) -> AsyncIterator[News]:
        """Yield pages of activities from the cursor on (None: from now on); each is kept together with its cursor."""
        raise NotImplementedError
        yield  # makes this an async generator

    def verify(self, inbound: Inbound) -> None:
        """Raise Unverified unless the sender of a feedback webhook proved who it is, over the raw bytes."""
        raise NotImplementedError

    def handshake(self, inbound: Inbound) -> Reply | None:
        """Return the answer to a challenge; None when there is none to give."""
        return None

    def heard(self, inbound: Inbound) -> Iterable[Activity]:
        """Yield the activities in a verified webhook; pure. Raises BadInput for what cannot be read."""
        raise NotImplementedError


def asks(sink: object) -> TypeGuard[Feedback]:
    """Return whether a sink can be asked for news."""
    return isinstance(sink, Feedback) and type(sink).news is not Feedback.news and bool(sink.config.feedback)


def takes(sink: object) -> TypeGuard[Feedback]:
    """Return whether a sink takes feedback webhooks."""
    return isinstance(sink, Feedback) and type(sink).heard is not Feedback.heard and bool(sink.config.feedback)
