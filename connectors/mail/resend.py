"""Resend: mail the team about each lead through the Emails API, each mail only once."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field, SecretStr

from hub import Codes, Lead, Mail, MailApiSink, Rejected, Request, Response, Sent, Verdict, bearer, hookimpl

_SETTINGS = """
    missing_api_key restricted_api_key invalid_api_key invalid_from_address invalid_access invalid_region not_found
    method_not_allowed
"""
_REFUSED = """
    missing_required_field invalid_parameter invalid_attachment security_error
    invalid_idempotency_key
"""


class Resend(MailApiSink):
    """People who get a mail about each lead, through Resend.

    Resend forgives a repeat with the same key for a day, so every attempt sends the very same mail.
    """

    name = "resend"
    title = "Resend"
    docs_url = "https://resend.com/docs/api-reference/emails/send-email"
    confirmed = (
        "Idempotency-Key of at most 256 characters counts for 24 hours; the same mail again is not sent (vendor docs)",
        "The same key with another mail is 409 invalid_idempotent_request (vendor docs)",
        "Pictures in the text are attachments with a content_id (vendor docs, embed inline images)",
        "While the first is under way the answer is 409 concurrent_idempotent_requests (vendor docs)",
        "Errors are {statusCode, name, message}; rate_limit_exceeded passes, a quota waits (vendor docs, errors)",
    )
    unconfirmed = (
        "How many calls a second an account may make; two is what the hub makes at most",
        "Whether the key of a mail that was refused is free again; a doubtful one is left to a person",
        "Click tracking is a setting of the domain at Resend; leave it off, so that one-click links stay the hub's own",
        "Accepted is not delivered: bounces are not read",
    )
    idempotency_header = "Idempotency-Key"
    recognisable = False
    repeatable = True
    rate = 2.0
    carries_pictures = True
    code_names = (("name", "message"),)
    codes = Codes(
        retry="rate_limit_exceeded concurrent_idempotent_requests application_error internal_server_error",
        busy="daily_quota_exceeded monthly_quota_exceeded",
        misconfigured=_SETTINGS,
        reject=_REFUSED,
        pause_seconds=3600,
    )

    class Config(MailApiSink.Config):
        base_url: str = Field("https://api.resend.com", description="Address of the API.")
        api_key: SecretStr = Field(description="API key (re_…) that may send.")

    config: Config

    def request(self, lead: Lead) -> Request:
        """Return the request that mails about a lead, equal on every attempt."""
        return super().request(lead.with_fields(delivery=lead.delivery.model_copy(update={"attempt": 1})))

    def mailed(self, mail: Mail) -> Request:
        """Return the request that hands a mail over."""
        body: dict[str, Any] = {
            "from": str(mail.sender),
            "to": [str(one) for one in mail.to],
            "subject": mail.subject,
            "text": mail.text,
            "html": mail.html,
            "headers": {"Auto-Submitted": "auto-generated"},
            "tags": [{"name": "hub_id", "value": mail.key}],
        }
        if mail.reply_to:
            body["reply_to"] = str(mail.reply_to)
        if mail.pictures:
            body["attachments"] = [
                {"filename": one.name, "content": one.encoded, "content_id": one.name} for one in mail.pictures
            ]
        return Request("POST", "/emails", headers={"Authorization": bearer(self.config.api_key)}, json=body)

    def verdict(self, response: Response) -> Verdict:
        """Return what the answer means; whether the other mail under this key went out, nobody knows."""
        said = self.code(response)
        return "unclear" if said and said[0] == "invalid_idempotent_request" else super().verdict(response)

    def response(self, response: Response) -> Sent | Rejected:
        """Return Sent with the id of the mail."""
        return Sent(str(response.json()["id"]))


@hookimpl
def hub_register() -> Iterator[type[Resend]]:
    """Register the connector."""
    yield Resend
