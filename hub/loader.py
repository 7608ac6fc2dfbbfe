"""Builds the plugin manager: core steps, shipped connectors, entry points, then the workspace's plugins."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any

import pluggy

from hub import dropins, hookspecs
from hub.errors import ConfigError
from hub.paths import shipped
from hub.registry import Provider, Registry
from hub.settings.files import Secrets
from hub.settings.plugins import PluginSettings

CORE = ("hub.steps",)  # by name, so that no import runs up the floors
GROUP = "leadhub.plugins"
ALL = PluginSettings()


@dataclass(frozen=True, slots=True)
class Broken:
    """A plugin that could not be loaded: where, why, and what to do."""

    name: str
    path: str
    reason: str
    refused: bool = False  # it was not even tried: its content, owner or mode is not as it should be


@dataclass(frozen=True, slots=True)
class Plugins:
    """The loaded plugins: the pluggy manager, what they registered, and which failed."""

    manager: pluggy.PluginManager
    registry: Registry
    broken: tuple[Broken, ...]
    hashes: dict[str, str]

    def emit(self, event: Any) -> list[Broken]:
        """Tell every watcher; one that raises silences nobody. Return those that raised."""
        failed = []
        for impl in self.manager.hook.hub_event.get_hookimpls():
            try:
                impl.function(**{"event": event} if "event" in impl.argnames else {})
            except Exception as error:
                failed.append(Broken(impl.plugin_name, "", f"hub_event raised {type(error).__name__}: {error}"))
        return failed

    def brought(self, plugin: str) -> dict[str, Any]:
        """Return what a plugin registered, as kind and name, and which hooks it listens to."""
        found = self.manager.get_plugin(plugin)
        hooks = [caller.name for caller in self.manager.get_hookcallers(found) or ()] if found is not None else []
        things = [{"kind": kind, "name": name} for kind, name in self.registry.of(plugin)]
        return {"registered": things, "hooks": sorted(hook for hook in hooks if hook != "hub_register")}

    def secrets(self, folder: Path) -> Secrets:
        """Return what looks references up for the workspace in that folder."""
        asked = tuple(impl.plugin_name for impl in self.manager.hook.hub_secret.get_hookimpls())
        return Secrets(folder, lambda reference: self.manager.hook.hub_secret(reference=reference), asked)


def load(
    folder: Path | None = None, extra: Iterable[Any] = (), blocked: Iterable[str] = (),
    rules: PluginSettings = ALL,
) -> Plugins:  # fmt: skip
    """Load everything; a broken drop-in is isolated and reported, a broken shipped part raises.

    `folder` is the workspace's plugins folder, `rules` say which of its files may be loaded; `extra` are plugin
    objects handed in by tests.
    """
    manager = _manager(blocked)
    registry = Registry()
    for module in _core():
        _register(manager, registry, module, Provider(module.__name__, True))
    for plugin in extra:
        name = getattr(plugin, "__name__", repr(plugin))
        _register(manager, registry, plugin, Provider(name, False))
    broken: list[Broken] = []
    hashes: dict[str, str] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        provider = Provider(entry.name, False)
        _guard(broken, entry.name, entry.value, lambda e=entry, p=provider: _register(manager, registry, e.load(), p))
    for path in _drop_ins(folder):
        read = _readable(path, rules, broken, hashes)
        if read is not None:
            _guard(broken, path.stem, str(path), lambda p=path, c=read: _drop_in(manager, registry, p, c))
    manager.check_pending()
    return Plugins(manager, registry, tuple(broken), hashes)


class _Hooks(pluggy.PluginManager):
    """Looks for hooks among a module's functions: nothing else can be one, and each look is thorough."""

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> pluggy.HookimplOpts | None:
        """Return how a name of a plugin is marked as a hook; None for one that is not."""
        if isinstance(plugin, ModuleType) and not isinstance(vars(plugin).get(name), FunctionType | MethodType):
            return None
        return super().parse_hookimpl_opts(plugin, name)


def _manager(blocked: Iterable[str]) -> pluggy.PluginManager:
    manager = _Hooks("leadhub")
    manager.add_hookspecs(hookspecs)
    for name in blocked:
        manager.set_blocked(name)
    return manager


def _core() -> Iterator[ModuleType]:
    for name in CORE:
        yield importlib.import_module(name)
    root = shipped("connectors")
    if str(root.parent) not in sys.path:
        sys.path.insert(0, str(root.parent))
    for path in sorted(root.glob("*/*.py")):
        if path.stem != "__init__":
            yield importlib.import_module(f"connectors.{path.parent.name}.{path.stem}")


def _drop_ins(folder: Path | None) -> list[Path]:
    if folder is None or not folder.is_dir():
        return []
    return sorted(p for p in folder.glob("*.py") if not p.stem.startswith(("_", "test_")))


def _readable(path: Path, rules: PluginSettings, broken: list[Broken], hashes: dict[str, str]) -> bytes | None:
    """Return what a drop-in holds when it may be loaded; note its hash, and why it may not."""
    try:
        content = path.read_bytes()
        hashes[path.name] = dropins.digest(content)
        refusal = _refusal(path, hashes[path.name], rules)
    except OSError as error:
        broken.append(Broken(path.stem, str(path), f"It cannot be read: {error.strerror}."))
        return None
    if refusal is not None:
        broken.append(Broken(path.stem, str(path), refusal, refused=True))
        return None
    return content


def _refusal(path: Path, digest: str, rules: PluginSettings) -> str | None:
    """Return why a drop-in may not be loaded, and what to do about it."""
    if not rules.any_owner:
        owners = dropins.trusted_owners(path.parent.parent)
        flaw = dropins.exposed(path.parent, owners) or dropins.exposed(path, owners)
        if flaw is not None:
            return flaw
    pin = rules.pinned.get(path.name)
    if pin is None and rules.only_pinned:
        return f"hub.yaml pins it not, and says only_pinned. Look at it, then pin it: {path.name}: {digest}"
    if pin not in (None, digest):
        return f"It is not what hub.yaml pins. Look at what changed, then pin it anew: {path.name}: {digest}"
    return None


def _drop_in(manager: pluggy.PluginManager, registry: Registry, path: Path, content: bytes) -> None:
    module = dropins.run(f"leadhub_plugins.{path.stem}", path, content)
    _register(manager, registry, module, Provider(f"plugins/{path.name}", False))


def _register(manager: pluggy.PluginManager, registry: Registry, plugin: Any, provider: Provider) -> None:
    """Register one plugin and what it yields; a misspelt hook or argument is an error naming the plugin."""
    if manager.register(plugin, name=provider.plugin) is None:
        return
    try:
        misspelt = [n for n in dir(plugin) if n.startswith("hub_") and not hasattr(manager.hook, n)]
        if misspelt:
            known = ", ".join(n for n in dir(hookspecs) if n.startswith("hub_"))
            raise ConfigError(f"{provider.plugin}: the hook {misspelt[0]} is not known. Known hooks: {known}.")
        impl = getattr(plugin, "hub_register", None)
        for thing in (impl() or ()) if impl else ():
            registry.add(thing, provider)
    except Exception:
        manager.unregister(plugin)
        raise


def _guard(broken: list[Broken], name: str, path: str, run: Any) -> None:
    try:
        run()
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        at = next((f.lineno for f in reversed(frames) if f.filename == path), None)
        where = f"{path}:{at}" if at else path
        broken.append(Broken(name, where, f"{type(error).__name__}: {error}"))
