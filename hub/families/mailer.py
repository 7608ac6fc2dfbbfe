"""Hands one mail to a mail server (RFC 5321) and says what its answers mean."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from typing import Annotated, Literal

from pydantic import AfterValidator

from hub.errors import LeadhubError, Misconfigured, Retry, Unclear
from hub.escape import header
from hub.lead import Rejected, Sent
from hub.outgoing.addresses import Blocked
from hub.outgoing.sockets import open_socket, trusting

Security = Literal["starttls", "tls", "none"]

_ADDRESS = re.compile(
    r"""(?:(?P<name>"[^"<>\\]*"|[^"<>@,;:\\]*?)\s*<(?P<named>[^<>]+)>|(?P<plain>\S+))""",
)
_ADDRESS_SPEC = re.compile(r"(?P<user>[^\s@<>()\[\]\\,;:\"]{1,64})@(?P<domain>\w[\w.-]{0,253})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]|=\?")  # `=?` starts an encoded word, which may hold anything
_GOODBYE = 5.0  # seconds to wait for the answer to QUIT, which changes nothing
_LEADING_DOT = re.compile(rb"(?m)^\.")
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_SOFT = {"5.2.2": 3600.0, "5.4.5": 4 * 3600.0}  # mailbox full, daily limit: final by their class, not by what they mean
_ACCOUNT = frozenset((530, 534, 535, 538))  # the server wants another login, wherever it says so


def mail_address(said: str) -> Address:
    """Return `ann@acme.com` or `Ann <ann@acme.com>` as an address, its domain in ASCII (IDNA).

    Raises ValueError for more than one address, for line breaks and for anything else doubtful.
    """
    whole = _ADDRESS.fullmatch(said.strip(" "))
    spec = _ADDRESS_SPEC.fullmatch(whole["named"] or whole["plain"]) if whole else None
    if not whole or not spec or _CONTROL.search(said):
        raise ValueError(f"{said[:200]!r} is not one mail address such as ann@acme.com or Ann <ann@acme.com>.")
    name = header((whole["name"] or "").strip('"'))
    return Address(name, spec["user"], spec["domain"].encode("idna").decode())


def _known_address(said: str) -> str:
    mail_address(said)
    return said


MailAddress = Annotated[str, AfterValidator(_known_address)]
"""The type of a setting that holds one mail address, with or without a name."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over; `patience` is the wait for the last answer, `timeout` for any other, in seconds."""

    host: str
    port: int
    security: Security = "starttls"
    user: str | None = None
    password: str | None = None
    ca_file: str | None = None
    hello: str | None = None
    timeout: float = 30.0
    patience: float = 600.0
    networks: tuple[str, ...] = ()  # those that may be reached although they are not public

    def submit(self, sender: str, recipients: Sequence[str], mail: bytes, *, utf8: bool = False) -> Sent | Rejected:
        """Hand over a mail with CR LF line ends; blocks.

        Sent once the server has taken it, with the recipients it refused in `note`; Rejected for a mail it does not
        want. Raises Retry while nothing was taken, Misconfigured for login, sender, recipients and TLS, and Unclear
        when the connection breaks after the mail was sent.
        """
        try:
            with _Closing(self._connected()) as server:
                note = self._envelope(server, sender, recipients, utf8)
                code, words = server.docmd("DATA")
                if code != 354:
                    return _refusal("DATA", code, words)
                return self._content(server, mail, note)
        except LeadhubError:
            raise
        except smtplib.SMTPResponseException as error:
            raise _trouble(f"{self.host}:{self.port}", error.smtp_code, error.smtp_error) from error
        except ssl.SSLError as error:
            raise self._insecure(error) from error
        except Blocked as error:
            raise Misconfigured(str(error)) from error
        except ValueError as error:  # a host name or a login that the protocol cannot carry
            raise Misconfigured(
                f"{self.host}:{self.port}: host, user or password has characters that mail cannot carry."
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Retry(f"no connection to {self.host}:{self.port}: {error or type(error).__name__}"[:300]) from error

    def _connected(self) -> smtplib.SMTP:
        """Return a connection that is encrypted and logged in as the settings ask; never with less."""
        context = self._context()
        server = _OverTls(self, context) if self.security == "tls" else _Plain(self)
        try:
            server.ehlo_or_helo_if_needed()
            if self.security == "starttls":
                if not server.has_extn("starttls"):
                    raise Misconfigured(f"{self.host}:{self.port} offers no STARTTLS. Set `security` to tls or none.")
                server.starttls(context=context)
                server.ehlo()
            if self.user is not None:
                server.login(self.user, self.password or "")
        except smtplib.SMTPNotSupportedError as error:
            server.close()
            raise Misconfigured(
                f"{self.host}:{self.port} takes no login: {error}. Remove `user`, or set `security`."
            ) from error
        except BaseException:
            server.close()
            raise
        return server

    def _context(self) -> ssl.SSLContext | None:
        if self.security == "none":
            return None
        try:
            return trusting(self.ca_file)
        except OSError as error:
            raise Misconfigured(f"{self.ca_file} cannot be read as certificates. Check `ca_file`.") from error

    def _envelope(self, server: smtplib.SMTP, sender: str, recipients: Sequence[str], utf8: bool) -> str | None:
        """Name sender and recipients; return which recipients were refused when others were not."""
        if utf8 and not server.has_extn("smtputf8"):
            raise Misconfigured(f"{self.host}:{self.port} takes no addresses outside ASCII (no SMTPUTF8).")
        code, words = server.mail(sender, ["SMTPUTF8"] if utf8 else [])
        if code != 250:
            raise _trouble("sender", code, words)
        answers = {name: server.rcpt(name) for name in recipients}
        refused = {name: answer for name, answer in answers.items() if answer[0] not in (250, 251, 252)}
        if len(refused) == len(answers):
            code, words = min(refused.values(), key=lambda answer: answer[0])  # one that may pass later decides
            raise _trouble("every recipient", code, words)
        return "; ".join(f"{name} refused: {_said(*answer)}" for name, answer in refused.items())[:500] or None

    def _content(self, server: smtplib.SMTP, mail: bytes, note: str | None) -> Sent | Rejected:
        try:
            if server.sock is not None:
                server.sock.settimeout(self.patience)
            server.send(_LEADING_DOT.sub(b"..", mail.rstrip(b"\r\n")) + b"\r\n.\r\n")
            code, words = server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise Unclear(f"no answer from {self.host} after the mail was sent: {type(error).__name__}") from error
        if code == 250:
            return Sent(note=note or None)
        if not 400 <= code < 600:
            raise Unclear(f"{self.host} answered {_said(code, words)} after the mail was sent.")
        return _refusal("the mail", code, words)

    def _insecure(self, error: ssl.SSLError) -> LeadhubError:
        if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)):
            return Retry(f"{self.host}:{self.port} hung up during TLS.")
        reason = getattr(error, "verify_message", None) or error.reason or type(error).__name__
        return Misconfigured(f"TLS with {self.host}:{self.port} fails: {reason}. Check host, port and `security`.")


