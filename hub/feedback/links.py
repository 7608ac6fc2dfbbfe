"""Links in messages to reps: one click says that they took the lead, called, or that it wants nothing."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from hub.news import Activity, Kind
from hub.outcome import Disposition
from hub.signing import read_token, token_of
from hub.store.activities import Heard

LASTS = timedelta(days=30)
DAY = 86_400
_PURPOSE = "reply"
_HEAD = ">BH?"  # which act, its last day since 1970, whether the delivery is an id of ours in hex


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
        until, secret = int((now + LASTS).timestamp()) // DAY, self._secret()
        said = {act: _packed(number, until, delivery) for number, act in enumerate(ACTS)}
        return {act: f"{base.rstrip('/')}/reply/{token_of(secret, _PURPOSE, raw)}" for act, raw in said.items()}

    def read(self, token: str, now: datetime) -> Link | None:
        """Return what a link says; None for one that is not ours, not whole, or too old."""
        raw = read_token(self._secret(), _PURPOSE, token)
        if raw is None:
            return None
        number, until, delivery = _unpacked(raw)
        return Link(delivery, tuple(ACTS)[number]) if now.timestamp() < (until + 1) * DAY else None

    def heard(self, link: Link, lead: str, now: datetime, by: str | None) -> Heard:
        """Return what a click means, as an activity; said twice it is the same one."""
        act = ACTS[link.act]
        said = Activity(
            f"{link.delivery}:{link.act}", now, act.kind, lead=lead, word=link.act, by=by, human=act.answered
        )
        return Heard(said, act.disposition, act.answered)


def _packed(act: int, until: int, delivery: str) -> bytes:
    """Return what a link says in few bytes: texts of a few dozen characters have to hold its address."""
    prefix, _, number = delivery.partition("_")
    short = prefix == "dlv" and len(number) % 2 == 0 and not number.strip("0123456789abcdef")
    return struct.pack(_HEAD, act, until, short) + (bytes.fromhex(number) if short else delivery.encode())


def _unpacked(raw: bytes) -> tuple[int, int, str]:
    act, until, short = struct.unpack_from(_HEAD, raw)
    rest = raw[struct.calcsize(_HEAD) :]
    return act, until, f"dlv_{rest.hex()}" if short else rest.decode()
