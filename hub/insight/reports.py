"""Makes reports by name, on one time basis: the moment the prospect submitted, in the hub's zone."""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from hub.clock import Clock
from hub.errors import BadInput
from hub.escape import cell
from hub.insight import dealing, ladder, promises, speed, waits
from hub.insight.frame import DIMENSIONS, NARROWED, PLAIN, TIMES, Frame, Line, Row, Table, narrowed
from hub.people.windows import beginning, moment
from hub.plan import Plan
from hub.store import reports as store
from hub.store.database import Database

T = TypeVar("T")

DAYS = 30  # a report looks back where nobody says since when

BASIS = (
    "Leads count by when the prospect submitted, from since up to until (until is not in it), in the time zone "
    "{zone}. Test leads are left out; leads that were joined count once."
)


@dataclass(frozen=True, slots=True)
class Report:
    """A report: what it says, what it can be divided by, what it is divided by where nobody says, and narrowed to."""

    says: str
    can: tuple[str, ...] = DIMENSIONS
    by: tuple[str, ...] = ()
    only: tuple[str, ...] = NARROWED


REPORTS: Mapping[str, Report] = {
    "speed": Report("How long prospects wait for the first answer, with its legs.", by=("source",)),
    "target": Report("How many leads were answered within their target.", by=("source",)),
    "lateness": Report("What became of leads, by how late they were answered."),
    "distribution": Report("How many leads were answered within a minute, five, a quarter of an hour, and so on."),
    "survival": Report("The share of leads that was not yet answered after so long; open ones count while they wait."),
    "ladder": Report("What ladders did while nobody answered, and where open leads stand on them.", by=("team",)),
    "fairness": Report("Leads dealt by turns, and those that were due.", ("team", "rep"), ("team", "rep"), ()),
    "unassigned": Report("How many leads have no owner.", by=("source",)),
    "pools": Report("Leads that went into pools and out of them.", (), (), ()),
    "recycle": Report("Who lost leads, and who got them.", (), (), ()),
    "board": Report("What each rep was given, and what came of it.", (*PLAIN, *TIMES), ("rep",)),
    "lost": Report("Why leads were lost."),
}  # fmt: skip


