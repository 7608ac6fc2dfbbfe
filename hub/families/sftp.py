"""A folder on an SFTP server whose host key is pinned; the library asyncssh is loaded when it is first used."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import importlib
import posixpath
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from hub.errors import Misconfigured, Retry
from hub.families.drops import MOST_FILES, Dropped, FileChanged
from hub.families.outside import guarded_socket

_READ = 1 << 18  # bytes asked for at once
_DEEPEST = 10  # folders below each other
_RSA = ("rsa-sha2-256", "rsa-sha2-512")  # how a key of the kind ssh-rsa signs today


@dataclass(frozen=True, slots=True)
class HostKey:
    """A key a server may show: its fingerprint, and its kind where that is known."""

    print: str
    kind: str | None = None

    @classmethod
    def of(cls, text: str) -> HostKey:
        """Return the key in a fingerprint (SHA256:…) or a line of ssh-keyscan; raises ValueError for anything else."""
        words = text.split()
        if len(words) == 1 and text.startswith("SHA256:") and len(text.rstrip("=")) == 50:
            return cls(text.rstrip("="))
        blob = next((word for word in words if word.startswith("AAAA")), "")
        try:
            raw = base64.b64decode(blob, validate=True)
            kind = raw[4 : 4 + int.from_bytes(raw[:4], "big")].decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            raw, kind = b"", ""
        if not raw or kind not in words:
            raise ValueError("a host key is written as SHA256:… or as a line of ssh-keyscan")
        return cls("SHA256:" + base64.b64encode(hashlib.sha256(raw).digest()).decode().rstrip("="), kind)


@dataclass(frozen=True, slots=True)
class SftpServer:
    """Where a server is, which keys it may show, and how to log in; `networks` may be reached though not public."""

    host: str
    port: int
    keys: Sequence[HostKey]
    user: str
    password: SecretStr | None
    private_key: SecretStr | None
    passphrase: SecretStr | None
    timeout: float
    networks: tuple[str, ...]

    @asynccontextmanager
    async def folder(self, path: str, *, deep: bool = False) -> AsyncIterator[SftpFolder]:
        """Connect, log in, and yield a folder; raises Retry or Misconfigured."""
        ssh, shown = _library(), list[str]()
        with self.speaking(ssh, shown):
            options = await asyncio.to_thread(self._options, ssh, shown)
            sock = await asyncio.to_thread(guarded_socket, self.host, self.port, self.timeout, self.networks)
            sock.setblocking(False)
            connection = await ssh.connect(sock=sock, **options)
        try:
            with self.speaking(ssh):
                client = await connection.start_sftp_client(path_errors="surrogateescape")
            yield SftpFolder(self, ssh, client, path, deep)
        finally:
            connection.close()
            with suppress(Exception):
                async with asyncio.timeout(2):
                    await connection.wait_closed()

    def _options(self, ssh: Any, shown: list[str]) -> dict[str, Any]:
        """Return the options of a connection, none of them out of this user's own files, and no agent."""
        prints = {key.print for key in self.keys}

        class Pinned(ssh.SSHClient):  # type: ignore[misc]
            def validate_host_public_key(self, host: str, addr: str, port: int, key: Any) -> bool:
                shown.append(str(key.get_fingerprint("sha256")))
                return shown[-1] in prints

        options = {
            "client_factory": Pinned,
            "known_hosts": ([], [], []),  # None would mean that any key is believed
            "x509_trusted_certs": None,
            "config": None,
            "agent_path": None,
            "gss_host": None,
            "username": self.user,
            "password": self.password.get_secret_value() if self.password else None,
            "client_keys": self._private(ssh),
            "login_timeout": self.timeout,
        }
        kinds = [name for key in self.keys for name in (_RSA if key.kind == "ssh-rsa" else (key.kind,))]
        return options if None in kinds else {**options, "server_host_key_algs": kinds}

    def _private(self, ssh: Any) -> list[Any] | None:
        if self.private_key is None:
            return None
        passphrase = self.passphrase.get_secret_value() if self.passphrase else None
        try:
            return [ssh.import_private_key(self.private_key.get_secret_value(), passphrase)]
        except (ssh.KeyImportError, ssh.KeyEncryptionError) as error:
            raise Misconfigured("The private_key cannot be read. Check it, and its passphrase.") from error

    @contextmanager
    def speaking(self, ssh: Any, shown: Sequence[str] = ()) -> Iterator[None]:
        """Turn what goes wrong into our errors, and a name that is gone into FileChanged; `shown` are fingerprints."""
        where = f"The SFTP server {self.host}:{self.port}"
        try:
            yield
        except ssh.HostKeyNotVerifiable as error:
            words = f"{where} shows the key {shown[-1] if shown else 'of a kind that is not pinned'}."
            raise Misconfigured(f"{words} It is not in host_key: ask its operator before you add it.") from error
        except ssh.KeyExchangeFailed as error:
            raise Misconfigured(f"{where} has no key of the kind in host_key, or is too old.") from error
        except ssh.PermissionDenied as error:
            raise Misconfigured(f"{where} refuses the login. Check user, password and private_key.") from error
        except (ssh.SFTPNoSuchFile, ssh.SFTPNoSuchPath) as error:
            raise FileChanged from error
        except ssh.SFTPPermissionDenied as error:
            raise Misconfigured(f"{where} gives this user no right to the folder or a file in it.") from error
        except (ssh.Error, ValueError) as error:
            raise Retry(f"{where} answers in an unexpected way: {type(error).__name__}.") from error
        except OSError as error:
            raise Retry(f"{where} broke off: {error.strerror or type(error).__name__}.") from error


