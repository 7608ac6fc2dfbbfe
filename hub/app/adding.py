"""Adds sources and sinks to hub.yaml, pauses sources and changes secrets, for people who do it in a browser."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, SecretStr, ValidationError

from hub import draft, yamlfile
from hub.app import drafting, revisions, secretfiles
from hub.app.drafting import Person
from hub.app.hub import Hub
from hub.connector import Connector
from hub.draft import guard, places
from hub.errors import ConfigError, Conflict
from hub.settings import SinkSettings, SourceSettings
from hub.settings.models import NAME as NAMES
from hub.store import audit
from hub.store.audit import Actor
from hub.yamlfile import Where

Kind = Literal["source", "sink"]
Path = tuple[str, ...]

COMMON: Mapping[Kind, type[BaseModel]] = {"source": SourceSettings, "sink": SinkSettings}
OPEN: Mapping[Kind, tuple[str, ...]] = {"source": ("every", "test", "tags", "region"), "sink": ("region", "rate")}
"""What of the settings that every source or sink has is asked for when one is added."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A source or sink somebody wants: `settings` are its connector's, `common` those all have, `secrets` in the open.

    `flow` takes the source's leads; `routes` deliver to the sink, each as (flow, route).
    """

    kind: Kind
    name: str
    connector: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    common: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[Path, str] = field(default_factory=dict, repr=False)
    flow: str | None = None
    routes: tuple[tuple[str, str], ...] = ()


def connector_of(hub: Hub, kind: Kind, name: str) -> type[Connector]:
    """Return a connector of that kind; raises ConfigError."""
    known: Mapping[str, type[Connector]] = (
        hub.plan.registry.sources() if kind == "source" else hub.plan.registry.sinks()
    )
    if name not in known:
        raise ConfigError(f"There is no connector {name[:64]!r} for a {kind}.")
    return known[name]


def check(hub: Hub, wanted: Wanted) -> None:
    """Raise ConfigError for a name, a path or a reference that may not be, ValidationError for wrong settings.

    Nothing is written, and the secrets are looked at in memory only.
    """
    cls = connector_of(hub, wanted.kind, wanted.connector)
    _name(hub, wanted)
    for value in (wanted.settings, wanted.common):
        if guard.references(value):
            raise ConfigError("References such as ${env:NAME} are written into hub.yaml on the machine, not here.")
    whole = _with(wanted.settings, wanted.secrets)
    places.check(cls.Config, whole)
    COMMON[wanted.kind].model_validate({"connector": wanted.connector, **wanted.common})
    cls(wanted.name, cls.Config.model_validate(whole), hub.clock)


def _name(hub: Hub, wanted: Wanted) -> None:
    settings = hub.plan.settings
    taken = settings.sources if wanted.kind == "source" else settings.sinks
    if not re.fullmatch(NAMES, wanted.name):
        raise ConfigError("A name has small letters, digits, - and _, begins with a letter or digit, and is not long.")
    if wanted.name in taken:
        raise ConfigError(f"There is a {wanted.kind} named {wanted.name} already. Choose another name.")


def _with(settings: Mapping[str, Any], secrets: Mapping[Path, str]) -> dict[str, Any]:
    """Return settings with secrets at their places."""
    whole = {key: dict(value) if isinstance(value, Mapping) else value for key, value in settings.items()}
    for path, value in secrets.items():
        place = whole
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value
    return whole


async def add(hub: Hub, wanted: Wanted, person: Person) -> int:
    """Write its secrets into files and the rest into hub.yaml, and publish that; returns the revision.

    Raises ConfigError, and Conflict where hub.yaml was changed meanwhile; then no file is left behind.
    """
    check(hub, wanted)
    kept: dict[Path, str] = {}
    try:
        await _alone(hub, bool(wanted.secrets))
        for path, value in wanted.secrets.items():
            kept[path] = await _keep(hub, secretfiles.name_of(wanted.kind, wanted.name, path), value, person.actor)
        entry = {"connector": wanted.connector, **wanted.common, **_with(wanted.settings, kept)}
        return await _publish(hub, person, lambda text: _placed(text, wanted, entry))
    except BaseException:
        for reference in kept.values():
            await asyncio.to_thread(secretfiles.drop, hub.office.folder, reference)
        raise


def _placed(text: str, wanted: Wanted, entry: dict[str, Any]) -> str:
    text = draft.put(text, (f"{wanted.kind}s", wanted.name), entry)
    data = yamlfile.loads(text, drafting.NAME).data
    flows = data.get("flows") or []
    for number, flow in enumerate(flows):
        if wanted.kind == "source" and flow.get("name") == wanted.flow:
            text = draft.insert(text, ("flows", number, "from"), len(flow.get("from") or ()), wanted.name)
        for place, route in enumerate(flow.get("routes") or ()):
            if (flow.get("name"), route.get("name")) in wanted.routes:
                where: Where = ("flows", number, "routes", place, "to")
                text = draft.insert(text, where, len(route.get("to") or ()), wanted.name)
    return text


async def switch(hub: Hub, source: str, on: bool, person: Person) -> int:
    """Pause a source, or let it go on; returns the revision."""
    where: Where = ("sources", source, "enabled")
    return await _publish(hub, person, lambda text: draft.remove(text, where) if on else draft.put(text, where, False))


async def _publish(hub: Hub, person: Person, edit: Callable[[str], str]) -> int:
    before = hub.plan.text
    try:
        text = edit(before)
        return await hub.publish(text, over=revisions.digest_of(before), who=person.name, by=person.actor)
    except OSError as error:
        raise ConfigError(f"hub.yaml cannot be written: {error.strerror or type(error).__name__}.") from error


async def _keep(hub: Hub, name: str, value: str, by: Actor) -> str:
    reference = await asyncio.to_thread(secretfiles.keep, hub.office.folder, name, value)
    target = reference.removeprefix("${file:").removesuffix("}")
    await hub.db.write(audit.note, "secret.written", by=by, at=hub.clock.now(), target=target)
    return reference


async def _alone(hub: Hub, matters: bool) -> None:
    """Raise ConfigError where other machines would miss the file of a secret."""
    others = (
        [one for one in await hub.node.listed() if one["id"] != hub.holder and one["state"] == "there"]
        if matters
        else []
    )
    if others and not hub.db.sqlite:
        raise ConfigError(
            "Several processes run on this database, and each reads secrets on its own machine. Put the secret where "
            "all of them find it, and refer to it in hub.yaml."
        )


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret setting: where its value comes from (env:NAME, file:NAME, here, none), and whether it can be changed."""

    path: Path
    comes: str
    rotates: bool
    keeps: bool  # whether the value before it goes on for a time, as `previous_secret`


