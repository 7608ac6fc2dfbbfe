"""The sandbox as one server, for tests and for the command line."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any, Self, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount

from hub.clock import Clock, SystemClock
from hub.testing.imap_server import ImapServer
from hub.testing.sandbox.control import Control, configure, refused
from hub.testing.sandbox.exchange import Exchange
from hub.testing.sandbox.ledger import Entry, Ledger
from hub.testing.sandbox.mail import MailServer, mailbox
from hub.testing.sandbox.script import Scripts, Step
from hub.testing.sandbox.vendors import vendors
from hub.testing.sandbox.vendors.webhook import Webhook, WebhookExchange
from hub.testing.sandbox.wire import Protocol, Receive, Scope, Send

T = TypeVar("T")

_DRAIN = 0.5  # seconds an unfinished answer gets when the sandbox ends


class Sandbox:
    """A running sandbox inside `async with`; each vendor is at `{url}/{vendor}`.

    `settings` are per vendor; `limits=False` switches the vendors' rate limits off; without a ledger path the
    ledger is a temporary file. `smtp_port` starts the mail receiver too, `imap_port` a mailbox that has what the
    receiver takes (0: any free port).
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ledger: Path | None = None,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        limits: bool = True,
        smtp_port: int | None = None,
        imap_port: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._host, self._port, self._ledger_path = host, port, ledger
        self._smtp_port, self._imap_port = smtp_port, imap_port
        self._clock = clock or SystemClock()
        self._scripts = Scripts()
        own = settings or {}
        base: dict[str, Any] = {} if limits else {"limits": False}
        self.vendors = {cls.name: cls(self._clock, {**base, **own.get(cls.name, {})}) for cls in vendors()}
        self._mail_settings: dict[str, Any] = dict(own.get("smtp", {}))
        self._stack = AsyncExitStack()
        self._mail: MailServer | None = None
        self._imap: ImapServer | None = None

    async def __aenter__(self) -> Self:
        """Open the ledger and listen."""
        async with AsyncExitStack() as stack:
            path = self._ledger_path or Path(stack.enter_context(tempfile.TemporaryDirectory())) / "ledger.jsonl"
            self._ledger = Ledger(path)
            stack.callback(self._ledger.close)
            self._remember()
            self._server = await stack.enter_async_context(_Server(self._app(), self._host, self._port))
            if self._imap_port is not None:
                self._imap = await stack.enter_async_context(mailbox(self._host, self._imap_port))
            if self._smtp_port is not None:
                mail = MailServer(self._scripts, self._ledger, self._clock, self._mail_settings, self._imap)
                self._mail = await stack.enter_async_context(mail.listening(self._host, self._smtp_port))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening, drop open connections, close the ledger."""
        await self._stack.aclose()

    async def start(self, server: AbstractAsyncContextManager[T]) -> T:
        """Start another server that ends with the sandbox."""
        return await self._stack.enter_async_context(server)

    @property
    def url(self) -> str:
        """Return the address without a slash at its end."""
        return f"http://{self._host}:{self._server.port}"

    @property
    def smtp_port(self) -> int:
        """Return the port of the mail receiver; raises LookupError when it was not asked for."""
        if self._mail is None:
            raise LookupError("The mail receiver is not running: give smtp_port.")
        return self._mail.port

    @property
    def imap(self) -> ImapServer:
        """Return the mailbox; raises LookupError when it was not asked for."""
        if self._imap is None:
            raise LookupError("The mailbox is not running: give imap_port.")
        return self._imap

    def script(
        self, path: str, steps: Iterable[Step | Mapping[str, Any]], *, seed: int = 0, method: str | None = None
    ) -> None:
        """Set what goes wrong at a path pattern such as `/slack/*`; no steps: nothing any more."""
        self._scripts.set(path, steps, seed=seed, method=method)

    def configure(self, vendor: str, **settings: Any) -> None:
        """Change settings of a vendor; None takes one away."""
        configure(self.vendors[vendor], settings)

    def seed(self, vendor: str, *items: Mapping[str, Any]) -> None:
        """Put records into a vendor's store."""
        self.vendors[vendor].seed(items)

    def records(self, vendor: str) -> list[Mapping[str, Any]]:
        """Return what a vendor's store holds; for `smtp` the mails are in the ledger only."""
        return list(self.vendors[vendor].records())

    def entries(self, vendor: str | None = None, after: int = 0) -> Iterator[Entry]:
        """Yield what was received after an id, of one vendor or of all."""
        return self._ledger.entries(vendor, after)

    def addresses(self) -> list[str]:
        """Return a line per address: the sandbox's own first, then vendors and mail."""
        lines = [f"Sandbox on {self.url}", *(f"  {self.url}/{name}" for name in self.vendors)]
        lines += [f"  smtp://{self._host}:{self._mail.port}"] if self._mail else []
        return lines + ([f"  imap://{self._host}:{self._imap.port}"] if self._imap else [])

    def _app(self) -> Any:
        """Return the ASGI app: the webhook receiver by the shortest path, the rest by Starlette."""
        parts = (self._scripts, self._ledger, self._clock)
        hooks = WebhookExchange(self.vendors["webhook"], *parts)
        mounts = [Mount(f"/{name}", app=Exchange(vendor, *parts)) for name, vendor in self.vendors.items()]
        routes = [*Control(self.vendors, self._scripts, self._ledger).routes(), *mounts]
        rest = Starlette(routes=routes, exception_handlers={HTTPException: refused})

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            inner = hooks if scope["path"].startswith("/webhook/") else rest
            await inner(scope, receive, send)

        return app

    def _remember(self) -> None:
        """Take the webhook ids of an earlier run from the ledger, as a receiver does not forget over a restart."""
        webhook = self.vendors["webhook"]
        assert isinstance(webhook, Webhook)
        for entry in self._ledger.entries("webhook"):
            for record in entry.records:
                webhook.take(entry.path.removeprefix("/webhook/"), record.key)


class _Server:
    """uvicorn without its signal handlers and its main loop, which only wait."""

    def __init__(self, app: Any, host: str, port: int) -> None:
        config = uvicorn.Config(
            app, host, port, http=Protocol, ws="none", lifespan="off", log_config=None, log_level="error",
            access_log=False, timeout_keep_alive=75, timeout_graceful_shutdown=1, backlog=2048,
        )  # fmt: skip
        config.load()
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)

    @property
    def port(self) -> int:
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        await self._server.startup()
        return self

    async def __aexit__(self, *_: object) -> None:
        state = self._server.server_state
        for server in self._server.servers:
            server.close()
        for connection in list(state.connections):
            connection.shutdown()  # closes idle ones, lets the others finish
        if state.tasks:
            await asyncio.wait(list(state.tasks), timeout=_DRAIN)
        for connection in list(state.connections):
            connection.transport.abort()
        await self._server.shutdown()


async def serve(sandbox: Sandbox) -> None:
    """Run a sandbox until SIGINT or SIGTERM."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with sandbox:
        sys.stdout.write("\n".join(sandbox.addresses()) + "\n")
        sys.stdout.flush()
        await stop.wait()


def run(host: str = "127.0.0.1", port: int = 9900, ledger_path: Path | None = None, **options: Any) -> None:
    """Run a sandbox from the command line until it is interrupted; the first line printed ends with its address.

    `options` are those of Sandbox: `limits`, `smtp_port`, `imap_port`, `settings`.
    """
    with asyncio.Runner(loop_factory=uvicorn.Config("").get_loop_factory()) as runner:
        runner.run(serve(Sandbox(host=host, port=port, ledger=ledger_path, **options)))
