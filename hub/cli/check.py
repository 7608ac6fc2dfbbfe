"""check: what is wrong with a workspace, or with one plugin, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from hub import loader, mapping
from hub import plan as plans
from hub.cli.doubtful import of_people
from hub.cli.office import config_path, load_env_file
from hub.cli.serve import Config
from hub.cli.tell import Json, console, write_json
from hub.clock import SystemClock
from hub.delivery.runner import check_runner
from hub.errors import ConfigError
from hub.settings import Settings, load_settings
from hub.settings.files import plugin_settings
from hub.settings.plugins import PluginSettings
from hub.store.ground import old_sqlite
from hub.testing.contract import run_kit

Plugin = Annotated[Path | None, typer.Argument(metavar="[PLUGIN]", help="A plugin to run the kit over.")]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: an error must be put right, a warning should be known."""

    level: str  # ok, warning or error
    what: str
    said: str


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("check")(check)


def check(path: Plugin = None, as_json: Json = False, config: Config = None) -> None:
    """Say what is wrong with the configuration, mappings and plugins; with a plugin, run the kit over it."""
    found = list(of_plugin(path) if path else of_workspace(config_path(config)))
    wrong = [finding for finding in found if finding.level == "error"]
    if as_json:
        write_json({"ok": not wrong, "findings": [asdict(finding) for finding in found]})
    else:
        for finding in found:
            _print(finding)
        console().print(_summary(found), markup=False)
    if wrong:
        raise typer.Exit(1)


_SIGNS = {"ok": ("ok     ", "green"), "warning": ("warning", "yellow"), "error": ("error  ", "red")}


def _print(finding: Finding) -> None:
    sign, style = _SIGNS[finding.level]
    out = console()
    out.print(sign, style=style, end="  ")
    out.print(f"{finding.what}{': ' if finding.said else ''}{finding.said}", markup=False, soft_wrap=True)


def _summary(found: list[Finding]) -> str:
    count = {level: sum(finding.level == level for finding in found) for level in _SIGNS}
    if not count["error"] and not count["warning"]:
        return f"All {count['ok']} checks hold."
    return f"{count['error']} errors, {count['warning']} warnings, {count['ok']} checks hold."


def of_plugin(path: Path) -> Iterator[Finding]:
    """Yield what the kit says of a plugin; what a drop-in may do without is a warning."""
    for verdict in run_kit(path):
        level = "ok" if verdict.ok else "warning" if verdict.advice else "error"
        yield Finding(level, verdict.check, verdict.reason)


def of_workspace(config: Path) -> Iterator[Finding]:
    """Yield everything that is wrong with a workspace, one finding for each mistake that stands alone."""
    folder = config.resolve().parent
    load_env_file(folder)
    try:
        rules = plugin_settings(config)
    except (ConfigError, OSError):  # told below, where all of the configuration is read
        rules = loader.ALL
    plugins = loader.load(folder / "plugins", rules=rules)
    for broken in plugins.broken:
        yield Finding(
            "error", f"plugin {broken.name}", f"{broken.path}: {broken.reason.rstrip('.')}. It is left out until then."
        )
    bad = {broken.name for broken in plugins.broken}
    for name, digest in plugins.hashes.items():
        if Path(name).stem not in bad:
            yield Finding("ok", f"plugin {name}", f"sha256 {digest}{', as pinned' if name in rules.pinned else ''}")
    yield from _gone(rules, plugins)
    yield from _of_mappings(folder, plugins)
    yield from _of_config(config, folder, plugins)


def _gone(rules: PluginSettings, plugins: loader.Plugins) -> Iterator[Finding]:
    for name in rules.pinned:
        if name not in plugins.hashes:
            said = "It is pinned and not there. Put it back, or take it out of plugins: pinned."
            yield Finding("error", f"plugin {name}", said)


