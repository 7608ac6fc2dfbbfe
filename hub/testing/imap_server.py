"""A small IMAP4rev1 server on 127.0.0.1, for tests and the sandbox: one mailbox that is read, never changed."""

from __future__ import annotations

import asyncio
import base64
import re
import shlex
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from types import TracebackType
from typing import Self

_FETCH = re.compile(r"BODY(?:\.PEEK)?\[(HEADER)?\](?:<(\d+)\.(\d+)>)?", re.IGNORECASE)
_LITERAL = re.compile(rb"\{(\d+)\}\r\n$")


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail in the mailbox."""

    uid: int
    raw: bytes
    arrived: datetime


class ImapServer:
    """Serves `mails` to whoever logs in; `commands` notes what clients said, without passwords.

    `async with ImapServer() as server:` listens on a free port, `server.port`. Add mails with `deliver`.
    """

    def __init__(
        self,
        *,
        user: str = "leads@example.com",
        password: str = "secret",
        folder: str = "INBOX",
        context: ssl.SSLContext | None = None,
        start_tls: bool = False,
    ) -> None:
        self.user, self.password, self.folder = user, password, folder
        self.validity = 1
        self.mails: list[Kept] = []
        self.commands: list[str] = []
        self.token: str | None = None  # an access token that XOAUTH2 takes
        self.break_off_at: str | None = None  # a command at which the connection is cut
        self.context, self.start_tls = context, start_tls
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._next = 1

    def deliver(self, raw: bytes, arrived: datetime | None = None) -> int:
        """Put a mail into the mailbox and return its UID."""
        uid, self._next = self._next, self._next + 1
        self.mails.append(Kept(uid, raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), arrived or datetime.now(UTC)))
        return uid

    def renumber(self) -> None:
        """Give every mail a new UID, as a server does that lost its index."""
        self.validity += 1
        self.mails = [Kept(number, mail.raw, mail.arrived) for number, mail in enumerate(self.mails, start=100)]
        self._next = 100 + len(self.mails)

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        now = None if self.start_tls else self.context
        self._server = await asyncio.start_server(self._serve, host, port, ssl=now, limit=1 << 16)

    async def stop(self) -> None:
        """Stop listening and end the sessions that are open."""
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)  # lets the sessions see it

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = _Session(self, reader, writer)
        self._writers.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            await session.run()
        self._writers.discard(writer)
        writer.close()


class _Session:
    """One client's conversation."""

    def __init__(self, server: ImapServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self.reader, self.writer = server, reader, writer
        self.known = False
        self.selected = False

    async def run(self) -> None:
        self._say(f"* OK [CAPABILITY {self._capabilities()}] ready")
        await self.writer.drain()
        while line := await self._line():
            tag, _, rest = line.partition(" ")
            command, _, arguments = rest.partition(" ")
            await self._obey(tag, command.upper(), arguments)
            await self.writer.drain()
            if command.upper() == "LOGOUT":
                return

    async def _line(self) -> str:
        """Return a command, with literals put in their place as quoted strings."""
        whole = b""
        while piece := await self.reader.readline():
            whole += piece
            literal = _LITERAL.search(whole)
            if literal is None:
                return whole.decode("utf-8", "replace").rstrip("\r\n")
            self._say("+ go on")
            content = await self.reader.readexactly(int(literal[1]))
            whole = whole[: literal.start()] + b'"' + content + b'"'
        return ""

    async def _obey(self, tag: str, command: str, arguments: str) -> None:
        word = f"{command} {arguments.split(' ')[0].upper()}" if command == "UID" else command
        self.server.commands.append(word if command in ("LOGIN", "AUTHENTICATE") else f"{command} {arguments}".strip())
        if word == self.server.break_off_at:
            raise ConnectionResetError
        if command == "STARTTLS" and self.server.start_tls and self.server.context:
            self._say(f"{tag} OK go ahead")
            return await self.writer.start_tls(self.server.context)
        if command == "AUTHENTICATE":
            return await self._authenticate(tag)
        handlers: dict[str, Callable[[str], str]] = {
            "CAPABILITY": self._capability,
            "ID": lambda _: self._also('* ID ("name" "imap_server")', "OK done"),
            "NOOP": lambda _: "OK done",
            "LOGOUT": lambda _: self._also("* BYE until later", "OK done"),
            "LOGIN": self._login,
            "SELECT": lambda said: self._select(said, "READ-WRITE"),
            "EXAMINE": lambda said: self._select(said, "READ-ONLY"),
            "UID": self._uid,
        }
        handler = handlers.get(command)
        self._say(f"{tag} {handler(arguments) if handler else 'BAD this server does not know that command'}")
        return None

    def _say(self, line: str) -> None:
        self.writer.write(line.encode() + b"\r\n")

    def _also(self, line: str, result: str) -> str:
        self._say(line)
        return result

    def _capabilities(self) -> str:
        return "IMAP4rev1 ID AUTH=XOAUTH2" + (" STARTTLS" if self.server.start_tls else "")

    def _capability(self, _: str) -> str:
        return self._also(f"* CAPABILITY {self._capabilities()}", "OK done")

    def _login(self, arguments: str) -> str:
        self.known = shlex.split(arguments) == [self.server.user, self.server.password]
        return "OK welcome" if self.known else "NO [AUTHENTICATIONFAILED] wrong user or password"

    async def _authenticate(self, tag: str) -> None:
        self._say("+ ")
        await self.writer.drain()
        said = base64.b64decode(await self.reader.readline()).decode()
        self.known = said == f"user={self.server.user}\1auth=Bearer {self.server.token}\1\1"
        self._say(f"{tag} {'OK welcome' if self.known else 'NO [AUTHENTICATIONFAILED] wrong token'}")

    def _select(self, arguments: str, way: str) -> str:
        if not self.known:
            return "NO log in first"
        if shlex.split(arguments)[0] != self.server.folder:
            return "NO [NONEXISTENT] there is no such folder"
        self.selected = True
        self._say(f"* {len(self.server.mails)} EXISTS")
        self._say(f"* OK [UIDVALIDITY {self.server.validity}] these are the numbers")
        return f"OK [{way}] done"

    def _uid(self, arguments: str) -> str:
        command, _, rest = arguments.partition(" ")
        if not self.selected:
            return "BAD open a folder first"
        if command.upper() == "SEARCH":
            found = (str(mail.uid) for mail in self._found(shlex.split(rest)))
            return self._also(f"* SEARCH {' '.join(found)}".rstrip(), "OK done")
        if command.upper() == "FETCH":
            numbers, _, items = rest.partition(" ")
            for position, mail in enumerate(self.server.mails, 1):
                if mail.uid in self._numbers(numbers):
                    self._fetch(position, mail, items)
            return "OK done"
        return "BAD this server does not know that command"

    def _found(self, words: list[str]) -> Iterator[Kept]:
        tests: list[Callable[[Kept], bool]] = []
        criteria = iter(words)
        for word in criteria:
            if word.upper() == "UID":
                wanted = self._numbers(next(criteria))
                tests.append(lambda mail, wanted=wanted: mail.uid in wanted)  # type: ignore[misc]
            elif word.upper() == "SINCE":
                day = datetime.strptime(next(criteria), "%d-%b-%Y").replace(tzinfo=UTC)
                tests.append(lambda mail, day=day: mail.arrived >= day)  # type: ignore[misc]
            elif word.upper() == "FROM":
                sender = next(criteria).lower()
                tests.append(lambda mail, sender=sender: sender in _sender(mail))  # type: ignore[misc]
        return (mail for mail in self.server.mails if all(test(mail) for test in tests))

    def _numbers(self, text: str) -> set[int]:
        """Return the UIDs of a sequence set; `*` is the last one, and ranges count either way round."""
        last = self.server.mails[-1].uid if self.server.mails else 0
        numbers: set[int] = set()
        for part in text.split(","):
            ends = sorted(last if end == "*" else int(end) for end in part.split(":"))
            numbers.update(mail.uid for mail in self.server.mails if ends[0] <= mail.uid <= ends[-1])
        return numbers

    def _fetch(self, position: int, mail: Kept, items: str) -> None:
        wanted = _FETCH.search(items)
        which = (wanted[1] or "").upper() if wanted else ""
        whole = mail.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if which else mail.raw
        start, length = (int(wanted[2]), int(wanted[3])) if wanted and wanted[2] else (0, len(whole))
        content = whole[start : start + length]
        part = f"BODY[{which}]<{start}>" if wanted and wanted[2] else f"BODY[{which}]"
        date = mail.arrived.strftime("%d-%b-%Y %H:%M:%S %z")
        self._say(f'* {position} FETCH (UID {mail.uid} INTERNALDATE "{date}" {part} {{{len(content)}}}')
        self.writer.write(content + b")\r\n")


def _sender(mail: Kept) -> str:
    return str(message_from_bytes(mail.raw[:20_000]).get("From", "")).lower()
