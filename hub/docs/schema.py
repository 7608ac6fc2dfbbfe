"""The JSON Schema of hub.yaml, with every connector's and step's settings, so that editors complete it."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from hub.docs.models import described
from hub.registry import Registry
from hub.settings import Settings, SinkSettings, SourceSettings
from hub.settings.models import NAME

REFERENCE = {"type": "string", "pattern": r"^\$\{[a-z_]+:[^}]+\}$", "description": "A reference, such as ${env:NAME}."}
DURATION = {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*(ms|s|m|h|d|w)\s*$"}

Schema = dict[str, Any]


def schema(registry: Registry) -> str:
    """Return docs/hub.schema.json."""
    whole = Settings.model_json_schema(by_alias=True)
    found = _Definitions(whole.pop("$defs"))
    _as_written(found.held, Settings)
    for section, model, connectors in (
        ("sources", SourceSettings, registry.sources()),
        ("sinks", SinkSettings, registry.sinks()),
    ):
        whole["properties"][section]["additionalProperties"] = _chosen(found, section, model, connectors)
        whole["properties"][section].pop("patternProperties", None)
        whole["properties"][section]["propertyNames"] = {"pattern": NAME}
    found.held["FlowSettings"]["properties"]["steps"] = _steps(found, registry)
    for unused in ("SourceSettings", "SinkSettings", "StepSettings"):
        found.held.pop(unused, None)
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "hub.yaml"}
    whole = {**head, **_own(whole), "$defs": found.held}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


class _Definitions:
    """The definitions of the schema; a model that comes from elsewhere is added under a name of its own."""

    def __init__(self, held: Schema) -> None:
        self.held = held

    def add(self, name: str, model: type[BaseModel]) -> Schema:
        """Add a model's definitions and return its own schema."""
        made = model.model_json_schema(by_alias=True)
        inner = made.pop("$defs", {})
        _as_written({**inner, model.__name__: made}, model)
        for below, definition in inner.items():
            self.held[f"{name}.{below}"] = _moved(definition, name)
        moved: Schema = _moved(made, name)
        return moved


def _moved(value: Any, name: str) -> Any:
    """Return a schema whose references point below a name."""
    if isinstance(value, dict):
        moved = {key: _moved(below, name) for key, below in value.items()}
        if isinstance(value.get("$ref"), str):
            moved["$ref"] = value["$ref"].replace("#/$defs/", f"#/$defs/{name}.")
        return moved
    return [_moved(below, name) for below in value] if isinstance(value, list) else value


def _own(whole: Schema) -> Schema:
    return {key: value for key, value in whole.items() if key not in ("title", "$schema")}


def _chosen(found: _Definitions, section: str, model: type[BaseModel], connectors: Mapping[str, Any]) -> Schema:
    """Return the schema of one source or sink: the connector's name decides which settings there are."""
    common = {k: v for k, v in found.held[model.__name__]["properties"].items() if k not in ("config", "connector")}
    ways = []
    for name, cls in connectors.items():
        where = f"{section}.{name}"
        own = found.add(where, cls.Config)
        settings = {key: _or_reference(value) for key, value in own.get("properties", {}).items()}
        found.held[where] = {
            "type": "object",
            "description": cls.title,
            "properties": {"connector": {"const": name}, **copy.deepcopy(common), **settings},
            "required": ["connector", *own.get("required", [])],
            "additionalProperties": False,
        }
        named = {"properties": {"connector": {"const": name}}, "required": ["connector"]}
        ways.append({"if": named, "then": {"$ref": f"#/$defs/{where}"}})
    known = {"description": "Which connector it is.", "enum": list(connectors)}
    return {"type": "object", "properties": {"connector": known}, "required": ["connector"], "allOf": ways}


def _or_reference(value: Schema) -> Schema:
    """Allow a reference to a secret wherever something other than text is expected."""
    if value.get("type") == "string":
        return value
    kept: Schema = {key: value[key] for key in ("description", "default", "title") if key in value}
    rest = {key: item for key, item in value.items() if key not in kept}
    return {**kept, "anyOf": [*(rest.pop("anyOf", None) or [rest]), REFERENCE]}


def _steps(found: _Definitions, registry: Registry) -> Schema:
    """Return the schema of a flow's steps: a name, or a name with options."""
    options = {}
    for name, step in registry.all("step").items():
        found.held[f"steps.{name}"] = {**found.add(f"steps.{name}", step.options), "description": step.doc}
        options[name] = {"$ref": f"#/$defs/steps.{name}"}
    one = {
        "type": "object",
        "properties": options,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    steps = sorted(registry.all("step"))
    return {
        "description": "What happens to a lead, in order.",
        "type": "array",
        "items": {"anyOf": [{"enum": steps}, one]},
    }


def _as_written(held: Schema, model: type[BaseModel], seen: frozenset[type[BaseModel]] = frozenset()) -> None:
    """Let times be written as people do (30s, 5m), and groups be switched on by `true`: what pydantic cannot tell."""
    properties = held.get(model.__name__, {}).get("properties", {})
    for one in described(model):
        own = properties.get(one.name)
        if own is not None and "time such as" in one.kind:
            kept: Schema = {key: own[key] for key in ("description", "default") if key in own}
            number = {"type": "number", "exclusiveMinimum": 0, "description": "Seconds."}
            way: Schema = {"anyOf": [DURATION, number]}
            many = {"type": "array", "items": way}
            properties[one.name] = {**kept, **(many if one.kind.startswith("list") else way)}
        if own is not None and one.switched:
            own.setdefault("anyOf", []).append({"type": "boolean"})
        for below in one.inner:
            if below not in seen:
                _as_written(held, below, seen | {model})
