"""SendGrid: mail the team about each lead through the Mail Send API."""

from collections.abc import Iterator
from email.headerregistry import Address
from typing import Any

from pydantic import Field, SecretStr

from hub import Mail, MailApiSink, Rejected, Request, Response, Sent, bearer, hookimpl, readable


class SendGrid(MailApiSink):
    """People who get a mail about each lead, through SendGrid."""

    name = "sendgrid"
    title = "SendGrid"
    docs_url = "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send"
    confirmed = (
        "202 without a body means accepted; X-Message-Id names the mail (public code: sendgrid-python, apprise)",
        "Errors are {errors: [{message, field, help}]} (public code: apprise, plugins/sendgrid.py)",
        "Pictures in the text are attachments with a content_id, inline (public code: sendgrid-nodejs)",
        "There is no key for repeats, so a mail that may have been sent goes out once more and says so",
    )
    unconfirmed = (
        "429 has X-RateLimit-Reset, the time in seconds since 1970 at which calls are taken again",
        "Click tracking is turned off in the mail, so that the one-click links stay the hub's own",
        "Accepted is not delivered: bounces are not read",
    )
    carries_pictures = True

    class Config(MailApiSink.Config):
        base_url: str = Field(
            "https://api.sendgrid.com", description="Address of the API; https://api.eu.sendgrid.com in Europe."
        )
        api_key: SecretStr = Field(description="API key (SG.…) with the right Mail Send.")

    config: Config

    def mailed(self, mail: Mail) -> Request:
        """Return the request that hands a mail over."""
        body: dict[str, Any] = {
            "personalizations": [{"to": [_mailbox(one) for one in mail.to], "custom_args": {"hub_id": mail.key}}],
            "from": _mailbox(mail.sender),
            "subject": mail.subject,
            "content": [{"type": "text/plain", "value": mail.text}, {"type": "text/html", "value": mail.html}],
            "headers": {"Auto-Submitted": "auto-generated"},
            "tracking_settings": {"click_tracking": {"enable": False, "enable_text": False}},
        }
        if mail.reply_to:
            body["reply_to"] = _mailbox(mail.reply_to)
        if mail.pictures:
            kind = {"type": "image/png", "disposition": "inline"}
            body["attachments"] = [
                {"content": one.encoded, "filename": one.name, "content_id": one.name, **kind} for one in mail.pictures
            ]
        return Request("POST", "/v3/mail/send", headers={"Authorization": bearer(self.config.api_key)}, json=body)

    def response(self, response: Response) -> Sent | Rejected:
        """Return Sent with the id of the mail; only 202 is SendGrid's."""
        if response.status != 202:
            raise ValueError("not the answer of a mail that was taken")
        return Sent(response.header("x-message-id"))

    def wait(self, response: Response) -> float | None:
        """Return the seconds until calls are taken again."""
        reset = response.header("x-ratelimit-reset") or ""
        away = float(reset) - self.clock.now().timestamp() if reset.isascii() and reset.isdigit() else -1.0
        return super().wait(response) or (away if 0 < away < 86_400 else None)

    def refusal(self, response: Response) -> str:
        """Return the vendor's words for the first error."""
        said = readable(response)
        errors = said.get("errors") if isinstance(said, dict) else None
        first = errors[0] if isinstance(errors, list) and errors else None
        if not isinstance(first, dict):
            return super().refusal(response)
        field = f" ({first['field']})" if first.get("field") else ""
        return f"{first.get('message')}{field}"[:300]


def _mailbox(address: Address) -> dict[str, str]:
    named = {"name": address.display_name} if address.display_name else {}
    return {"email": address.addr_spec, **named}


@hookimpl
def hub_register() -> Iterator[type[SendGrid]]:
    """Register the connector."""
    yield SendGrid
