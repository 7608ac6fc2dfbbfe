"""What a review tells: the figures of a span, beside those of the one before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.clock import Clock
from hub.insight.frame import Frame, Line
from hub.insight.reports import Reports, spans
from hub.insight.words import WORDS, lasting, percent
from hub.labels import Language
from hub.plan import Plan
from hub.store.database import Database

SHOWN = 8  # sources, reps and reasons


@dataclass(frozen=True, slots=True)
class Findings:
    """The figures of a span."""

    frame: Frame
    speed: Line
    before: Line
    kept: Line
    sources: Sequence[Line]
    kept_by_source: Sequence[Line]
    weeks: Sequence[Line]
    kept_by_week: Sequence[Line]
    lateness: Sequence[Line]
    reps: Sequence[Line]
    unassigned: Line
    fairness: Line
    recycled: Line
    lost: Sequence[Line]


async def gather(
    db: Database, plan: Plan, clock: Clock, moments: tuple[datetime, datetime, datetime], weeks: int
) -> Findings:
    """Return the figures from the second moment to the third; the first is where the span before it begins."""
    before, since, until = moments
    reports = Reports(db, plan, clock)
    frame = Frame(since, until, clock.now(), plan.settings.hub.zone, plan.working)
    by_source = spans(frame, since, until, "source")
    by_week = spans(frame, _mondays(until, frame, weeks), until, "week")
    speed, kept = await reports.table("speed", by_source), await reports.table("target", by_source)
    return Findings(
        frame=frame, speed=speed.total, before=(await reports.table("speed", spans(frame, before, since))).total,
        kept=kept.total, sources=speed.rows, kept_by_source=kept.rows,
        weeks=_every_week((await reports.table("speed", by_week)).rows, by_week, ("p50", "p90")),
        kept_by_week=_every_week((await reports.table("target", by_week)).rows, by_week, ("share_met",)),
        lateness=(await reports.table("lateness", frame)).rows,
        reps=(await reports.table("board", spans(frame, since, until, "rep"))).rows,
        unassigned=(await reports.table("unassigned", frame)).total,
        fairness=(await reports.table("fairness", spans(frame, since, until, "team", "rep"))).total,
        recycled=(await reports.table("recycle", frame)).total, lost=(await reports.table("lost", frame)).rows,
    )  # fmt: skip


def _mondays(until: datetime, frame: Frame, weeks: int) -> datetime:
    """Return the midnight of the Monday so many weeks before the week of the last moment, in the hub's zone."""
    last = (until - timedelta(seconds=1)).astimezone(frame.zone).date()
    monday = last - timedelta(days=last.weekday(), weeks=weeks - 1)
    return datetime(monday.year, monday.month, monday.day, tzinfo=frame.zone)


def _every_week(lines: Sequence[Line], frame: Frame, names: tuple[str, ...]) -> list[Line]:
    """Return a line for each week of a span, also for those in which nothing came."""
    known = {line["week"]: line for line in lines}
    day, last, every = frame.since.astimezone(frame.zone).date(), frame.until.astimezone(frame.zone).date(), []
    while day < last:
        every.append({"week": day.isoformat(), **dict.fromkeys(names), **known.get(day.isoformat(), {})})
        day += timedelta(days=7)
    return every


def facts(found: Findings, language: Language) -> Iterator[tuple[str, str]]:
    """Yield label and words of everything a review tells."""
    words = WORDS[language]
    last = (found.frame.until - timedelta(seconds=1)).astimezone(found.frame.zone)
    span = {"since": f"{found.frame.since.astimezone(found.frame.zone):%Y-%m-%d}", "until": f"{last:%Y-%m-%d}"}
    yield words["span"], words["spanned"].format(**span, zone=found.frame.zone)
    yield from _speed(found, language)
    yield from _kept(found, language)
    yield from _sources(found, language)
    yield from _reps(found, language)
    yield from _rest(found, language)


def _speed(found: Findings, language: Language) -> Iterator[tuple[str, str]]:
    words, speed = WORDS[language], found.speed
    yield words["leads"], words["numbered"].format(leads=speed["leads"], before=found.before["leads"])
    if not speed["leads"]:
        return
    yield words["answered"], words["of"].format(**speed)
    before = words["before"].format(p50=lasting(found.before["p50"], language)) if found.before["answered"] else ""
    yield words["speed"], _within(speed["p50"], speed["p90"], language) + before
    yield words["working"], _within(speed["p50_working"], speed["p90_working"], language)
    after = [percent(speed[f"answered_after_{name}"], language) for name in ("5m", "1h", "1d")]
    yield words["after"], words["comma"].join(after)


def _within(half: float | None, nine: float | None, language: Language) -> str:
    return WORDS[language]["within"].format(p50=lasting(half, language), p90=lasting(nine, language))


def _kept(found: Findings, language: Language) -> Iterator[tuple[str, str]]:
    words, kept, speed = WORDS[language], found.kept, found.speed
    judged = kept["met"] + kept["breached"]
    if judged:
        share = percent(kept["share_met"], language)
        yield (
            words["target"],
            words["kept"].format(share=share, met=kept["met"], judged=judged, breached=kept["breached"]),
        )
    if speed["leads"]:
        held = {"p50": lasting(speed["held_p50"], language), "over": percent(speed["held_over_1m"], language)}
        yield words["held"], words["holding"].format(**held)


def _sources(found: Findings, language: Language) -> Iterator[tuple[str, str]]:
    words = WORDS[language]
    kept = {line["source"]: line["share_met"] for line in found.kept_by_source}
    for line in sorted(found.sources, key=lambda one: -one["leads"])[:SHOWN]:
        said = {"leads": line["leads"], "p50": lasting(line["p50"], language)}
        share = percent(kept.get(line["source"]), language)
        yield words["source"].format(name=line["source"]), words["of_source"].format(**said, share=share)


def _reps(found: Findings, language: Language) -> Iterator[tuple[str, str]]:
    words = WORDS[language]
    for line in sorted(found.reps, key=lambda one: -one["assigned"])[:SHOWN]:
        said = {**line, "median": lasting(line["median"], language), "share": percent(line["share_met"], language)}
        yield words["rep"].format(name=line["rep"]), words["of_rep"].format(**said)


def _rest(found: Findings, language: Language) -> Iterator[tuple[str, str]]:
    words = WORDS[language]
    if found.lateness:
        parts = [
            f"{words[line['answered']]} {percent(line['share_qualified'], language)}{words['few'] * line['small']}"
            for line in found.lateness
        ]
        yield words["lateness"], words["comma"].join(parts)
    free = found.unassigned
    if free["unassigned"]:
        share = percent(free["share_unassigned"], language)
        yield words["unassigned"], words["part"].format(part=free["unassigned"], whole=free["leads"], share=share)
    if found.fairness["received"]:
        yield words["fairness"], words["balance"].format(balance=f"{found.fairness['max_ledger_balance']:.2f}")
    if found.recycled["leads"]:
        yield words["recycle"], str(found.recycled["leads"])
    if found.lost:
        yield words["lost"], words["comma"].join(f"{line['reason']} {line['leads']}" for line in found.lost[:SHOWN])
