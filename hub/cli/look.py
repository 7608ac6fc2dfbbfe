"""explain, deliveries and export: looking at what happened."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.alarms import write_alarms
from hub.cli.office import ask, call, client
from hub.cli.serve import Config
from hub.cli.tell import Json, console, tell, write_json, write_table
from hub.errors import LeadhubError

LISTED = 50

deliveries = typer.Typer(invoke_without_command=True)


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("explain")(explain)
    app.add_typer(deliveries, name="deliveries")
    app.command("export")(export)
    app.command("status")(status)


def explain(
    lead: Annotated[str, typer.Argument(help="A lead's id, a submission's id, an e-mail address or a phone number.")],
    language: Annotated[str | None, typer.Option(help="en or zh; default both.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Say in one plain sentence why a lead went where it went, with the trail under it."""
    said = asyncio.run(_explain(lead, [language] if language else ["en", "zh"], config))
    if as_json:
        write_json(said)
        return
    for one in said:
        console().print(one["sentence"], markup=False, style="bold", soft_wrap=True)
        for text in one["trail"]:
            console().print(f"  {text}", markup=False, soft_wrap=True)


async def _explain(lead: str, languages: list[str], config: Path | None) -> list[dict[str, Any]]:
    async with client(config, idle=True) as http:
        path = f"/api/leads/{lead}/explain"
        return [await call(http, "GET", path, params={"language": language}) for language in languages]


@deliveries.callback()
def owed(
    context: typer.Context,
    state: Annotated[
        str | None, typer.Option(help="ready, sending, sent, rejected, unclear, dead or superseded.")
    ] = None,
    sink: Annotated[str | None, typer.Option(help="Only this sink's.")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Make the dead, rejected or unclear ones due again.")] = False,
    limit: Annotated[int, typer.Option(help="Most rows shown.", min=1, max=200)] = LISTED,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List deliveries, newest first; with --retry, send those of that state again; settle decides on a held one."""
    if context.invoked_subcommand:
        return
    said = asyncio.run(_deliveries(state, sink, retry, limit, config))
    if as_json:
        write_json(said)
    elif retry:
        console().print(f"{said['retried']} deliveries are due again.")
    else:
        columns = ("id", "lead", "sink", "route", "state", "attempts", "due_at", "reason")
        write_table("Deliveries", columns, said["items"])


async def _deliveries(state: str | None, sink: str | None, retry: bool, limit: int, config: Path | None) -> Any:
    wanted: dict[str, Any] = {k: v for k, v in {"state": state, "sink": sink}.items() if v is not None}
    async with client(config, idle=True) as http:
        if retry:
            return await call(http, "POST", "/api/deliveries/retry", json=wanted)
        return await call(http, "GET", "/api/deliveries", params={**wanted, "limit": limit})


@deliveries.command("settle")
def settle(
    delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="A held delivery's id, such as dlv_….")],
    arrived: Annotated[bool, typer.Option("--arrived/--again", help="It arrived; or it is to be sent again.")],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Settle a held delivery (unclear), after a look on the other side: it arrived, or it is to be sent again."""
    path, body = f"/api/deliveries/{delivery}/decide", {"arrived": arrived}
    said = asyncio.run(ask(config, "POST", path, json=body, idle=True))
    tell(said, f"{delivery} {'arrived' if arrived else 'is sent again'}.", as_json)


def export(
    to: Annotated[Path, typer.Option(help="File to write; .csv, .jsonl or, of a person, .json.")],
    kind: Annotated[
        str | None, typer.Argument(help="leads, touches, deliveries, decisions, submissions or events.")
    ] = None,
    person: Annotated[
        str | None, typer.Option(help="Only one person, with everything there is: an e-mail, a number, another key.")
    ] = None,
    config: Config = None,
) -> None:
    """Write a whole table, or all that is known of one person, to a file; CSV cells are safe in a spreadsheet."""
    if (kind is None) == (person is None):
        raise LeadhubError("Name a table such as leads, or --person KEY.")
    if person:
        whole = asyncio.run(_export_person(person, to.suffix.lower() == ".csv", config))
        to.touch(mode=0o600)
        number = to.write_bytes(whole)
    else:
        number = asyncio.run(_export(kind or "", to, config))
    console().print(f"Wrote {number} bytes to {to}.")


async def _export_person(key: str, as_csv: bool, config: Path | None) -> bytes:
    body = {"key": key, "format": "csv" if as_csv else "json"}
    async with client(config, idle=True) as http:
        answer = await http.post("/api/people/export", json=body)
    if not answer.is_success:
        raise LeadhubError(answer.json().get("detail", f"answered {answer.status_code}"))
    return (b"\xef\xbb\xbf" if as_csv else b"") + answer.content


async def _export(kind: str, to: Path, config: Path | None) -> int:
    form = "csv" if to.suffix.lower() == ".csv" else "jsonl"
    number = 0
    async with (
        client(config, idle=True) as http,
        http.stream("GET", f"/api/export/{kind}", params={"format": form}) as answer,
    ):
        if not answer.is_success:
            await answer.aread()
            raise LeadhubError(answer.json().get("detail", f"answered {answer.status_code}"))
        with to.open("wb") as file:
            if form == "csv":
                number += file.write(b"\xef\xbb\xbf")  # so that Excel reads it as UTF-8
            async for chunk in answer.aiter_bytes():
                number += file.write(chunk)
    return number


def status(as_json: Json = False, config: Config = None) -> None:
    """Show what came in, what became of it, and what waits."""
    said = asyncio.run(_status(config))
    if as_json:
        write_json(said)
    else:
        write_summary(said)


async def _status(config: Path | None) -> Any:
    async with client(config, idle=True) as http:
        said = await call(http, "GET", "/api/summary")
        nodes, alarms = await call(http, "GET", "/api/nodes"), await call(http, "GET", "/api/alarms")
        return {**said, "nodes": nodes["items"], "alarms": alarms["items"]}


def write_summary(said: dict[str, Any]) -> None:
    """Write the summary as two tables and a line."""
    rows = [{"source": name, **_sums(states)} for name, states in said["sources"].items()]
    write_table("Sources", ("source", "received", "accepted", "duplicate", "quarantined", "rejected", "waiting"), rows)
    rows = [{"sink": name, **states, "paused": said["paused"].get(name)} for name, states in said["sinks"].items()]
    write_table(
        "Sinks", ("sink", "sent", "ready", "sending", "rejected", "unclear", "dead", "superseded", "paused"), rows
    )
    columns = ("id", "state", "host", "pid", "roles", "version", "revision", "seen_at", "note")
    nodes = [{**node, "roles": ", ".join(node["roles"])} for node in said.get("nodes", [])]
    write_table("Nodes", columns, nodes)
    write_alarms(said.get("alarms", []))
    seconds = said["median_seconds_to_delivery"]
    median = f"{seconds:.3f} s" if seconds is not None else "none yet"
    out = console()
    out.print(
        f"Received {said['received']}, test leads {said['tests']}, leads {said['leads']}, merged {said['merged']}, "
        f"near matches to look at {said['suggestions']}."
    )
    out.print(f"Median time from submit to delivery: {median}.")


def _sums(states: dict[str, int]) -> dict[str, int]:
    names = {"done": "accepted", "received": "waiting"}
    return {"received": sum(states.values()), **{names.get(state, state): n for state, n in states.items()}}
