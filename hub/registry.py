"""Name to connector, step or socket; a clash names both providers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hub.connector import Connector
from hub.errors import ConfigError, suggest
from hub.settings.models import CORRECT_STEP
from hub.sink import Sink
from hub.source import Source
from hub.step import Options, Socket, Step

KINDS = ("connector", "step", "enricher", "strategy", "mapping_function", "attribution_model")


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a registered thing comes from: the plugin's name and whether leadhub ships it."""

    plugin: str
    shipped: bool


class Registry:
    """Everything that plugins have registered, by kind and name."""

    def __init__(self) -> None:
        self._things: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        self._providers: dict[tuple[str, str], Provider] = {}

    def add(self, thing: Any, provider: Provider) -> None:
        """Register one thing; raises ConfigError when it is none of ours or its name is taken."""
        kind, name = _kind(thing, provider)
        taken = self._providers.get((kind, name))
        if taken and not (taken.shipped and not provider.shipped):
            said = f'The {kind.replace("_", " ")} "{name}" is provided by {taken.plugin} and by {provider.plugin}.'
            raise ConfigError(f"{said} Rename one.")
        self._things[kind][name] = thing
        self._providers[kind, name] = provider

    def all(self, kind: str) -> Mapping[str, Any]:
        """Return everything of one kind, by name."""
        return MappingProxyType(self._things[kind])

    def provider(self, kind: str, name: str) -> Provider:
        """Return who registered a thing."""
        return self._providers[kind, name]

    def of(self, plugin: str) -> list[tuple[str, str]]:
        """Return the kind and name of everything a plugin registered."""
        return sorted(thing for thing, provider in self._providers.items() if provider.plugin == plugin)

    def connector(self, name: str) -> type[Connector]:
        """Return a connector class; raises ConfigError with the known names."""
        found: type[Connector] = self._get("connector", name)
        return found

    def step(self, name: str) -> Step:
        """Return a step; raises ConfigError with the known names."""
        found: Step = self._get("step", name)
        return found

    def with_corrections(self, steps: Sequence[tuple[Step, Options]]) -> list[tuple[Step, Options]]:
        """Return a flow's steps with the one that takes corrections: behind `map`, unless they say where it stands."""
        names = [found.name for found, _ in steps]
        if CORRECT_STEP in names:
            return list(steps)
        found, place = self.step(CORRECT_STEP), names.index("map") + 1 if "map" in names else 0
        return [*steps[:place], (found, found.options()), *steps[place:]]

    def enricher(self, name: str) -> Socket:
        """Return an enricher; raises ConfigError with the known names."""
        found: Socket = self._get("enricher", name)
        return found

    def strategy(self, name: str) -> Socket:
        """Return an assignment strategy; raises ConfigError with the known names."""
        found: Socket = self._get("strategy", name)
        return found

    def check(self, kind: str, name: str) -> None:
        """Raise ConfigError with the known names unless something of that kind and name is registered."""
        self._get(kind, name)

    def sources(self) -> Mapping[str, type[Source]]:
        """Return the connectors that leads come from."""
        return {n: c for n, c in sorted(self.all("connector").items()) if issubclass(c, Source)}

    def sinks(self) -> Mapping[str, type[Sink]]:
        """Return the connectors that leads go to."""
        return {n: c for n, c in sorted(self.all("connector").items()) if issubclass(c, Sink)}

    def _get(self, kind: str, name: str) -> Any:
        try:
            return self._things[kind][name]
        except KeyError:
            words = kind.replace("_", " ")
            raise ConfigError(f'The {words} "{name}" is not known. {suggest(name, self._things[kind])}') from None


def _kind(thing: Any, provider: Provider) -> tuple[str, str]:
    if isinstance(thing, type) and issubclass(thing, Connector):
        if not thing.name:
            raise ConfigError(f"{provider.plugin}: the connector class {thing.__name__} has no name. Give it one.")
        return "connector", thing.name
    if isinstance(thing, Step):
        return "step", thing.name
    if isinstance(thing, Socket):
        return thing.kind, thing.name
    said = f"{provider.plugin}: hub_register yielded {thing!r:.80}, which is no connector, step or socket."
    raise ConfigError(f"{said} Yield classes of connectors, or functions made by @step, @enricher, @strategy.")
