"""Links in messages to reps: one click says that they took the lead, called, or that it wants nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from hub.news import Activity, Kind
from hub.outcome import Disposition
from hub.signing import read_token, token_of
from hub.store.activities import Heard

LASTS = timedelta(days=30)
_PURPOSE = "reply"


@dataclass(frozen=True, slots=True)
class Act:
    """What a link says: the kind of activity, what it makes of the lead, and whether the prospect was answered."""

    kind: Kind
    disposition: Disposition | None
    answered: bool


ACTS: Mapping[str, Act] = MappingProxyType(
    {
        "take": Act("accept", None, False),
        "called": Act("call", Disposition.CONTACTED, True),
        "not_interested": Act("status", Disposition.LOST, True),
    }
)


@dataclass(frozen=True, slots=True)
class Link:
    """What a link of ours says: of which delivery, and which act."""

    delivery: str
    act: str


class Links:
    """Makes and reads links; `secret` gives the key they are signed with."""

    def __init__(self, secret: Callable[[], bytes]) -> None:
        self._secret = secret

    def of(self, base: str, delivery: str, now: datetime) -> dict[str, str]:
        """Return the address of each act for a delivery."""
        until = int((now + LASTS).timestamp())
        secret = self._secret()
        return {
            act: f"{base.rstrip('/')}/reply/{token_of(secret, _PURPOSE, f'{delivery}.{act}.{until}')}" for act in ACTS
        }

    def read(self, token: str, now: datetime) -> Link | None:
        """Return what a link says; None for one that is not ours, not whole, or too old."""
        said = read_token(self._secret(), _PURPOSE, token)
        delivery, act, until = (said or "..0").rsplit(".", 2)
        if act not in ACTS or datetime.fromtimestamp(int(until), UTC) < now:
            return None
        return Link(delivery, act)

    def heard(self, link: Link, lead: str, now: datetime, by: str | None) -> Heard:
        """Return what a click means, as an activity; said twice it is the same one."""
        act = ACTS[link.act]
        said = Activity(
            f"{link.delivery}:{link.act}", now, act.kind, lead=lead, word=link.act, by=by, human=act.answered
        )
        return Heard(said, act.disposition, act.answered)
