"""TikTok events: tell TikTok what became of its leads, as CRM events of the Events API."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from hub import (
    ConversionSink,
    Lead,
    Outcome,
    Outcomes,
    Rejected,
    Request,
    Response,
    Sent,
    Unclear,
    Verdict,
    an_object,
    hashed,
    hookimpl,
    objects,
    plain_email,
    readable,
    touched,
    worth,
)

CODES: Mapping[str, Verdict] = {
    "0": "ok", "20001": "ok",  # the second: some events failed, which are named
    "40100": "retry", "40001": "misconfigured", "40105": "misconfigured", "40002": "reject",
}  # fmt: skip


class TikTokEvents(ConversionSink):
    """Events of one CRM event set: each disposition of a lead is an event, told once."""

    name = "tiktok_events"
    title = "TikTok Events API (CRM)"
    docs_url = "https://business-api.tiktok.com/portal/docs?id=1771101027431425"
    confirmed = (
        "the token goes into the header Access-Token; event_source is crm, event_time in seconds (public connectors)",
        "HTTP is 200 always: code 0 is success, 20001 names the events that failed (rudder-transformer)",
        "e-mail is hashed in lower case, phone in E.164 with its plus; ttclid and lead_id are not (segmentio)",
    )
    unconfirmed = (
        "what 40105 and codes from 50000 on mean: a token to renew, and trouble that passes",
        "how old a CRM event may be; `window_days` says 28",
        "that event_id and event tell a repeat for 48 hours in a CRM event set too",
    )
    repeatable = True
    batch = 50
    rate = 10.0
    idempotency_header = None
    statuses: ClassVar[Mapping[int, Verdict]] = {401: "misconfigured"}

    class Config(ConversionSink.Config):
        base_url: str = Field("https://business-api.tiktok.com", description="Address of the API.")
        version: str = Field("v1.3", description="Version of the API, as its paths name it.")
        token: SecretStr = Field(description="Long-lived access token of the event set.")
        event_set_id: str = Field(description="Id of the CRM event set (event_source_id).")
        crm: str = Field("leadhub", description="Name of your CRM, as TikTok shows it (lead_event_source).")
        window_days: float = Field(28, gt=0, le=90, description="How old an outcome may be when it is told, in days.")
        test_event_code: str | None = Field(
            None, description="Code of the Test Events tab; while it is set, nothing counts."
        )

    config: Config

    def wants(self, lead: Lead) -> bool:
        """Return whether the lead came by a click on TikTok, or says so itself."""
        return bool(touched(lead, "ttclid")) or (lead.touch.fields.get("utm_source") or "").lower() == "tiktok"

    def request(self, leads: Sequence[Lead]) -> Request:
        """Return the events of a batch, in order."""
        test = {"test_event_code": self.config.test_event_code} if self.config.test_event_code else {}
        body = {"event_source": "crm", "event_source_id": self.config.event_set_id, "partner_name": "leadhub", **test}
        headers = {"Access-Token": self.config.token.get_secret_value()}
        events = [self._event(lead) for lead in leads]
        return Request(
            "POST", f"/open_api/{self.config.version}/event/track/", headers=headers, json={**body, "data": events}
        )

    def response(self, response: Response, leads: Sequence[Lead]) -> Outcomes:
        """Return Sent for all but the events that are named as failed."""
        said = an_object(response.json())
        failed = objects(an_object(said.get("data")).get("failed_events"))
        known = {
            str(one.get("event_id")): str(one.get("message") or one.get("error_message") or "it failed.")
            for one in failed
        }
        if str(said.get("code")) != "0" and not known:
            raise Unclear(f"TikTok says that some events failed, and not which: {response.excerpt()}")
        return [_outcome(known.get(lead.delivery.key), str(said.get("request_id") or "")) for lead in leads]

    def verdict(self, response: Response) -> Verdict:
        """Return what the code means; the status is 200 whatever it is."""
        said, what = readable(response), super().verdict(response)
        code = str(said.get("code", "")) if isinstance(said, dict) else ""
        if what != "ok" or not code:
            return what
        return CODES.get(code) or ("retry" if code.startswith("5") else "reject")

    def refusal(self, response: Response) -> str:
        """Return the code and TikTok's words."""
        said = response.json()
        return f"{said['code']}: {said.get('message')}"[:300]

    def _event(self, lead: Lead) -> dict[str, Any]:
        occasion = lead.occasion
        secret = {"email": plain_email(lead.email), "phone": lead.phone, "external_id": lead.id}
        known: dict[str, Any] = {name: [hashed(value)] for name, value in secret.items() if value}
        click, form = touched(lead, "ttclid"), touched(lead, "platform_lead_id")
        own = {"lead_id": form} if form else {}
        return {
            "event": self.event(lead) if occasion else "",
            "event_time": int(occasion.at.timestamp()) if occasion else 0,
            "event_id": lead.delivery.key,
            "user": {**known, **({"ttclid": click} if click else {})},
            "lead": {**own, "lead_event_source": self.config.crm},
            "properties": worth(lead),
        }


def _outcome(failed: str | None, ref: str) -> Outcome:
    return Sent(ref) if failed is None else Rejected(failed[:300])


@hookimpl
def hub_register() -> Iterator[type[TikTokEvents]]:
    """Register the connector."""
    yield TikTokEvents
