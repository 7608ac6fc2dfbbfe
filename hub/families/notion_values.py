"""Writes values as the properties of a Notion page, by their kind and within the sizes that Notion takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal

from hub.escape import cut
from hub.fields import text

NotionKind = Literal[
    "title", "rich_text", "email", "phone_number", "url", "number", "checkbox", "select", "multi_select", "status",
    "date",
]  # fmt: skip
"""The kinds of properties that can be written from a value of a lead."""

RUN, RUNS, SHORT, CHOICE = 2_000, 100, 200, 100  # most characters of a run of text, runs, addresses and choices


def notion_value(kind: NotionKind, value: Any) -> dict[str, Any]:
    """Return a property with a value (developers.notion.com/reference/page-property-values)."""
    return {kind: _WRITERS[kind](value)}


def _runs(value: Any) -> list[dict[str, Any]]:
    whole = text(value)[: RUN * RUNS]
    return [{"text": {"content": whole[at : at + RUN]}} for at in range(0, len(whole), RUN)]


def _choice(value: Any) -> dict[str, str]:
    return {"name": cut(text(value).replace(",", " "), CHOICE)}  # no choice may have a comma


def _number(value: Any) -> Any:
    """Return a number; text that is none stays, and Notion refuses it by name."""
    try:
        return value if isinstance(value, (int, float)) else float(text(value))
    except ValueError:
        return text(value)


def notion_blank(kind: NotionKind) -> dict[str, Any]:
    """Return what empties a property of this kind."""
    return {kind: [] if kind in ("title", "rich_text", "multi_select") else False if kind == "checkbox" else None}


_WRITERS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "title": _runs, "rich_text": _runs, "select": _choice, "status": _choice,
        "email": lambda value: text(value)[:SHORT], "phone_number": lambda value: text(value)[:SHORT],
        "url": lambda value: text(value)[:RUN], "date": lambda value: {"start": text(value)},
        "number": _number,
        "checkbox": lambda value: value is True or text(value).lower() in ("true", "yes", "1"),
        "multi_select": lambda value: [_choice(one) for one in text(value).split(", ")[:RUNS]],
    }
)  # fmt: skip
