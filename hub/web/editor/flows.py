"""The options of a flow's step in a draft: where they stand, and how they are written."""

from __future__ import annotations

from typing import Any

from hub import draft as edits
from hub.api.problems import ApiError
from hub.settings.models import default_steps
from hub.web.editor.desk import Desk
from hub.yamlfile import Where


def flow_at(desk: Desk, number: int) -> dict[str, Any]:
    """Return the flow of a number; raises ApiError."""
    found = desk.flows()
    if number >= len(found):
        raise ApiError(404, "There is no such flow in your draft.")
    return found[number]


def steps_of(flow: dict[str, Any]) -> list[str]:
    """Return the names of a flow's steps, in order."""
    said = flow.get("steps")
    if not isinstance(said, list):
        return list(default_steps(flow.get("routes")))
    return [one if isinstance(one, str) else str(one.get("name") or next(iter(one))) for one in said if one]


def _entry(flow: dict[str, Any], place: int) -> Any:
    steps = flow.get("steps")
    return steps[place] if isinstance(steps, list) and place < len(steps) else None


def options_of(flow: dict[str, Any], place: int) -> dict[str, Any]:
    """Return the options of the step at a place."""
    one = _entry(flow, place)
    if not isinstance(one, dict):
        return {}
    found = one.get("options") if "name" in one else next(iter(one.values()), None)
    return found if isinstance(found, dict) else {}


def where_of(flow: dict[str, Any], number: int, place: int) -> Where:
    """Return where the options stand, once the step is written with options."""
    one = _entry(flow, place)
    named = isinstance(one, dict) and "name" in one
    return ("flows", number, "steps", place, "options" if named else steps_of(flow)[place])


def with_options(flow: dict[str, Any], text: str, number: int, place: int, options: dict[str, Any]) -> str:
    """Write the options of a step; a flow that names no steps, or the step alone, names them from here on."""
    where, name = where_of(flow, number, place), steps_of(flow)[place]
    if not options and not isinstance(_entry(flow, place), dict):
        return text
    if not isinstance(flow.get("steps"), list):
        return edits.put(text, where[:3], [{one: options} if one == name else one for one in steps_of(flow)])
    if not isinstance(_entry(flow, place), dict) or not options:
        return edits.put(text, where[:4], {name: options} if options else name)
    return edits.put(text, where, options)


def with_step(flow: dict[str, Any], text: str, number: int, step: str, behind: str) -> str:
    """Put a step behind another one, where a flow names its steps and not this one."""
    names = steps_of(flow)
    if not isinstance(flow.get("steps"), list) or step in names or behind not in names:
        return text
    return edits.insert(text, ("flows", number, "steps"), names.index(behind) + 1, step)
