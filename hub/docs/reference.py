"""The pages about what stands in a workspace: hub.yaml, fields, rules, steps, hooks, events, problems."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from hub import hookspecs
from hub.docs.markdown import code, fenced, page, table
from hub.docs.models import Described, described
from hub.events import KINDS
from hub.labels import label
from hub.lead import LEAD_FIELDS, TOUCH_FIELDS
from hub.mapping import FUNCTIONS as MAPPING_FUNCTIONS
from hub.mapping.usual_names import _TABLE as USUAL
from hub.normal.verdicts import CODES
from hub.registry import Registry
from hub.settings import Environment, Settings
from hub.settings.models import DEFAULT_STEPS
from hub.steps.validate import ValidateOptions, action

SETTINGS_HEAD = ("setting", "what it holds", "default", "what it does")


def setting_rows(model: type[BaseModel]) -> Iterator[tuple[str, str, str, str]]:
    """Yield the settings of a model as rows of a table."""
    for one in described(model):
        yield (code(one.name), one.kind, one.default, one.text)


def _section(path: str, one: Described, depth: int) -> Iterator[str]:
    """Yield the tables of the models inside a setting, each under the path people write it at."""
    for model in one.inner:
        named = f"{path}.NAME" if one.kind.startswith("names to") else f"{path}[]" if "list" in one.kind else path
        yield f"{'#' * min(depth, 4)} {code(named)}"
        yield (inspect.getdoc(model) or "").partition("\n")[0]
        yield table(SETTINGS_HEAD, setting_rows(model))
        for below in described(model):
            yield from _section(f"{named}.{below.name}", below, depth + 1)


def settings_page() -> str:
    """Return docs/settings.md."""
    parts = [part for one in described(Settings) for part in _section(one.name, one, 2)]
    environment = [
        (code(f"LEADHUB_{one.name.upper()}"), one.kind, one.default, one.text) for one in described(Environment)
    ]
    return page(
        "Settings",
        "Everything that may stand in `hub.yaml`. Unknown keys are errors that offer the known ones. Secrets are written "
        "as references: `${env:NAME}` for an environment variable, `${file:PATH}` for a file in the workspace. Sources and "
        "sinks have the settings below and, beside them, those of their connector (see `connectors/README.md`). "
        "`docs/hub.schema.json` is a JSON Schema of all of it; put this line at the top of hub.yaml and editors complete it:",
        fenced("# yaml-language-server: $schema=docs/hub.schema.json", "yaml"),
        *parts,
        "## Environment",
        "Environment variables win over hub.yaml. A file `.env` beside hub.yaml sets those that are not set.",
        table(("variable", "what it holds", "default", "what it does"), environment),
    )


def fields_page() -> str:
    """Return docs/fields.md."""
    head = ("field", "中文", "what it holds", "usual names", "常见列名")
    others = {"submitted_at": "When the prospect pressed the button."}
    return page(
        "Fields",
        "The fixed names of what leadhub knows about a lead and its touch. A mapping fills them "
        "(`mappings/NAME.yaml`); without one, a column or form field is recognised by the usual names below, in which case, "
        "spaces, width and signs do not count. Whatever no field takes is kept in `extra` under its own name.",
        "## Lead", table(head, (_field(name, text) for name, text in LEAD_FIELDS.items())),
        "## Touch", "The marketing side of a submission; it never changes and survives merges. In rules and columns it is "
        "`touch.NAME`, and `first_touch.NAME` for the person's first one.",
        table(head, (_field(name, text) for name, text in TOUCH_FIELDS.items())),
        "## Record", table(head, (_field(name, text) for name, text in others.items())),
    )  # fmt: skip


def _field(name: str, text: str) -> tuple[str, ...]:
    names = [one.strip() for one in USUAL.get(name, "").split(",") if one.strip()]
    chinese = [one for one in names if re.search("[\u4e00-\u9fff]", one)]
    western = [one for one in names if one not in chinese]
    return code(name), label(name, "zh"), text, ", ".join(western), "、".join(chinese)


def steps_page(registry: Registry) -> str:
    """Return docs/steps.md."""
    steps = registry.all("step")
    ordered = [name for name in DEFAULT_STEPS if name in steps] + sorted(set(steps) - set(DEFAULT_STEPS))
    parts = []
    for name in ordered:
        rows = list(setting_rows(steps[name].options))
        parts += [f"## {code(name)}", steps[name].doc, table(SETTINGS_HEAD, rows) or "It has no options."]
        parts += [part for one in described(steps[name].options) for part in _section(one.name, one, 3)]
    functions = [(code(name), _first(function)) for name, function in sorted(MAPPING_FUNCTIONS.items())]
    functions += [(code(n), s.doc) for n, s in sorted(registry.all("mapping_function").items())]
    return page(
        "Steps",
        "A flow's steps, in the order they run when `steps` is not given. A step with options is written as one key: "
        "`steps: [map, normalize, {validate: {role: quarantine}}, dedupe, deliver]`.",
        *parts,
        "## Enrichers", "Named in `enrich: {use: […]}`; the first to know a field wins.", _sockets(registry, "enricher"),
        "## Assignment strategies", "Named in a team's `strategy`.", _sockets(registry, "strategy"),
        "## Mapping functions", "Named in a mapping's `with:`; several are written as a list and run in order.",
        table(("function", "what it does"), functions),
    )  # fmt: skip


def _sockets(registry: Registry, kind: str) -> str:
    return table(("name", "what it does"), ((code(n), s.doc) for n, s in sorted(registry.all(kind).items())))


def _first(function: Any) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0]


def events_page() -> str:
    """Return docs/events.md."""
    return page(
        "Events",
        "What happened, in order, is kept for ever and shown to watchers (`hub_event`). An event has `kind`, `at` and, where "
        "they apply, `lead`, `submission`, `source`, `sink` and `data`; no personal data is in it.",
        table(("kind", "what it means"), ((code(kind), text) for kind, text in KINDS.items())),
    )


_HOOKS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "hub_register": (
            "Called once when the plugin is loaded. What it yields is known by its name from then on; a name that another "
            "plugin has is an error that names both, and a drop-in may take the place of a shipped one.",
            "@hookimpl\ndef hub_register():\n    yield Acme  # a connector class\n    yield by_size  # made by @strategy",
        ),
        "hub_started": (
            "Called when the hub takes up work, with the hub itself. A plugin that needs to keep something for as long as "
            "the hub runs makes it here.",
            '@hookimpl\ndef hub_started(hub):\n    log.info("watching %s", hub.plan.settings.hub.name)',
        ),
        "hub_event": (
            "Called for every event (docs/events.md), in the process where it happened and in its loop, so it must be quick. "
            "A watcher that raises is logged and silences nobody.",
            '@hookimpl\ndef hub_event(event):\n    if event.kind == "sink.paused":\n        ring(event.sink)',
        ),
        "hub_secret": (
            "Called for each `${…:…}` in hub.yaml; the first plugin that returns a text wins. `env:` and `file:` are "
            "leadhub's own and come last.",
            '@hookimpl\ndef hub_secret(reference):\n    kind, _, path = reference.partition(":")\n'
            '    return vault.read(path) if kind == "vault" else None',
        ),
    }
)


def hooks_page() -> str:
    """Return docs/hooks.md."""
    parts = []
    for name, spec in _specs().items():
        text, example = _HOOKS[name]
        arguments = ", ".join(inspect.signature(spec).parameters)
        parts += [f"## {code(f'{name}({arguments})')}", _first(spec), text, fenced(example, "python")]
    return page(
        "Hooks",
        "The four hooks of leadhub, for code it has never heard of. They are plain functions (never async), marked with "
        "`@hookimpl`; a plugin implements those it needs and may leave out arguments. A misspelt hook is an error when the "
        "plugin is loaded. Behaviour stands in classes and steps (docs/steps.md), never in hooks.",
        *parts,
    )


def _specs() -> dict[str, Any]:
    return {name: spec for name, spec in vars(hookspecs).items() if name.startswith("hub_")}


def problems_page(root: Path, actions: Mapping[str, str]) -> str:
    """Return docs/problems.md; `actions` says what happens for a code by default."""
    rows = ((code(c), actions.get(c, "flag"), said.english, said.chinese) for c, said in CODES.items())
    parts = sorted(_codes_in(root))
    return page(
        "Problems",
        "Every code that a lead or submission can carry. What happens for one is set in a flow: "
        "`{validate: {policy: {email_role: quarantine}}}`. `quarantine` keeps the lead for a person, `grade_down` costs a "
        "grade, `flag` is shown, `pass` is not.",
        "## Of fields", table(("code", "by default", "what it means", "说明"), rows),
        "## Of sources, files and runs",
        "A problem that the source or file itself reports keeps the submission for a person, unless the policy says otherwise.",
        table(("code", "said by", "what it says"), ((code(c), where, text) for c, where, text in parts)),
    )  # fmt: skip


def default_actions() -> dict[str, str]:
    """Return what happens for each code when a flow says nothing."""
    return {name: action(name, ValidateOptions()) for name in CODES}


def _codes_in(root: Path) -> set[tuple[str, str, str]]:
    """Return (code, module, message) for each Problem that the code makes with a code of its own."""
    found = set()
    for folder in ("hub", "connectors"):
        for path in sorted((root / folder).rglob("*.py")):
            if "testing" in path.parts or "demo" in path.parts or "templates" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                made = _problem(node)
                if made and made[0] not in CODES:
                    found.add((made[0], code(path.relative_to(root).as_posix()), made[1]))
    return found


def _problem(node: ast.AST) -> tuple[str, str] | None:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem"):
        return None
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    named, message = given.get("code"), given.get("message")
    if not isinstance(named, ast.Constant):
        return None
    return str(named.value), _words(message) if message is not None else ""


def _words(node: ast.expr) -> str:
    """Return a message as it is written, with … where a value stands."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""
