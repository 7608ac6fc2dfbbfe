"""What sinks that mail people about a lead through a vendor's HTTP API share: recipients, wording, one mail."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from typing import ClassVar

import httpx
from pydantic import Field

from hub.escape import header, line
from hub.families.coded import CodedCaller
from hub.families.mailer import MailAddress, mail_address
from hub.families.message import Message, Picture, Teller, Wording
from hub.http import Request
from hub.lead import Lead, Rejected, Sent
from hub.sink import HttpSink


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as every mail API takes it; `key` is the delivery's, or that of a message about no lead."""

    key: str
    sender: Address
    to: tuple[Address, ...]
    reply_to: Address | None
    subject: str
    text: str
    html: str
    pictures: tuple[Picture, ...] = ()  # the page names each as cid:NAME


class MailApiSink(CodedCaller, HttpSink, Teller):
    """People who get a mail about each lead, through a vendor's API; authors write `mailed` in place of `request`.

    A mail that may have been sent goes out once more, and its subject says that it may be a repeat.
    """

    idempotency_header: ClassVar[str | None] = None
    recognisable: ClassVar[bool] = True
    rate = 5.0
    concurrency = 2

    class Config(CodedCaller.Config, HttpSink.Config, Wording):
        """Who sends the mails, and who gets them."""

        sender: MailAddress = Field(
            alias="from", description="Sender, such as Leads <leads@acme.com>; the vendor must have verified it."
        )
        to: tuple[MailAddress, ...] = Field(
            min_length=1, max_length=40, description="Who gets the mail about every lead."
        )
        owners: dict[str, MailAddress] = Field(
            default_factory=dict, description="Who gets it beside them: an owner's name to the owner's address."
        )
        reply_to_lead: bool = Field(False, description="Let an answer to the mail go to the lead's own address.")

    config: Config

    def mailed(self, mail: Mail) -> Request:
        """Return the request that hands a mail over; pure."""
        raise NotImplementedError

    def request(self, lead: Lead) -> Request:
        """Return the request that mails about a lead."""
        reply_to = None
        if self.config.reply_to_lead and lead.email:
            with suppress(ValueError):
                reply_to = mail_address(lead.email)
        owner = self.config.owners.get(lead.owner or "")
        return self.mailed(self._mail(Message.of(lead, self.config), lead.delivery.key, owner, reply_to))

    async def tell(self, message: Message, key: str, http: httpx.AsyncClient) -> Sent | Rejected:
        """Mail a message about no lead."""
        return self.outcome(await self.exchange(self.mailed(self._mail(message, key)), http, key=key))

    def _mail(self, message: Message, key: str, owner: str | None = None, reply_to: Address | None = None) -> Mail:
        to = _once(mail_address(said) for said in [*self.config.to, *([owner] if owner else [])])
        texts = header(message.title), message.plain(_value), message.page(_value)
        return Mail(key, mail_address(self.config.sender), to, reply_to, *texts, message.pictures)


def _once(addresses: Iterable[Address]) -> tuple[Address, ...]:
    """Return each mailbox once: some vendors refuse a mail that names one twice."""
    return tuple({address.addr_spec.lower(): address for address in addresses}.values())


def _value(said: str, limit: int = 2000) -> str:
    return line(said, limit)
