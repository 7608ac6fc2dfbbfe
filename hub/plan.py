"""A configuration made ready: connectors built, steps and mappings looked up, every name checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from hub import mapping as mappings
from hub import worktime
from hub.clock import Clock, SystemClock
from hub.connector import Connector
from hub.errors import ConfigError, LeadhubError, UnsetSecret
from hub.families.buyer import BuyerSink
from hub.families.listener import Listener
from hub.families.message import Teller
from hub.lead import Lead
from hub.paths import shipped
from hub.people.due import Always, WorkingTime, due
from hub.people.territory import Territories, read_table
from hub.registry import Registry
from hub.settings import FlowSettings, Settings, SinkSettings, SourceSettings
from hub.settings.files import Secrets, explain, resolve_secrets, secret_values
from hub.sink import Sink
from hub.source import Source
from hub.step import Options, Step
from hub.worktime import Calendar
from hub.yamlfile import Where, YamlFile

T = TypeVar("T")


class Incomplete(Mapping[str, T]):
    """Connectors by name; one whose secret is not there raises UnsetSecret when it is asked for."""

    def __init__(self, made: Mapping[str, T], unset: Mapping[str, UnsetSecret]) -> None:
        self._made, self._unset = made, unset

    def __getitem__(self, name: str) -> T:
        if name in self._unset:
            raise self._unset[name]
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._made or name in self._unset

    def __iter__(self) -> Iterator[str]:
        yield from self._made
        yield from self._unset

    def __len__(self) -> int:
        return len(self._made) + len(self._unset)


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow with its steps and their options."""

    settings: FlowSettings
    steps: tuple[tuple[Step, Options], ...]
    foreign: frozenset[str] = frozenset()  # names of the steps that run code leadhub does not ship


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run needs of a configuration; a reload makes a new one and never changes an old one."""

    settings: Settings
    registry: Registry
    sources: Mapping[str, Source]
    sinks: Mapping[str, Sink]
    flows: Mapping[str, Flow]  # by source
    mappings: Mapping[str, Any]
    text: str = ""
    revision: int | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    unset: tuple[UnsetSecret, ...] = ()  # what was forgiven: connectors that cannot be used
    referred: tuple[str, ...] = field(default=(), repr=False)  # what stands for references, also in open settings
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    territories: Mapping[str, Territories] = field(default_factory=dict)  # by team

    def timers(self, care: Mapping[str, Any], lead: Lead | None) -> list[dict[str, Any]]:
        """Return what is due for a lead in the round it is in, as rows."""
        team = self.settings.teams.get(care["team"] or "")
        found = due(care, team, self.working, lead)
        return [{"lead": care["lead"], "kind": one.kind, "number": one.number, "due_at": one.at} for one in found]

    def working(self, calendar: str | None) -> WorkingTime:
        """Return the working time of a calendar; of none, or one that is gone, all hours."""
        found = self.calendars.get(calendar or "")
        return found if found is not None else Always()


def build(
    settings: Settings,
    file: YamlFile,
    registry: Registry,
    *,
    folder: Path,
    resolve: Secrets,
    clock: Clock | None = None,
    text: str = "",
    forgiving: bool = False,
) -> Plan:
    """Return the plan of a configuration; raises ConfigError for the first thing that is wrong.

    A `forgiving` one lacks what refers to a secret that is not there: for those who only look, and may never need it.
    """
    maker = _Maker(settings, file, registry, resolve, clock or SystemClock(), folder, forgiving)
    sources = maker.connectors("sources", settings.sources, Source)
    sinks = maker.connectors("sinks", settings.sinks, Sink)
    flows = {}
    for index, flow in enumerate(settings.flows):
        ready = maker.flow(index, flow)
        flows.update(dict.fromkeys(flow.sources, ready))
    maker.tellers(sinks)
    maker.buyers(sinks)
    maker.listeners()
    found = maker.mappings()
    return Plan(
        settings, registry, sources, sinks, flows, found, text, None, tuple(maker.secrets), tuple(maker.unset),
        tuple(maker.referred), maker.calendars(), maker.territories(),
    )  # fmt: skip


class _Maker:
    def __init__(
        self,
        settings: Settings,
        file: YamlFile,
        registry: Registry,
        resolve: Secrets,
        clock: Clock,
        folder: Path,
        forgiving: bool,
    ) -> None:
        self.settings, self.file, self.registry, self.resolve, self.clock = settings, file, registry, resolve, clock
        self.folder, self.forgiving = folder.resolve(), forgiving
        self.secrets: list[str] = []
        self.referred: list[str] = []
        self.unset: list[UnsetSecret] = []

    def at(self, where: Where, said: str) -> ConfigError:
        return ConfigError(said, file=self.file.name, line=self.file.line(where), key=str(where[-1]), at=where)

    def connectors(
        self, section: str, entries: Mapping[str, SourceSettings | SinkSettings], kind: type[T]
    ) -> Mapping[str, T]:
        made: dict[str, T] = {}
        unset: dict[str, UnsetSecret] = {}
        for name, entry in entries.items():
            try:
                made[name] = self.connector(section, name, entry.connector, entry.config, kind)
            except UnsetSecret as error:
                if not self.forgiving:
                    raise
                unset[name] = error
        self.unset += unset.values()
        return Incomplete(made, unset) if unset else made

    def connector(self, section: str, name: str, connector: str, config: Mapping[str, Any], kind: type[Any]) -> Any:
        who = f'{section[:-1].capitalize()} "{name}"'
        where: Where = (section, name)
        try:
            cls: type[Connector] = self.registry.connector(connector)
        except ConfigError as error:
            raise self.at((*where, "connector"), f"{who}: {error}") from error
        if not issubclass(cls, kind):
            known = self.registry.sources() if kind is Source else self.registry.sinks()
            said = f"{who}: {connector} is no {section[:-1]}. Known: {', '.join(known)}."
            raise self.at((*where, "connector"), said)
        plain = resolve_secrets(
            dict(config), self.resolve, where=who, file=self.file.name, line=self.file.line(where), heard=self.referred
        )
        self._rooted(plain)
        try:
            made = cls.Config.model_validate(plain)
            self.secrets += secret_values(made)
            built = cls(name, made, self.clock)
            built.networks = tuple(self.settings.hub.allow_networks)
            return built
        except ValidationError as error:
            raise explain(error, cls.Config, self.file, where) from error
        except (LeadhubError, ValueError) as error:
            raise self.at(where, f"{who}: {error}") from error

    def _rooted(self, plain: dict[str, Any]) -> None:
        """Let a relative path mean a place in the workspace, wherever leadhub was started."""
        path = plain.get("path")
        if isinstance(path, str) and path and not Path(path).is_absolute():
            plain["path"] = str(self.folder / path)

    def tellers(self, sinks: Mapping[str, Sink]) -> None:
        """Refuse alarms, warnings and reviews to a sink that could not carry them."""
        for who, where, names in self._told():
            for name in names:
                found = self.settings.sinks.get(name)
                if found is None or issubclass(self.registry.connector(found.connector), Teller):
                    continue
                known = [other for other, sink in sinks.items() if isinstance(sink, Teller)]
                said = f'{who}: sink "{name}" tells people nothing; a chat or mail sink does.'
                raise self.at(where, f"{said} Here: {', '.join(known) or 'none yet'}.")

    def _told(self) -> Iterator[tuple[str, Where, Sequence[str]]]:
        """Yield who tells people something, where that stands, and through which sinks."""
        yield "Alarms", ("hub", "alarms", "to"), self.settings.hub.alarms.to
        yield "Review", ("review", "to"), self.settings.review.to
        for name, team in self.settings.teams.items():
            for number, rung in enumerate(team.ladder):
                yield f'Team "{name}"', ("teams", name, "ladder", number, "to"), rung.to

    def listeners(self) -> None:
        """Refuse routes to what only listens."""
        for index, flow in enumerate(self.settings.flows):
            for number, route in enumerate(flow.routes):
                for name in route.to:
                    if issubclass(self.registry.connector(self.settings.sinks[name].connector), Listener):
                        said = f'Route "{route.name}": "{name}" only listens, and takes no leads. Take it out.'
                        raise self.at(("flows", index, "routes", number, "to"), said)

    def buyers(self, sinks: Mapping[str, Sink]) -> None:
        """Refuse an auction among sinks that cannot bid."""
        for index, flow in enumerate(self.settings.flows):
            for number, route in enumerate(flow.routes):
                for name in route.auction.buyers if route.auction else ():
                    kind = self.registry.connector(self.settings.sinks[name].connector)
                    if not issubclass(kind, BuyerSink):
                        known = [other for other, sink in sinks.items() if isinstance(sink, BuyerSink)]
                        said = f'Route "{route.name}": sink "{name}" cannot bid; a sink like ping_post does.'
                        where: Where = ("flows", index, "routes", number, "auction", "buyers")
                        raise self.at(where, f"{said} Here: {', '.join(known) or 'none yet'}.")

    def mappings(self) -> dict[str, Any]:
        """Return the mapping of each source's fields."""
        functions = {name: socket.run for name, socket in self.registry.all("mapping_function").items()}
        folders = (self.folder / "mappings", shipped("mappings"))
        found = {}
        for name, source in self.settings.sources.items():
            try:
                found[name] = mappings.find(name, source.connector, folders, functions, named=source.mapping)
            except ConfigError as error:
                raise error if error.file else self.at(("sources", name, "mapping"), str(error)) from error
        return found

    def calendars(self) -> dict[str, Calendar]:
        """Return the working times."""
        made = {}
        for name, settings in self.settings.calendars.items():
            try:
                made[name] = worktime.build(settings, self.folder)
            except ConfigError as error:
                raise self.at(("calendars", name), f'Calendar "{name}": {error}') from error
        return made

    def territories(self) -> dict[str, Territories]:
        """Return the table of territories of each team that has one."""
        made = {}
        for name, team in self.settings.teams.items():
            if team.territories is not None:
                try:
                    made[name] = read_table(self.folder / team.territories, {member.name for member in team.members})
                except ConfigError as error:
                    raise self.at(("teams", name, "territories"), f'Team "{name}": {error}') from error
        return made

    def flow(self, index: int, flow: FlowSettings) -> Flow:
        steps = []
        for number, entry in enumerate(flow.steps):
            where: Where = ("flows", index, "steps", number)
            try:
                found = self.registry.step(entry.name)
                options = found.options.model_validate(dict(entry.options))
                for kind, name in options.needs():
                    self.registry.check(kind, name)
                steps.append((found, options))
            except ConfigError as error:
                raise self.at(where, f'Flow "{flow.name}": {error}') from error
            except ValidationError as error:
                raise explain(error, found.options, self.file, (*where, entry.name)) from error
        steps = self.registry.with_corrections(steps)
        strategies = {team.strategy for team in self.settings.teams.values()}
        for name in strategies:
            self._strategy(name)
        foreign = {found.name for found, _ in steps if not self.registry.provider("step", found.name).shipped}
        if not all(self.registry.provider("strategy", name).shipped for name in strategies):
            foreign.add("assign")
        return Flow(flow, tuple(steps), frozenset(foreign))

    def _strategy(self, name: str) -> None:
        try:
            self.registry.strategy(name)
        except ConfigError as error:
            team = next(t for t, s in self.settings.teams.items() if s.strategy == name)
            raise self.at(("teams", team, "strategy"), f'Team "{team}": {error}') from error
