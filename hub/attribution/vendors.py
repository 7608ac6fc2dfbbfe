"""The scorecard of a source: what it sent, what of it was good, how quickly it was answered, and what it cost."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import median
from typing import Any

from hub.attribution.frame import Frame, step_of, steps
from hub.attribution.ledger import price_of
from hub.attribution.money import Purse, each, summed, told
from hub.attribution.outcomes import Outcome, outcome
from hub.attribution.spread import Spread

BASIS = (
    "By the month in which the prospect submitted, in the time zone {zone}; outcomes count up to {upto}. "
    "Test leads are left out."
)
OTHER = "other"  # reasons that are not on the hub's own list: they are free text, and may name somebody
PARTS = ("repeated", "refused", "known", "new")
"""What everything that came is made of: sent twice, refused at the door, persons the hub knew, and new persons."""


@dataclass(slots=True)
class Month:
    """One month of a source."""

    counts: Counter[str] = field(default_factory=Counter)
    waits: array[float] = field(default_factory=lambda: array("d"))
    cost: Purse | None = None

    def add(self, other: Month) -> None:
        """Add another month to it."""
        self.counts += other.counts
        self.waits += other.waits
        if other.cost is not None:
            self.cost = summed([self.cost or {}, other.cost])

    def line(self) -> dict[str, Any]:
        """Return its figures."""
        counts = self.counts
        netted = counts["returned"] + counts["invalid"] + counts["duplicate"]
        good = counts["new"] - netted
        volume = sum(counts[part] for part in PARTS)
        return {
            "volume": volume, **{part: counts[part] for part in PARTS},
            "new_share": _share(counts["new"], volume), "returned": counts["returned"], "invalid": counts["invalid"],
            "duplicate": counts["duplicate"], "returned_share": _share(netted, counts["new"]), "good": good,
            "answered": counts["answered"], "contact_rate": _share(counts["answered"], good),
            "qualified": counts["qualified"], "won": counts["won"],
            "qualified_share": _share(counts["qualified"], good),
            "median_speed": round(median(self.waits), 1) if self.waits else None, "cost": told(self.cost),
            "cost_per_good": each(self.cost, Fraction(good)),
            "cost_per_qualified": each(self.cost, Fraction(counts["qualified"])),
        }  # fmt: skip


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


class Card:
    """Adds up one source, out of two readings: all that came, and the ways of its leads."""

    def __init__(self, source: str, frame: Frame, reasons: Collection[str]) -> None:
        self._source, self._frame, self._known = source, frame, frozenset(reasons)
        self._month = steps("month", frame.zone)
        self._since, self._until = frame.since.timestamp(), frame.until.timestamp()
        self.months: dict[str, Month] = {}
        self.because: Counter[tuple[str, str]] = Counter()
        self.problems: Counter[str] = Counter()

    def entries(self, rows: Iterable[Any]) -> None:
        """Take in what came: what was sent twice, and what was refused, with the codes of what was wrong."""
        for row in rows:
            counts = self._at((row.at or row.received_at).timestamp()).counts
            if row.state == "duplicate":
                counts["repeated"] += 1
            elif row.state in ("rejected", "quarantined"):
                counts["refused"] += 1
                self.problems.update(
                    {str(problem.get("code")) for problem in row.problems or () if problem.get("code")}
                )

    def ways(self, ways: Iterable[Any]) -> None:
        """Take in what became of its leads."""
        for way in ways:
            became = outcome(way.acts, way.created)
            for place, touch in enumerate(way.touches):
                if touch.source != self._source or not self._since <= touch.at < self._until:
                    continue
                month = self._at(touch.at)
                month.counts["known" if place else "new"] += 1
                if not place:
                    self._became(month, touch.at, became)
                price = price_of(touch, self._frame.prices, became.netted, known=place > 0)
                if price is not None:
                    month.cost = month.cost or {}
                    self._frame.money.put(month.cost, *price)

    def _became(self, month: Month, began: float, became: Outcome) -> None:
        if became.netted is not None:
            month.counts[became.netted] += 1
            because = became.reason if became.reason in self._known else OTHER if became.reason else ""
            self.because[became.netted, because] += 1
            return
        if became.answered is not None:
            month.counts["answered"] += 1
            month.waits.append(max(0.0, became.answered - began))
        month.counts["qualified"] += became.milestones.qualified is not None
        month.counts["won"] += became.milestones.won is not None

    def costs(self, found: Spread) -> None:
        """Take in costs of files that name the source."""
        for step, purse in found.spent.items():
            month = self.months.setdefault(step, Month())
            month.cost = summed([month.cost or {}, purse])

    def _at(self, seconds: float) -> Month:
        return self.months.setdefault(self._month(seconds), Month())

    def told(self) -> dict[str, Any]:
        """Return the card as plain data, months in their order."""
        frame, whole = self._frame, Month()
        for month in self.months.values():
            whole.add(month)
        upto = frame.upto.astimezone(frame.zone).isoformat(timespec="minutes")
        return {
            "source": self._source, "since": step_of(frame.days[0], "day"), "until": step_of(frame.days[1], "day"),
            "basis": BASIS.format(zone=frame.zone, upto=upto), "time_zone": str(frame.zone),
            "months": [{"month": name[:7], **self.months[name].line()} for name in sorted(self.months)],
            "total": whole.line(),
            "because": [
                {"what": what, "because": because, "number": number}
                for (what, because), number in self.because.most_common()
            ],
            "problems": [{"code": code, "number": number} for code, number in self.problems.most_common(20)],
        }  # fmt: skip
