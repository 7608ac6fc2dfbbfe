"""A real SFTP server and a real S3 server, on 127.0.0.1."""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from hub import RawLead
from hub.families.drops import DropSource
from hub.outgoing.client import make_client
from hub.testing.fakes import HandClock

LOOPBACK = ("127.0.0.0/8",)


@dataclass
class Looker:
    """Polls a drop again and again, as the schedule does: from the cursor that was committed last."""

    source: DropSource
    http: httpx.AsyncClient
    cursor: str | None = None
    trouble: list[Exception] = field(default_factory=list)

    async def look(self, after: float = 0.0) -> list[RawLead]:
        """Return the leads of one poll, that many seconds later; what it raises at its end is kept in `trouble`."""
        self.source.clock.turn(after)
        leads: list[RawLead] = []
        try:
            async for page in self.source.fetch(self.cursor, self.http):
                leads += page.leads
                self.cursor = page.cursor if page.cursor is not None else self.cursor
        except Exception as error:
            self.trouble.append(error)
        return leads

    async def keys(self, after: float = 0.0) -> list[str | None]:
        return [lead.key for lead in await self.look(after)]


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """Return the hub's own client, which reaches loopback only because it is listed."""
    async with make_client(lambda: LOOPBACK) as client:
        yield client


class Logins(asyncssh.SSHServer):
    """Lets the user `leads` in, by password or by the key that is authorized."""

    def __init__(self, authorized: str, logins: list[str]) -> None:
        self._authorized, self._logins = authorized, logins

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._conn = conn

    async def begin_auth(self, username: str) -> bool:
        self._logins.append(username)
        self._conn.set_authorized_keys(asyncssh.import_authorized_keys(self._authorized))
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("leads", "s3cret")


class Broken(asyncssh.SFTPServer):
    """Cuts the line when a file is opened, after some that are spared; or lets somebody write just then."""

    cuts = spares = 0
    at_open: Callable[[], object] | None = None
    bare = False  # lists names without anything about them

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        async for name in super().scandir(path):
            yield asyncssh.SFTPName(name.filename, attrs=asyncssh.SFTPAttrs()) if self.bare else name

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Any:
        kind = type(self)
        if kind.spares:
            kind.spares -= 1
        elif kind.cuts:
            kind.cuts -= 1
            self.channel.get_connection().abort()
        if kind.at_open is not None:
            act, kind.at_open = kind.at_open, None
            act()
        return super().open(path, pflags, attrs)


@dataclass
class Sftp:
    """A running server: its folder on this machine, how to reach it, and the keys in use."""

    root: Path
    port: int
    host_key: asyncssh.SSHKey
    private_key: asyncssh.SSHKey
    logins: list[str]

    @property
    def print(self) -> str:
        return str(self.host_key.get_fingerprint("sha256"))

    @property
    def line(self) -> str:
        """The host key as ssh-keyscan prints it."""
        return f"[127.0.0.1]:{self.port} {self.host_key.export_public_key().decode().strip()}"

    def write(self, name: str, text: str | bytes, at: int = 1_777_000_000) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        os.utime(path, (at, at))
        return path

    def names(self) -> list[str]:
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file())


@pytest.fixture
async def sftp(tmp_path: Path) -> AsyncIterator[Sftp]:
    """Serve a folder over SFTP; asyncssh's server writes and reads real files."""
    root = tmp_path / "sftp"
    root.mkdir()
    keys = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    authorized = keys[1].export_public_key().decode()
    Broken.cuts, Broken.spares, Broken.at_open, Broken.bare, logins = 0, 0, None, False, list[str]()
    server = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[keys[0]], server_factory=lambda: Logins(authorized, logins), config=None,
        sftp_factory=lambda channel: Broken(channel, chroot=os.fsencode(root)),
    )  # fmt: skip
    async with server:
        yield Sftp(root, server.sockets[0].getsockname()[1], *keys, logins)


POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


@dataclass
class S3:
    """A running server with one bucket of its own, which answers only to what is signed rightly."""

    url: str
    bucket: Any
    key_id: str
    secret: str

    def put(self, name: str, text: str | bytes, **more: Any) -> None:
        self.bucket.put_object(Key=name, Body=text if isinstance(text, bytes) else text.encode(), **more)

    def names(self) -> list[str]:
        return sorted(one.key for one in self.bucket.objects.all())


@pytest.fixture(scope="session")
def s3_server() -> Iterator[tuple[str, Any, dict[str, str]]]:
    """Run moto's S3 on a free port, make a user who may use it, and then let it check every signature."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    known = {"endpoint_url": f"http://{host}:{port}", "region_name": "eu-central-1"}
    iam = boto3.client("iam", **known, aws_access_key_id="x", aws_secret_access_key="x")
    iam.create_user(UserName="leads")
    iam.put_user_policy(UserName="leads", PolicyName="s3", PolicyDocument=json.dumps(POLICY))
    key = iam.create_access_key(UserName="leads")["AccessKey"]
    httpx.post(f"{known['endpoint_url']}/moto-api/reset-auth", content="0", trust_env=False).raise_for_status()
    mine = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    yield known["endpoint_url"], boto3.resource("s3", **known, **mine), key
    server.stop()


@pytest.fixture
def s3(s3_server: tuple[str, Any, dict[str, str]]) -> S3:
    """Make a bucket."""
    url, resource, key = s3_server
    place = {"LocationConstraint": "eu-central-1"}
    bucket = resource.create_bucket(Bucket=f"acme-{secrets.token_hex(8)}", CreateBucketConfiguration=place)
    return S3(url, bucket, key["AccessKeyId"], key["SecretAccessKey"])


@pytest.fixture
def unused_tcp_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def clock() -> HandClock:
    return HandClock()
