"""IMAP: leads out of the notification mails in a mailbox."""

from collections.abc import AsyncIterator, Iterator

import httpx
from pydantic import Field

from hub import MailFolder, Page, PollSource, hookimpl, mail_lead


class ImapMail(MailFolder, PollSource):
    """Mails of shops, portals and forms that tell of a lead; none is moved, changed or marked as read."""

    name = "imap_mail"
    title = "Mailbox (IMAP)"
    docs_url = "https://www.rfc-editor.org/rfc/rfc9051"
    confirmed = ("UID SEARCH, BODY.PEEK, UIDVALIDITY (RFC 3501, RFC 9051)", "Auto-Submitted (RFC 3834)")
    unconfirmed = (
        "Gmail and Microsoft 365 take XOAUTH2 in place of a password; the token settings give it",
        "NetEase (163.com) opens no folder before an ID command; it is sent wherever the server offers ID",
    )

    class Config(MailFolder.Access, PollSource.Config):
        sender: str | None = Field(
            None, pattern=r"^[ !#-\[\]-~]+$", description="Read only mails whose From contains this."
        )
        since_days: int = Field(30, ge=0, le=3650, description="How many days back the first poll reads.")
        max_kb: int = Field(1024, ge=16, le=20_000, description="How much of a mail is read, in kB.")

    config: Config

    async def fetch(self, cursor: str | None, http: httpx.AsyncClient) -> AsyncIterator[Page]:
        days, limit = self.config.since_days, self.config.max_kb * 1024
        async for found in self.mails(cursor, http, days=days, limit=limit, sender=self.config.sender):
            yield Page(tuple(mail_lead(m.raw, m.arrived, cut=m.cut) for m in found.mails), found.cursor)


@hookimpl
def hub_register() -> Iterator[type[ImapMail]]:
    """Register the connector."""
    yield ImapMail
