"""IMAP: hears that a rep wrote to a prospect, from a mailbox that gets copies (BCC) or a folder of sent mails."""

from collections.abc import AsyncIterator, Iterator, Mapping

import httpx
from pydantic import Field, field_validator

from hub import Activity, Letter, Listener, MailFolder, News, hookimpl, letter

HEADERS = 64 * 1024  # bytes of a mail's headers that are read


class MailReplies(MailFolder, Listener):
    """Reads the headers of mails and nothing else of them; none is moved, changed or marked as read.

    A mail of one of `ours` to a prospect is the answer, unless a machine wrote it; one of a prospect is a message to
    us, and no answer. The lead is known by the prospect's address, else by the notice that the rep answered.
    """

    name = "mail_replies"
    title = "Replies by mail (IMAP)"
    docs_url = "https://www.rfc-editor.org/rfc/rfc9051"
    confirmed = (
        "BODY.PEEK[HEADER], UID SEARCH, UIDVALIDITY (RFC 9051)", "Auto-Submitted (RFC 3834)",
        "List-Id and List-Unsubscribe mark mails to many (RFC 2919, RFC 2369)",
    )  # fmt: skip
    unconfirmed = ("Gmail and Microsoft 365 take XOAUTH2 in place of a password; the token settings give it",)

    class Config(MailFolder.Access, Listener.Config):
        ours: tuple[str, ...] = Field(
            min_length=1, description="Domains and addresses of your own people, such as acme.com."
        )
        reps: Mapping[str, str] = Field(
            default_factory=dict, description="Mail addresses to the names of reps, where they differ."
        )
        sink: str | None = Field(
            None, description="The SMTP sink that tells reps of leads: who answers one of its mails answers that lead."
        )
        subject: bool = Field(False, description="Keep the subject of each mail with the lead.")
        since_days: int = Field(1, ge=0, le=365, description="How many days back the first poll reads.")

        @field_validator("ours")
        @classmethod
        def _folded(cls, value: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(one.strip().lower().removeprefix("@") for one in value)

    config: Config

    async def news(self, cursor: str | None, http: httpx.AsyncClient) -> AsyncIterator[News]:
        days = self.config.since_days
        async for found in self.mails(cursor, http, days=days, limit=HEADERS, headers=True):
            said = (self._said(letter(mail.raw, mail.arrived)) for mail in found.mails)
            yield News(tuple(one for one in said if one), found.cursor)

    def _said(self, mail: Letter) -> Activity | None:
        """Return what a mail says was done; None for one between ourselves, and for leadhub's own."""
        others = tuple(one for one in mail.to if not self._is_ours(one))
        if mail.own or not mail.sender:
            return None
        from_us = self._is_ours(mail.sender)
        if from_us and not others and not (self.config.sink and mail.answers):
            return None
        data = {"machine": mail.machine} if mail.machine else {}
        data |= {"subject": mail.subject[:200]} if self.config.subject and mail.subject else {}
        at = mail.at or self.clock.now()
        if not from_us:
            return Activity(mail.key, at, "message", people=(mail.sender,), human=False, data=data)
        return Activity(
            mail.key, at, "mail", people=others, ref=mail.answers or None if self.config.sink else None,
            sink=self.config.sink, by=self._rep(mail.sender), human=mail.machine is None, data=data,
        )  # fmt: skip

    def _is_ours(self, address: str) -> bool:
        return address in self.config.ours or address.rpartition("@")[2] in self.config.ours

    def _rep(self, address: str) -> str:
        known = {one.strip().lower(): name for one, name in self.config.reps.items()}
        return known.get(address, address)


@hookimpl
def hub_register() -> Iterator[type[MailReplies]]:
    """Register the connector."""
    yield MailReplies
