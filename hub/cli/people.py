"""pools, claim, transfer, return, away, back, leave and ledger: who has which lead, and who takes none."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

import typer

from hub.cli.office import ask
from hub.cli.serve import Config
from hub.cli.tell import Json, tell, write_json, write_table
from hub.errors import LeadhubError

Lead = Annotated[str, typer.Argument(metavar="LEAD", help="Its id, such as lead_….")]
Rep = Annotated[str, typer.Argument(metavar="REP", help="The rep's name in hub.yaml.")]
Pool = Annotated[str | None, typer.Option(help="The pool; without: where the team falls back to.")]
Reason = Annotated[str | None, typer.Option(help="Why, for whoever looks at it later.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say how many leads it would be.")]

RULES = ("claim", "claims_a_day", "views_a_day", "between_claims", "hold")


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("pools")(pools)
    app.command("claim")(claim)
    app.command("transfer")(transfer)
    app.command("return")(give_back)
    app.command("away")(away)
    app.command("back")(back)
    app.command("leave")(leave)
    app.command("ledger")(ledger)


def pools(
    pool: Annotated[str | None, typer.Argument(metavar="[POOL]", help="List the leads that wait in this one.")] = None,
    limit: Annotated[int, typer.Option(help="Most rows shown.", min=1, max=200)] = 50,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List the pools with how many leads wait in each, or the leads of one, newest first."""
    path, params = (f"/api/pools/{pool}/leads", {"limit": limit}) if pool else ("/api/pools", {})
    said = asyncio.run(ask(config, "GET", path, params=params, idle=True))
    if as_json:
        write_json(said)
    elif pool is None:
        write_table("Pools", ("pool", "leads", "embargoed", "oldest", *RULES), said["items"])
    else:
        rows = [{**row, "company": row["lead"].get("company")} for row in said["items"]]
        write_table(f"Pool {pool}", ("id", "since", "grade", "source", "company", "embargo_until"), rows)


def claim(
    lead: Lead,
    rep: Annotated[str, typer.Option(help="Who takes it: the rep's name in hub.yaml.")],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Take a lead out of its pool for a rep, by the rules of the pool."""
    said = asyncio.run(ask(config, "POST", f"/api/leads/{lead}/claim", json={"rep": rep}))
    tell(said, f"{said['owner']} has {lead}.", as_json)


def transfer(
    to: Annotated[str, typer.Option(help="The rep who gets them.")],
    leads: Annotated[list[str] | None, typer.Argument(metavar="[LEAD]...", help="The ids of leads.")] = None,
    owner: Annotated[str | None, typer.Option(help="Instead of ids: all open leads of this rep.")] = None,
    team: Annotated[str | None, typer.Option(help="In which of their teams; without: the lead's.")] = None,
    reason: Reason = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Hand leads to a rep, whoever has them; each that cannot go says why."""
    body = {"leads": leads or [], "owner": owner, "to": to, "team": team, "reason": reason, "dry_run": dry_run}
    said = asyncio.run(ask(config, "POST", "/api/leads/transfer", json=body))
    done = "would go" if dry_run else "went"
    tell(said, f"{said['moved']} of {said['leads']} leads {done} to {to}.", as_json)
    _failed(said["failed"], as_json)


def _failed(failed: dict[str, str], as_json: bool) -> None:
    if failed and not as_json:
        write_table("Not moved", ("lead", "why"), [{"lead": lead, "why": why} for lead, why in failed.items()])
    if failed:
        raise typer.Exit(1)


def give_back(
    lead: Lead,
    reason: Annotated[str, typer.Option(help="Why, in your own words.")],
    pool: Pool = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Put a lead of a rep back into a pool, with a reason."""
    body = {"reason": reason, "pool": pool}
    said = asyncio.run(ask(config, "POST", f"/api/leads/{lead}/return", json=body))
    tell(said, f"{lead} waits in pool {said['pool']}.", as_json)


def _moment(text: str | None) -> str | None:
    """Return a day or moment of this machine's time zone, or one with a zone, as the API takes it."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone().isoformat()
    except ValueError as error:
        raise LeadhubError(f"{text[:64]!r} is no moment. Write 2026-06-01 or 2026-06-01T13:00.") from error


def away(
    rep: Rep,
    until: Annotated[str | None, typer.Option(help="Such as 2026-06-01; without: until `leadhub back`.")] = None,
    since: Annotated[str | None, typer.Option(help="Such as 2026-05-04T13:00; without: now.")] = None,
    cover: Annotated[str | None, typer.Option(help="The rep who takes their leads meanwhile.")] = None,
    reason: Reason = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Let a rep take no leads for a time; who stands in does so until then."""
    body = {"until": _moment(until), "since": _moment(since), "cover": cover, "reason": reason}
    said = asyncio.run(ask(config, "POST", f"/api/reps/{rep}/away", json=body, idle=True))
    ends = f"until {said['until']}" if said["until"] else "until they are back"
    instead = f"; {cover} takes their leads" if cover else ""
    tell(said, f"{rep} takes no leads from {said['since']} {ends}{instead}.", as_json)


def back(rep: Rep, as_json: Json = False, config: Config = None) -> None:
    """Let a rep take leads again."""
    said = asyncio.run(ask(config, "POST", f"/api/reps/{rep}/back", idle=True))
    tell(said, f"{rep} takes leads again." if said["ended"] else f"{rep} was not away.", as_json)


def leave(
    rep: Rep,
    to: Annotated[str | None, typer.Option(help="Who gets their leads; without: the others, by turns.")] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Hand on all leads of a rep who leaves, and give them no more."""
    said = asyncio.run(ask(config, "POST", f"/api/reps/{rep}/leave", json={"to": to, "dry_run": dry_run}))
    if dry_run:
        tell(said, f"{rep} has {said['leads']} open leads.", as_json)
        return
    got = ", ".join(f"{name} {number}" for name, number in sorted(said["got"].items())) or "nobody"
    tell(said, f"{said['moved']} of {said['leads']} leads of {rep} were handed on: {got}.", as_json)
    _failed(said["failed"], as_json)


def ledger(
    team: Annotated[str, typer.Argument(metavar="TEAM", help="The team's name in hub.yaml.")],
    member: Annotated[
        str | None, typer.Argument(metavar="[MEMBER]", help="List what this one was owed and got.")
    ] = None,
    limit: Annotated[int, typer.Option(help="Most rows shown.", min=1, max=200)] = 50,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show what each member of a team got and is owed, or every credit and debit of one, newest first."""
    params: dict[str, Any] = {"limit": limit, **({"member": member} if member else {})}
    said = asyncio.run(ask(config, "GET", f"/api/teams/{team}/ledger", params=params, idle=True))
    if as_json:
        write_json(said)
    elif member is None:
        write_table(f"Team {team}", ("member", "weight", "received", "entitled", "balance"), said["members"])
    else:
        columns = ("at", "lead", "says", "change", "balance")
        write_table(f"{member} in team {team}", columns, said["items"], widest=200)
