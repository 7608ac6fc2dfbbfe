"""activities and tasks: what was done with leads, read from a table, and what is to be done next."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.office import ask, call, client
from hub.cli.serve import Config
from hub.cli.tell import Bar, Json, console, tell, write_json, write_table
from hub.errors import BadInput
from hub.feedback.rows import key_of
from hub.files import Row, open_table

PART = 1000  # rows in one call
SHOWN = 100  # problems that are listed

activities = typer.Typer(no_args_is_help=True, help="What was done with leads.")
tasks = typer.Typer(invoke_without_command=True)

Task = Annotated[int, typer.Argument(metavar="TASK", help="The task's number.")]


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.add_typer(activities, name="activities")
    app.add_typer(tasks, name="tasks")


@activities.command("import")
def import_activities(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, XLSX or JSONL with a row for each thing that was done.")],
    through: Annotated[
        str, typer.Option(help="The system the file comes from; a sink's name lends the meanings of its words.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; keep nothing.")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Import what was done with leads; each row counts once, so the same file twice is once."""
    said = asyncio.run(_import(file.resolve(), through, dry_run, config))
    if as_json:
        write_json(said)
        return
    title = "Would happen" if dry_run else "Activities"
    write_table(title, ("what", "rows"), [{"what": name, "rows": number} for name, number in said["counts"].items()])
    if said["problems"]:
        write_table("Problems", ("row", "code", "message"), said["problems"][:SHOWN])
        if len(said["problems"]) > SHOWN:
            console().print(f"{len(said['problems']) - SHOWN} more; --json has all of them.")


async def _import(file: Path, through: str, dry_run: bool, config: Path | None) -> dict[str, Any]:
    counts: Counter[str] = Counter(heard=0, known=0, skipped=0, wrong=0)
    problems: list[dict[str, Any]] = []
    with Bar(f"{'Trying' if dry_run else 'Importing'} {file.name}") as step, open_table(file) as table:
        async with client(config) as http:
            rows, done = _once(table.rows, counts, problems), 0
            while part := list(islice(rows, PART)):
                body = {"through": through, "dry_run": dry_run, "first": 0, "items": [row for _, row in part]}
                said = await call(http, "POST", "/api/activities", json=body)
                counts.update(said["counts"])
                problems += [{**one, "row": part[one["row"]][0]} for one in said["problems"]]
                done += len(part)
                step(done, "rows")
    problems.sort(key=lambda one: one["row"])
    return {"through": through, "dry_run": dry_run, "counts": dict(counts), "problems": problems}


def _once(
    rows: Iterable[Row], counts: Counter[str], problems: list[dict[str, Any]]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each row with its number; one that stood before is known, whether anything is kept or not."""
    seen: set[str] = set()
    for row in rows:
        if row.problems:
            counts["wrong"] += 1
            problems.append({"row": row.number, "code": "wrong", "message": row.problems[0].message})
            continue
        try:
            key = key_of(row.data)
        except BadInput:  # the hub says what is wrong with it
            key = ""
        if key and key in seen:
            counts["known"] += 1
            continue
        seen.add(key)
        yield row.number, dict(row.data)


@tasks.callback()
def listed(
    context: typer.Context,
    owner: Annotated[str | None, typer.Option(help="Only this rep's.")] = None,
    lead: Annotated[str | None, typer.Option(help="Only of this lead.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what should have been done by now.")] = False,
    done: Annotated[bool, typer.Option("--done", help="What was done, instead of what is open.")] = False,
    limit: Annotated[int, typer.Option(help="Most rows shown.", min=1, max=200)] = 50,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List what reps have to do with leads, what is due first; add, done and undone change it."""
    if context.invoked_subcommand:
        return
    wanted: dict[str, Any] = {"owner": owner, "lead": lead, "limit": limit}
    wanted |= {"overdue": True} if overdue else {}
    wanted |= {"state": "done"} if done else {}
    params = {name: value for name, value in wanted.items() if value is not None}
    said = asyncio.run(ask(config, "GET", "/api/tasks", params=params, idle=True))
    if as_json:
        write_json(said)
        return
    write_table("Tasks", ("id", "due_at", "overdue", "owner", "lead", "text", "by", "done_at"), said["items"])


@tasks.command("add")
def add(
    lead: Annotated[str, typer.Argument(metavar="LEAD", help="The lead's id.")],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is to be done.")],
    due: Annotated[str, typer.Option(help="When, such as 2026-05-04T14:30+08:00.")],
    owner: Annotated[str | None, typer.Option(help="Who does it; none: whoever has the lead.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Write down what is to be done with a lead."""
    body = {"lead": lead, "text": text, "due_at": due, "owner": owner}
    said = asyncio.run(ask(config, "POST", "/api/tasks", json=body, idle=True))
    tell(said, f"Task {said['id']} is due {said['due_at']}.", as_json)


@tasks.command("done")
def done(task: Task, as_json: Json = False, config: Config = None) -> None:
    """Say that a task is done."""
    said = asyncio.run(ask(config, "POST", f"/api/tasks/{task}/done", idle=True))
    tell(said, f"Task {task} is done.", as_json)


@tasks.command("undone")
def undone(task: Task, as_json: Json = False, config: Config = None) -> None:
    """Say that a task is not done after all."""
    said = asyncio.run(ask(config, "POST", f"/api/tasks/{task}/undone", idle=True))
    tell(said, f"Task {task} is open again.", as_json)