class _Plain(smtplib.SMTP):
    """Connects only where leadhub may."""

    def __init__(self, server: MailServer) -> None:
        self._networks = server.networks
        super().__init__(server.host, server.port, server.hello, timeout=server.timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return open_socket(host, port, timeout, self._networks)


class _OverTls(smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""

    def __init__(self, server: MailServer, context: ssl.SSLContext | None) -> None:
        self._networks = server.networks
        super().__init__(server.host, server.port, server.hello, timeout=server.timeout, context=context)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.context.wrap_socket(open_socket(host, port, timeout, self._networks), server_hostname=host)


class _Closing:
    """Says QUIT when all went well, and closes the connection in any case."""

    def __init__(self, server: smtplib.SMTP) -> None:
        self.server = server

    def __enter__(self) -> smtplib.SMTP:
        return self.server

    def __exit__(self, kind: object, *rest: object) -> None:
        with suppress(OSError, smtplib.SMTPException):
            if kind is None and self.server.sock is not None:
                self.server.sock.settimeout(_GOODBYE)
                self.server.quit()
        self.server.close()


def _refusal(what: str, code: int, words: bytes | str) -> Rejected:
    """Return Rejected for an answer that is final for this mail; raises what else it means."""
    error = _trouble(what, code, words)
    if isinstance(error, Retry) or code in _ACCOUNT:
        raise error
    return Rejected(error.reason, code=str(code))


def _trouble(what: str, code: int, words: bytes | str) -> LeadhubError:
    """Return the error for an answer: Retry for what passes, Misconfigured for what a person must change."""
    said = f"{what} answered {_said(code, words)}"
    enhanced = _ENHANCED.search(_text(words)[:20])
    if not 500 <= code < 600:
        return Retry(said)
    if enhanced and enhanced.group() in _SOFT:
        return Retry(said, after=_SOFT[enhanced.group()])
    return Misconfigured(said)


def _said(code: int, words: bytes | str) -> str:
    return f"{code} {_text(words)[:200]!r}"


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