def secrets(hub: Hub, kind: Kind, name: str) -> list[Secret]:
    """Return the secret settings of a source or sink; what comes from elsewhere is changed there."""
    entry = _entry(hub, kind, name)
    cls = connector_of(hub, kind, entry.connector)
    return [_secret(entry.config, path, cls) for path in _secret_paths(cls.Config, entry.config)]


def _entry(hub: Hub, kind: Kind, name: str) -> SourceSettings | SinkSettings:
    settings = hub.plan.settings
    found: SourceSettings | SinkSettings | None = (
        settings.sources.get(name) if kind == "source" else settings.sinks.get(name)
    )
    if found is None:
        raise ConfigError(f"There is no {kind} {name[:64]!r}.")
    return found


def _secret_paths(model: type[BaseModel], given: Mapping[str, Any]) -> Iterator[Path]:
    for name, one in model.model_fields.items():
        if "SecretStr" not in str(one.annotation) or name.startswith("previous_"):
            continue
        inside = given.get(name)
        if one.annotation is SecretStr or not isinstance(inside, Mapping):
            yield (name,)
        else:
            yield from ((name, str(key)) for key in inside)


def _secret(config: Mapping[str, Any], path: Path, cls: type[Connector]) -> Secret:
    value: Any = config
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    keeps = len(path) == 1 and previous_of(path) in cls.Config.model_fields
    if value is None:
        return Secret(path, "none", True, False)
    found = re.fullmatch(r"\$\{([a-z_]+:[^}]+)\}", str(value))
    if found is None:
        return Secret(path, "here", True, keeps)
    return Secret(path, found[1], secretfiles.ours(value), keeps)


