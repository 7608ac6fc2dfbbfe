"""LinkedIn conversions: tell LinkedIn what became of its leads, by the Conversions API."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from hub import (
    ConversionSink,
    Lead,
    Outcomes,
    Rejected,
    Request,
    Response,
    Sent,
    Verdict,
    bearer,
    hashed,
    hookimpl,
    milliseconds,
    plain_email,
    touched,
    worth,
)

PERSON = {"firstName": "first_name", "lastName": "last_name", "title": "title", "companyName": "company"}


class LinkedInConversions(ConversionSink):
    """Events of conversion rules; `events` names the rule of each disposition by its number."""

    name = "linkedin_conversions"
    title = "LinkedIn Conversions API"
    docs_url = "https://learn.microsoft.com/en-us/linkedin/marketing/conversions/conversions-overview"
    confirmed = (
        "Events are posted with X-RestLi-Method BATCH_CREATE as elements, at most 5,000 (segmentio)",
        "An event has a rule as urn:lla:llaPartnerConversion, a time in milliseconds of the last 90 days, and somebody",
        "One bad element fails the whole batch with 422, so a refused batch is tried again in halves (segmentio)",
        "eventId tells a repeat; 426 says that the version in LinkedIn-Version is too old (vendor docs)",
    )
    unconfirmed = (
        "The version that is current, 202609; `version` changes it",
        "That first and last name are plain in userInfo of this version; later ones may want them hashed",
    )
    repeatable = True
    batch = 100
    rate = 5.0
    idempotency_header = None
    statuses: ClassVar[Mapping[int, Verdict]] = {426: "misconfigured"}

    class Config(ConversionSink.Config):
        base_url: str = Field("https://api.linkedin.com", description="Address of the API.")
        version: str = Field("202609", description="Version of the API, as the header LinkedIn-Version has it.")
        token: SecretStr = Field(description="Token with rw_conversions, or one that Campaign Manager made.")
        window_days: float = Field(90, gt=0, le=90, description="How old an outcome may be when it is told, in days.")

    config: Config

    def wants(self, lead: Lead) -> bool:
        """Return whether the lead came by a click on LinkedIn or from one of its forms."""
        return _form(lead) is not None or touched(lead, "li_fat_id") is not None

    def refuse(self, lead: Lead) -> Rejected | None:
        """Refuse an outcome that is too old, or of nobody LinkedIn could tell."""
        nobody = not (lead.email or self.wants(lead) or (lead.first_name and lead.last_name))
        said = "There is no e-mail address, click id, lead id or whole name to tell the person by."
        return super().refuse(lead) or (Rejected(said) if nobody else None)

    def request(self, leads: Sequence[Lead]) -> Request:
        """Return the events of a batch, in order."""
        headers = {
            "Authorization": bearer(self.config.token), "LinkedIn-Version": self.config.version,
            "X-Restli-Protocol-Version": "2.0.0", "X-RestLi-Method": "BATCH_CREATE",
        }  # fmt: skip
        return Request("POST", "/rest/conversionEvents", headers=headers, json={"elements": [*map(self._event, leads)]})

    def response(self, response: Response, leads: Sequence[Lead]) -> Outcomes:
        """Return Sent for all: an answer that is 2xx took the whole batch."""
        return [Sent(lead.delivery.key) for lead in leads]

    def _event(self, lead: Lead) -> dict[str, Any]:
        occasion = lead.occasion
        price = worth(lead)
        amount = (
            {"currencyCode": price["currency"], "amount": f"{price['value']:.2f}"} if price.get("currency") else None
        )
        rule = self.event(lead) if occasion else ""
        return {
            "conversion": rule if rule.startswith("urn:") else f"urn:lla:llaPartnerConversion:{rule}",
            "conversionHappenedAt": milliseconds(occasion.at) if occasion else 0,
            **({"conversionValue": amount} if amount else {}),
            "eventId": lead.delivery.key,
            "user": _user(lead),
        }


def _user(lead: Lead) -> dict[str, Any]:
    """Return what LinkedIn may know the person by; what is empty is left out."""
    email, click, form = hashed(plain_email(lead.email)), touched(lead, "li_fat_id"), _form(lead)
    kinds = {"SHA256_EMAIL": email, "LINKEDIN_FIRST_PARTY_ADS_TRACKING_UUID": click}
    person = {name: value for name, field in PERSON.items() if (value := getattr(lead, field))}
    country = {"countryCode": lead.country} if lead.country else {}
    return {
        "userIds": [{"idType": kind, "idValue": value} for kind, value in kinds.items() if value],
        **({"userInfo": {**person, **country}} if lead.first_name and lead.last_name else {}),
        **({"lead": form} if form else {}),
    }


def _form(lead: Lead) -> str | None:
    """Return the id of the form's response, which LinkedIn's own leads carry."""
    said = touched(lead, "platform_lead_id")
    return said if said and said.startswith("urn:li:leadGenFormResponse:") else None


@hookimpl
def hub_register() -> Iterator[type[LinkedInConversions]]:
    """Register the connector."""
    yield LinkedInConversions
