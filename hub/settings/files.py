"""Loads hub.yaml: every mistake names file, line, key and the known values."""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from hub import yamlfile
from hub.errors import ConfigError, suggest
from hub.settings.models import FlowSettings, Settings, SinkSettings, SourceSettings
from hub.yamlfile import Where, YamlFile

log = logging.getLogger("leadhub")

_REFERENCE = re.compile(r"\$\{([a-z_]+:[^}]+)\}")

Resolver = Callable[[str], str | None]


def load_settings(path: Path) -> tuple[Settings, YamlFile]:
    """Return the settings in a hub.yaml and the file, whose lines later checks point to."""
    return parse_settings(yamlfile.load(path))


def parse_settings(file: YamlFile) -> tuple[Settings, YamlFile]:
    """Return the settings in a YAML file that is read already; raises ConfigError."""
    data = file.data
    if not isinstance(data, dict):  # an empty file too: it is what an editor leaves for a moment while it saves
        raise ConfigError("The file must hold sections such as hub, sources and sinks.", file=file.name, line=1)
    data = {**data, **_split(data, "sources", SourceSettings), **_split(data, "sinks", SinkSettings)}
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        raise explain(error, Settings, file, ()) from error
    _check_names(settings, file)
    return settings, file


def _split(data: Mapping[str, Any], section: str, model: type[BaseModel]) -> dict[str, Any]:
    """Move what belongs to the connector of a source or sink under `config`."""
    entries = data.get(section)
    if not isinstance(entries, dict):
        return {}
    known = set(model.model_fields) - {"config"}
    split = {}
    for name, entry in entries.items():
        if isinstance(entry, dict):
            common = {k: v for k, v in entry.items() if k in known}
            entry = {**common, "config": {k: v for k, v in entry.items() if k not in known}}
        split[name] = entry
    return {section: split}


def _check_names(settings: Settings, file: YamlFile) -> None:
    """Refuse names that point nowhere, and sources that two flows take."""
    taken: dict[str, str] = {}
    for index, flow in enumerate(settings.flows):
        at: Where = ("flows", index)
        _known(flow.sources, settings.sources, "source", file, (*at, "from"), f'Flow "{flow.name}"')
        for source in flow.sources:
            if source in taken:
                said = f'Source "{source}" is taken by flow "{taken[source]}" and by flow "{flow.name}". Name it once.'
                raise ConfigError(said, file=file.name, line=file.line((*at, "from")), key=source)
            taken[source] = flow.name
        _check_routes(flow, settings, file, at)
    for name, team in settings.teams.items():
        wanted = [team.calendar] if team.calendar else []
        _known(wanted, settings.calendars, "calendar", file, ("teams", name, "calendar"), f'Team "{name}"')


def _check_routes(flow: FlowSettings, settings: Settings, file: YamlFile, at: Where) -> None:
    names: set[str] = set()
    for number, route in enumerate(flow.routes):
        here: Where = (*at, "routes", number)
        if route.name in names:
            said = f'Flow "{flow.name}" has two routes named "{route.name}". Rename one.'
            raise ConfigError(said, file=file.name, line=file.line(here), key=route.name)
        names.add(route.name)
        _known(route.to, settings.sinks, "sink", file, (*here, "to"), f'Route "{route.name}"')
        wanted = [route.team] if route.team else []
        _known(wanted, settings.teams, "team", file, (*here, "assign"), f'Route "{route.name}"')


def _known(wanted: Iterable[str], known: Mapping[str, Any], kind: str, file: YamlFile, where: Where, who: str) -> None:
    for name in wanted:
        if name not in known:
            said = f'{who}: {kind} "{name}" is not known. {suggest(name, known)}'
            raise ConfigError(said, file=file.name, line=file.line(where), key=name)


def explain(error: ValidationError, model: type[BaseModel], file: YamlFile, prefix: Where) -> ConfigError:
    """Return the first mistake pydantic found as a ConfigError that names line, key and known values."""
    first: ErrorDetails = error.errors(include_url=False)[0]
    where: Where = (*prefix, *(part for part in first["loc"] if part != "config" and part != "[key]"))
    key = str(where[-1]) if where else ""
    owner = _owner(where)
    if first["type"] == "extra_forbidden":
        known = _fields_at(model, where[len(prefix) : -1])
        said = f'{owner}setting "{key}" is not known. {suggest(key, known)}'
    elif first["type"] == "missing":
        said = f'{owner}setting "{key}" is missing. Add it.'
    else:
        said = f'{owner}setting "{key}": {first["msg"].removeprefix("Value error, ").rstrip(".")}.'
    return ConfigError(said[0].upper() + said[1:], file=file.name, line=file.line(where), key=key)


def _owner(where: Where) -> str:
    if len(where) >= 2 and where[0] in ("sources", "sinks", "teams", "calendars"):
        return f'{str(where[0]).rstrip("s").capitalize()} "{where[1]}": '
    if len(where) >= 2 and where[0] == "flows":
        return f"Flow {int(where[1]) + 1 if isinstance(where[1], int) else where[1]}: "
    return f'Section "{where[0]}": ' if len(where) >= 2 else ""


def _fields_at(model: type[BaseModel], where: Where) -> list[str]:
    """Return the settings known at a place inside a model."""
    current: Any = model
    for part in where:
        fields = getattr(current, "model_fields", None)
        if fields and part in {f.alias or n for n, f in fields.items()}:
            current = next(f.annotation for n, f in fields.items() if part in (n, f.alias))
        for inner in getattr(current, "__args__", ()):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                current = inner
    fields = getattr(current, "model_fields", {})
    return [field.alias or name for name, field in fields.items()]


def resolve_secrets(value: Any, resolve: Resolver, *, where: str, file: str, line: int | None) -> Any:
    """Return the value with every `${env:NAME}` and `${file:PATH}` replaced; raises ConfigError when one is unset."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: _one(found[1], resolve, where, file, line), value)
    if isinstance(value, Mapping):
        return {k: resolve_secrets(v, resolve, where=f"{where}.{k}", file=file, line=line) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [resolve_secrets(v, resolve, where=where, file=file, line=line) for v in value]
    return value


def _one(reference: str, resolve: Resolver, where: str, file: str, line: int | None) -> str:
    found = resolve(reference)
    if found is None:
        kind, _, name = reference.partition(":")
        hint = f"Set the environment variable {name!r}" if kind == "env" else f"Create the file {name!r}, in UTF-8"
        raise ConfigError(f"{where}: the secret {reference!r} is not there, or empty. {hint}.", file=file, line=line)
    return found


def shipped_secret(reference: str, folder: Path) -> str | None:
    """Return the value of `env:NAME` or `file:PATH` (relative to the workspace), or None."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        return os.environ.get(name) or None
    if kind != "file":
        return None
    path = folder / name
    try:
        _warn_if_open(path)
        return path.read_text("utf-8-sig").rstrip("\r\n") or None
    except (OSError, ValueError):  # ValueError: not UTF-8, or a NUL in the path
        return None


def _warn_if_open(path: Path) -> None:
    """Say when others on this machine may read a secret's file; one that is not ours to close (a mount) is let be."""
    seen = path.stat()
    if seen.st_mode & stat.S_IROTH and seen.st_uid == os.geteuid():
        log.warning("event=secret.exposed file=%s detail='Others can read it: chmod 600.'", path)


def secret_values(config: BaseModel) -> list[str]:
    """Return every secret in a connector's settings, for redaction by value."""
    values = (getattr(config, name) for name in type(config).model_fields)
    return [v.get_secret_value() for v in values if isinstance(v, SecretStr) and v.get_secret_value()]
