"""Forms of settings: what a part of hub.yaml looks like in inputs, and what was typed as a part of hub.yaml."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Form = Mapping[str, Sequence[str]]
Choices = Mapping[str, Sequence[tuple[str, str]]]
"""Sets of options by their name: what is written, and what people read."""

EACH = ("hour", "day", "week", "month")
_BETWEEN = re.compile(r"[,，、;；\n]+")
_INTEGER = re.compile(r"-?[0-9]{1,15}")
_FLOAT = re.compile(r"-?[0-9]{0,15}\.[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Input:
    """One setting: where it stands, what people call it, how it is typed; `default` is what is not written down.

    `kind`: text, number, check, select, many (check boxes), list (texts between commas), pairs (a line for each key),
    caps (such as `5 / 1h`), choice (`team:north` for {team: north}).
    """

    path: str
    words: str
    kind: str = "text"
    hint: str = ""
    options: str = ""
    default: Any = None


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of settings that are alike; a row counts when its `key` is filled in."""

    path: str
    words: str
    key: str
    inputs: tuple[Input, ...]
    hint: str = ""


def typed(text: str) -> Any:
    """Return a number where a text is one, else the text."""
    text = text.strip()
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def split(text: str) -> list[str]:
    """Return the texts between commas or line ends."""
    return [part.strip() for part in _BETWEEN.split(text) if part.strip()]


def shown(value: Any, kind: str) -> Any:
    """Return a setting as its input shows it."""
    if kind == "check":
        return bool(value)
    if kind == "many":
        return [str(one) for one in value or ()]
    if value is None:
        return ""
    return _SHOWN.get(kind, str)(value)


def _cap(one: Any) -> str:
    return (
        f"{one.get('most', '')} / {one.get('each') or one.get('within', '')}" if isinstance(one, Mapping) else str(one)
    )


_SHOWN: Mapping[str, Callable[[Any], str]] = {
    "list": lambda value: ", ".join(map(str, value)) if isinstance(value, list) else str(value),
    "days": lambda value: "\n".join(map(str, value)) if isinstance(value, list) else str(value),
    "caps": lambda value: ", ".join(map(_cap, value)) if isinstance(value, list) else str(value),
    "pairs": lambda value: "\n".join(f"{k}: {shown(v, 'list')}" for k, v in value.items()),
    "choice": lambda value: next((f"{k}:{v}" for k, v in value.items()), "") if isinstance(value, Mapping) else "",
}  # fmt: skip


def read(kind: str, given: Sequence[str]) -> Any:
    """Return what was typed as a setting; None where nothing was."""
    text = given[-1].strip() if given else ""
    if kind == "check":
        return text == "yes"
    if kind == "many":
        return [one for one in given if one] or None
    reader = _READ.get(kind)
    return None if not text else reader(text) if reader else text


def _caps(text: str) -> list[dict[str, Any]]:
    found = []
    for part in split(text):
        most, _, span = (piece.strip() for piece in part.partition("/"))
        found.append({"most": typed(most), ("each" if span in EACH else "within"): span})
    return found


def _pairs(text: str) -> dict[str, list[str]]:
    pairs = (line.replace("：", ":").partition(":") for line in text.splitlines() if line.strip())
    return {key.strip(): split(rest) for key, _, rest in pairs}


_READ: Mapping[str, Callable[[str], Any]] = {
    "number": typed, "list": split, "days": split, "caps": _caps, "pairs": _pairs,
    "choice": lambda text: dict([text.split(":", 1)]) if ":" in text else None,
}  # fmt: skip


def at(values: Any, path: str) -> Any:
    """Return the setting at a path such as `nurture.to`."""
    for part in path.split("."):
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


def fields(
    inputs: Sequence[Input], values: Mapping[str, Any], choices: Choices, prefix: str = ""
) -> list[dict[str, Any]]:
    """Return the inputs as a page has them, with what the settings say."""
    found = []
    for one in inputs:
        value = at(values, one.path)
        value = shown(one.default if value is None else value, one.kind)
        options = [list(pair) for pair in choices.get(one.options, ())]
        if one.kind in ("select", "choice") and value not in [pair[0] for pair in options]:
            options.append([value, value])
        found.append(
            {"name": f"{prefix}{one.path}", "words": one.words, "kind": one.kind, "hint": one.hint, "value": value,
             "options": options}
        )  # fmt: skip
    return found


def rowsets(rows: Sequence[Rows], values: Mapping[str, Any], choices: Choices, more: str = "") -> list[dict[str, Any]]:
    """Return the lists as a page has them, each with an empty row at its end where one is asked for, or it is empty."""
    found = []
    for one in rows:
        items = [item for item in at(values, one.path) or () if isinstance(item, Mapping)]
        blank: list[Mapping[str, Any]] = [{}] if more == one.path or not items else []
        sets = [
            {"number": number, "was": number if number < len(items) else "", "new": number >= len(items),
             "fields": fields(one.inputs, item, choices, f"{one.path}.{number}.")}
            for number, item in enumerate([*items, *blank])
        ]  # fmt: skip
        found.append({"path": one.path, "words": one.words, "hint": one.hint, "key": one.key, "rows": sets})
    return found


def taken(inputs: Sequence[Input], form: Form, old: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the settings with what was typed; what has no input stays, and a default is written only where it was."""
    values = copy.deepcopy(dict(old))
    for one in inputs:
        value, before = read(one.kind, form.get(prefix + one.path, ())), at(old, one.path)
        if one.kind == "many" and value and isinstance(before, list):
            value = [name for name in before if name in value] + [name for name in value if name not in before]
        if shown(value, one.kind) == shown(before, one.kind) and before is not None:
            continue  # as it was, in whatever way it is written
        _write(values, one.path.split("."), None if value == one.default and before is None else value)
    return values


def _write(values: dict[str, Any], path: list[str], value: Any) -> None:
    first, *rest = path
    if rest:
        inner = values.setdefault(first, {})
        _write(inner, rest, value)
        if not inner:
            del values[first]
    elif value is None:
        values.pop(first, None)
    else:
        values[first] = value


def taken_rows(rows: Rows, form: Form, old: Sequence[Any]) -> list[dict[str, Any]]:
    """Return a list with what was typed into its rows; a row whose key is empty, or that was marked, is gone."""
    numbers = sorted(
        {int(name.split(".")[1]) for name in form if re.match(rf"{re.escape(rows.path)}\.[0-9]{{1,4}}\.", name)}
    )
    found = []
    for number in numbers:
        prefix = f"{rows.path}.{number}."
        was = "".join(form.get(f"{prefix}was", ()))
        before = old[int(was)] if was.isdigit() and int(was) < len(old) else {}
        kept = read("text", form.get(prefix + rows.key, ())) and "".join(form.get(f"{prefix}gone", ())) != "yes"
        if kept and isinstance(before, Mapping):
            found.append(taken(rows.inputs, form, before, prefix))
    return found
