"""Shapes reports on response into what charts and tables show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hub.insight.ladder import TOP
from hub.insight.speed import AFTER
from hub.insight.waits import LEGS
from hub.settings.people import TeamSettings
from hub.web.tongue import N_, Tongue

MOST = 6
"""Groups that one chart shows: those with most leads."""

BANDS = {
    "under_1m": N_("under 1 min"), "under_5m": N_("1 to 5 min"), "under_15m": N_("5 to 15 min"),
    "under_1h": N_("15 min to 1 h"), "under_1d": N_("1 h to 1 day"), "later": N_("later"), "never": N_("never"),
    "open": N_("still waiting"),
}  # fmt: skip

LEG_WORDS = {
    "intake": N_("Until it reached us"), "route": N_("Until we had decided"), "deliver": N_("Until a sink had it"),
    "accept": N_("Until a rep took it"), "respond": N_("Until the first answer"),
}  # fmt: skip

Said = Mapping[str, Any]
Drawn = dict[str, Any]


def slices(said: Said, tongue: Tongue) -> Drawn:
    """Return the columns and rows of the chart of bands: a row for each band, a column for each group."""
    groups = _groups(said, tongue)
    columns = [tongue.say(N_("First answer after")), *(name for name, _ in groups)]
    return {
        "columns": columns,
        "rows": [[tongue.say(BANDS[band]), *(line[band] for _, line in groups)] for band in BANDS],
    }


def curves(said: Said, tongue: Tongue) -> Drawn:
    """Return the columns and rows of the survival curve: a row for each moment, a column for each group."""
    by, found = said["by"], dict[str, dict[str, Any]]()
    size: dict[str, int] = {}
    for row in said["rows"]:
        name = _name(row, by, tongue)
        found.setdefault(name, {})[row["after"]] = row["unanswered"]
        size[name] = max(size.get(name, 0), row["watched"])
    shown = sorted(found, key=lambda name: -size[name])[:MOST]
    shown = [name for name in found if name in shown]
    columns = [tongue.say(N_("Time since the request")), *shown]
    marks = {"0": "0", **{name: tongue.span(seconds) for name, seconds in AFTER.items()}}
    rows = [[words, *(found[name].get(mark) for name in shown)] for mark, words in marks.items()]
    return {"columns": columns, "rows": rows if shown else []}


def waits_by(said: Said, tongue: Tongue) -> list[Drawn]:
    """Return the report on speed as lines with their names, all together last; the legs stand in each."""
    named = [{**row, "called": _name(row, said["by"], tongue)} for row in said["rows"]] if said["by"] else []
    every = [*named, {**said["total"], "called": tongue.say(N_("All together"))}]
    return [{**line, "legs": _legs(line, tongue)} for line in every]


def _legs(line: Said, tongue: Tongue) -> list[Drawn]:
    return [
        {"called": tongue.say(LEG_WORDS[leg]), "p50": line[f"{leg}_p50"], "p90": line[f"{leg}_p90"]} for leg in LEGS
    ]


def _groups(said: Said, tongue: Tongue) -> list[tuple[str, Said]]:
    """Return the groups with most leads in their own order, else all leads together."""
    rows: Sequence[Said] = said["rows"]
    if not said["by"]:
        return [(tongue.say(N_("Leads")), said["total"])]
    most = sorted(rows, key=lambda row: -row["leads"])[:MOST]
    return [(_name(row, said["by"], tongue), row) for row in rows if row in most]


def _name(row: Said, by: Sequence[str], tongue: Tongue) -> str:
    """Return the name of a group, as people read it."""
    parts = [_part(name, row[name], tongue) for name in by]
    return ", ".join(parts) if parts else tongue.say(N_("All together"))


def _part(name: str, value: Any, tongue: Tongue) -> str:
    if value is None:
        return tongue.say(N_("none"))
    return f"{value:02d}:00" if name == "hour" else str(value)


def by_pace(rows: Iterable[Said]) -> list[Drawn]:
    """Return the board, who is slowest first; those without an answer yet come by what is overdue."""
    return [
        dict(row)
        for row in sorted(rows, key=lambda row: (row["median"] is None, -(row["median"] or 0.0), -row["overdue"]))
    ]


def rungs(said: Said, teams: Mapping[str, TeamSettings]) -> list[Drawn]:
    """Return what ladders did, by team, with the steps of each and how many open leads stand on it."""
    found = []
    for row in said["rows"]:
        team = teams.get(row["team"] or "")
        steps = [{"at": rung.at.removesuffix("s"), "do": rung.do} for rung in team.ladder] if team else []
        standing = [{"step": step, "leads": row[f"open_after_{step}"]} for step in range(TOP + 1)]
        top = max([len(steps), *(one["step"] for one in standing if one["leads"])])
        found.append({**row, "steps": [_step(one) for one in steps], "standing": standing[: top + 1]})
    return found


def _step(one: Mapping[str, str]) -> Drawn:
    """Return a step with its moment: a share of the target, or seconds."""
    percent = one["at"].endswith("%")
    return {"do": one["do"], "share": one["at"] if percent else None, "seconds": None if percent else float(one["at"])}
