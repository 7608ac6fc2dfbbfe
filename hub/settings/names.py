"""Refuses names in a hub.yaml that point nowhere, or that stand for two things: with line and suggestion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hub.errors import ConfigError, suggest
from hub.settings.bidding import check_auction
from hub.settings.models import FlowSettings, RouteSettings, Settings, allowed_regions
from hub.settings.people import UNASSIGNED, TeamSettings
from hub.yamlfile import Where, YamlFile


def check_names(settings: Settings, file: YamlFile) -> None:
    """Refuse names that point nowhere, and sources that two flows take; raises ConfigError for the first."""
    names = _Names(settings, file)
    taken: dict[str, str] = {}
    for index, flow in enumerate(settings.flows):
        at: Where = ("flows", index)
        names.known("source", flow.sources, (*at, "from"), f'Flow "{flow.name}"')
        for source in flow.sources:
            if source in taken:
                said = f'Source "{source}" is taken by flow "{taken[source]}" and by flow "{flow.name}". Name it once.'
                raise names.wrong(said, (*at, "from"), source)
            taken[source] = flow.name
        names.routes(flow, at)
    names.known("sink", settings.hub.alarms.to, ("hub", "alarms", "to"), "Alarms")
    names.known("sink", settings.review.to, ("review", "to"), "Review")
    names.known("source", settings.retention.sources, ("retention", "sources"), "Retention")
    for name, team in settings.teams.items():
        names.team(name, team)
    for name, pool in settings.pools.items():
        names.known("team", pool.teams, ("pools", name, "teams"), f'Pool "{name}"')


class _Names:
    """What the names of each kind are, and where in the file they are used."""

    def __init__(self, settings: Settings, file: YamlFile) -> None:
        self._settings, self._file = settings, file
        self._of: Mapping[str, Iterable[str]] = {
            "source": settings.sources, "sink": settings.sinks, "team": settings.teams,
            "calendar": settings.calendars, "pool": (*settings.pools, UNASSIGNED),
        }  # fmt: skip

    def wrong(self, said: str, where: Where, key: str) -> ConfigError:
        """Return the error that names the line of a place."""
        return ConfigError(said, file=self._file.name, line=self._file.line(where), key=key, at=where)

    def known(self, kind: str, wanted: Iterable[str | None], where: Where, who: str) -> None:
        """Refuse names of a kind that nothing has; none is no name."""
        for name in wanted:
            if name is not None and name not in self._of[kind]:
                said = f'{who}: {kind} "{name}" is not known. {suggest(name, self._of[kind])}'
                raise self.wrong(said, where, name)

    def routes(self, flow: FlowSettings, at: Where) -> None:
        """Check the routes of a flow."""
        names: set[str] = set()
        for number, route in enumerate(flow.routes):
            here: Where = (*at, "routes", number)
            who = f'Route "{route.name}"'
            if route.name in names:
                said = f'Flow "{flow.name}" has two routes named "{route.name}". Rename one.'
                raise self.wrong(said, here, route.name)
            names.add(route.name)
            self.known("sink", route.to, (*here, "to"), who)
            self.known("team", [route.team], (*here, "assign"), who)
            self.known("pool", [route.pool], (*here, "assign"), who)
            self.known("calendar", [route.calendar], (*here, "calendar"), who)
            if route.auction is not None:
                self.known("sink", route.auction.buyers, (*here, "auction", "buyers"), who)
                check_auction(flow, route, self._settings, self._file, here)
            if route.only_regions or flow.only_regions:
                self._regions(flow, route, here)

    def _regions(self, flow: FlowSettings, route: RouteSettings, at: Where) -> None:
        """Refuse a route whose sinks do not say where they keep data, and one that no lead could leave by."""
        sinks, where = self._settings.sinks, (*at, "to")
        allowed = allowed_regions(flow, route)
        nowhere = next((name for name in route.to if sinks[name].region is None), None)
        if nowhere is not None:
            said = f'Route "{route.name}" keeps leads in {_listed(route, flow)}, and sink "{nowhere}" names no region.'
            raise self.wrong(f"{said} Give it one, such as region: CN.", where, nowhere)
        if route.to and not any(sinks[name].region in allowed for name in route.to):
            there = ", ".join(sorted({str(sinks[name].region) for name in route.to}))
            said = f'Route "{route.name}" keeps leads in {_listed(route, flow)}, and all its sinks are elsewhere'
            raise self.wrong(f"{said} ({there}). Name a sink there, or allow the region.", where, route.name)

    def team(self, name: str, team: TeamSettings) -> None:
        """Check a team, its members and what happens to its leads."""
        at: Where = ("teams", name)
        who = f'Team "{name}"'
        self.known("calendar", [team.calendar], (*at, "calendar"), who)
        self._members(team, (*at, "members"), who)
        if team.fallback is not None:
            self.known("team", [team.fallback.team], (*at, "fallback", "team"), f"{who}, fallback")
            self.known("pool", [team.fallback.pool], (*at, "fallback", "pool"), f"{who}, fallback")
        for number, rung in enumerate(team.ladder):
            here: Where = (*at, "ladder", number)
            self.known("sink", rung.to, (*here, "to"), f"{who}, ladder")
            self.known("pool", [rung.pool], (*here, "pool"), f"{who}, ladder")
        for number, rule in enumerate(team.recycle):
            self.known("pool", [rule.pool], (*at, "recycle", number, "pool"), f"{who}, recycle")
        if team.nurture is not None:
            self.known("sink", team.nurture.to, (*at, "nurture", "to"), f"{who}, nurture")

    def _members(self, team: TeamSettings, at: Where, who: str) -> None:
        names: set[str] = set()
        for number, member in enumerate(team.members):
            if member.name in names:
                raise self.wrong(
                    f'{who} has two members named "{member.name}". Rename one.', (*at, number), member.name
                )
            names.add(member.name)
            self.known("calendar", [member.calendar], (*at, number, "calendar"), f'{who}, member "{member.name}"')


def _listed(route: RouteSettings, flow: FlowSettings) -> str:
    return " and ".join(", ".join(sorted(regions)) for regions in (flow.only_regions, route.only_regions) if regions)
