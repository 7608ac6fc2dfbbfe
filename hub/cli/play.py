"""sandbox: the vendors played on this machine, as what the hub sends to, and as who sends to the hub."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from hub.cli.office import running
from hub.cli.tell import Json, console, write_json
from hub.errors import ConfigError

SAMPLE = {
    "full_name": "Ada Example", "email": "ada{}@example.com", "phone": "+1 202 555 01{:02d}",
    "company": "Example Works", "message": "Please call me about a demo.", "utm_source": "sandbox",
    "utm_campaign": "spring",
}  # fmt: skip

group = typer.Typer(invoke_without_command=True, help="Play the vendors on this machine.")

Pairs = Annotated[list[str] | None, typer.Option(help="NAME=VALUE, as often as needed.")]


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.add_typer(group, name="sandbox")


@group.callback()
def sandbox(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 9900,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    ledger: Annotated[Path | None, typer.Option(help="File that keeps what was received.")] = None,
    limits: Annotated[bool, typer.Option(help="Keep the vendors' rate limits.")] = True,
    smtp_port: Annotated[int | None, typer.Option(help="Take mail on this port too.")] = None,
) -> None:
    """Play the vendors on this machine: point a connector's base_url here and see what it sends."""
    from hub.testing.sandbox.server import run

    if context.invoked_subcommand is None:
        run(host, port, ledger, limits=limits, smtp_port=smtp_port)


@group.command("post")
def post(
    vendor: Annotated[str, typer.Argument(help="Connector whose vendor posts, such as typeform.")],
    to: Annotated[str | None, typer.Option(help="Source, or a whole address; default: the vendor's name.")] = None,
    secret: Annotated[str | None, typer.Option(help="What the vendor signs with, as the source has it.")] = None,
    number: Annotated[int, typer.Option(help="How many different leads.", min=1, max=1000)] = 1,
    field: Pairs = None,
    option: Pairs = None,
    sandbox_url: Annotated[
        str | None, typer.Option("--sandbox", help="A running sandbox, which keeps what the vendor is asked for later.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Post sample leads to a source the way its vendor does, signed; says what the hub answered."""
    url = address(to or vendor)
    fields, options = pairs(field), pairs(option)
    answers = asyncio.run(_posted(vendor, url, number, fields, {**options, "secret": secret, "sandbox": sandbox_url}))
    if as_json:
        write_json([{"status": answer.status_code, "body": answer.text[:2000]} for answer in answers])
    else:
        for answer in answers:
            console().print(f"{answer.status_code} {answer.text[:500]}", markup=False, soft_wrap=True)
    if any(answer.is_error for answer in answers):
        raise typer.Exit(1)


async def _posted(
    vendor: str, url: str, number: int, fields: dict[str, str], options: dict[str, Any]
) -> list[httpx.Response]:
    from hub.testing.sandbox.senders import names
    from hub.testing.sandbox.senders import post as send

    if vendor not in names():
        raise ConfigError(f'Nobody plays "{vendor}" as a sender. Known: {", ".join(names())}.')
    answers = []
    async with httpx.AsyncClient(timeout=30.0) as http:
        for n in range(1, number + 1):
            lead = {name: value.format(n) for name, value in SAMPLE.items()} | fields
            key = f"sandbox-{uuid.uuid4().hex[:12]}"
            try:
                answers.append(await send(vendor, url, lead, key=key, at=datetime.now(UTC), http=http, **options))
            except httpx.HTTPError as error:
                said = f"Nobody answers at {url} ({type(error).__name__}). Start the hub with `leadhub run`, or name"
                raise ConfigError(f"{said} its address with --to.") from error
    return answers


def address(to: str) -> str:
    """Return the intake address of a source of the hub that runs here; a whole address stays as it is."""
    if to.startswith(("http://", "https://")):
        return to
    hub = running(Path.cwd())
    return f"{hub.url if hub else 'http://127.0.0.1:8400'}/in/{to}"


def pairs(said: list[str] | None) -> dict[str, str]:
    """Return NAME=VALUE pairs as a dict; raises ConfigError for one without a sign."""
    found = dict(one.partition("=")[::2] for one in said or ())
    wrong = next((one for one in said or () if "=" not in one), None)
    if wrong is not None:
        raise ConfigError(f"{wrong!r} is no NAME=VALUE.")
    return found
