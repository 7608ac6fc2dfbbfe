"""key: who may call; token: the access tokens we hold."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.office import call, client
from hub.cli.serve import Config
from hub.cli.tell import Json, console, write_json, write_table

key = typer.Typer(help="API keys.", no_args_is_help=True)
token = typer.Typer(help="Access tokens that are stored.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.add_typer(key, name="key")
    app.add_typer(token, name="token")


async def _call(config: Path | None, method: str, path: str, **options: Any) -> Any:
    async with client(config, idle=True) as http:
        return await call(http, method, path, **options)


@key.command("create")
def create(
    role: Annotated[str, typer.Option(help="viewer, operator, admin, owner, or source: it only posts leads.")],
    source: Annotated[str | None, typer.Option(help="The source that a key of the role source is for.")] = None,
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    days: Annotated[float | None, typer.Option(help="How long it is good; without: until it is revoked.")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Make an API key; it is shown this once, as the last line."""
    wanted = {"role": role, "source": source, "name": name, "days": days}
    said = asyncio.run(_call(config, "POST", "/api/keys", json=wanted))
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
        names = ("id", "prefix", "role", "source", "name", "created_at", "last_used_at", "expires_at", "revoked_at")
        write_table("Keys", names, said["items"])


@key.command("revoke")
def revoke(id_: Annotated[str, typer.Argument(metavar="ID")], config: Config = None) -> None:
    """Make a key worthless."""
    asyncio.run(_call(config, "DELETE", f"/api/keys/{id_}"))
    console().print(f"Revoked {id_}.")


@token.command("reseal")
def reseal(as_json: Json = False, config: Config = None) -> None:
    """Encrypt the stored tokens with the newest key of hub.token_key, so that the older ones may go."""
    said = asyncio.run(_call(config, "POST", "/api/tokens/reseal"))
    if as_json:
        write_json(said)
        return
    console().print(f"{said['resealed']} tokens are encrypted with the newest key.")
    for name in said["not_opened"]:
        console().print(f"{name}: no key of ours opens it. A new token will be asked for.", markup=False)
