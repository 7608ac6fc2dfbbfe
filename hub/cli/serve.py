"""run: the hub with its web face, until somebody stops it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import secrets
import signal
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from rich.console import Console

from hub.api.patience import Limits, patient
from hub.app import Hub
from hub.app.hub import ROLES
from hub.cli.office import announce, config_path, office, withdraw
from hub.errors import ConfigError
from hub.settings import Environment
from hub.web.app import create_app

Config = Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file; default hub.yaml.")]


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("run")(run)


def run(
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; default 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default 8400, 0: any free one.")] = None,
    roles: Annotated[str, typer.Option(help="What this process does.")] = "intake,worker,scheduler",
) -> None:
    """Start the hub: intake, worker and scheduler in one process, or the roles you name."""
    chosen = frozenset(part.strip() for part in roles.split(",") if part.strip())
    if not chosen or not chosen <= ROLES:
        raise ConfigError(f"--roles takes some of {', '.join(sorted(ROLES))}, separated by commas.")
    quiet_logs()
    place = office(config_path(config))
    place.roles = chosen
    environment = Environment()
    hub = Hub.open(place)
    asyncio_run(serve(hub, host or environment.host, environment.port if port is None else port))


def asyncio_run(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on the fastest loop there is; Ctrl-C ends it politely."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


def server(hub: Hub, host: str, port: int, key: str) -> uvicorn.Server:
    """Return the web server of a hub, not started yet."""
    settings = hub.plan.settings.hub
    limits = Limits(settings.head_within, settings.body_within, body_bytes=max(16 << 20, 8 * settings.max_body))
    options = uvicorn.Config(
        create_app(hub, local_key=key), host=host, port=port, log_level="warning", access_log=False,
        server_header=False, timeout_keep_alive=30, timeout_graceful_shutdown=45, proxy_headers=False, backlog=2048,
        http=patient(limits), ws="none",
    )  # fmt: skip
    return Server(options)


class Server(uvicorn.Server):
    """uvicorn, which ends this process by the signal it got; we end by ourselves, when everything is put away."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop politely at the first signal, at once at the second."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


async def serve(hub: Hub, host: str, port: int) -> None:
    """Serve until stopped, and say where."""
    key = secrets.token_urlsafe(24)
    web = server(hub, host, port, key)
    serving = asyncio.create_task(web.serve())
    while not web.started and not serving.done():
        await asyncio.sleep(0.02)
    if web.started:
        await settle_memory(hub)
        url = f"http://{host}:{web.servers[0].sockets[0].getsockname()[1]}"
        announce(hub.office.folder, url, key)
        console = Console()
        console.print(f"leadhub serves {url} (Ctrl-C stops it)", highlight=False)
        console.print(f"Overview: {url}/?key={key}", highlight=False, soft_wrap=True)
    try:
        await serving
    finally:
        withdraw(hub.office.folder)
    if not web.started:
        raise ConfigError(f"leadhub could not listen on {host}:{port}. Is the port taken? Name another with --port.")


async def settle_memory(hub: Hub) -> None:
    """Keep what stays for ever out of the garbage collector's rounds."""
    await hub.warm()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    sys.setswitchinterval(0.001)  # the writer's thread gives the interpreter back sooner


def quiet_logs() -> None:
    """Write what is worth a look to stderr, one key=value line each."""
    for name in ("httpx", "python_multipart", "aiohttp"):  # they quote addresses and bodies of strangers
        logging.getLogger(name).setLevel(logging.ERROR)
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
