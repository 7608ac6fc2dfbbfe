"""connect: walk a person through a vendor's consent page, and keep the tokens that come of it."""

from __future__ import annotations

import asyncio
import os
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from hub.cli.office import call, client
from hub.cli.redirected import listening
from hub.cli.serve import Config
from hub.cli.tell import Json, tell

PORT = 8765
PATH = "/callback"
PATIENCE = 600.0  # seconds; codes and states of vendors last about as long


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("connect")(connect)


def connect(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The sink's or source's name in hub.yaml.")],
    port: Annotated[int, typer.Option(help="Port of this machine the browser comes back to.", min=0, max=65535)] = PORT,
    redirect: Annotated[
        str | None, typer.Option(help="The address registered with the vendor, if it is another one; then you paste.")
    ] = None,
    paste: Annotated[bool, typer.Option("--paste", help="Paste the address the browser ends at, as over ssh.")] = False,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser of this machine.")] = True,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Give a vendor's consent: opens its page, takes the answer, and keeps the refresh token encrypted."""
    said = asyncio.run(_connect(config, name, port, redirect, paste or redirect is not None, browser))
    words = (
        f"{said['name']} ({said['connector']}) is connected. Its refresh token is kept encrypted in the database, "
        f"where hub.token_key opens it; the access token is good until {said['until']} and is renewed by itself."
    )
    tell(said, words, as_json)


async def _connect(
    config: Path | None, name: str, port: int, redirect: str | None, paste: bool, browser: bool
) -> dict[str, Any]:
    async with client(config, idle=True) as http:
        if paste:
            where = redirect or f"http://localhost:{port}{PATH}"
            begun = await _begin(http, name, where)
            _show(begun, where, "Open it in any browser and consent. It ends at an address that may show an error.")
            answer = await asyncio.to_thread(typer.prompt, "Paste that address", err=True)
            return await _finish(http, begun, where, answer)
        async with listening(port, PATH) as found:
            where = f"{found.base}{PATH}"
            begun = await _begin(http, name, where)
            _show(begun, where, "Consent there; the browser then comes back here.")
            if browser and _has_browser():
                await asyncio.to_thread(webbrowser.open, begun["url"])
            return await _finish(http, begun, where, await found.answer(PATIENCE))


async def _begin(http: httpx.AsyncClient, name: str, redirect: str) -> dict[str, Any]:
    said: dict[str, Any] = await call(http, "POST", f"/api/connect/{name}", json={"redirect": redirect})
    return said


async def _finish(http: httpx.AsyncClient, begun: dict[str, Any], redirect: str, answer: str) -> dict[str, Any]:
    body = {"redirect": redirect, "answer": answer, "state": begun["state"], "verifier": begun["verifier"]}
    said: dict[str, Any] = await call(http, "POST", f"/api/connect/{begun['name']}/answer", json=body)
    return said


def _show(begun: dict[str, Any], redirect: str, what: str) -> None:
    console = Console(stderr=True, highlight=False)
    asked = f" for {begun['scope']}" if begun["scope"] else ""
    lines = [
        f"{begun['name']} asks {begun['connector']}{asked}.",
        f"The app must be registered there with the address {redirect} to come back to.",
        f"The consent page: {begun['url']}",
        what,
    ]
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _has_browser() -> bool:
    """Return whether a browser can be opened here; one that draws in the terminal would hide what is said there."""
    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return False
    return "BROWSER" in os.environ or not isinstance(found, webbrowser.GenericBrowser)
