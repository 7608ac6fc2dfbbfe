"""The book of a team while leads are dealt: who can take one now and why not, and what each deal changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hub.people.windows import beginning, since
from hub.roster import NOTHING, Candidate, Deal, Figures, settled
from hub.settings.people import CapSettings, MemberSettings, TeamSettings
from hub.store.dealing import Stand

AtWork = Callable[[str | None], bool]
"""Tells whether it is working time now on a calendar."""
Takes = Mapping[str, Sequence[str]]
"""What a rep is for, by field of the lead."""


@dataclass(slots=True)
class Seat:
    """A member as the book sees them now; `hindrance` says why they cannot take a lead, `cover` who does instead."""

    member: MemberSettings
    figures: Figures
    hindrance: str | None = None
    cover: str | None = None
    told: dict[str, Any] = field(default_factory=dict)
    takes: tuple[Takes, ...] = ()

    @property
    def candidate(self) -> Candidate:
        """Return them as strategies see them."""
        return Candidate(self.member.name, self.member.weight, self.takes, self.figures)


class Book:
    """What is known of one team while leads are dealt; every deal is counted at once, before the next is decided."""

    def __init__(
        self, name: str, team: TeamSettings, stand: Stand, *, now: datetime, zone: ZoneInfo, at_work: AtWork,
        territories: Mapping[str, tuple[Takes, ...]] = NOTHING,
    ) -> None:  # fmt: skip
        self.name, self.team, self.now, self._zone, self._at_work = name, team, now, zone, at_work
        self._territories = territories
        self._day = beginning("day", now, zone)
        self._since: dict[tuple[float | None, str | None], datetime] = {}
        self._away, self._open, self._closed = stand.away, Counter(stand.open), stand.closed
        self._got = {moment: Counter(got) for moment, got in stand.got.items()}
        self.received = Counter(stand.received)
        weights = {member.name: member.weight for member in team.members}
        self.entitled = settled(stand.entitled, stand.received, weights)
        moved = {name: value - stand.entitled.get(name, 0.0) for name, value in self.entitled.items()}
        self.credits = moved if any(moved.values()) else {}  # what somebody who left the team left behind

    def seats(self, excluded: Mapping[str, str] = NOTHING) -> list[Seat]:
        """Return every member with what is known of them; `excluded` names some with the reason."""
        full = self._team_full()
        return [self._seat(member, excluded.get(member.name), full) for member in self.team.members]

    def _seat(self, member: MemberSettings, excluded: str | None, full: dict[str, Any] | None) -> Seat:
        own = (member.takes,) if member.takes else ()
        takes = own + self._territories.get(member.name, ())
        seat = Seat(member, self.figures(member.name), takes=takes)
        away = self._away.get(member.name)
        taker = member
        if away and away["cover"] and member.active:
            seat.cover = str(away["cover"])
            taker = self.team.member(seat.cover) or MemberSettings(name=seat.cover)
        if excluded:
            seat.hindrance = excluded
        elif not member.active:
            seat.hindrance = "inactive"
        elif away and not seat.cover:
            seat.hindrance = "away"
            seat.told = {"until": away["until"].isoformat() if away["until"] else None}
        else:
            seat.hindrance, seat.told = self._hindrance(taker, full, covering=seat.cover is not None)
        return seat

    def _hindrance(
        self, member: MemberSettings, full: dict[str, Any] | None, *, covering: bool
    ) -> tuple[str | None, dict[str, Any]]:
        if covering and (not member.active or member.name in self._away):
            return "cover_away", {"cover": member.name}
        if self.team.on_shift and not self._at_work(member.calendar or self.team.calendar):
            return "off_shift", {}
        if full:
            return "team_cap", full
        if member.open_cap and self._open[member.name] >= member.open_cap:
            return "open_cap", {"open": self._open[member.name], "open_cap": member.open_cap}
        for cap in member.every_cap:
            got = self._counted(cap)[member.name]
            if got >= cap.most:
                return "daily_cap" if cap.each == "day" else "cap", {"got": got, "most": cap.most, **_span(cap)}
        return None, {}

    def _team_full(self) -> dict[str, Any] | None:
        for cap in self.team.caps:
            got = self._counted(cap).total()
            if got >= cap.most:
                return {"got": got, "most": cap.most, **_span(cap)}
        return None

    def _counted(self, cap: CapSettings) -> Counter[str]:
        """Return what a cap counts, by who got it."""
        key = cap.within, cap.each
        if key not in self._since:
            self._since[key] = since(cap, self.now, self._zone)
        return self._got[self._since[key]]

    def figures(self, member: str) -> Figures:
        """Return what is known of a member."""
        won, closed = self._closed.get(member, (0, 0))
        today = self._got[self._day][member]
        entitled = self.entitled.get(member, 0.0)
        return Figures(self.received[member], entitled, today, self._open[member], won, closed)

    def give(self, owner: str, deal: Deal | None) -> None:
        """Count a lead for who got it, and its shares where it was dealt by turns."""
        self.note(owner, counts=True)
        if deal is not None:
            self.enter(deal)

    def note(self, owner: str, *, counts: bool) -> None:
        """Count a lead that somebody got: it is open, and where it `counts` it is one of those that caps count."""
        self._open[owner] += 1
        for got in self._got.values() if counts else ():
            got[owner] += 1

    def enter(self, deal: Deal, sign: int = 1) -> None:
        """Write down what a deal changes; `sign` -1 takes it back."""
        self.received[deal.member] += sign
        for name, share in deal.shares.items():
            self.entitled[name] = self.entitled.get(name, 0.0) + sign * share


def _span(cap: Any) -> dict[str, Any]:
    return {"within": cap.within} if cap.within else {"each": cap.each}
