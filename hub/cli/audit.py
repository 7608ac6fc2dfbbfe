"""audit: who did what, and whether the log of it is whole."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from hub.cli.office import ask
from hub.cli.serve import Config
from hub.cli.tell import Json, console, write_json, write_table

audit = typer.Typer(help="The audit log.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.add_typer(audit, name="audit")


@audit.command("list")
def listed(
    what: Annotated[str | None, typer.Option(help="Only entries of this kind, such as key.created.")] = None,
    who: Annotated[
        str | None, typer.Option(help="Only what this caller did, such as user:ID, key:ID or local.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 50,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List who did what, newest first."""
    wanted: dict[str, Any] = {"limit": limit, "what": what, "who": who}
    params = {name: value for name, value in wanted.items() if value is not None}
    said = asyncio.run(ask(config, "GET", "/api/audit", idle=True, params=params))
    if as_json:
        write_json(said)
    else:
        write_table("Audit log", ("id", "at", "who", "what", "target", "address", "data"), said["items"])


@audit.command("verify")
def verify(as_json: Json = False, config: Config = None) -> None:
    """Walk the whole log and say where it was tampered with; exit status 1 when it was."""
    said = asyncio.run(ask(config, "GET", "/api/audit/verify", idle=True))
    if as_json:
        write_json(said)
    else:
        _tell(said)
    if not said["whole"]:
        raise typer.Exit(1)


def _tell(said: dict[str, Any]) -> None:
    out = console()
    for broken in said["broken"]:
        where = f"Entry {broken['entry']}" if broken["entry"] else "The log"
        out.print(f"{where}: {broken['says']}", style="red", markup=False, soft_wrap=True)
    held = f"{said['entries']} entries, held against {said['anchors']} anchors"
    if said["whole"]:
        out.print(f"The audit log is whole: {held}.", markup=False)
    else:
        out.print(f"The audit log is not whole ({held}).", style="red", markup=False)
    if said["entries"] and not said["anchors"]:
        out.print("There is no anchor: an end that was cut off, or a log that was rewritten, cannot be seen.",
                  style="yellow")  # fmt: skip
