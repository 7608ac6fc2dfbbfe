"""Amazon SES: mail the team about each lead through the SES API, version 2."""

from collections.abc import Iterator
from email.charset import BASE64, Charset
from email.headerregistry import Address
from email.utils import formataddr
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from hub import CloudKey, Codes, Mail, MailApiSink, Rejected, Request, Response, Sent, aws4, hookimpl, readable, to_json

_PATH = "/v2/email/outbound-emails"
_SETTINGS = """
    AccountSuspendedException SendingPausedException MailFromDomainNotVerifiedException NotFoundException
    AccessDeniedException UnrecognizedClientException InvalidSignatureException SignatureDoesNotMatch
    IncompleteSignatureException MissingAuthenticationTokenException InvalidClientTokenId ExpiredTokenException
    NotVerified
"""


class AwsSes(MailApiSink):
    """People who get a mail about each lead, through Amazon SES."""

    name = "aws_ses"
    title = "Amazon SES"
    docs_url = "https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html"
    confirmed = (
        "POST /v2/email/outbound-emails answers {MessageId} (docs.aws.amazon.com, sesv2 SendEmail)",
        "Errors are TooManyRequestsException 429; LimitExceeded, MessageRejected and account states 400 (SendEmail)",
        "Requests are signed by Signature Version 4, service ses; the signer makes AWS's published test signatures",
        "There is no key for repeats, so a mail that may have been sent goes out once more and says so",
        "A mail has at most 50 recipients (vendor docs)",
        "Pictures in the text are Attachments with INLINE and a ContentId (vendor docs, attachments)",
    )
    unconfirmed = (
        "The name of an error stands in x-amzn-ErrorType, or in __type of the body",
        "MessageRejected with the words `not verified` is a setting; with other words it refuses this mail",
        "Click tracking is a setting of the configuration set; leave it off, so that one-click links stay our own",
        "Accepted is not delivered: bounces are not read",
    )
    carries_pictures = True
    codes = Codes(
        retry="TooManyRequestsException ThrottlingException Throttling",
        busy="LimitExceededException",
        misconfigured=_SETTINGS,
        reject="BadRequestException MessageRejected",
        pause_seconds=600,
    )

    class Config(MailApiSink.Config):
        base_url: str = Field("", description="Address of the API; empty: that of the region.")
        region: str = Field(pattern="^[a-z0-9-]+$", description="Region of SES, such as eu-central-1.")
        client_id: str = Field(description="Access key id of a user with the right ses:SendEmail.")
        client_secret: SecretStr = Field(description="Secret access key of that user.")
        token: SecretStr | None = Field(None, description="Session token, where the key is a temporary one.")
        configuration_set: str | None = Field(None, description="Configuration set of the mails.")

    config: Config

    def mailed(self, mail: Mail) -> Request:
        """Return the request that hands a mail over, signed with the time of now."""
        config = self.config
        base = config.base_url.rstrip("/") or f"https://email.{config.region}.amazonaws.com"
        body = to_json(self._body(mail))
        headers = {"content-type": "application/json", "host": urlsplit(base).netloc}
        if config.token:
            headers["x-amz-security-token"] = config.token.get_secret_value()
        key = CloudKey(config.client_id, config.client_secret.get_secret_value())
        signed = aws4(key, (config.region, "ses"), self.clock.now(), "POST", _PATH, headers, body)
        return Request("POST", base + _PATH, headers=signed, content=body)

    def code(self, response: Response) -> tuple[str, str] | None:
        """Return the name and words of an error; `NotVerified` where an address still has to be verified."""
        said = readable(response)
        said = said if isinstance(said, dict) else {}
        kind = response.header("x-amzn-errortype") or said.get("__type") or said.get("code")
        if response.status < 400 or not isinstance(kind, str):
            return None
        name, words = kind.partition(":")[0].rpartition("#")[2], str(said.get("message") or said.get("Message") or "")
        return ("NotVerified" if name == "MessageRejected" and "not verified" in words else name), words

    def response(self, response: Response) -> Sent | Rejected:
        """Return Sent with the id of the mail."""
        return Sent(str(response.json()["MessageId"]))

    def _body(self, mail: Mail) -> dict[str, Any]:
        texts = {"Text": _text(mail.text), "Html": _text(mail.html)}
        headers = [{"Name": "Auto-Submitted", "Value": "auto-generated"}]
        kind = {"ContentType": "image/png", "ContentDisposition": "INLINE", "ContentTransferEncoding": "BASE64"}
        shown = [
            {"RawContent": one.encoded, "FileName": one.name, "ContentId": one.name, **kind} for one in mail.pictures
        ]
        simple = {"Subject": _text(mail.subject), "Body": texts, "Headers": headers}
        body = {
            "FromEmailAddress": _mailbox(mail.sender),
            "Destination": {"ToAddresses": [_mailbox(one) for one in mail.to]},
            "Content": {"Simple": {**simple, **({"Attachments": shown} if shown else {})}},
            "EmailTags": [{"Name": "hub_id", "Value": mail.key}],
        }
        if mail.reply_to:
            body["ReplyToAddresses"] = [_mailbox(mail.reply_to)]
        if self.config.configuration_set:
            body["ConfigurationSetName"] = self.config.configuration_set
        return body


def _text(said: str) -> dict[str, str]:
    return {"Data": said, "Charset": "UTF-8"}


def _mailbox(address: Address) -> str:
    """Return the address with its name in ASCII (RFC 2047), as SES takes no other."""
    words = Charset("utf-8")
    words.header_encoding = BASE64  # whatever another library made of the default
    return formataddr((address.display_name, address.addr_spec), words)


@hookimpl
def hub_register() -> Iterator[type[AwsSes]]:
    """Register the connector."""
    yield AwsSes
