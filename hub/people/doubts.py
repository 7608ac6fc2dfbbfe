"""What is odd in what hub.yaml says of people: it can be run, and probably does not do what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from hub.lead import Lead
from hub.people.territory import Takes, Territories, gaps, overlaps
from hub.settings import RouteSettings, Settings, TeamSettings
from hub.worktime import known_until

Doubt = tuple[str, str]
"""What is doubtful, and why, with what to do."""
_SHOWN = 3


def doubts(settings: Settings, territories: Mapping[str, Territories], year: int) -> Iterator[Doubt]:
    """Yield what is odd in the settings; `year` is this one."""
    everybody = {member.name for team in settings.teams.values() for member in team.members}
    routes = [route for flow in settings.flows for route in flow.routes]
    for name, team in settings.teams.items():
        what = f"team {name}"
        yield from ((what, said) for said in _of_team(team, everybody))
        yield from ((what, said) for said in _of_ladder(team, [route for route in routes if route.team == name]))
        yield from ((what, said) for said in _of_table(table_of(team, territories.get(name, {}))))
    for name, calendar in settings.calendars.items():
        last = known_until(calendar.holidays) if calendar.holidays else None
        if last is not None and last < year:
            yield (
                f"calendar {name}",
                f"Which days of {calendar.holidays} are moved is known until {last} only; update `holidays`, or name "
                f"the days of {year} in `closed` and `open`.",
            )


def _of_team(team: TeamSettings, everybody: set[str]) -> Iterator[str]:
    if not team.members and team.fallback is None:
        yield "It has no members and no fallback, so its leads wait in the pool unassigned. Add either."
    if team.fallback is not None and team.fallback.owner is not None and team.fallback.owner not in everybody:
        said = (
            f'Its fallback "{team.fallback.owner}" is a member of no team: no caps, hours or covers are known of them.'
        )
        yield f"{said} Check the name, or add them to a team."
    if team.on_shift and team.calendar is None:
        names = [member.name for member in team.members if member.calendar is None]
        if names:
            said = f"It is on_shift, and no calendar says when {_some(names)} work, so they are always at work."
            yield f"{said} Name a calendar."


def _of_ladder(team: TeamSettings, routes: Sequence[RouteSettings]) -> Iterator[str]:
    """Yield the routes whose leads never come to a rung that is a share of a target."""
    shares = [rung.at for rung in team.ladder if rung.at.endswith("%")]
    for route in routes if shares else ():
        within = route.respond_within
        if within is None or (isinstance(within, Mapping) and "any" not in within):
            whose = f"leads of route {route.name}"
            if within is not None:
                whose += f" whose grade is not {' or '.join(sorted(within))}"
            said = f"Its ladder has rungs at {', '.join(shares)} of the target, which {whose} do not have."
            yield f"{said} Give the route a respond_within{', with any' if within is not None else ''}."


def table_of(team: TeamSettings, territories: Territories) -> Territories:
    """Return everything that the members of a team are for, if it deals by that: their table, and what each takes."""
    if not territories and team.strategy != "territory":
        return {}
    own: dict[str, tuple[Takes, ...]] = {member.name: (member.takes,) for member in team.members if member.takes}
    return {name: own.get(name, ()) + territories.get(name, ()) for name in {**own, **territories}}


def _of_table(table: Territories) -> Iterator[str]:
    found = overlaps(table)
    if found:
        shown = "; ".join(
            f"{one} and {other} ({', '.join(f'{field} {value}' for field, value in example.items())})"
            for one, other, example in found[:_SHOWN]
        )
        more = f", and {len(found) - _SHOWN} more pairs" if len(found) > _SHOWN else ""
        yield f"Territories overlap, so these take turns there: {shown}{more}. Part them, unless that is meant."


def uncovered(team: TeamSettings, territories: Territories, leads: Sequence[Lead], days: int) -> Iterator[str]:
    """Yield how many of the leads of the last days lie in nobody's territory."""
    table = table_of(team, territories)
    missed = gaps(table, leads) if table else []
    if missed:
        said = f"{len(missed)} of its {len(leads)} leads of the last {days} days lie in nobody's territory"
        yield f"{said}, such as {_some([lead.id for lead in missed])}. Add them to a territory."


def strangers(settings: Settings, covers: Iterable[tuple[str, str]]) -> Iterator[Doubt]:
    """Yield the covers of absences (member and cover) who are members of no team."""
    everybody = {member.name for team in settings.teams.values() for member in team.members}
    for member, cover in covers:
        if cover not in everybody:
            said = f'Away, and covered by "{cover}", who is a member of no team: no hours or caps are known of them.'
            yield f"rep {member}", f"{said} Check the name, or add them to a team."


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" and others" if len(names) > _SHOWN else "")
