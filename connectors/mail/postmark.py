"""Postmark: mail the team about each lead through the Email API."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field, SecretStr

from hub import Codes, Mail, MailApiSink, Rejected, Request, Response, Sent, hookimpl


class Postmark(MailApiSink):
    """People who get a mail about each lead, through Postmark."""

    name = "postmark"
    title = "Postmark"
    docs_url = "https://postmarkapp.com/developer/api/email-api"
    confirmed = (
        "POST /email with X-Postmark-Server-Token answers 200 with MessageID (public code: apprise)",
        "ErrorCode 0 is a success; a refusal is 422 with another ErrorCode (vendor docs)",
        "10 is the token, 400 and 401 the sender, 405, 412, 413 the account, 406 an inactive recipient (its overview)",
        "Pictures in the text are Attachments whose ContentID is cid:NAME (public code: postmark.js)",
        "There is no key for repeats, so a mail that may have been sent goes out once more and says so",
    )
    unconfirmed = (
        "The codes 1226 and 1235 of a message stream that is not there",
        "Links are not tracked, so that the one-click links stay the hub's own",
        "Accepted is not delivered: bounces are not read",
    )
    carries_pictures = True
    code_names = (("ErrorCode", "Message"),)
    codes = Codes(
        ok="0", retry="100", misconfigured="10 11 400 401 405 412 413 1221 1226 1235", reject="300 402 403 406"
    )

    class Config(MailApiSink.Config):
        base_url: str = Field("https://api.postmarkapp.com", description="Address of the API.")
        token: SecretStr = Field(description="Server API token.")
        stream: str = Field("outbound", description="Message stream, by its id.")

    config: Config

    def mailed(self, mail: Mail) -> Request:
        """Return the request that hands a mail over."""
        body: dict[str, Any] = {
            "From": str(mail.sender),
            "To": ", ".join(map(str, mail.to)),
            "Subject": mail.subject,
            "TextBody": mail.text,
            "HtmlBody": mail.html,
            "MessageStream": self.config.stream,
            "Metadata": {"hub_id": mail.key},
            "Headers": [{"Name": "Auto-Submitted", "Value": "auto-generated"}],
            "TrackLinks": "None",
            **({"ReplyTo": str(mail.reply_to)} if mail.reply_to else {}),
        }
        if mail.pictures:
            body["Attachments"] = [
                {"Name": one.name, "Content": one.encoded, "ContentType": "image/png", "ContentID": f"cid:{one.name}"}
                for one in mail.pictures
            ]
        return Request(
            "POST", "/email", headers={"X-Postmark-Server-Token": self.config.token.get_secret_value()}, json=body
        )

    def response(self, response: Response) -> Sent | Rejected:
        """Return Sent with the id of the mail."""
        return Sent(str(response.json()["MessageID"]))


@hookimpl
def hub_register() -> Iterator[type[Postmark]]:
    """Register the connector."""
    yield Postmark
