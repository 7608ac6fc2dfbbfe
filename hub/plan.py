"""A configuration made ready: connectors built, steps and mappings looked up, every name checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hub import mapping as mappings
from hub.clock import Clock, SystemClock
from hub.connector import Connector
from hub.errors import ConfigError, LeadhubError
from hub.paths import shipped
from hub.registry import Registry
from hub.settings import FlowSettings, Settings
from hub.settings.files import explain, resolve_secrets, secret_values
from hub.sink import Sink
from hub.source import Source
from hub.step import Options, Step
from hub.yamlfile import Where, YamlFile

Resolver = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow with its steps and their options."""

    settings: FlowSettings
    steps: tuple[tuple[Step, Options], ...]


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


def build(
    settings: Settings,
    file: YamlFile,
    registry: Registry,
    *,
    folder: Path,
    resolve: Resolver,
    clock: Clock | None = None,
    text: str = "",
) -> Plan:
    """Return the plan of a configuration; raises ConfigError for the first thing that is wrong."""
    maker = _Maker(settings, file, registry, resolve, clock or SystemClock(), folder)
    sources = {n: maker.connector("sources", n, s.connector, s.config, Source) for n, s in settings.sources.items()}
    sinks = {n: maker.connector("sinks", n, s.connector, s.config, Sink) for n, s in settings.sinks.items()}
    flows = {}
    for index, flow in enumerate(settings.flows):
        ready = maker.flow(index, flow)
        flows.update(dict.fromkeys(flow.sources, ready))
    found = {}
    functions = {name: socket.run for name, socket in registry.all("mapping_function").items()}
    for name, source in settings.sources.items():
        try:
            folders = (folder / "mappings", shipped("mappings"))
            found[name] = mappings.find(name, source.connector, folders, functions, named=source.mapping)
        except ConfigError as error:
            raise error if error.file else maker.at(("sources", name, "mapping"), str(error)) from error
    return Plan(settings, registry, sources, sinks, flows, found, text, None, tuple(maker.secrets))


class _Maker:
    def __init__(
        self, settings: Settings, file: YamlFile, registry: Registry, resolve: Resolver, clock: Clock, folder: Path
    ) -> None:
        self.settings, self.file, self.registry, self.resolve, self.clock = settings, file, registry, resolve, clock
        self.folder = folder.resolve()
        self.secrets: list[str] = []

    def at(self, where: Where, said: str) -> ConfigError:
        return ConfigError(said, file=self.file.name, line=self.file.line(where), key=str(where[-1]))

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
        plain = resolve_secrets(dict(config), self.resolve, where=who, file=self.file.name, line=self.file.line(where))
        self._rooted(plain)
        try:
            made = cls.Config.model_validate(plain)
            self.secrets += secret_values(made)
            return cls(name, made, self.clock)
        except ValidationError as error:
            raise explain(error, cls.Config, self.file, where) from error
        except (LeadhubError, ValueError) as error:
            raise self.at(where, f"{who}: {error}") from error

    def _rooted(self, plain: dict[str, Any]) -> None:
        """Let a relative path mean a place in the workspace, wherever leadhub was started."""
        path = plain.get("path")
        if isinstance(path, str) and path and not Path(path).is_absolute():
            plain["path"] = str(self.folder / path)

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
        for name in {team.strategy for team in self.settings.teams.values()}:
            self._strategy(name)
        return Flow(flow, tuple(steps))

    def _strategy(self, name: str) -> None:
        try:
            self.registry.strategy(name)
        except ConfigError as error:
            team = next(t for t, s in self.settings.teams.items() if s.strategy == name)
            raise self.at(("teams", team, "strategy"), f'Team "{team}": {error}') from error
