"""Kinds of inputs in forms of settings: how each shows a setting as text, and what it reads out of what was typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hub import yamlfile
from hub.draft.writing import inline
from hub.errors import ConfigError

SEVERAL = ("many", "ordered")
"""Kinds whose input gives several texts: boxes to tick, and names that are chosen one by one, in their order."""
CHOSEN = ("select", "choice")
LONG = ("days", "pairs", "amounts", "parts", "anyof", "yaml", "lines")
"""Kinds that are written on several lines."""
EACH = ("hour", "day", "week", "month")

_BETWEEN = re.compile(r"[,，、;；\n]+")
_INTEGER = re.compile(r"-?[0-9]{1,15}")
_FLOAT = re.compile(r"-?[0-9]{0,15}\.[0-9]{1,9}")


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
    if kind in SEVERAL:
        return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)] if value else []
    if value is None:
        return ""
    return _SHOWN.get(kind, str)(value)


def read(kind: str, given: Sequence[str]) -> Any:
    """Return what was typed as a setting; None where nothing was."""
    text = given[-1].strip() if given else ""
    if kind == "check":
        return text == "yes"
    if kind in SEVERAL:
        return list(dict.fromkeys(one for one in given if one)) or None
    reader = _READ.get(kind)
    return None if not text else reader(text) if reader else text


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _on_lines(value: Any) -> str:
    return "\n".join(map(_listed, value)) if isinstance(value, list | tuple) else str(value)


def _capped(value: Any) -> str:
    return ", ".join(map(_cap, value)) if isinstance(value, list) else str(value)


def _cap(one: Any) -> str:
    if not isinstance(one, Mapping):
        return str(one)
    return f"{one.get('most', '')} / {one.get('each') or one.get('within', '')}"


def _paired(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    return "\n".join(f"{key}: {_listed(rest)}" for key, rest in value.items())


def _parted(value: Any) -> str:
    return "\n".join(map(_part, value)) if isinstance(value, list | tuple) else str(value)


def _part(one: Any) -> str:
    if not isinstance(one, Mapping):
        return str(one)
    values = one.get("values")
    return f"{one.get('name', '')}: {_listed(values)}" if values else str(one.get("name", ""))


def _choice(value: Any) -> str:
    return next((f"{key}:{rest}" for key, rest in value.items()), "") if isinstance(value, Mapping) else ""


_SHOWN: Mapping[str, Callable[[Any], str]] = {
    "list": _listed, "numbers": _listed, "days": _on_lines, "lines": _on_lines, "anyof": _on_lines, "caps": _capped,
    "pairs": _paired, "amounts": _paired, "parts": _parted, "choice": _choice, "yaml": inline,
}  # fmt: skip


def _caps(text: str) -> list[dict[str, Any]]:
    found = []
    for part in split(text):
        most, _, span = (piece.strip() for piece in part.partition("/"))
        found.append({"most": typed(most), ("each" if span in EACH else "within"): span})
    return found


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _halves(text: str) -> list[tuple[str, str]]:
    """Return what stands before and behind the colon of each line."""
    pairs = (line.replace("：", ":").partition(":") for line in _lines(text))
    return [(key.strip(), rest.strip()) for key, _, rest in pairs]


def _parts(text: str) -> list[dict[str, Any]]:
    return [{"name": key, "values": split(rest)} if split(rest) else {"name": key} for key, rest in _halves(text)]


def _any_of(text: str) -> list[Any]:
    """Return a name, or a list of names, for each line."""
    found = (split(line.replace("/", ",")) for line in _lines(text))
    return [names[0] if len(names) == 1 else names for names in found if names]


def _yaml(text: str) -> Any:
    try:
        return yamlfile.loads(text).data
    except ConfigError:
        return text  # it is told to be no setting of this kind


_READ: Mapping[str, Callable[[str], Any]] = {
    "number": typed, "list": split, "days": split, "lines": _lines, "caps": _caps, "parts": _parts, "anyof": _any_of,
    "pairs": lambda text: {key: split(rest) for key, rest in _halves(text)},
    "amounts": lambda text: {key: typed(rest) for key, rest in _halves(text)},
    "numbers": lambda text: [typed(one) for one in split(text)],
    "choice": lambda text: dict([text.split(":", 1)]) if ":" in text else None, "yaml": _yaml,
}  # fmt: skip