def _of_mappings(folder: Path, plugins: loader.Plugins) -> Iterator[Finding]:
    functions = {name: socket.run for name, socket in plugins.registry.all("mapping_function").items()}
    fine = 0
    for path in sorted((folder / "mappings").glob("*.yaml")):
        try:
            failures = mapping.load(path, functions).check()
        except ConfigError as error:
            yield Finding("error", f"mapping {path.stem}", str(error))
            continue
        for failure in failures:
            yield Finding("error", f"mapping {path.stem}", f"{failure} Correct the field or the test.")
        fine += not failures
    yield Finding("ok", f"{fine} mappings", "")


def _of_config(config: Path, folder: Path, plugins: loader.Plugins) -> Iterator[Finding]:
    try:
        settings, file = load_settings(config)
        plan = plans.build(
            settings, file, plugins.registry, folder=folder, resolve=plugins.secrets(folder), clock=SystemClock(),
            forgiving=True,
        )  # fmt: skip
        _check_enrichers(plan)
    except ConfigError as error:
        yield Finding("error", "configuration", str(error))
        return
    yield from (Finding("error", "configuration", str(error)) for error in plan.unset)
    if not plan.unset:
        said = f"{len(settings.sources)} sources, {len(settings.sinks)} sinks, {len(settings.flows)} flows"
        yield Finding("ok", "configuration", said)
    yield from _unused(settings)
    yield from (Finding("warning", what, said) for what, said in of_people(plan, folder))
    yield from _of_runner(settings)
    flaw = old_sqlite() if settings.hub.database.startswith("sqlite") else None
    if flaw:
        yield Finding("warning", "SQLite", flaw)


def _of_runner(settings: Settings) -> Iterator[Finding]:
    """Yield why the runner cannot work with this database, or with what is installed here."""
    try:
        check_runner(settings.hub.runner, settings.hub.database)
    except ConfigError as error:
        yield Finding("error", "runner", str(error))


def _check_enrichers(plan: plans.Plan) -> None:
    """Raise ConfigError for an enricher that a flow asks and nobody provides."""
    for flow in plan.flows.values():
        for step, options in flow.steps:
            names = (*getattr(options, "use", ()), *getattr(options, "required", ())) if step.name == "enrich" else ()
            for name in names:
                try:
                    plan.registry.enricher(name)
                except ConfigError as error:
                    raise ConfigError(f'Flow "{flow.settings.name}": {error}') from error


def _sinks_of_people(settings: Settings) -> Iterator[str]:
    """Yield the sinks that tell people something, or that get leads later."""
    for team in settings.teams.values():
        for rung in team.ladder:
            yield from rung.to
        if team.nurture:
            yield from team.nurture.to


def _unused(settings: Settings) -> Iterator[Finding]:
    """Yield what the configuration defines and nothing uses; mostly a slip of the pen."""
    routes = [route for flow in settings.flows for route in flow.routes]
    for name in settings.sources:
        if settings.flow_of(name) is None:
            yield Finding(
                "warning", f"source {name}", "No flow takes it, so its leads wait in quarantine. Name it in a `from`."
            )
    sinks = {*settings.hub.alarms.to, *settings.review.to, *_sinks_of_people(settings)}
    for route in routes:
        sinks |= {*route.to, *(route.auction.buyers if route.auction else ())}
    for name in settings.sinks:
        if name not in sinks:
            yield Finding("warning", f"sink {name}", "No route names it, so it gets nothing. Name it in a `to`.")
    teams = {
        *(route.team for route in routes),
        *(team.fallback.team for team in settings.teams.values() if team.fallback),
    }
    for name in settings.teams:
        if name not in teams:
            yield Finding("warning", f"team {name}", "No route assigns to it. Name it in an `assign`.")
    for flow in settings.flows:
        if flow.routes and all(route.when for route in flow.routes):
            said = "Every route has a `when`; a lead that fits none waits for a person. Add one without."
            yield Finding("warning", f"flow {flow.name}", said)
