"""What connectors that read a folder of a mailbox share: its settings, its login, and how far they have read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import httpx
from pydantic import BaseModel, Field, SecretStr

from hub.connector import Connector
from hub.errors import BadInput, Misconfigured
from hub.families.mailbox import Mailbox, Stored
from hub.http import Request
from hub.source import fetch

PAGE = 20  # mails fetched and kept together


@dataclass(frozen=True, slots=True)
class Fetched:
    """Mails fetched together, and the cursor that stands after them."""

    mails: tuple[Stored, ...]
    cursor: str


class MailFolder(Connector):
    """A folder on an IMAP server; no mail is moved, changed or marked as read.

    The cursor is the folder's UIDVALIDITY and the last UID. When the server numbers the folder anew, the mails of
    the last days are read again and known by their Message-ID, which is the key.
    """

    class Access(BaseModel):
        """The settings of a mailbox; a Config takes them in."""

        host: str = Field(description="Mail server, such as imap.example.com.")
        port: int | None = Field(None, ge=1, le=65535, description="Port; none: 993 with ssl, else 143.")
        security: Literal["ssl", "starttls", "none"] = Field(
            "ssl", description="How the connection is encrypted; none sends the password in clear text."
        )
        user: str = Field(description="User name, mostly the mail address.")
        password: SecretStr | None = Field(None, description="Password, or the app password of the mailbox.")
        token_url: str | None = Field(None, description="OAuth token address, for XOAUTH2 in place of a password.")
        client_id: str | None = Field(None, description="OAuth client id.")
        client_secret: SecretStr | None = Field(None, description="OAuth client secret.")
        refresh_token: SecretStr | None = Field(None, description="OAuth refresh token of the mailbox.")
        folder: str = Field("INBOX", pattern=r'^[^\x00-\x1f"\\]+$', description="Folder the mails arrive in.")
        ca_file: str | None = Field(None, description="Certificates to trust instead of the system's, a PEM file.")
        timeout: float = Field(30.0, gt=0, le=120, description="Seconds to wait for an answer.")

    config: Access  # type: ignore[assignment]

    async def mails(
        self, cursor: str | None, http: httpx.AsyncClient, *, days: int, limit: int, sender: str | None = None,
        headers: bool = False,
    ) -> AsyncIterator[Fetched]:  # fmt: skip
        """Yield the mails past the cursor (None: of the last days), each up to `limit` bytes, or its headers alone."""
        token = await self._token(http)
        box = await asyncio.to_thread(self._connect)
        try:
            validity, uids = await asyncio.to_thread(self._new, box, token, cursor, days, sender)
            for start in range(0, len(uids), PAGE):
                part = uids[start : start + PAGE]
                found = await asyncio.to_thread(box.fetch, part, limit, headers=headers)
                yield Fetched(tuple(found), f"{validity}:{part[-1]}")
        finally:
            await asyncio.to_thread(box.close)

    def _connect(self) -> Mailbox:
        config = self.config
        return Mailbox(
            config.host, port=config.port, security=config.security, timeout=config.timeout, ca_file=config.ca_file,
            networks=self.networks,
        )  # fmt: skip

    def _new(
        self, box: Mailbox, token: str | None, cursor: str | None, days: int, sender: str | None
    ) -> tuple[str, list[int]]:
        """Return the folder's UIDVALIDITY and the UIDs of the mails past the cursor."""
        config = self.config
        password = config.password.get_secret_value() if config.password else None
        box.login(config.user, password=password, token=token)
        validity = box.open(config.folder)
        known, _, last = (cursor or "").partition(":")
        after = int(last) if known == validity and last.isdecimal() else None
        return validity, box.search(after=after, since=self.clock.now() - timedelta(days=days), sender=sender)

    async def _token(self, http: httpx.AsyncClient) -> str | None:
        config = self.config
        if config.token_url is None:
            return None
        form = {"grant_type": "refresh_token", "client_id": config.client_id or ""}
        if config.client_secret:
            form["client_secret"] = config.client_secret.get_secret_value()
        if config.refresh_token:
            form["refresh_token"] = config.refresh_token.get_secret_value()
        try:
            answer = await fetch(Request("POST", config.token_url, form=form), http, timeout=config.timeout)
        except BadInput as error:  # a token that ran out or was taken back is answered with 400 (RFC 6749, 5.2)
            raise Misconfigured(f"The token address {error.reason}. Give access to the mailbox again.") from error
        with suppress(KeyError, TypeError):
            return str(answer.json()["access_token"])
        raise Misconfigured("The token address gave no access_token. Check the token settings.")
