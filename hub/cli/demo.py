"""demo: leadhub with invented leads."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from hub.cli.look import write_summary
from hub.cli.office import announce, withdraw
from hub.cli.serve import asyncio_run, quiet_logs, server
from hub.settings import Environment


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("demo")(demo)


def demo(
    folder: Annotated[Path, typer.Argument(help="Where the demo workspace is kept.")] = Path("demo"),
    host: Annotated[str | None, typer.Option(help="Address to listen on; default 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default 8400, 0: any free one.")] = None,
) -> None:
    """Start the demo workspace: real connectors, sample leads, vendors played by the sandbox. Keeps serving."""
    from hub.demo.show import Stage, prepare, show

    quiet_logs()
    console = Console(highlight=False, soft_wrap=True)
    environment = Environment()
    folder = folder.resolve()
    written = prepare(folder)
    console.print(f"{'Wrote' if written else 'Using'} the demo workspace in {folder}", markup=False)
    sys.stdout.flush()

    def say(text: str) -> None:
        console.print(text, markup=False)
        sys.stdout.flush()

    def announced(url: str, key: str) -> None:
        announce(folder, url, key)
        say(f"Overview: {url}/?key={key}")

    try:
        chosen = port if port is not None else environment.port
        stage = Stage(say, write_summary, server, announced)
        asyncio_run(show(folder, host or environment.host, chosen, stage))
    finally:
        withdraw(folder)
