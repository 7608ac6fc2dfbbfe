"""The pages about what stands in a workspace: hub.yaml, fields, rules, steps, hooks, events, problems."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from hub import hookspecs
from hub.docs.codes import codes_in
from hub.docs.markdown import code, joined, page, table
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
from hub.step import Step
from hub.steps.validate import ValidateOptions, action

SETTINGS_HEAD = ("setting", "what it holds", "default", "what it does")


INSIDE = frozenset(("config", "steps"))  # what stands there is described elsewhere


def words_of(one: Described) -> tuple[str, str, str, str]:
    """Return a setting as a row of a table."""
    return (code(one.name), one.kind, one.default, one.text)


def setting_rows(model: type[BaseModel]) -> Iterator[tuple[str, str, str, str]]:
    """Yield the settings of a model as rows of a table."""
    return (words_of(one) for one in described(model) if one.name != "config")


def _section(path: str, one: Described, depth: int) -> Iterator[str]:
    """Yield the tables of the models inside a setting, each under the path people write it at."""
    for model in () if one.name in INSIDE else one.inner:
        named = f"{path}.NAME" if one.kind.startswith("names to") else f"{path}[]" if "list" in one.kind else path
        yield f"{'#' * min(depth, 4)} {code(named)}"
        yield (inspect.getdoc(model) or "").partition("\n")[0]
        yield table(SETTINGS_HEAD, setting_rows(model))
        for below in described(model):
            yield from _section(f"{named}.{below.name}", below, depth + 1)


def settings_page() -> str:
    """Return docs/settings.md."""
    sections = [part for one in described(Settings) for part in _section(one.name, one, 2)]
    variables = [(code(f"LEADHUB_{one.name.upper()}"), *words_of(one)[1:]) for one in described(Environment)]
    head = ("variable", *SETTINGS_HEAD[1:])
    return page("settings", sections=joined(*sections), environment=table(head, variables))


def fields_page() -> str:
    """Return docs/fields.md."""
    head = ("field", "中文", "what it holds", "usual names", "常见列名")
    time = {"submitted_at": "When the prospect pressed the button; a mapping may name it."}
    groups = {"lead": LEAD_FIELDS, "touch": TOUCH_FIELDS, "time": time}
    tables = {name: table(head, (_field(*item) for item in group.items())) for name, group in groups.items()}
    return page("fields", **tables)


def _field(name: str, text: str) -> tuple[str, ...]:
    names = [one.strip() for one in USUAL.get(name, "").split(",") if one.strip()]
    chinese = [one for one in names if re.search("[\u4e00-\u9fff]", one)]
    western = [one for one in names if one not in chinese]
    return code(name), label(name, "zh"), text, ", ".join(western), "、".join(chinese)


def steps_page(registry: Registry) -> str:
    """Return docs/steps.md."""
    steps = registry.all("step")
    ordered = [name for name in DEFAULT_STEPS if name in steps] + sorted(set(steps) - set(DEFAULT_STEPS))
    functions = {name: _first(function) for name, function in MAPPING_FUNCTIONS.items()}
    functions |= {name: socket.doc for name, socket in registry.all("mapping_function").items()}
    return page(
        "steps",
        steps=joined(*(part for name in ordered for part in _step(name, steps[name]))),
        enrichers=_named({name: socket.doc for name, socket in registry.all("enricher").items()}),
        strategies=_named({name: socket.doc for name, socket in registry.all("strategy").items()}),
        functions=_named(functions),
    )


def _step(name: str, step: Step) -> Iterator[str]:
    yield from (f"## {code(name)}", step.doc)
    yield table(SETTINGS_HEAD, setting_rows(step.options)) or "It has no options."
    for one in described(step.options):
        yield from _section(one.name, one, 3)


def _named(docs: Mapping[str, str]) -> str:
    return table(("name", "what it does"), ((code(name), docs[name]) for name in sorted(docs)))


def _first(function: Any) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0]


def events_page() -> str:
    """Return docs/events.md."""
    return page("events", kinds=table(("kind", "what it means"), ((code(kind), text) for kind, text in KINDS.items())))


def hooks_page() -> str:
    """Return docs/hooks.md."""
    specs = {name: spec for name, spec in vars(hookspecs).items() if name.startswith("hub_")}
    return page(
        "hooks", **{name: joined(f"## {code(_signature(name, spec))}", _first(spec)) for name, spec in specs.items()}
    )


def _signature(name: str, spec: Any) -> str:
    return f"{name}({', '.join(inspect.signature(spec).parameters)})"


def problems_page(root: Path) -> str:
    """Return docs/problems.md."""
    options = ValidateOptions()
    fields = ((code(name), action(name, options), said.english, said.chinese) for name, said in CODES.items())
    others = ((code(name), code(where), text) for name, where, text in sorted(codes_in(root)) if name not in CODES)
    return page(
        "problems",
        fields=table(("code", "by default", "what it means", "说明"), fields),
        others=table(("code", "said by", "what it says"), others),
    )
