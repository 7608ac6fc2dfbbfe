"""connectors and feedback: what leads can come from and go to, and what is heard of them afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from hub import loader
from hub.abilities import abilities, confirmed, kind_of
from hub.cli.office import ask
from hub.cli.serve import Config
from hub.cli.tell import Json, write_json, write_table
from hub.sink import Sink
from hub.source import Source


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("connectors")(connectors)
    app.command("feedback")(feedback)


def connectors(
    find: Annotated[
        str, typer.Argument(metavar="[WORD]", help="Only those with this word in name, vendor or family.")
    ] = "",
    as_json: Json = False,
) -> None:
    """List the connectors: kind, vendor, what each can do, and how many of its facts the vendor's documents confirm."""
    folder = Path.cwd() / "plugins"
    registry = loader.load(folder if folder.is_dir() else None).registry
    rows = [
        _row(name, cls, registry.provider("connector", name).shipped)
        for name, cls in sorted(registry.all("connector").items())
    ]
    word = find.lower()
    rows = [row for row in rows if word in f"{row['name']} {row['vendor']} {row['family']}".lower()]
    if as_json:
        write_json(rows)
        return
    write_table("Connectors", ("name", "kind", "family", "vendor", "can", "facts_confirmed"), rows)


def _row(name: str, cls: Any, shipped: bool) -> dict[str, Any]:
    family = cls.__module__.rpartition(".")[0].rpartition(".")[2] if shipped else "plugins"
    known = issubclass(cls, (Source, Sink))
    return {
        "name": name, "kind": kind_of(cls), "family": family, "vendor": cls.title,
        "can": ", ".join(abilities(cls)) if known else "", "facts_confirmed": confirmed(cls), "docs": cls.docs_url,
    }  # fmt: skip


def feedback(as_json: Json = False, config: Config = None) -> None:
    """List what tells what became of leads: when each was asked and is next, what it said, what was skipped and why."""
    said = asyncio.run(ask(config, "GET", "/api/feedback", idle=True))
    if as_json:
        write_json(said)
        return
    columns = (
        "sink", "asked_at", "next_due", "heard", "known", "skipped", "why_skipped", "last", "failing_since", "reason",
    )  # fmt: skip
    rows = [
        {**row, "why_skipped": _counts(row.get("reasons")), "last": _counts(row.get("last"))} for row in said["items"]
    ]
    write_table("Feedback", columns, rows)


def _counts(said: dict[str, int] | None) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted((said or {}).items()) if number)
