"""alarms and reconcile: what needs a person, who looks after it, and whether leads are missing."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from hub.cli.office import ask
from hub.cli.serve import Config
from hub.cli.tell import Json, tell, write_json, write_table

alarms = typer.Typer(invoke_without_command=True)

COLUMNS = ("id", "about", "says", "raised_at", "acknowledged_by", "told")
SAID = 300  # characters of a sentence


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.add_typer(alarms, name="alarms")
    app.command("reconcile")(reconcile)


@alarms.callback()
def listed(
    context: typer.Context,
    state: Annotated[str, typer.Option(help="open, closed or all.")] = "open",
    limit: Annotated[int, typer.Option(help="Most rows shown.", min=1, max=200)] = 50,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List alarms, newest first: what needs a person; ack says that you look after one."""
    if context.invoked_subcommand:
        return
    said = asyncio.run(ask(config, "GET", "/api/alarms", params={"state": state, "limit": limit}, idle=True))
    if as_json:
        write_json(said)
    else:
        write_alarms(said["items"])


def write_alarms(items: list[dict[str, Any]]) -> None:
    """Write alarms as a table."""
    write_table("Alarms", COLUMNS, [{**row, "told": _told(row["told"])} for row in items], widest=SAID)


def _told(told: dict[str, Any] | None) -> str:
    return ", ".join(f"{sink} (failed)" if "failed" in said else sink for sink, said in (told or {}).items())


@alarms.command("ack")
def acknowledge(
    id_: Annotated[int, typer.Argument(metavar="ID", help="The number of the alarm.", min=0)],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Say that you look after an alarm: nobody is reminded of it any more."""
    said = asyncio.run(ask(config, "POST", f"/api/alarms/{id_}/acknowledge", idle=True))
    tell(said, f"Alarm {id_} is looked after by {said['acknowledged_by']}.", as_json)


def reconcile(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source's name in hub.yaml.")],
    since: Annotated[
        str | None, typer.Option(help="How far back: a time such as 7d, or 2026-05-01; without: `hub.reconcile`.")
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Count a platform's leads against ours, read what is missing again, and say what is missing still."""
    params = {"since": since} if since else {}
    said = asyncio.run(ask(config, "POST", f"/api/sources/{source}/reconcile", params=params))
    tell(said, said["says"], as_json)
    if said["missing"]:
        raise typer.Exit(1)
