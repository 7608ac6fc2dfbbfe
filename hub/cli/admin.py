"""key and erase: who may call, and who is to be forgotten."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.office import call, client
from hub.cli.serve import Config
from hub.cli.tell import Json, console, write_json, write_table
from hub.errors import LeadhubError

key = typer.Typer(help="API keys.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.add_typer(key, name="key")
    app.command("erase")(erase)


async def _call(config: Path | None, method: str, path: str, **options: Any) -> Any:
    async with client(config) as http:
        return await call(http, method, path, **options)


@key.command("create")
def create(
    role: Annotated[str, typer.Option(help="viewer, operator, admin or owner.")],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Make an API key; it is shown this once, as the last line."""
    said = asyncio.run(_call(config, "POST", "/api/keys", json={"role": role}))
    if as_json:
        write_json(said)
        return
    console().print(f"Key {said['id']} with the role {said['role']}. It is not shown again:")
    print(said["key"])


@key.command("list")
def listed(as_json: Json = False, config: Config = None) -> None:
    """List the API keys; never the keys themselves."""
    said = asyncio.run(_call(config, "GET", "/api/keys", params={"limit": 200}))
    if as_json:
        write_json(said)
    else:
        write_table("Keys", ("id", "role", "created_at", "revoked_at"), said["items"])


@key.command("revoke")
def revoke(id_: Annotated[str, typer.Argument(metavar="ID")], config: Config = None) -> None:
    """Make a key worthless."""
    asyncio.run(_call(config, "DELETE", f"/api/keys/{id_}"))
    console().print(f"Revoked {id_}.")


def erase(
    email: Annotated[str | None, typer.Option(help="The person's e-mail address.")] = None,
    phone: Annotated[str | None, typer.Option(help="The person's phone number.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Blank everything personal of one person, in every table."""
    if not email and not phone:
        raise LeadhubError("Name --email or --phone.")
    if not yes:
        typer.confirm("This cannot be undone. Erase the person?", abort=True)
    said = asyncio.run(_call(config, "POST", "/api/erase", json={"email": email, "phone": phone}))
    if as_json:
        write_json(said)
    elif not said["leads"]:
        console().print("Nobody with that address or number is here.")
    else:
        rows = [{"what": what, "rows": number} for what, number in said["counts"].items()]
        write_table(f"Erased {', '.join(said['leads'])}", ("what", "rows"), rows)