@dataclass(frozen=True, slots=True)
class SftpFolder:
    """A folder that is open; `deep`: with the folders below it."""

    server: SftpServer
    ssh: Any
    client: Any
    path: str
    deep: bool

    async def files(self) -> list[Dropped]:
        """Return the regular files in it; links are not followed."""
        found: list[Dropped] = []
        try:
            with self.server.speaking(self.ssh):
                await self._list("", found, 0)
        except FileChanged as error:
            raise Misconfigured(f"The folder {self.path!r:.200} is not there. Correct the path.") from error
        return found

    async def _list(self, below: str, found: list[Dropped], depth: int) -> None:
        async with asyncio.timeout(self.server.timeout):
            entries = [one async for one in self.client.scandir(self._at(below))]
        for one in entries:
            name, attrs = posixpath.join(below, one.filename), one.attrs
            if None in (attrs.permissions, attrs.size, attrs.mtime):  # there are servers that list names alone
                attrs = await self._attrs(name)
            mode = attrs.permissions or 0
            if stat.S_ISREG(mode):
                found.append(_dropped(name, attrs))
            elif self.deep and stat.S_ISDIR(mode) and one.filename not in (".", "..") and depth < _DEEPEST:
                await self._list(name, found, depth + 1)
            if len(found) > 2 * MOST_FILES:
                return

    async def fetch(self, file: Dropped, to: Path) -> None:
        """Write a file to a path; it must have the size and time of the list, before and after."""
        size, output = 0, await asyncio.to_thread(to.open, "wb")
        try:
            with self.server.speaking(self.ssh):
                async with self.client.open(self._at(file.name), "rb") as source:
                    while part := await self._read(source):
                        size += len(part)
                        if size > file.size:
                            raise FileChanged
                        await asyncio.to_thread(output.write, part)
        finally:
            output.close()
        await self._check(file)
        if size != file.size:
            raise FileChanged

    async def _read(self, source: Any) -> bytes:
        async with asyncio.timeout(self.server.timeout):
            return bytes(await source.read(_READ))

    async def move(self, file: Dropped, to: str) -> None:
        """Rename a file to another path below the folder, never onto one that is there."""
        await self._check(file)
        with self.server.speaking(self.ssh):
            async with asyncio.timeout(self.server.timeout):
                await self.client.makedirs(self._at(posixpath.dirname(to)), exist_ok=True)
                while await self.client.lexists(self._at(to)):
                    to += "~"
                await self.client.rename(self._at(file.name), self._at(to))

    async def _check(self, file: Dropped) -> None:
        with self.server.speaking(self.ssh):
            if _dropped(file.name, await self._attrs(file.name)) != file:
                raise FileChanged

    async def _attrs(self, name: str) -> Any:
        async with asyncio.timeout(self.server.timeout):
            return await self.client.lstat(self._at(name))

    def _at(self, name: str) -> str:
        return posixpath.join(self.path, name) if name else self.path


def _dropped(name: str, attrs: Any) -> Dropped:
    at = attrs.mtime or 0
    return Dropped(name, attrs.size or 0, f"{attrs.size}:{at}", datetime.fromtimestamp(at, UTC))


def _library() -> Any:
    try:
        return importlib.import_module("asyncssh")
    except ImportError as error:
        raise Misconfigured("asyncssh is not installed. Install it: pip install 'leadhub[sftp]'.") from error
