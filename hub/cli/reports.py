"""report: how quickly leads are answered, how fairly they are dealt, and what lateness costs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.office import ask
from hub.cli.serve import Config
from hub.cli.tell import Json, console, write_json, write_table
from hub.errors import LeadhubError
from hub.insight.frame import NARROWED
from hub.insight.reports import as_csv
from hub.insight.words import lasting

Name = Annotated[
    str,
    typer.Argument(
        help="speed, distribution, survival, ladder, target, lateness, fairness, unassigned, pools, recycle, board, "
        "lost or attribution; `list` lists them."
    ),
]
Since = Annotated[str | None, typer.Option(help="From when prospects submitted: 7d ago, or 2026-05-01.")]
Until = Annotated[str | None, typer.Option(help="Up to when, without that moment; default now.")]
By = Annotated[str | None, typer.Option(help="What to divide by, such as source,grade,hour,rep; empty: all together.")]
Without = Annotated[
    bool, typer.Option("--without-held", help="Leave out the time in which leadhub itself held a lead.")
]
Only = Annotated[
    list[str] | None, typer.Option("--only", help="Only such leads, such as team=north or hour=9; may be repeated.")
]
Model = Annotated[
    str | None, typer.Option(help="Of attribution: who gets credit, such as first, last, linear, u_shaped, time_decay.")
]
Against = Annotated[str | None, typer.Option(help="Of attribution: a second model beside it.")]
Rank = Annotated[str | None, typer.Option(help="Of attribution: what ranks lines, such as return or cost_per_won.")]
Into = Annotated[Path | None, typer.Option("--csv", help="Write it into this CSV file.")]


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("report")(report)


def report(
    name: Name,
    since: Since = None,
    until: Until = None,
    by: By = None,
    without_held: Without = False,
    only: Only = None,
    model: Model = None,
    against: Against = None,
    rank: Rank = None,
    csv: Into = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Make a report on response, people or campaigns, of the leads whose prospects submitted in a span."""
    if name == "list":
        said = asyncio.run(ask(config, "GET", "/api/reports", idle=True))
        write_json(said) if as_json else _list(said["items"])
        return
    asked = {"since": since, "until": until, "by": by, "without_held": without_held}
    asked |= {"model": model, "against": against, "rank": rank}
    params = {key: value for key, value in asked.items() if value is not None} | _narrowed(only or [])
    said = asyncio.run(ask(config, "GET", f"/api/reports/{name}", params=params, idle=True))
    if csv is not None:
        _keep(csv, as_csv(said))
    if as_json:
        write_json(said)
    elif csv is None:
        _show(said)


def _narrowed(only: list[str]) -> dict[str, str]:
    """Return what a report is narrowed to, as the API takes it."""
    pairs = [one.partition("=") for one in only]
    wrong = [one for (name, _, value), one in zip(pairs, only, strict=True) if name not in NARROWED or not value]
    if wrong:
        raise LeadhubError(f"{wrong[0][:64]!r} narrows nothing. Write NAME=VALUE; names: {', '.join(NARROWED)}.")
    return {name: value for name, _, value in pairs}


def _list(items: list[dict[str, Any]]) -> None:
    rows = [{**item, "by": ", ".join(item["by"]), "can": ", ".join(item["can"])} for item in items]
    write_table("Reports", ("report", "says", "by", "can"), rows, widest=100)


def _keep(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8-sig")  # spreadsheets take other UTF-8 for the machine's own code page
    except OSError as error:
        raise LeadhubError(f"{path} cannot be written: {error.strerror}.") from error
    console().print(f"Written: {path}", markup=False)


def _show(said: dict[str, Any]) -> None:
    rows = [*said["rows"], *([{**dict.fromkeys(said["by"], "all"), **said["total"]}] if said["total"] else [])]
    names = list(dict.fromkeys(name for row in rows for name in row))
    shown = [name for name in names if any(row.get(name) is not None for row in rows)]
    write_table(f"{said['says']} {said['since']} to {said['until']}", shown, [_plain(row) for row in rows])
    for text in (said["basis"], *said["notes"]):
        console().print(text, markup=False, soft_wrap=True)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _cell(name, value) for name, value in row.items()}


def _cell(name: str, value: Any) -> Any:
    """Return a value as people read it: times with their unit, counts by name as a list."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {number}" for key, number in value.items())
    if isinstance(value, float) and name.endswith("_share"):
        return f"{value:.0%}"
    is_time = isinstance(value, int | float) and any(word in name for word in ("p50", "p90", "median"))
    return lasting(value, "en") if is_time else value
