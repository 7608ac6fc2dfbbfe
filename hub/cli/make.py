"""init and new: a workspace to start with, and a plugin that passes the kit before a line of it is changed."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from hub import loader
from hub.cli.office import config_path
from hub.cli.serve import Config
from hub.cli.tell import Json, console, write_json
from hub.demo.workspace import write_workspace
from hub.errors import ConfigError

Kind = Literal["source", "sink", "step"]

_TEMPLATES = Path(__file__).with_name("templates")
_NAME = re.compile(r"[a-z][a-z0-9_]{1,40}")
_NEXT = {
    "source": "  1. Change {file} and its cases to what the vendor's page says.\n"
    "  2. Run `leadhub check {file}` until all of it holds.\n"
    '  3. Add to hub.yaml, under sources:  {name}: {{connector: {name}, secret: "${{env:{NAME}_SECRET}}"}}\n'
    "     and name it in the `from` of a flow. Posts then go to /in/{name}.",
    "sink": "  1. Change {file} and its cases to what the vendor's page says.\n"
    "  2. Run `leadhub check {file}` until all of it holds.\n"
    '  3. Add to hub.yaml, under sinks:  {name}: {{connector: {name}, token: "${{env:{NAME}_TOKEN}}"}}\n'
    "     and name it in the `to` of a route.",
    "step": "  1. Change {file} and its cases to what the step should do.\n"
    "  2. Run `leadhub check {file}` until all of it holds.\n"
    "  3. Name it in hub.yaml, in the `steps` of a flow:  steps: [map, normalize, validate, {name}, dedupe, …]",
}  # what to do next


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("init")(init)
    app.command("new")(new)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the workspace goes; . for here.")],
    demo: Annotated[bool, typer.Option("--demo", help="With every source and sink, pointed at the sandbox.")] = False,
    as_json: Json = False,
) -> None:
    """Write a workspace to start with: hub.yaml, folders for plugins and mappings, an example of the secrets."""
    written = [str(path) for path in write_workspace(folder, demo)]
    if as_json:
        write_json({"folder": str(folder), "files": written})
        return
    for path in written:
        console().print(f"wrote {path}", markup=False)
    here = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    console().print(f"\nNext: {here}leadhub check && leadhub run", markup=False)


def new(
    kind: Annotated[Kind, typer.Argument(help="source, sink or step.")],
    name: Annotated[str, typer.Argument(help="Lower case letters, digits and _; file, plugin and setting share it.")],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Write a plugin with its cases (and a source's mapping) into the workspace; nothing is overwritten."""
    folder = _workspace(config)
    written = write_plugin(kind, name, folder)
    if as_json:
        write_json({"files": [str(path) for path in written]})
        return
    for path in written:
        console().print(f"wrote {path}", markup=False)
    file = written[0].as_posix()
    console().print("\nNext:", markup=False)
    console().print(_NEXT[kind].format(file=file, name=name, NAME=name.upper()), markup=False, soft_wrap=True)


def _workspace(config: Path | None) -> Path:
    """Return the workspace as people would name it from where they stand."""
    folder = config_path(config).parent.resolve()
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


def write_plugin(kind: Kind, name: str, folder: Path) -> tuple[Path, ...]:
    """Write the files of a new plugin, the Python file first; raises ConfigError before anything is written."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ConfigError(f"{name[:60]!r} is no name for a plugin. Use lower case letters, digits and _, such as acme.")
    _check_free(kind, name)
    files = {_place(path, name, folder): path for path in sorted((_TEMPLATES / kind).glob("acme*.*"))}
    there = [path for path in files if path.exists()]
    if there:
        raise ConfigError(f"{there[0]} exists already. Choose another name, or move the file away.")
    try:
        for path, template in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(_named(template.read_text("utf-8"), name), "utf-8")
    except OSError as error:
        raise ConfigError(f"{error.filename} cannot be written: {error.strerror}.") from error
    return tuple(sorted(files, key=lambda path: path.suffix != ".py"))


def _place(template: Path, name: str, folder: Path) -> Path:
    kind = template.name.partition(".")[2]
    return folder / ("mappings" if kind == "yaml" else "plugins") / f"{name}.{kind}"


def _named(text: str, name: str) -> str:
    return text.replace("acme", name).replace("Acme", "".join(part.capitalize() for part in name.split("_")))


def _check_free(kind: Kind, name: str) -> None:
    """Refuse a name that leadhub ships: the new one would quietly take its place."""
    what = "step" if kind == "step" else "connector"
    if name in loader.load().registry.all(what):
        raise ConfigError(f'leadhub ships a {what} "{name}" already. Choose another name.')
