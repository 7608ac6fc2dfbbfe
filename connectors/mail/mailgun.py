"""Mailgun: mail the team about each lead through the Messages API."""

from collections.abc import Iterator

from pydantic import Field, SecretStr

from hub import Mail, MailApiSink, Rejected, Request, Response, Sent, basic, hookimpl, segment


class Mailgun(MailApiSink):
    """People who get a mail about each lead, through Mailgun."""

    name = "mailgun"
    title = "Mailgun"
    docs_url = "https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages/post-v3--domain-name--messages"
    confirmed = (
        "POST /v3/{domain}/messages as a form, login api and the key (public code: apprise, plugins/mailgun.py)",
        "There is no key for repeats, so a mail that may have been sent goes out once more and says so",
    )
    unconfirmed = (
        "200 {id, message: Queued. Thank you.} and errors as {message}",
        "Click tracking is turned off in the mail, so that the one-click links stay the hub's own",
        "Accepted is not delivered: bounces are not read",
    )

    class Config(MailApiSink.Config):
        base_url: str = Field(
            "https://api.mailgun.net", description="Address of the API; https://api.eu.mailgun.net in Europe."
        )
        api_key: SecretStr = Field(description="Sending key of the domain, or of the account.")
        domain: str = Field(min_length=1, description="Domain that Mailgun sends from, such as mg.acme.com.")

    config: Config

    def mailed(self, mail: Mail) -> Request:
        """Return the request that hands a mail over."""
        form = {
            "from": str(mail.sender),
            "to": ", ".join(map(str, mail.to)),
            "subject": mail.subject,
            "text": mail.text,
            "html": mail.html,
            "v:hub_id": mail.key,
            "h:Auto-Submitted": "auto-generated",
            "o:tracking-clicks": "no",
        }
        if mail.reply_to:
            form["h:Reply-To"] = str(mail.reply_to)
        login = basic("api", self.config.api_key)
        url = f"/v3/{segment(self.config.domain)}/messages"
        return Request("POST", url, headers={"Authorization": login}, form=form)

    def response(self, response: Response) -> Sent | Rejected:
        """Return Sent with the Message-ID."""
        return Sent(str(response.json()["id"]))


@hookimpl
def hub_register() -> Iterator[type[Mailgun]]:
    """Register the connector."""
    yield Mailgun
