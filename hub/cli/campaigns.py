"""costs: what campaigns cost, read from tables, listed and taken out again."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.office import ask, call, client
from hub.cli.serve import Config
from hub.cli.tell import Bar, Json, console, tell, write_json, write_table
from hub.files import open_table

PART = 10_000  # rows in one call: one batch, as long as a table has no more
SHOWN = 100  # problems that are listed

costs = typer.Typer(invoke_without_command=True)


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.add_typer(costs, name="costs")


@costs.callback()
def listed(
    context: typer.Context,
    limit: Annotated[int, typer.Option(help="Most rows shown.", min=1, max=200)] = 50,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List what costs of campaigns came in, newest first; import and undo change it."""
    if context.invoked_subcommand:
        return
    said = asyncio.run(ask(config, "GET", "/api/costs", params={"limit": limit}, idle=True))
    if as_json:
        write_json(said)
        return
    write_table("Costs", ("id", "name", "rows", "at", "by", "undone_at"), said["items"])


@costs.command("import")
def import_costs(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, XLSX or JSONL with a row for each cost.")],
    source: Annotated[str | None, typer.Option(help="The source of rows that name none.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would count; keep nothing.")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Import what campaigns cost; each row counts once, so the same file twice is once."""
    said = asyncio.run(_import(file.resolve(), source, dry_run, config))
    if as_json:
        write_json(said)
        return
    title = "Would count" if dry_run else "Costs"
    write_table(title, ("what", "rows"), [{"what": name, "rows": number} for name, number in said["counts"].items()])
    if said["problems"]:
        write_table("Problems", ("row", "says"), said["problems"][:SHOWN], widest=100)
    for batch in said["ids"]:
        console().print(f"To take them out again: leadhub costs undo {batch}", markup=False)


async def _import(file: Path, source: str | None, dry_run: bool, config: Path | None) -> dict[str, Any]:
    counts: Counter[str] = Counter(new=0, known=0, wrong=0)
    problems: list[dict[str, Any]] = []
    ids: list[str] = []
    with Bar(f"{'Trying' if dry_run else 'Importing'} {file.name}") as step, open_table(file) as table:
        async with client(config, idle=True) as http:
            rows, done = iter(table.rows), 0
            while part := list(islice(rows, PART)):
                items = [dict(row.data) for row in part]
                body = {"name": file.name[:200], "source": source, "dry_run": dry_run, "items": items}
                said = await call(http, "POST", "/api/costs", json=body)
                counts.update(said["counts"])
                problems += [{**one, "row": part[one["row"] - 1].number} for one in said["problems"]]
                ids += [said["id"]] if said["id"] else []
                done += len(part)
                step(done, "rows")
    return {"ids": ids, "counts": dict(counts), "problems": problems}


@costs.command("undo")
def undo(
    batch: Annotated[str, typer.Argument(metavar="COSTS", help="The id of costs that came together.")],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Take costs that came together out again."""
    said = asyncio.run(ask(config, "POST", f"/api/costs/{batch}/undo", idle=True))
    tell(said, f"{said['rows']} costs were taken out.", as_json)
