"""SMTP: send a mail about each lead through a mail server."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from functools import partial
from typing import Any, Literal

import httpx
from pydantic import Field, SecretStr

from hub import (
    Lead,
    MailAddress,
    MailServer,
    Message,
    Misconfigured,
    Outcomes,
    Rejected,
    Retry,
    Sent,
    Sink,
    Teller,
    Unclear,
    Wording,
    header,
    hookimpl,
    line,
    mail_address,
)


class Smtp(Sink, Teller):
    """People who get a mail about each lead.

    A mail sent again after an ambiguous attempt has the same Message-ID, and says that it may be a repeat.
    """

    name = "smtp"
    title = "E-mail (SMTP)"
    docs_url = "https://www.rfc-editor.org/rfc/rfc5321"
    confirmed = (
        "A client waits ten minutes for the answer to the final dot (RFC 5321, 4.5.3.2.6)",
        "Answers 4xx pass, 5xx do not; 530, 534, 535 and 538 ask for another login (RFC 5321, RFC 4954)",
        "Gmail answers its daily limit with 550 5.4.5 (vendor docs)",
    )
    unconfirmed = ("Whether a mail server or reader drops a second mail with the same Message-ID",)
    rate = 2.0
    concurrency = 2
    carries_pictures = True

    class Config(Wording):
        host: str = Field(min_length=1, description="Name of the mail server.")
        port: int = Field(587, ge=1, le=65535, description="Port: 587 with starttls, 465 with tls, 25 for a relay.")
        security: Literal["starttls", "tls", "none"] = Field(
            "starttls",
            description="Encryption: starttls, tls from the first byte, or none for a relay on this machine.",
        )
        user: str | None = Field(None, description="User name, when the server wants a login.")
        password: SecretStr | None = Field(None, description="Password, or the app password the provider gives out.")
        sender: MailAddress = Field(alias="from", description="Sender, such as Leads <leads@acme.com>.")
        to: list[MailAddress] = Field(min_length=1, max_length=50, description="Who gets the mail about every lead.")
        owners: dict[str, MailAddress] = Field(
            default_factory=dict, description="Who gets it beside them: an owner's name to the owner's address."
        )
        reply_to_lead: bool = Field(False, description="Let an answer to the mail go to the lead's own address.")
        hello: str | None = Field(None, description="Name this machine gives itself in EHLO; none: the one it has.")
        ca_file: str | None = Field(None, description="Certificates to trust instead of the system's, a PEM file.")
        timeout: float = Field(30.0, gt=0, le=120, description="Seconds to wait for each answer but the last.")
        patience: float = Field(600.0, gt=0, le=900, description="Seconds to wait for the answer to the whole mail.")
        at_most_once: bool = Field(
            False, description="Leave a mail that may have been sent to a person, instead of repeating it."
        )

    config: Config

    def ready(self) -> None:
        """Prepare the server and the addresses."""
        config = self.config
        password = config.password.get_secret_value() if config.password else None
        self.repeatable = not config.at_most_once
        self.sender = mail_address(config.sender)
        self.server = partial(
            MailServer, config.host, config.port, config.security, config.user, password, config.ca_file, config.hello,
            config.timeout, config.patience,
        )  # fmt: skip

    async def send(self, leads: Sequence[Lead], http: httpx.AsyncClient) -> Outcomes:
        """Send a mail about each lead."""
        outcomes: Outcomes = []
        for lead in leads:
            try:
                outcomes.append(await asyncio.to_thread(self._send, self.mail(lead)))
            except (Retry, Unclear) as error:
                outcomes.append(error)
            except Misconfigured as error:
                if not outcomes:
                    raise
                return outcomes + [error] * (len(leads) - len(outcomes))
        return outcomes

    def mail(self, lead: Lead) -> EmailMessage:
        """Return the mail about a lead, as text and as HTML; pure."""
        mail = self.notice(Message.of(lead, self.config), lead.delivery.key, self.config.owners.get(lead.owner or ""))
        if self.config.reply_to_lead and lead.email:
            with suppress(ValueError):
                mail["Reply-To"] = mail_address(lead.email)
        return mail

    async def tell(self, message: Message, key: str, http: httpx.AsyncClient) -> Sent | Rejected:
        """Send a mail about no lead."""
        return await asyncio.to_thread(self._send, self.notice(message, key))

    def notice(self, message: Message, key: str, owner: str | None = None) -> EmailMessage:
        """Return the mail with a message, as text and as HTML; pure."""
        to = [mail_address(said) for said in dict.fromkeys([*self.config.to, *filter(None, [owner])])]
        mail = EmailMessage(SMTP if all(one.addr_spec.isascii() for one in (self.sender, *to)) else SMTPUTF8)
        mail["Subject"] = header(message.title)
        mail["From"] = self.sender
        mail["To"] = to
        mail["Date"] = self.clock.now()
        mail["Message-ID"] = f"<{key}@{self.sender.domain}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence note comes back
        mail.set_content(message.plain(_value), cte="base64")
        mail.add_alternative(message.page(_value), subtype="html", cte="base64")
        page: Any = mail.get_payload(1)
        for one in message.pictures:
            page.add_related(one.content, "image", "png", cid=f"<{one.name}>", filename=one.name, disposition="inline")
        return mail

    def _send(self, mail: EmailMessage) -> Sent | Rejected:
        recipients = [address.addr_spec for address in mail["To"].addresses]
        utf8 = mail.policy is SMTPUTF8
        said = self.server(networks=self.networks).submit(self.sender.addr_spec, recipients, mail.as_bytes(), utf8=utf8)
        return Sent(str(mail["Message-ID"]), said.note) if isinstance(said, Sent) else said


def _value(said: str, limit: int = 2000) -> str:
    return line(said, limit)


@hookimpl
def hub_register() -> Iterator[type[Smtp]]:
    """Register the connector."""
    yield Smtp
