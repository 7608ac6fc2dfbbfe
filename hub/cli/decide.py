"""quarantine, suggestions and unmerge: what waits for a person's word, and what one takes back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.office import ask, call, client
from hub.cli.serve import Config
from hub.cli.tell import Json, tell, write_json, write_table
from hub.errors import LeadhubError

LISTED = 50
REASONS = 300  # characters of what a decision stands on

quarantine = typer.Typer(invoke_without_command=True)
suggestions = typer.Typer(invoke_without_command=True)

Submission = Annotated[str, typer.Argument(metavar="SUBMISSION", help="Its id, such as sub_….")]
Suggestion = Annotated[int, typer.Argument(metavar="ID", help="The number of the pair.", min=0)]
Limit = Annotated[int, typer.Option(help="Most rows shown.", min=1, max=200)]


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.add_typer(quarantine, name="quarantine")
    app.add_typer(suggestions, name="suggestions")
    app.command("unmerge")(unmerge)


@quarantine.callback()
def waiting(
    context: typer.Context,
    source: Annotated[str | None, typer.Option(help="Only this source's.")] = None,
    limit: Limit = LISTED,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List what waits in quarantine with the reasons, newest first; accept or reject decides on one."""
    if context.invoked_subcommand:
        return
    params = {"state": "quarantined", "limit": limit, **({"source": source} if source else {})}
    said = asyncio.run(ask(config, "GET", "/api/submissions", params=params, idle=True))
    if as_json:
        write_json(said)
        return
    rows = [{**row, "problems": ", ".join(_codes(row))} for row in said["items"]]
    write_table("Quarantine", ("id", "source", "received_at", "problems", "reason"), rows, widest=REASONS)


def _codes(row: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(problem["code"] for problem in row["problems"] or ()))


@quarantine.command("accept")
def accept(
    submission: Submission,
    code: Annotated[list[str] | None, typer.Option(help="Only this problem; none: all that it waits for.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Wave a submission's problems through and let it go on; what is wrong beside them holds it again."""
    said = asyncio.run(_accept(submission, code or [], config))
    words = {
        "accepted": f"{submission} goes on as lead {said['lead']}.",
        "quarantined": f"{submission} still waits: {said.get('reason')}",
    }
    tell(said, words.get(said["status"], f"{submission} is {said['status']}."), as_json)
    if said["status"] == "quarantined":
        raise typer.Exit(1)


async def _accept(submission: str, codes: list[str], config: Path | None) -> dict[str, Any]:
    async with client(config) as http:
        row = await call(http, "GET", f"/api/submissions/{submission}")
        if row["state"] != "quarantined":
            raise LeadhubError(f"The submission {submission} is {row['state']}; it does not wait in quarantine.")
        body = {"accept": codes or _codes(row)}
        said: dict[str, Any] = await call(http, "POST", f"/api/submissions/{submission}/replay", json=body)
        if said["status"] == "quarantined":
            said["reason"] = (await call(http, "GET", f"/api/submissions/{submission}"))["reason"]
        return said


@quarantine.command("reject")
def reject(
    submission: Submission,
    reason: Annotated[str | None, typer.Option(help="Why, for whoever looks at it later.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Refuse a submission; it is kept, and `replay` takes it up after all."""
    body = {"reason": reason} if reason else {}
    said = asyncio.run(ask(config, "POST", f"/api/submissions/{submission}/reject", json=body, idle=True))
    tell(said, f"{submission} is rejected.", as_json)


@suggestions.callback()
def pairs(
    context: typer.Context,
    state: Annotated[str, typer.Option(help="open, joined or separate.")] = "open",
    limit: Limit = LISTED,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List pairs of leads that may be one person, newest first; accept or dismiss decides on one."""
    if context.invoked_subcommand:
        return
    said = asyncio.run(ask(config, "GET", "/api/suggestions", params={"state": state, "limit": limit}, idle=True))
    if as_json:
        write_json(said)
        return
    rows = [{**row, "reasons": ", ".join(row["reasons"] or ())} for row in said["items"]]
    write_table("Suggestions", ("id", "score", "lead", "other", "reasons"), rows, widest=REASONS)


@suggestions.command("accept")
def join(id_: Suggestion, as_json: Json = False, config: Config = None) -> None:
    """Join the two leads: they are one person. The elder one stays; unmerge takes them apart again."""
    said = asyncio.run(ask(config, "POST", f"/api/suggestions/{id_}/accept", idle=True))
    lead, other = said["lead"], said["joined"]
    tell(said, f"{other} is joined into {lead}." if other else f"Both were joined already, into {lead}.", as_json)


@suggestions.command("dismiss")
def dismiss(id_: Suggestion, as_json: Json = False, config: Config = None) -> None:
    """Keep the two leads apart: they are two people, and are not suggested again."""
    said = asyncio.run(ask(config, "POST", f"/api/suggestions/{id_}/dismiss", idle=True))
    tell(said, f"Suggestion {id_} is dismissed; the leads stay two.", as_json)


def unmerge(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="A submission (sub_…), or a joined lead (lead_…).")],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Take a submission, or a lead that was joined, out of the lead it is in; what was delivered stays delivered."""
    if not what.startswith(("sub_", "lead_")):
        raise LeadhubError(f"{what[:64]!r} is neither a submission (sub_…) nor a lead that was joined (lead_…).")
    body = {"submission" if what.startswith("sub_") else "other": what}
    said = asyncio.run(ask(config, "POST", f"/api/leads/{what}/unmerge", json=body, idle=True))
    tell(said, f"{what} is out of {said['lead']}, as lead {said['made']}.", as_json)
