"""Loads hub.yaml: every mistake names file, line, key and the known values."""

from __future__ import annotations

import difflib
import logging
import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from hub import yamlfile
from hub.errors import ConfigError, UnsetSecret, suggest
from hub.settings.models import Settings, SinkSettings, SourceSettings
from hub.settings.names import check_names
from hub.settings.plugins import PluginSettings
from hub.yamlfile import Where, YamlFile

log = logging.getLogger("leadhub")

_REFERENCE = re.compile(r"\$\{([a-z_]+:[^}]+)\}")

OWN_SCHEMES = ("env", "file")

_NAMED = {
    "sources": 'Source "{}": ', "sinks": 'Sink "{}": ', "teams": 'Team "{}": ', "calendars": 'Calendar "{}": ',
    "pools": 'Pool "{}": ',
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Secrets:
    """Looks references up: plugins first, then the environment and the files of the workspace."""

    folder: Path
    ask: Callable[[str], str | None]
    plugins: tuple[str, ...] = ()  # the names of those that `ask` asks

    def __call__(self, reference: str) -> str | None:
        """Return the value of a reference such as `env:NAME`, None when nobody knows it."""
        return self.ask(reference) or shipped_secret(reference, self.folder)


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
    check_names(settings, file)
    return settings, file


def plugin_settings(config: Path) -> PluginSettings:
    """Return what a hub.yaml says of plugins; raises ConfigError for what is wrong there."""
    if config.is_file() and b"plugins" not in config.read_bytes():  # spares most starts a second reading
        return PluginSettings()
    file = yamlfile.load(config)
    said = file.data.get("plugins") if isinstance(file.data, dict) else None
    try:
        return PluginSettings.model_validate({} if said is None else said)
    except ValidationError as error:
        raise explain(error, PluginSettings, file, ("plugins",)) from error


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


def explain(error: ValidationError, model: type[BaseModel], file: YamlFile, prefix: Where) -> ConfigError:
    """Return the first mistake pydantic found as a ConfigError that names line, key and known values."""
    every: list[ErrorDetails] = error.errors(include_url=False)
    first = every[0]
    where: Where = (*prefix, *(part for part in first["loc"] if part != "config" and "[" not in str(part)))
    key = str(where[-1]) if where else ""
    owner = _owner(where)
    known = _fields_at(model, where[len(prefix) : -1])
    if first["type"] == "extra_forbidden":
        said = f'{owner}setting "{key}" is not known. {suggest(key, known)}'
    elif first["type"] == "missing":
        beside = [e for e in every if e["type"] == "extra_forbidden" and e["loc"][:-1] == first["loc"][:-1]]
        slip = _slip(key, [str(e["loc"][-1]) for e in beside], known, file.at(where[:-1]))
        said = f'{owner}setting "{key}" is missing. Add it.'
        if slip:
            said = f'{owner}setting "{key}" is missing, and "{slip}" is not known. {suggest(slip, known)}'
            where = (*where[:-1], slip)
    else:
        said = f'{owner}setting "{key}": {first["msg"].removeprefix("Value error, ").rstrip(".")}.'
    return ConfigError(said[0].upper() + said[1:], file=file.name, line=file.line(where), key=key, at=where)


def _slip(key: str, unknown: list[str], known: list[str], written: Any) -> str | None:
    """Return the setting that stands where `key` is missing and that nobody knows: the likeliest one, else the first.

    What a source or sink says beside its missing connector may be the connector's: there only a near miss counts.
    """
    others = unknown or [word for word in written or () if word not in known]
    close = difflib.get_close_matches(key, others, n=1, cutoff=0.6 if unknown else 0.8)
    return next(iter([*close, *unknown]), None)


def _owner(where: Where) -> str:
    if len(where) >= 2 and where[0] in _NAMED:
        return _NAMED[str(where[0])].format(where[1])
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


def resolve_secrets(
    value: Any, resolve: Secrets, *, where: str, file: str, line: int | None, heard: list[str] | None = None
) -> Any:
    """Return the value with every `${env:NAME}` and `${file:PATH}` replaced; raises UnsetSecret for the first unset.

    What the references stand for is added to `heard`.
    """
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: _one(found[1], resolve, where, file, line, heard), value)
    same = partial(resolve_secrets, resolve=resolve, file=file, line=line, heard=heard)
    if isinstance(value, Mapping):
        return {k: same(v, where=f"{where}.{k}") for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [same(v, where=where) for v in value]
    return value


def _one(
    reference: str, resolve: Secrets, where: str, file: str, line: int | None, heard: list[str] | None = None
) -> str:
    found = resolve(reference)
    if found is None:
        said = f"{where}: the secret {reference!r} is not there, or empty. {_remedy(reference, resolve.plugins)}"
        raise UnsetSecret(said, file=file, line=line)
    if heard is not None:
        heard.append(found)
    return found


def _remedy(reference: str, plugins: tuple[str, ...]) -> str:
    kind, _, name = reference.partition(":")
    if kind == "env":
        return f"Set the environment variable {name!r}."
    if kind == "file":
        return f"Create the file {name!r}, in UTF-8."
    own = " and ".join(OWN_SCHEMES)
    if plugins:
        return (
            f'The scheme "{kind}" is not leadhub\'s own, which are {own}; asked in vain: {", ".join(plugins)}. '
            f"Check the name {name!r}, and where the plugin looks it up."
        )
    meant = suggest(kind, OWN_SCHEMES) if difflib.get_close_matches(kind, OWN_SCHEMES) else ""
    add = "Write ${env:NAME} or ${file:PATH}, or add a plugin whose hub_secret reads it."
    return f'Nothing here reads the scheme "{kind}"; leadhub reads {own}. {meant or add}'


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
