"""A mailbox on an IMAP server (RFC 3501, RFC 9051), opened to be read only; calls block, so run them in a thread."""

from __future__ import annotations

import base64
import imaplib
import re
import socket
import ssl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Literal

from hub.errors import Misconfigured, Retry
from hub.outgoing.addresses import Blocked
from hub.outgoing.sockets import open_socket, trusting

Security = Literal["ssl", "starttls", "none"]

_PORTS = {"ssl": 993, "starttls": 143, "none": 143}
_WIDE = re.compile(r"&|[^\x20-\x7e]+")
_DATE = re.compile(rb'INTERNALDATE "([^"]{20,40})"')


@dataclass(frozen=True, slots=True)
class Stored:
    """A mail as the server keeps it: its first bytes, whether that is not all of it, and when it arrived."""

    raw: bytes
    cut: bool
    arrived: datetime | None


class Mailbox:
    """One session; every method raises Misconfigured for what a person must mend and Retry for the rest."""

    def __init__(
        self, host: str, *, port: int | None = None, security: Security = "ssl", timeout: float = 30.0,
        ca_file: str | None = None, networks: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self._host, self._number = host, port or _PORTS[security]
        with self._speaking():
            trusted = _context(ca_file)
            over_tls = trusted if security == "ssl" else None
            self._server = _Guarded(host, self._number, timeout, over_tls, networks)
            if security == "starttls":
                self._server.starttls(trusted)

    def login(self, user: str, *, password: str | None = None, token: str | None = None) -> None:
        """Log in with a password or, by XOAUTH2, with an access token."""
        with self._speaking("the login"):
            if token is not None:
                words = f"user={user}\1auth=Bearer {token}\1\1".encode()
                self._server.authenticate("XOAUTH2", lambda _: words)
            else:
                self._server.login(user, password or "")
        if "ID" in self._server.capabilities:  # some servers open no folder for a program without a name (RFC 2971)
            with self._speaking():
                self._server.xatom("ID", '("name" "leadhub")')

    def open(self, folder: str) -> str:
        """Open a folder without changing anything in it, and return its UIDVALIDITY."""
        with self._speaking():
            status, said = self._server.select(f'"{encoded(folder)}"', readonly=True)
        if status != "OK":
            raise Misconfigured(f"{self._where()} cannot open the folder {folder!r}: {_words(said)}.")
        validity = self._server.response("UIDVALIDITY")[1]
        return validity[0].decode("ascii", "replace") if validity and validity[0] else "0"

    def search(self, *, after: int | None, since: datetime, sender: str | None = None) -> list[int]:
        """Return the UIDs past `after`, or of mails that arrived since that day, in order."""
        day = imaplib.Time2Internaldate(since)[1:12].strip()
        where = [f"SINCE {day}"] if after is None else [f"UID {after + 1}:*"]
        where += [f'FROM "{sender}"'] if sender else []
        with self._speaking():
            status, found = self._server.uid("SEARCH", *where)
        if status != "OK":
            raise Retry(f"{self._where()} cannot search: {_words(found)}.")
        uids = {int(uid) for line in found if line for uid in line.split()}
        return sorted(uid for uid in uids if uid > (after or 0))  # `9:*` has the last mail even if its UID is 5

    def fetch(self, uids: Sequence[int], limit: int, *, headers: bool = False) -> list[Stored]:
        """Return the first `limit` bytes of these mails, or of their headers alone; deleted ones are left out."""
        part = "HEADER" if headers else ""
        with self._speaking():
            status, found = self._server.uid(
                "FETCH", ",".join(map(str, uids)), f"(UID INTERNALDATE BODY.PEEK[{part}]<0.{limit}>)"
            )
        if status != "OK":
            raise Retry(f"{self._where()} cannot fetch: {_words(found)}.")
        return list(_stored(found, limit))

    def close(self) -> None:
        """End the session; never raises."""
        with suppress(OSError, imaplib.IMAP4.error, ValueError):
            self._server.logout()

    @contextmanager
    def _speaking(self, refused: str = "") -> Iterator[None]:
        """Turn what goes wrong into our errors; with `refused` a plain no is a matter of settings."""
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            words = f"{self._where()} shows a certificate that is not valid: {error.verify_message}."
            raise Misconfigured(f"{words} Check host and security.") from error
        except Blocked as error:
            raise Misconfigured(str(error)) from error
        except imaplib.IMAP4.abort as error:
            raise Retry(f"{self._where()} broke off: {_words([str(error)])}.") from error
        except imaplib.IMAP4.error as error:
            if refused:
                words = f"{self._where()} refuses {refused}: {_words([str(error)])}."
                raise Misconfigured(f"{words} Check user and password.") from error
            raise Retry(f"{self._where()} answers in an unexpected way: {_words([str(error)])}.") from error
        except UnicodeEncodeError as error:
            raise Misconfigured(f"{self._where()} takes ASCII only in user and password.") from error
        except OSError as error:
            raise Retry(f"{self._where()} cannot be reached: {error.strerror or type(error).__name__}.") from error

    def _where(self) -> str:
        return f"The mail server {self._host}:{self._number}"


class _Guarded(imaplib.IMAP4):
    """Connects only where leadhub may, encrypted from the first byte where there is a context."""

    def __init__(
        self, host: str, port: int, timeout: float, context: ssl.SSLContext | None, networks: Iterable[str]
    ) -> None:
        self._context, self._networks = context, tuple(networks)
        super().__init__(host, port, timeout)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        made = open_socket(self.host, self.port, timeout or 30.0, self._networks)
        return self._context.wrap_socket(made, server_hostname=self.host) if self._context else made


def _context(ca_file: str | None) -> ssl.SSLContext:
    try:
        return trusting(ca_file)
    except OSError as error:
        raise Misconfigured(f"{ca_file} cannot be read as certificates. Check `ca_file`.") from error


def encoded(folder: str) -> str:
    """Return a folder's name in the modified UTF-7 of IMAP (RFC 3501, 5.1.3)."""

    def wide(found: re.Match[str]) -> str:
        if found[0] == "&":
            return "&-"
        letters = base64.b64encode(found[0].encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
        return f"&{letters}-"

    return _WIDE.sub(wide, folder)


def _stored(found: Sequence[Any], limit: int) -> Iterator[Stored]:
    for part, after in pairwise([*found, b""]):
        if isinstance(part, tuple):
            said = part[0] + (after if isinstance(after, bytes) else b"")
            yield Stored(part[1], len(part[1]) >= limit, _arrived(said))


def _arrived(said: bytes) -> datetime | None:
    found = _DATE.search(said)
    try:
        text = found[1].decode("ascii").strip() if found else ""
        return datetime.strptime(text, "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except ValueError:
        return None


def _words(said: Sequence[Any]) -> str:
    text = said[0] if said else ""
    return repr((text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text))[:200])
