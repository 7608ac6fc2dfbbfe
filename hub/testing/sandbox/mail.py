"""The sandbox's mail: SMTP with the codes a script asks for, and a mailbox to read by IMAP."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email import message_from_bytes
from typing import Any

from hub.clock import Clock
from hub.testing.imap_server import ImapServer
from hub.testing.sandbox.ledger import Ledger
from hub.testing.sandbox.script import Scripts, Step

NAME = "smtp"


class MailServer:
    """Takes mail for anyone; scripts are asked at `/smtp/rcpt` and `/smtp/data`, a step's status is the reply code.

    Settings: `username` and `password` make AUTH necessary. A Message-ID that came before is noted as a twin, as
    SMTP does not drop repeats. With a mailbox, what is taken can be read there.
    """

    def __init__(
        self,
        scripts: Scripts,
        ledger: Ledger,
        clock: Clock,
        settings: Mapping[str, Any],
        mailbox: ImapServer | None = None,
    ) -> None:
        self._scripts, self._ledger, self._clock, self._settings = scripts, ledger, clock, settings
        self._mailbox = mailbox
        self._taken: set[str] = {e.key for e in ledger.entries(NAME) if e.key is not None and e.status == 250}
        self.port = 0

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[MailServer]:
        """Listen inside the block; raises RuntimeError when aiosmtpd is not installed."""
        protocol = _protocol()
        own = self._settings
        auth = {"authenticator": self._authenticate, "auth_required": True, "auth_require_tls": False}

        def connected() -> Any:
            return protocol(
                self, enable_SMTPUTF8=True, ident="leadhub sandbox", **(auth if own.get("username") else {})
            )

        server = await asyncio.get_running_loop().create_server(connected, host, port)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or refuse it as the script says."""
        step = self._scripts.take("/smtp/rcpt", "RCPT")
        if step is not None and step.status:
            return _coded(step)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        """Take a mail and note it before the answer goes out."""
        step = self._scripts.take("/smtp/data", "DATA") or Step()
        answer = _coded(step) if step.status else "250 OK"
        acted = step.reset != "before" and (answer.startswith("2") or step.processed is True)
        records = self._take(envelope) if acted else []
        await self._note(envelope, None if step.reset else int(answer[:3]), records, step)
        if step.delay:
            await self._clock.sleep(step.delay)
        if step.reset:
            _cut(server.transport)
        return answer

    def _take(self, envelope: Any) -> list[dict[str, str | None]]:
        key = message_from_bytes(envelope.content).get("Message-ID")
        seen = "twin" if key in self._taken else "new"
        self._taken.update({key} if key else ())
        if self._mailbox is not None:
            self._mailbox.deliver(envelope.content, self._clock.now())
        return [{"key": key, "seen": seen}]

    async def _note(self, envelope: Any, status: int | None, records: list[dict[str, str | None]], step: Step) -> None:
        entry = {
            "time": self._clock.now().isoformat(),
            "vendor": NAME,
            "method": "DATA",
            "path": "/smtp/data",
            "headers": {"mail-from": envelope.mail_from or "", "rcpt-to": ", ".join(envelope.rcpt_tos)},
            "status": status,
            "records": records,
            "step": step.model_dump(exclude_defaults=True, mode="json") or None,
        }
        await self._ledger.append(entry, envelope.content)

    def _authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
        from aiosmtpd.smtp import AuthResult

        wanted = str(self._settings["username"]).encode(), str(self._settings.get("password", "")).encode()
        given = (getattr(data, "login", b""), getattr(data, "password", b""))
        return AuthResult(success=given == wanted, handled=False)


@asynccontextmanager
async def mailbox(host: str, port: int) -> AsyncIterator[ImapServer]:
    """Serve a mailbox by IMAP inside the block; port 0 takes a free one."""
    server = ImapServer()
    await server.start(host, port)
    try:
        yield server
    finally:
        await server.stop()


def _protocol() -> Any:
    try:
        from aiosmtpd.smtp import SMTP
    except ImportError as error:
        raise RuntimeError('The mail receiver needs aiosmtpd: install "leadhub[dev]".') from error
    return SMTP


def _coded(step: Step) -> str:
    words = step.body if isinstance(step.body, str) else "scripted"
    return f"{step.status} {words}"


def _cut(transport: Any) -> None:
    """Reset the connection with RST."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