class Reports:
    """Makes reports of a database."""

    def __init__(self, db: Database, plan: Plan, clock: Clock) -> None:
        self.db, self.plan, self.clock = db, plan, clock

    def frame(
        self, name: str, since: str | None = None, until: str | None = None, by: str | None = None, *,
        without_held: bool = False, only: Mapping[str, str] | None = None,
    ) -> Frame:  # fmt: skip
        """Return what is asked for; raises BadInput for what no report can be made of."""
        if name not in REPORTS:
            raise BadInput(f"There is no report {name[:64]!r}. There are: {', '.join(REPORTS)}.", status=404)
        now, zone = self.clock.now(), self.plan.settings.hub.zone
        end = moment(until, now, zone) if until else now
        start = moment(since, now, zone) if since else beginning("day", end - timedelta(days=DAYS), zone)
        if start >= end:
            raise BadInput(f"since ({start.isoformat()}) is not before until ({end.isoformat()}).", status=422)
        return Frame(
            start, end, now, zone, self.plan.working, _divided(name, by), without_held, _only(name, only or {})
        )

    async def make(self, name: str, frame: Frame) -> dict[str, Any]:
        """Return a report, with its span, its time basis and what a reader must know."""
        return self._said(name, frame, await self.table(name, frame))

    async def waits(self, frame: Frame) -> dict[str, dict[str, Any]]:
        """Return the reports that are made of waits, by name, after one look at the leads."""
        groups = await self._folded(waits.needs(frame.by), frame, partial(waits.gathered, frame=frame))
        made = {"speed": speed.speed_of, "distribution": speed.distribution_of, "survival": speed.survival_of}
        return {name: self._said(name, frame, of(groups, frame)) for name, of in made.items()}

    def _said(self, name: str, frame: Frame, table: Table) -> dict[str, Any]:
        zone = str(frame.zone)
        return {
            "report": name, "says": REPORTS[name].says, "since": _shown(frame.since, frame.zone),
            "until": _shown(frame.until, frame.zone), "time_zone": zone, "basis": BASIS.format(zone=zone),
            "made_at": _shown(frame.now, frame.zone), "by": list(frame.by), "only": dict(frame.only),
            "without_held": frame.without_held,
            "notes": list(table.notes), "total": table.total, "rows": list(table.rows),
        }  # fmt: skip

    async def table(self, name: str, frame: Frame) -> Table:
        """Return the lines of a report."""
        return await self._makers[name](self, frame)

    async def _speed(self, frame: Frame) -> Table:
        return await self._folded(waits.needs(frame.by), frame, partial(speed.speed, frame=frame))

    async def _distribution(self, frame: Frame) -> Table:
        return await self._folded(waits.needs(frame.by), frame, partial(speed.distribution, frame=frame))

    async def _survival(self, frame: Frame) -> Table:
        return await self._folded(waits.needs(frame.by), frame, partial(speed.survival, frame=frame))

    async def _ladder(self, frame: Frame) -> Table:
        acts = await self.db.read(store.acts, ladder.ACTS, frame.since)
        return await self._folded(ladder.needs(frame.by), frame, partial(ladder.ladder, frame=frame, acts=acts))

    async def _target(self, frame: Frame) -> Table:
        return await self._folded(promises.target_needs(frame.by), frame, partial(promises.target, frame=frame))

    async def _lateness(self, frame: Frame) -> Table:
        fold = partial(promises.lateness, frame=frame, reached=await self._reached(frame))
        return await self._folded(promises.lateness_needs(frame.by), frame, fold)

    async def _board(self, frame: Frame) -> Table:
        fold = partial(promises.board, frame=frame, reached=await self._reached(frame))
        return await self._folded(promises.board_needs(frame.by), frame, fold)

    async def _lost(self, frame: Frame) -> Table:
        only = {"disposition": "lost"}
        return await self._folded(promises.lost_needs(frame.by), frame, partial(promises.lost, frame=frame), only)

    async def _unassigned(self, frame: Frame) -> Table:
        return await self._folded(dealing.unassigned_needs(frame.by), frame, partial(dealing.unassigned, frame=frame))

    async def _fairness(self, frame: Frame) -> Table:
        dealt, shares = await self.db.read(store.dealt, (frame.since, frame.until))
        return dealing.fairness(dealt, shares, await self.db.read(store.ledger), frame)

    async def _pools(self, frame: Frame) -> Table:
        return dealing.pools(*await self.db.read(store.through_pools, (frame.since, frame.until)))

    async def _recycle(self, frame: Frame) -> Table:
        return await self.db.read(store.handed_on, dealing.LOSING, (frame.since, frame.until), dealing.recycle)

    async def _reached(self, frame: Frame) -> dict[str, float]:
        return await self.db.read(store.reached, promises.QUALIFIED, frame.since)

    async def _folded(
        self, names: tuple[str, ...], frame: Frame, fold: Callable[[Iterable[Row]], T],
        only: Mapping[str, str] | None = None,
    ) -> T:  # fmt: skip
        wanted = {name: value for name, value in frame.only.items() if name in PLAIN} | dict(only or {})
        span = (frame.since, frame.until)
        return await self.db.read(
            store.over_rounds, names, span, lambda rows: fold(narrowed(rows, frame)), only=wanted
        )  # fmt: skip

    _makers: Mapping[str, Callable[..., Awaitable[Table]]] = {
        "speed": _speed, "distribution": _distribution, "survival": _survival, "ladder": _ladder, "target": _target,
        "lateness": _lateness, "fairness": _fairness, "unassigned": _unassigned,
        "pools": _pools, "recycle": _recycle, "board": _board, "lost": _lost,
    }  # fmt: skip


def spans(frame: Frame, since: datetime, until: datetime, *by: str) -> Frame:
    """Return the frame with another span and other groups."""
    return replace(frame, since=since, until=until, by=by)


def _divided(name: str, by: str | None) -> tuple[str, ...]:
    report = REPORTS[name]
    if by is None:
        return report.by
    names = tuple(dict.fromkeys(part.strip() for part in by.split(",") if part.strip()))
    wrong = [one for one in names if one not in report.can]
    if wrong:
        can = ", ".join(report.can) or "nothing"
        raise BadInput(f"{name} cannot be divided by {wrong[0][:64]!r}. It can by: {can}.", status=422)
    return names


def _only(name: str, asked: Mapping[str, str]) -> dict[str, str]:
    can = REPORTS[name].only
    wrong = [one for one in asked if one not in can]
    if wrong:
        said = ", ".join(can) or "nothing"
        raise BadInput(f"{name} cannot be narrowed to a {wrong[0][:64]!r}. It can to: {said}.", status=422)
    return dict(asked)


def _shown(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")


def as_csv(said: Mapping[str, Any]) -> str:
    """Return a report as CSV: a line each, then all together; cells are safe to open in a spreadsheet."""
    lines: list[Line] = [*said["rows"], {"": "all", **said["total"]}] if said["total"] else list(said["rows"])
    names = list(dict.fromkeys(name for line in lines for name in line))
    if "" in names:
        names = ["", *(name for name in names if name)]
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([cell(name) for name in (*names, "since", "until", "time_zone")])
    span = (said["since"], said["until"], said["time_zone"])
    writer.writerows([*(_cell(line.get(name)) for name in names), *map(_cell, span)] for line in lines)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, Mapping):
        value = "; ".join(f"{name}: {number}" for name, number in value.items())
    return cell(value) if isinstance(value, str) else value
