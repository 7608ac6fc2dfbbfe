"""Writes Markdown: tables, lists and code that survive whatever text stands in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

_PROSE = Path(__file__).with_name("prose")
GENERATED = "<!-- Written by `leadhub docs`. Change the code it describes, not this file. -->\n"


def page(prose: str, **parts: str) -> str:
    """Return a page: the prose of that name, with each {{part}} put in its place, and a word that it is generated."""
    text = (_PROSE / f"{prose}.md").read_text("utf-8")
    for name, part in parts.items():
        text = text.replace("{{" + name + "}}", part.strip("\n"))
    return GENERATED + text.rstrip() + "\n"


def joined(*parts: str) -> str:
    """Return parts with a blank line between them; empty ones are left out."""
    return "\n\n".join(part.strip("\n") for part in parts if part.strip())


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; empty when there are no rows."""
    lines = [" | ".join(("", *map(_cell, row), "")).strip() for row in rows]
    if not lines:
        return ""
    return "\n".join((" | ".join(("", *head, "")).strip(), "|" + "---|" * len(head), *lines))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|") or " "


def bullets(items: Iterable[str]) -> str:
    """Return a list."""
    return "\n".join(f"- {' '.join(item.split())}" for item in items)


def fenced(text: str, language: str = "") -> str:
    """Return a block of code."""
    return f"```{language}\n{text.strip()}\n```"


def code(text: str) -> str:
    """Return text as code within a line."""
    mark = "``" if "`" in text else "`"
    return f"{mark}{text}{mark}"


def flow(value: Any) -> str:
    """Return a value as one line of YAML."""
    written = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=100_000, sort_keys=False)
    return str(written).strip().removesuffix("...").strip()


def block(value: Mapping[str, Any]) -> str:
    """Return a value as YAML over several lines."""
    return str(yaml.safe_dump(value, default_flow_style=False, allow_unicode=True, width=100, sort_keys=False)).strip()
