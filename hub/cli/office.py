"""Where a command talks to: the hub that runs in this workspace, or one opened for the command alone."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from hub.app import Hub, Office
from hub.errors import ConfigError, LeadhubError
from hub.settings import Environment

RUNNING = Path("data") / "run.json"


@dataclass(frozen=True, slots=True)
class Running:
    """A hub that runs: its address and the key of this machine's owner."""

    url: str
    key: str


def config_path(config: Path | None) -> Path:
    """Return the configuration file a command means; raises ConfigError when it is not there."""
    path = config or Path(Environment().config)
    if not path.is_file():
        said = f"There is no {path} here. Run `leadhub init .` to make one, or name it with --config."
        raise ConfigError(said)
    return path


def office(config: Path) -> Office:
    """Return what a hub of this workspace is handed."""
    load_env_file(config.resolve().parent)
    return Office(config.resolve().parent, config.resolve(), database=Environment().database)


def load_env_file(folder: Path) -> None:
    """Set what the workspace's .env names, unless the environment says otherwise."""
    path = folder / ".env"
    if not path.is_file():
        return
    for line in path.read_text("utf-8").splitlines():
        name, sign, value = line.partition("=")
        if sign and name.strip() and not name.lstrip().startswith("#"):
            os.environ.setdefault(name.strip(), value.strip().strip('"'))


def announce(folder: Path, url: str, key: str) -> None:
    """Leave word where this workspace's hub runs, for commands of the same user only."""
    path = folder / RUNNING
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(json.dumps({"url": url, "key": key, "pid": os.getpid()}))
    new.replace(path)  # whole or not at all: a command may look at any moment


def withdraw(folder: Path) -> None:
    """Take the word back, unless another process left its own meanwhile."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        if json.loads((folder / RUNNING).read_text())["pid"] == os.getpid():
            (folder / RUNNING).unlink()


def running(folder: Path) -> Running | None:
    """Return the hub that runs in a workspace, or the one the environment names."""
    environment = Environment()
    if environment.url and environment.key:
        return Running(environment.url, environment.key)
    try:
        said = json.loads((folder / RUNNING).read_text())
        os.kill(said["pid"], 0)
    except (OSError, ValueError, KeyError):
        return None
    return Running(said["url"], said["key"])


@contextlib.asynccontextmanager
async def client(config: Path | None, *, idle: bool = False) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of the running hub; when none runs, of one opened here until the command ends.

    An `idle` one serves commands that run no submission and send no lead: it needs no secrets for that.
    """
    path = config_path(config)
    found = running(path.resolve().parent)
    if found is not None:
        headers = {"authorization": f"Bearer {found.key}"}
        async with httpx.AsyncClient(base_url=found.url, headers=headers, timeout=None, trust_env=False) as http:  # noqa: S113 (long work says how far it is)
            yield http
        return
    place = office(path)
    if idle:
        place.roles = frozenset()
    hub = Hub.open(place)
    key = secrets.token_urlsafe(16)
    from hub.web.app import create_app  # the API and its pages take long to import: only who opens them pays

    app = create_app(hub, local_key=key, bells=False)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        headers = {"authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://hub", headers=headers, timeout=None) as http:  # noqa: S113 (long work says how far it is)
            yield http


async def call(http: httpx.AsyncClient, method: str, path: str, **options: Any) -> Any:
    """Call the API and return its JSON; raises LeadhubError with the hub's own sentence."""
    try:
        answer = await http.request(method, path, **options)
    except httpx.HTTPError as error:
        raise LeadhubError(f"The hub does not answer ({type(error).__name__}). Is it still running?") from error
    if answer.is_success:
        return answer.json()
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError):
        detail = f"answered {answer.status_code}"
    raise LeadhubError(detail)


async def ask(config: Path | None, method: str, path: str, *, idle: bool = False, **options: Any) -> Any:
    """Call the API once, of the running hub or of one opened for it, and return its JSON; raises LeadhubError."""
    async with client(config, idle=idle) as http:
        return await call(http, method, path, **options)
