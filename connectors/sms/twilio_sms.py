"""Twilio: text the lead's owner, or one number, about each lead."""

from collections.abc import Iterator

import httpx
from pydantic import Field, SecretStr, model_validator

from hub import (
    Codes,
    FieldPath,
    Lead,
    Message,
    Misconfigured,
    Rejected,
    Request,
    Response,
    Sent,
    Teller,
    TextSink,
    Wording,
    basic,
    hookimpl,
    message_text,
    segment,
)

_SETTINGS = """
    20003 20005 20006 20404 21212 21408 21603 21606 21608 21611 21659 21660 21701 21703 21704 21705 21606 30032 30034
"""
_REFUSED = "21211 21265 21610 21612 21614 21617 21619 21635 21656 21658 30004 30005 30006 30007"


class TwilioSms(TextSink, Teller):
    """People who get a text about each lead, through Twilio."""

    name = "twilio_sms"
    title = "Twilio SMS"
    docs_url = "https://www.twilio.com/docs/messaging/api/message-resource"
    confirmed = (
        "POST Accounts/{account}/Messages.json as a form answers 201 with the text's sid (public code: twilio-python)",
        "Basic login with account and auth token, or with an API key and its secret (public code)",
        "Body has at most 1,600 characters; more is answered with 21617 or 21658 (twilio.com/docs/api/errors/21658)",
        "21611 says that the sender's queue holds ten hours of texts (twilio.com/docs/api/errors/21611)",
    )
    unconfirmed = (
        "What the other codes mean: 21610 is a person who has answered STOP, 20429 too many calls, 20003 the login",
        "Twilio has no key for repeats: a text that may have gone out is held for a person",
        "201 says that the text is queued; whether it arrived only the delivery report says, which is not read",
    )
    rate = 1.0
    codes = Codes(retry="20429 14107 20503", misconfigured=_SETTINGS, reject=_REFUSED)
    doubtful = "20500"

    class Config(TextSink.Config, Wording):
        base_url: str = Field("https://api.twilio.com", description="Address of the API, or of a region of it.")
        account_id: str = Field(pattern="^AC", description="Account SID, starting with AC.")
        token: SecretStr | None = Field(None, description="Auth token of the account; or give api_key and secret.")
        api_key: SecretStr | None = Field(None, description="SID of an API key, starting with SK.")
        secret: SecretStr | None = Field(None, description="Secret of the API key.")
        sender: str = Field(
            alias="from", description="Number or name the text comes from, or a messaging service, starting with MG."
        )
        show: tuple[FieldPath, ...] = Field(
            ("company", "phone", "email", "interest"), description="Fields the text shows, in order."
        )
        longest: int = Field(
            800,
            ge=70,
            le=1600,
            description="Most characters of a text; each 153 of them, or 67 beyond GSM, are paid for. A one-click link "
            "has about 140, so `links` and this decide what a text costs.",
        )

        @model_validator(mode="after")
        def _login(self) -> "TwilioSms.Config":
            if (self.token is None) == (self.api_key is None) or (self.api_key is None) != (self.secret is None):
                raise ValueError("Give either `token`, or `api_key` and `secret`.")
            return self

    config: Config

    def compose(self, lead: Lead, number: str) -> Request:
        """Return the request that texts a number about a lead."""
        return self._text(Message.of(lead, self.config), number)

    async def tell(self, message: Message, key: str, http: httpx.AsyncClient) -> Sent | Rejected:
        """Text a message about no lead."""
        if self.config.to is None:
            raise Misconfigured("Nobody is texted about the hub itself. Set `to`.")
        return self.outcome(await self.exchange(self._text(message, self.config.to), http))

    def response(self, response: Response) -> Sent | Rejected:
        """Return Sent with the text's sid; a text that has failed at once is refused."""
        said = response.json()
        if said.get("status") in ("failed", "undelivered", "canceled"):
            return Rejected(f"{said.get('error_code')} {said.get('error_message') or said['status']}"[:300])
        return Sent(str(said["sid"]))

    def _text(self, message: Message, number: str) -> Request:
        config, service = self.config, self.config.sender.startswith("MG")
        form = {
            "To": number,
            "MessagingServiceSid" if service else "From": config.sender,
            "Body": message_text(message, config.longest),
        }
        login = basic(config.api_key or config.account_id, config.secret or config.token or "")
        url = f"/2010-04-01/Accounts/{segment(config.account_id)}/Messages.json"
        return Request("POST", url, headers={"Authorization": login}, form=form)


@hookimpl
def hub_register() -> Iterator[type[TwilioSms]]:
    """Register the connector."""
    yield TwilioSms
