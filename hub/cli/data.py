"""import, replay and simulate: bringing leads in, deciding again, and trying a change first."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.office import call, client
from hub.cli.serve import Config
from hub.cli.tell import Bar, Json, console, write_json, write_table
from hub.corrections import for_all
from hub.errors import LeadhubError


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("import")(import_file)
    app.command("replay")(replay)
    app.command("simulate")(simulate)


def import_file(
    file: Annotated[
        Path | None, typer.Argument(help="CSV, TSV, XLSX, JSONL, vCard: whatever the source reads.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="The source it is read into.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen; write nothing.")] = False,
    undo: Annotated[str | None, typer.Option(help="Take this import back instead.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Import a file of leads; the same file twice is once, and a broken-off import goes on where it stopped."""
    if undo:
        said = asyncio.run(_undo(undo, config))
        write_json(said) if as_json else write_table("Taken back", tuple(said), [said])
        return
    if file is None or source is None:
        raise LeadhubError("Name a file and --source NAME.")
    said = asyncio.run(_import(file.resolve(), source, dry_run, config))
    if as_json:
        write_json(said)
    else:
        _tell(said, dry_run)
    if said["state"] == "failed":
        raise typer.Exit(1)


def _tell(said: dict[str, Any], dry_run: bool) -> None:
    title = "Would happen" if dry_run else f"Import {said['import']}"
    write_table(title, ("what", "rows"), [{"what": k, "rows": v} for k, v in said["counts"].items()])
    if said.get("problems"):
        write_table("Problems", ("code", "rows", "example"), said["problems"])
    if said.get("reason"):
        console().print(said["reason"], markup=False)


async def _import(file: Path, source: str, dry_run: bool, config: Path | None) -> dict[str, Any]:
    body = {"path": str(file), "source": source, "dry_run": dry_run}
    last: dict[str, Any] = {}
    async with client(config) as http:
        with Bar(f"{'Trying' if dry_run else 'Importing'} {file.name}") as step:
            async with http.stream("POST", "/api/imports", json=body) as answer:
                if not answer.is_success:
                    await answer.aread()
                    raise LeadhubError(answer.json().get("detail", f"answered {answer.status_code}"))
                async for text in answer.aiter_lines():
                    last = json.loads(text)
                    if "error" in last:
                        raise LeadhubError(last["error"])
                    step(last.get("rows", 0), "rows")
    return last


async def _undo(import_id: str, config: Path | None) -> dict[str, Any]:
    async with client(config) as http:
        said: dict[str, Any] = await call(http, "POST", f"/api/imports/{import_id}/undo")
        return said


def replay(
    lead: Annotated[str | None, typer.Argument(help="A lead or submission; none: use --filter.")] = None,
    filter_: Annotated[
        str | None, typer.Option("--filter", help="Such as state=quarantined or source=expo,state=quarantined.")
    ] = None,
    accept: Annotated[list[str] | None, typer.Option(help="Problem code that you looked at and accept.")] = None,
    correct: Annotated[
        list[str] | None,
        typer.Option(help="FIELD=VALUE put in the place of what was received, and kept; =: as it was."),
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Decide again, with the configuration in force.

    A sink that has the lead already is told again only if it takes updates.
    """
    if bool(lead) == bool(filter_):
        raise LeadhubError("Name one lead or submission, or --filter state=quarantined.")
    fields = _corrections(correct or [], several=lead is None)
    rows = asyncio.run(_replay(lead, filter_, accept or [], fields, config))
    if as_json:
        write_json(rows)
    else:
        write_table("Replayed", ("submission", "status", "lead"), rows)


def _corrections(said: list[str], *, several: bool) -> dict[str, str | None]:
    """Return corrections by field; for several submissions only those that can be right for all of them."""
    pairs = [one.split("=", 1) for one in said if "=" in one]
    if len(pairs) < len(said):
        raise LeadhubError("--correct takes FIELD=VALUE, such as --correct country=DE.")
    fields = {name.strip(): value for name, value in pairs}
    return {key: value for one in fields.items() for key, value in (for_all(*one) if several else dict([one])).items()}


async def _replay(
    lead: str | None, wanted: str | None, accept: list[str], fields: dict[str, str | None], config: Path | None
) -> list[Any]:
    async with client(config) as http:
        if lead and not lead.startswith("sub_"):
            if not fields and not accept:
                return [await call(http, "POST", f"/api/leads/{lead}/replay")]
            lead = (await call(http, "GET", f"/api/leads/{lead}/replay"))["submission"]
        ids = [lead] if lead else await _matching(http, wanted or "")
        act, body = ("correct", {"fields": fields}) if fields else ("replay", {})
        return [
            await call(http, "POST", f"/api/submissions/{id_}/{act}", json={**body, "accept": accept}) for id_ in ids
        ]


async def _matching(http: Any, wanted: str) -> list[str]:
    pairs = dict(part.split("=", 1) for part in wanted.split(",") if "=" in part)
    if not pairs or not set(pairs) <= {"state", "source"}:
        raise LeadhubError("--filter takes state=… and source=…, separated by a comma.")
    ids: list[str] = []
    after = None
    while True:
        params = {**pairs, "limit": 200, **({"after": after} if after else {})}
        page = await call(http, "GET", "/api/submissions", params=params)
        ids += [row["id"] for row in page["items"]]
        after = page["next"]
        if after is None:
            return ids


def simulate(
    config_new: Annotated[Path, typer.Option("--config", help="The changed configuration to try.")],
    days: Annotated[float, typer.Option(help="How far back.")] = 30,
    current: Annotated[Path | None, typer.Option(help="The configuration in force; default hub.yaml.")] = None,
    as_json: Json = False,
) -> None:
    """Try a changed configuration on the leads of the last days: which would go elsewhere, to whom, and how soon."""
    try:
        text = config_new.read_text("utf-8-sig")
    except OSError as error:
        raise LeadhubError(f"{config_new} cannot be read: {error.strerror}.") from error
    said = asyncio.run(_simulate(text, days, current))
    if as_json:
        write_json(said)
        return
    console().print(f"{said['leads']} leads of the last {days:g} days: {said['moved']} would go elsewhere.")
    changes = {part: number for part, number in said["moved_by"].items() if number}
    for part, number in changes.items():
        console().print(f"  of another {part.removesuffix('s')}: {number}")
    sides = [f"{part}_{side}" for part in changes for side in ("before", "after")]
    write_table("Moved", ("lead", *sides), said["examples"])
    write_table("Load", ("team", "member", "before", "after"), said["load"])
    write_table("Pools", ("pool", "before", "after"), said["pools"])
    kinds = [f"{what}_{side}" for what in ("due", "within", "breached") for side in ("before", "after")]
    write_table("Targets", ("route", *kinds), said["targets"])


async def _simulate(text: str, days: float, config: Path | None) -> Any:
    async with client(config) as http:
        return await call(http, "POST", "/api/simulate", json={"config": text, "days": days})
