"""The command line: every command is a thin call of the API, in a running hub or in one opened for it."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from hub.cli import (
    admin,
    alarms,
    audit,
    backup,
    campaigns,
    catalogue,
    check,
    connect,
    data,
    decide,
    demo,
    docs,
    followup,
    look,
    make,
    people,
    play,
    privacy,
    reports,
    serve,
    sinks,
    users,
)
from hub.errors import LeadhubError

app = typer.Typer(
    name="leadhub",
    help="One front door for every sales lead, and one trustworthy way out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for part in (
    make,
    serve,
    check,
    data,
    look,
    decide,
    reports,
    campaigns,
    alarms,
    sinks,
    connect,
    admin,
    privacy,
    users,
    audit,
    backup,
    catalogue,
    followup,
    people,
    demo,
    play,
    docs,
):
    part.add_to(app)


def main() -> None:
    """Run the command line; what went wrong is one sentence on stderr, and exit status 1."""
    try:
        app()
    except LeadhubError as error:
        Console(stderr=True).print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)
