"""Google Data Manager: tell Google Ads what became of its leads, as offline and enhanced conversions for leads."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from hub import (
    ConversionSink,
    GoogleCaller,
    Lead,
    Outcomes,
    Rejected,
    Request,
    Response,
    Sent,
    Verdict,
    gmail_email,
    google_reasons,
    hashed,
    hookimpl,
    iso,
    touched,
    worth,
)

CLICKS = ("gclid", "gbraid", "wbraid")
TOO_NEW = "CONVERSION_ACTION_TOO_RECENTLY_CREATED"
SETTINGS = re.compile(
    "INVALID_(CONVERSION_ACTION|CLIENT_ACCOUNT)_(ID|TYPE)|INVALID_DESTINATION|NOT_ALLOWLISTED|TERMS_.*_NOT_SIGNED"
    "|DESTINATION_ACCOUNT_.*|.*_MISMATCH|MISMATCHED_.*"
)


class GoogleDataManagerApi(GoogleCaller, ConversionSink):
    """Events of conversion actions; `events` names the action of each disposition by its number.

    Google answers before it has matched anything: the ref of a delivery is the request id, by which
    requestStatus:retrieve says later, in numbers only, how many of a request's events were used.
    """

    name = "google_data_manager"
    title = "Google Ads conversions (Data Manager API)"
    docs_url = "https://developers.google.com/data-manager/api/devguides/events/google-ads/offline"
    confirmed = (
        "The Google Ads API takes no uploads of new users since June 2026; this API does (Google Ads developer blog)",
        "events:ingest takes 2,000 events and needs no developer token (google-ads-datamanager)",
        "One bad event fails the whole request, so a refused batch is tried again in halves (understand-errors)",
        "E-mail and phone with its plus are hashed, without dots in Gmail's names; click ids are not (segmentio)",
        "transactionId and conversion action tell a repeat (google-ads-datamanager)",
    )
    unconfirmed = (
        "How old an outcome of a lead may be: 63 days after its click, 90 by click id; `window_days` says 63",
        "That an action which is too new is taken six hours later; that names keep their punctuation",
        "Whether eventSource WEB suits leads of phone or shop too; `event_source` changes it",
    )
    scope = "https://www.googleapis.com/auth/datamanager"
    repeatable = True
    batch = 100
    rate = 3.0

    class Config(GoogleCaller.Config, ConversionSink.Config):
        base_url: str = Field("https://datamanager.googleapis.com", description="Address of the API.")
        account_id: str = Field(pattern="^[0-9-]+$", description="Number of the Google Ads account.")
        manager_id: str | None = Field(
            None, pattern="^[0-9-]+$", description="Number of the manager account that you sign in by, if any."
        )
        event_source: Literal["WEB", "APP", "IN_STORE", "PHONE", "MESSAGE", "OTHER"] = Field(
            "WEB", description="Where the conversions happen (eventSource)."
        )
        ad_consent: Literal["granted", "denied"] | None = Field(
            None, description="What people said to the use of their data in ads; none: the account's own default."
        )
        user_data: bool = Field(
            True, description="Send hashed e-mail, phone and address; false for accounts without customer data terms."
        )
        window_days: float = Field(63, gt=0, le=90, description="How old an outcome may be when it is told, in days.")

    config: Config

    def wants(self, lead: Lead) -> bool:
        """Return whether the lead came by a click on Google."""
        return touched(lead, *CLICKS) is not None

    def refuse(self, lead: Lead) -> Rejected | None:
        """Refuse an outcome that is too old, or of nobody Google could tell."""
        nobody = not (self.wants(lead) or (self.config.user_data and _people(lead)))
        said = "There is no click id, e-mail address or phone number to tell the person by."
        return super().refuse(lead) or (Rejected(said) if nobody else None)

    def request(self, leads: Sequence[Lead]) -> Request:
        said = f"CONSENT_{(self.config.ad_consent or '').upper()}"
        consent = {"consent": {"adUserData": said, "adPersonalization": said}} if self.config.ad_consent else {}
        actions = dict.fromkeys(map(self.event, (lead for lead in leads if lead.occasion)))
        whole = {"destinations": [*map(self._destination, actions)], "encoding": "HEX", **consent}
        return Request("POST", "/v1/events:ingest", json={**whole, "events": [*map(self._event, leads)]})

    def response(self, response: Response, leads: Sequence[Lead]) -> Outcomes:
        return [Sent(str(response.json()["requestId"])) for _ in leads]

    def verdict(self, response: Response) -> Verdict:
        reasons = dict(google_reasons(response))
        settings = any(map(SETTINGS.fullmatch, reasons))
        return "retry" if TOO_NEW in reasons else "misconfigured" if settings else super().verdict(response)

    def wait(self, response: Response) -> float | None:
        return 6 * 3600.0 if TOO_NEW in dict(google_reasons(response)) else super().wait(response)

    def refusal(self, response: Response) -> str:
        said = [f"{reason} ({field})" if field else reason for reason, field in google_reasons(response)]
        return ", ".join(dict.fromkeys(said))[:300] or super().refusal(response)

    def _destination(self, action: str) -> dict[str, Any]:
        own, by = self.config.account_id, self.config.manager_id
        login = {"loginAccount": _account(by)} if by else {}
        return {"reference": action, "operatingAccount": _account(own), **login, "productDestinationId": action}

    def _event(self, lead: Lead) -> dict[str, Any]:
        price, clicks = worth(lead), {name: click for name in CLICKS if (click := touched(lead, name))}
        amount = {"conversionValue": price["value"], "currency": price["currency"]} if price.get("currency") else {}
        people = _people(lead) if self.config.user_data else []
        return {
            "destinationReferences": [self.event(lead)] if lead.occasion else [],
            "transactionId": lead.delivery.key,
            "eventTimestamp": iso(lead.occasion.at) if lead.occasion else None,
            "eventSource": self.config.event_source,
            **amount,
            **({"adIdentifiers": clicks} if clicks else {}),
            **({"userData": {"userIdentifiers": people}} if people else {}),
        }


def _people(lead: Lead) -> list[Mapping[str, Any]]:
    """Return what Google may know the person by; an address counts only when it is whole."""
    names = [hashed((name or "").strip().lower()) for name in (lead.first_name, lead.last_name)]
    place = {"givenName": names[0], "familyName": names[1], "regionCode": lead.country, "postalCode": lead.postcode}
    known = {"emailAddress": hashed(gmail_email(lead.email)), "phoneNumber": hashed(lead.phone)}
    whole = [{"address": place}] if all(place.values()) else []
    return [*({name: value} for name, value in known.items() if value), *whole]


def _account(number: str) -> dict[str, str]:
    return {"accountType": "GOOGLE_ADS", "accountId": number.replace("-", "")}


@hookimpl
def hub_register() -> Iterator[type[GoogleDataManagerApi]]:
    yield GoogleDataManagerApi