def previous_of(path: Path) -> str:
    """Return the setting that holds the value before."""
    return f"previous_{path[-1]}"


async def rotate(hub: Hub, kind: Kind, name: str, path: Path, value: str, person: Person) -> dict[str, Any]:
    """Put another value in the place of a secret; the old one goes on as `previous_…` where the connector has that.

    Raises ConfigError where the value comes from elsewhere, and says what to change there.
    """
    found = next((one for one in secrets(hub, kind, name) if one.path == path), None)
    if found is None:
        raise ConfigError(f"The {kind} {name} has no secret setting {'.'.join(path)[:64]!r}.")
    if not found.rotates:
        raise ConfigError(elsewhere(found))
    entry = _entry(hub, kind, name)
    _fits(hub, kind, name, path, value)
    await _alone(hub, True)
    reference = await _keep(hub, secretfiles.name_of(kind, name, path), value, person.actor)
    old, older = entry.config.get(path[0]), entry.config.get(previous_of(path))

    def edit(text: str) -> str:
        where: Where = (f"{kind}s", name, *path)
        if found.keeps and isinstance(old, str):
            text = draft.put(text, (*where[:-1], previous_of(path)), old)
        return draft.put(text, where, reference)

    try:
        revision = await _publish(hub, person, edit)
    except BaseException:
        await asyncio.to_thread(secretfiles.drop, hub.office.folder, reference)
        raise
    await _forget(hub, older if found.keeps else old, person.actor)
    return {"revision": revision, "kept": found.keeps and old is not None, "setting": ".".join(path)}


def elsewhere(secret: Secret) -> str:
    """Return where a secret that cannot be changed here is changed."""
    kind, _, place = secret.comes.partition(":")
    setting = ".".join(secret.path)
    if kind == "env":
        return f"{setting} comes from the environment variable {place}. Change it there, and start leadhub again."
    if kind == "file":
        return f"{setting} comes from the file {place}. Change it there, and save hub.yaml once."
    return f"{setting} comes from {kind}, where a plugin looks it up. Change it there."


def _fits(hub: Hub, kind: Kind, name: str, path: Path, value: str) -> None:
    """Raise ConfigError where the connector would not take the new value."""
    entry = _entry(hub, kind, name)
    cls = connector_of(hub, kind, entry.connector)
    running: Any = (hub.plan.sources if kind == "source" else hub.plan.sinks)[name].config
    now = {one: getattr(running, one) for one in running.model_fields_set}
    inside = now.get(path[0])
    now[path[0]] = {**inside, path[1]: SecretStr(value)} if len(path) > 1 and isinstance(inside, dict) else value
    try:
        cls(name, cls.Config.model_validate(now), hub.clock)
    except ValidationError as error:
        said = error.errors(include_url=False, include_input=False)[0]["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{'.'.join(path)}: {said.rstrip('.')}.") from error


async def _forget(hub: Hub, reference: Any, by: Actor) -> None:
    """Delete the file of a secret that nothing refers to any more."""
    if not secretfiles.ours(reference) or str(reference) in hub.plan.text:
        return
    if await asyncio.to_thread(secretfiles.drop, hub.office.folder, str(reference)):
        target = str(reference).removeprefix("${file:").removesuffix("}")
        await hub.db.write(audit.note, "secret.removed", by=by, at=hub.clock.now(), target=target)


__all__ = ["Conflict", "Wanted", "add", "check", "rotate", "secrets", "switch"]
