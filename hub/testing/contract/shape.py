"""Checks of a file as it stands: its docstring, its imports, its size, its hooks."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata

import pluggy

from hub import hookspecs
from hub.connector import Connector
from hub.events import KINDS, Event
from hub.step import Socket, Step
from hub.testing.contract.subject import Failed, Plug, empty_folder
from hub.testing.fakes import START

MOST_LINES = 150
MOST_FUNCTION_LINES = 30

_SCRIPT = re.compile(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$")  # PEP 723
_DISTRIBUTION = re.compile(r"[A-Za-z0-9._-]+")


def check_loads(plug: Plug) -> None:
    """Loading the file raises nothing."""
    if plug.broken:
        raise Failed(plug.broken)


def check_imports_without_doing_anything(plug: Plug) -> None:
    """Importing the file calls nobody, writes nothing and starts nothing."""
    if plug.tried:
        raise Failed(f"Importing it {', '.join(dict.fromkeys(plug.tried))}. Move that into a method.")


def check_says_in_one_line_what_it_is_for(plug: Plug) -> None:
    """The module's docstring is one line that ends with a full stop."""
    said = ast.get_docstring(ast.parse(plug.text)) if plug.broken is None else "."
    if not said or "\n" in said.strip() or not said.rstrip().endswith("."):
        raise Failed(f"The module's docstring must be one line ending with a full stop, not {said!r:.100}.")


def check_imports_only_what_it_may(plug: Plug) -> None:
    """The file imports the face `hub`, the standard library, pydantic, httpx and libraries that are declared."""
    if plug.broken is not None and "SyntaxError" in plug.broken:
        return
    wrong = [said for node in ast.walk(ast.parse(plug.text)) for said in _foreign(node, plug)]
    if wrong:
        raise Failed(" ".join(wrong))


def _foreign(node: ast.AST, plug: Plug) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom):
        names = [node.module or ""] if not node.level else ["." * node.level + (node.module or "")]
    elif isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        return
    line = getattr(node, "lineno", 0)
    for name in names:
        root = name.partition(".")[0]
        if name == "hub" or root in sys.stdlib_module_names or root in ("pydantic", "httpx"):
            continue
        if root == "hub":
            yield f"Line {line} imports {name}. Import it from `hub`, the face."
        elif not root or root == "connectors":
            yield f"Line {line} imports {name or 'a neighbour'}. Connectors are independent; move it to hub/."
        elif root not in _declared(plug):
            yield f"Line {line} imports {root}, which is not declared. Declare it in a script block (PEP 723)."


def _declared(plug: Plug) -> frozenset[str]:
    """Return the modules of leadhub's own dependencies and of those a drop-in declares."""
    try:
        own = [said for said in metadata.requires("leadhub") or () if "extra ==" not in said]
    except metadata.PackageNotFoundError:  # a checkout that nobody installed
        own = []
    block = _SCRIPT.search(plug.text)
    if block:
        lines = (line.removeprefix("#").removeprefix(" ") for line in block["content"].splitlines())
        own += tomllib.loads("\n".join(lines)).get("dependencies", [])
    wanted = {_plain(found[0]) for found in map(_DISTRIBUTION.match, own) if found}
    held = metadata.packages_distributions()
    return frozenset(module for module, names in held.items() if wanted & {_plain(name) for name in names})


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def check_is_small(plug: Plug) -> None:
    """The file has at most 150 lines, and no function more than 30."""
    wrong = too_long(plug.text, MOST_LINES)
    if wrong:
        raise Failed(f"{'; '.join(wrong)}. Split it, or move what others need too into hub/.")


def too_long(text: str, most: int) -> list[str]:
    """Return what is too long in a module's text, in words."""
    lines = len(text.splitlines())
    said = [f"it has {lines} lines, {most} are the most"] if lines > most else []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            long = (node.end_lineno or node.lineno) - node.lineno + 1
            if long > MOST_FUNCTION_LINES:
                said.append(f"{node.name} has {long} lines, {MOST_FUNCTION_LINES} are the most")
    return said


def check_hooks_are_known(plug: Plug) -> None:
    """Every hub_… function is a hook of ours, marked with @hookimpl, and takes arguments the hook has."""
    known = {name for name in dir(hookspecs) if name.startswith("hub_")}
    named = {name for name in dir(plug.module) if name.startswith("hub_")}
    if named - known:
        raise Failed(f"The hook {min(named - known)} is not known. Known hooks: {', '.join(sorted(known))}.")
    if not named:
        raise Failed(f"It has no hook. Add @hookimpl def hub_register(), or one of {', '.join(sorted(known))}.")
    unmarked = sorted(n for n in named if not hasattr(getattr(plug.module, n), "leadhub_impl"))
    if unmarked:
        raise Failed(f"{unmarked[0]} is not marked. Put @hookimpl above it.")
    manager = pluggy.PluginManager("leadhub")
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(plug.module, name=plug.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise Failed(f"{str(error).splitlines()[0]}.") from error


def check_registers_what_the_hub_knows(plug: Plug) -> None:
    """hub_register yields connector classes, steps and sockets, and something at all."""
    if plug.module is None or not hasattr(plug.module, "hub_register"):
        return
    if not plug.things:
        raise Failed("hub_register yields nothing. Yield the connector class, or the step.")
    for thing in plug.things:
        is_connector = isinstance(thing, type) and issubclass(thing, Connector)
        if not is_connector and not isinstance(thing, (Step, Socket)):
            raise Failed(
                f"hub_register yields {thing!r:.80}. Yield connector classes, or what @step and its like make."
            )


def check_watches_every_event(plug: Plug) -> None:
    """hub_event takes every kind of event, also one that has nothing but its kind and time."""
    manager = pluggy.PluginManager("leadhub")
    manager.add_hookspecs(hookspecs)
    manager.register(plug.module)
    with empty_folder():
        for kind in KINDS:
            try:
                manager.hook.hub_event(event=Event(kind, START))
            except Exception as error:
                raise Failed(f"hub_event raises {type(error).__name__} for {kind}: {error}.") from error
