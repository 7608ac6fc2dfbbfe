"""What a transaction does last, before it is committed, however many writes share it."""

from __future__ import annotations

from collections.abc import Callable

from sqlmodel import Session

Ending = Callable[[Session], None]

_ENDINGS = "endings"


def at_end(ending: Ending, *, session: Session) -> None:
    """Let something be done once at the end of the transaction; asked for several times, it is done once."""
    session.info.setdefault(_ENDINGS, {})[ending] = None


def end(session: Session) -> None:
    """Do what was asked for; for whoever commits."""
    for ending in session.info.pop(_ENDINGS, {}):
        ending(session)
