"""Twilio: takes calls and messages to a number, SMS and WhatsApp alike, and answers with the TwiML you set."""

from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr

from hub import (
    BadInput,
    Inbound,
    RawLead,
    Receipt,
    Reply,
    Unverified,
    WebhookSource,
    check_hmac,
    hookimpl,
    secrets_of,
)

SIGNATURE = "X-Twilio-Signature"
_PORTS = {"https": 443, "http": 80}


class TwilioVoiceSms(WebhookSource):
    """The webhooks "A call comes in" and "A message comes in" of a number, as HTTP POST."""

    name = "twilio_voice_sms"
    title = "Twilio calls and messages"
    docs_url = "https://www.twilio.com/docs/usage/webhooks/webhooks-security"
    confirmed = (
        "the signature is base64 of HMAC-SHA1 under the auth token over the address, then every parameter by its name, "
        "name and value without a sign between (twilio-python, twilio/request_validator.py)",
        "the address may be signed with or without its usual port (twilio-python)",
    )
    unconfirmed = (
        "the names of the parameters (MessageSid, CallSid, From, To, Body, OptOutType, ReferralCtwaClid …)",
        "it waits 15 seconds for TwiML, then asks the number's fallback address, and does not post again by itself",
        "an empty TwiML answer ends a call; `call_twiml` says what is done with it instead",
    )

    class Config(WebhookSource.Config):
        secret: SecretStr = Field(description="Auth token of the account.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        account_id: str | None = Field(None, description="Account SID (AC…) that posts must be of; none: any.")
        call_twiml: str = Field(
            "<Response/>",
            pattern=r"^\s*<",
            description="TwiML for a call, such as <Response><Dial>+4930…</Dial></Response>.",
        )
        message_twiml: str = Field("<Response/>", pattern=r"^\s*<", description="TwiML for a message; none: no reply.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        form = inbound.form()
        told = "".join(f"{name}{value}" for name in sorted(form) for value in sorted(set(form[name])))
        refused: Unverified | None = None
        for address in _addresses(inbound.url):
            message = f"{address}{told}".encode("utf-8", "replace")
            try:
                self._check(inbound, message)
            except Unverified as error:
                refused = error
            else:
                return
        raise refused or Unverified("The address that was called is not known.")

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        form = inbound.form()
        data = {name: values[0] if len(values) == 1 else values for name, values in form.items()}
        account, own = data.get("AccountSid"), self.config.account_id
        if own is not None and account != own:
            raise BadInput(f"The post is of the account {str(account)[:40]!r}, not of `account_id`.")
        key = str(data.get("MessageSid") or data.get("SmsSid") or data.get("CallSid") or "")
        if not key:
            raise BadInput("The post has neither MessageSid nor CallSid.")
        if data.get("OptOutType") or str(data.get("Direction", "")).startswith("outbound"):
            return
        yield RawLead(key, data, inbound.received_at)

    def answer(self, inbound: Inbound, receipt: Receipt) -> Reply:
        """Answer with TwiML: what is done with the call, or the reply to the message."""
        call = b"CallSid=" in inbound.body
        twiml = self.config.call_twiml if call else self.config.message_twiml
        return Reply(200, twiml.encode(), {"content-type": "text/xml; charset=utf-8"})

    def _check(self, inbound: Inbound, message: bytes) -> None:
        secrets = secrets_of(self.config)
        check_hmac(
            inbound, secrets, header=SIGNATURE, algorithm="sha1", encoding="base64", signed=lambda _: message
        )  # fmt: skip


def _addresses(url: str) -> list[str]:
    """Return the address as it was called, and with or without the usual port of its scheme."""
    try:
        parts = urlsplit(url)
        port, usual = parts.port, _PORTS.get(parts.scheme)
    except ValueError:
        return [url]
    bare = parts.netloc if port is None else parts.netloc.rpartition(":")[0]
    other = f"{bare}:{usual}" if port is None else bare
    return [url, urlunsplit(parts._replace(netloc=other))] if usual and port in (None, usual) else [url]


@hookimpl
def hub_register() -> Iterable[type[TwilioVoiceSms]]:
    yield TwilioVoiceSms
