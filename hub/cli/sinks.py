"""sinks: how they are doing, and pausing and resuming one."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from hub.cli.office import ask
from hub.cli.serve import Config
from hub.cli.tell import Json, tell, write_json, write_table

sinks = typer.Typer(invoke_without_command=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The sink's name in hub.yaml.")]


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.add_typer(sinks, name="sinks")


@sinks.callback()
def listed(context: typer.Context, as_json: Json = False, config: Config = None) -> None:
    """List the sinks, and whether they are paused or rest; pause and resume switch one."""
    if context.invoked_subcommand:
        return
    said = asyncio.run(ask(config, "GET", "/api/sinks", idle=True))
    if as_json:
        write_json(said)
        return
    rows = [{**row, **row["deliveries"]} for row in said["items"]]
    columns = ("name", "connector", "enabled", "paused", "breaker", "sent", "ready", "rejected", "unclear", "dead")
    write_table("Sinks", columns, rows)


@sinks.command("pause")
def pause(
    name: Name,
    reason: Annotated[str | None, typer.Option(help="Why, for the others.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Pause a sink: nothing is sent to it, and its leads wait, however long."""
    body = {"reason": reason} if reason else {}
    said = asyncio.run(ask(config, "POST", f"/api/sinks/{name}/pause", json=body, idle=True))
    tell(said, f"{name} is paused; its leads wait.", as_json)


@sinks.command("resume")
def resume(name: Name, as_json: Json = False, config: Config = None) -> None:
    """Let a paused sink take leads again."""
    said = asyncio.run(ask(config, "POST", f"/api/sinks/{name}/resume", idle=True))
    tell(said, f"{name} takes leads again.", as_json)
