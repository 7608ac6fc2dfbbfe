"""Knows by keyed hashes who was erased, so that neither a re-import nor a replay brings anybody back."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from hub.consents import GIVEN
from hub.step import Identity, Work

TEST = "test:"


def mark_of(key: str, secret: bytes) -> str:
    """Return the mark of an exact key: the same for a test lead's, and nothing without the secret."""
    return hmac.digest(secret, key.removeprefix(TEST).encode("utf-8", "replace"), hashlib.sha256).hex()


@dataclass(frozen=True, slots=True)
class Gone:
    """An erased person whose key came again: since when, under which marks, and whether they agreed to come back."""

    at: datetime
    marks: tuple[str, ...]
    agreed: bool = False

    @property
    def reason(self) -> str:
        """Return why nothing is kept."""
        return f"erased on {self.at.date().isoformat()} by request"


class Erased:
    """The marks of all erased people; asked for each submission, so it answers out of memory.

    `changes` goes up with each erasure: what was decided before one is decided again.
    """

    def __init__(self) -> None:
        self._secret = b""
        self._marks: dict[str, datetime] = {}
        self.changes = 0

    def __bool__(self) -> bool:
        return bool(self._marks)

    def __len__(self) -> int:
        return len(self._marks)

    def know(self, marks: Mapping[str, datetime], secret: bytes) -> None:
        """Take these marks for all there are."""
        if marks != self._marks:
            self._secret, self._marks = secret, dict(marks)
            self.changes += 1

    def add(self, marks: Iterable[str], at: datetime, secret: bytes) -> None:
        """Take further marks in."""
        self.know({**dict.fromkeys(marks, at), **self._marks}, secret)

    def drop(self, marks: Iterable[str]) -> None:
        """Let people come back."""
        gone = set(marks)
        self.know({mark: at for mark, at in self._marks.items() if mark not in gone}, self._secret)

    def find(self, identities: Iterable[Identity]) -> Gone | None:
        """Return whom these keys belong to when that person was erased."""
        marks = [mark_of(identity.key, self._secret) for identity in identities if identity.exact]
        known = {mark: self._marks[mark] for mark in marks if mark in self._marks}
        return Gone(max(known.values()), tuple(known)) if known else None

    def judge(self, work: Work, *, by_will: bool, returning: str) -> Gone | None:
        """Return why a submission is suppressed, None when it is not; `by_will`: the person pressed the button now.

        With `returning` "consent" a new form with a consent is let in.
        """
        gone = self.find(work.identities)
        if gone is None:
            return None
        agreed = by_will and work.received_at > gone.at and any(row["state"] == GIVEN for row in work.stated())
        return None if agreed and returning == "consent" else Gone(gone.at, gone.marks, agreed)
