"""Where the hub listens: on this machine alone until a user has a password, and the intake elsewhere on purpose."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Sequence

from rich.console import Console
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.api.address import loopback
from hub.api.problems import problem
from hub.app import Hub
from hub.errors import ConfigError
from hub.store import users

SETUP_BYTES = 16


def check_address(hub: Hub, host: str, *, without_user: bool) -> None:
    """Raise ConfigError for an address that others reach, while nobody has a password and nobody said it is meant."""
    if loopback(host) or without_user or hub.plan.settings.hub.listen_without_user or hub.db_read_now(users.number):
        return
    raise ConfigError(
        f"leadhub listens on {host} only when a user has a password, and none has. Make one with "
        "`leadhub user create NAME --role owner`, or run it on 127.0.0.1 and open the set-up page it names. "
        "If something before it keeps others out, say --without-user, or set hub.listen_without_user."
    )


def setup_token(hub: Hub) -> str | None:
    """Return a new token for the set-up page, None when there is a user."""
    return None if hub.db_read_now(users.number) else secrets.token_urlsafe(SETUP_BYTES)


def tell(url: str, key: str, token: str | None, intake: tuple[str, int] | None) -> None:
    """Print where the hub is found, and once what opens it."""
    console = Console()
    console.print(f"leadhub serves {url} (Ctrl-C stops it)", highlight=False)
    if intake:
        console.print(f"Leads are taken at http://{intake[0]}:{intake[1]}/in/NAME, too.", highlight=False)
    if token:
        said = f"Make the first user: {url}/setup?token={token}"
        console.print(said, highlight=False, markup=False, soft_wrap=True)
    console.print(f"Overview: {url}/?key={key}", highlight=False, soft_wrap=True)


def intake_address(text: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`; raises ConfigError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ConfigError(f"--intake takes HOST:PORT, such as 0.0.0.0:8401, not {text[:100]!r}.")
    return host.strip("[]"), int(port)


class IntakeOnly:
    """The hub's application, which behind one of its ports takes leads and nothing else."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app, self.port = app, port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        local = scope.get("server")
        if scope["type"] == "http" and local and local[1] == self.port and not scope["path"].startswith("/in/"):
            await problem(404, "Only leads are taken here, at /in/NAME.")(scope, receive, send)
            return
        await self.app(scope, receive, send)


def bound(places: Sequence[tuple[str, int]]) -> list[socket.socket]:
    """Return a socket for each address, bound; raises ConfigError."""
    found = []
    for host, port in places:
        try:
            found.append(_bind(host, port))
        except OSError as error:
            for one in found:
                one.close()
            said = f"leadhub could not listen on {host}:{port} ({error.strerror or type(error).__name__})."
            raise ConfigError(f"{said} Name another port.") from error
    return found


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except OSError:
        made.close()
        raise
    made.set_inheritable(True)
    return made
