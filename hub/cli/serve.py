"""run: the hub with its web face, until somebody stops it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import secrets
import signal
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
import uvicorn
from rich.console import Console

from hub import failpoints
from hub.api.patience import Limits, patient
from hub.app import Hub
from hub.app.office import ROLES
from hub.app.stall import StallWatch
from hub.cli import listen
from hub.cli.office import announce, config_path, office, withdraw
from hub.errors import ConfigError
from hub.observe.logs import Lines, open_logs
from hub.settings import Environment

log = logging.getLogger("leadhub")

REQUEST_SECONDS = 20  # open requests may take so long to end; what is being sent has its own, longer time

Config = Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file; default hub.yaml.")]


def add_to(app: typer.Typer) -> None:
    """Add this part's commands."""
    app.command("run")(run)


def run(
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; default 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default 8400, 0: any free one.")] = None,
    roles: Annotated[str, typer.Option(help="What this process does.")] = "intake,worker,scheduler",
    publish: Annotated[
        bool, typer.Option("--publish", help="Publish the configuration file although another node replaced it.")
    ] = False,
    intake: Annotated[str | None, typer.Option(help="HOST:PORT where leads are taken too, and nothing else.")] = None,
    without_user: Annotated[
        bool, typer.Option("--without-user", help="Listen beyond this machine although no user has a password.")
    ] = False,
) -> None:
    """Start the hub: intake, worker and scheduler in one process, or the roles you name."""
    chosen = frozenset(part.strip() for part in roles.split(",") if part.strip())
    if not chosen or not chosen <= ROLES:
        raise ConfigError(f"--roles takes some of {', '.join(sorted(ROLES))}, separated by commas.")
    lines = quiet_logs()
    warn_of_failpoints()
    place = office(config_path(config))
    place.roles, place.publish = chosen, publish
    environment = Environment()
    hub = Hub.open(place)
    follow(lines, hub)
    at = (host or environment.host, environment.port if port is None else port)
    listen.check_address(hub, at[0], without_user=without_user)
    asyncio_run(serve(hub, *at, listen.intake_address(intake) if intake else None))


def asyncio_run(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on the fastest loop there is; Ctrl-C ends it politely."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


def server(
    hub: Hub, host: str, port: int, key: str, *, setup_token: str | None = None, intake_port: int | None = None
) -> uvicorn.Server:
    """Return the web server of a hub, not started yet; behind the `intake_port` it takes leads only."""
    from hub.web.app import create_app  # late, as in hub.cli.office

    app = create_app(hub, local_key=key, setup_token=setup_token)
    settings = hub.plan.settings.hub
    limits = Limits(settings.head_within, settings.body_within, body_bytes=max(16 << 20, 8 * settings.max_body))
    options = uvicorn.Config(
        listen.IntakeOnly(app, intake_port) if intake_port else app, host=host, port=port,
        log_level="warning", access_log=False, log_config=None,
        server_header=False, timeout_keep_alive=30, timeout_graceful_shutdown=REQUEST_SECONDS, proxy_headers=False,
        backlog=2048, http=patient(limits), ws="none",
    )  # fmt: skip
    made = Server(options)
    made.hub = hub
    return made


class Server(uvicorn.Server):
    """uvicorn, which ends this process by the signal it got; we end by ourselves, when everything is put away."""

    hub: Hub

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop politely, as soon as the first signal comes; at the second, end this process as if it were killed."""
        if self.should_exit:
            log.warning("event=stop.forced detail='What was being sent is treated as what may have arrived.'")
            withdraw(self.hub.office.folder)
            os._exit(128 + sig)
        self.should_exit = True
        self.hub.wind_down()

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


async def serve(hub: Hub, host: str, port: int, intake: tuple[str, int] | None = None) -> None:
    """Serve until stopped, and say where."""
    key = secrets.token_urlsafe(24)
    watch = StallWatch(hub.plan.settings.hub.stalled_after)
    watch.start(asyncio.get_running_loop())
    token = listen.setup_token(hub)
    sockets = listen.bound([(host, port), intake]) if intake else None
    taken = sockets[1].getsockname()[1] if sockets else None
    web = server(hub, host, port, key, setup_token=token, intake_port=taken)
    serving = asyncio.create_task(web.serve(sockets))
    while not web.started and not serving.done():
        await asyncio.sleep(0.02)
    if web.started:
        await settle_memory(hub)
        url = f"http://{host}:{web.servers[0].sockets[0].getsockname()[1]}"
        announce(hub.office.folder, url, key)
        listen.tell(url, key, token, (intake[0], taken) if intake and taken else None)
    try:
        await _until_stopped(hub, web, serving)
    finally:
        watch.stop()
        withdraw(hub.office.folder)
    if not web.started:
        raise ConfigError(f"leadhub could not listen on {host}:{port}. Is the port taken? Name another with --port.")
    if hub.node.retired:
        raise ConfigError(hub.node.retired)


async def _until_stopped(hub: Hub, web: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    """Return when the server has ended; end this process at once when its database cannot be trusted any more."""
    failed = asyncio.create_task(hub.db.failed.wait())
    retired = asyncio.create_task(hub.node.ended.wait())
    await asyncio.wait({serving, failed, retired}, return_when=asyncio.FIRST_COMPLETED)
    if not failed.done():
        web.should_exit = True  # as it is when the server has ended by itself
        failed.cancel()
        retired.cancel()
        await serving
        return
    log.critical("event=database.failed detail=%r", hub.db.guard.broken)
    withdraw(hub.office.folder)
    os._exit(1)  # no polite end: it would write, and claim that it is kept


def warn_of_failpoints() -> None:
    """Say loudly that this process was told to break; raises ConfigError for a failpoint that does not exist."""
    said = failpoints.check()
    if said:
        log.critical(
            "event=failpoints.armed %s=%r detail='this process will break on purpose'", failpoints.VARIABLE, said
        )
        Console(stderr=True).print(
            f"WARNING: {failpoints.VARIABLE}={said}. This leadhub breaks on purpose. Never set it where leads count.",
            style="bold red", markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip


async def settle_memory(hub: Hub) -> None:
    """Keep what stays for ever out of the garbage collector's rounds."""
    await hub.warm()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    sys.setswitchinterval(0.001)  # the writer's thread gives the interpreter back sooner


def quiet_logs() -> Lines:
    """Write what is worth a look to stderr, a line each; LEADHUB_LOG says in which form."""
    return open_logs(Environment().log or "text")


def follow(lines: Lines, hub: Hub) -> None:
    """Write log lines as the hub's configuration says, without what it holds secret."""
    settings, environment = hub.plan.settings.hub, Environment()
    lines.form = lambda: environment.log or hub.plan.settings.hub.log
    own = tuple(filter(None, (str(hub.db.url.password or ""), environment.key)))
    lines.redaction.secrets = lambda: (*hub.plan.secrets, *hub.plan.referred, *own)
    logging.getLogger("leadhub").setLevel(settings.log_level.upper())
