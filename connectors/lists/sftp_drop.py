"""SFTP drop: takes lists that are put into a folder of an SFTP server, each file once, and leaves or moves them."""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
from pydantic import Field, SecretStr, field_validator

from hub import DropFolder, DropSource, HostKey, SftpServer, hookimpl


class SftpDrop(DropSource):
    """Lists in a folder of an SFTP server, over the library asyncssh: `pip install 'leadhub[sftp]'`.

    The server is believed only when it shows a key of `host_key`. A file is known by its name, size and time. Whoever
    uploads does best under another name, such as leads.csv.part, and renames it at the end: such names are not taken.
    """

    name = "sftp_drop"
    title = "SFTP server (file drop)"
    docs_url = "https://datatracker.ietf.org/doc/html/draft-ietf-secsh-filexfer-02"
    confirmed = (
        "Version 3 lists names with size and time, and a rename onto a file is refused (draft; tried on real servers)",
        "Fingerprints are the unpadded base64 of SHA-256 over the public key, as ssh-keygen -l shows (RFC 4253, 6.6)",
    )
    unconfirmed = (
        "Times are whole seconds: a file that changes within one and keeps its size is not seen to be another",
        "An upload that rests for longer than `settle` looks finished; what is missing is read once it goes on",
    )

    class Config(DropSource.Config):
        host: str = Field(description="SFTP server, such as sftp.example.com.")
        port: int = Field(22, ge=1, le=65535, description="Port.")
        host_key: tuple[str, ...] = Field(
            min_length=1, description="Keys the server may show: SHA256:… fingerprints, or lines of ssh-keyscan."
        )
        user: str = Field(description="User name.")
        password: SecretStr | None = Field(None, description="Password; none: there is a private key.")
        private_key: SecretStr | None = Field(None, description="Private key in OpenSSH form or PEM, as ${file:id}.")
        passphrase: SecretStr | None = Field(None, description="Passphrase of the private key.")
        path: str = Field(".", min_length=1, description="Folder of the files; `.` is the one the login begins in.")
        timeout: float = Field(30.0, gt=0, le=120, description="Seconds to wait for an answer.")

        @field_validator("host_key", mode="before")
        @classmethod
        def _lines(cls, value: Any) -> Any:
            lines = value.splitlines() if isinstance(value, str) else value
            return tuple(one.strip() for one in lines if str(one).strip() and not str(one).startswith("#"))

        @field_validator("host_key")
        @classmethod
        def _readable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
            return value if [HostKey.of(one) for one in value] else ()

    config: Config

    def place(self, http: httpx.AsyncClient) -> AbstractAsyncContextManager[DropFolder]:
        config = self.config
        server = SftpServer(
            host=config.host, port=config.port, keys=[HostKey.of(one) for one in config.host_key], user=config.user,
            password=config.password, private_key=config.private_key, passphrase=config.passphrase,
            timeout=config.timeout, networks=self.networks,
        )  # fmt: skip
        return server.folder(config.path, deep=config.recursive)


@hookimpl
def hub_register() -> Iterator[type[SftpDrop]]:
    """Register the connector."""
    yield SftpDrop
