"""Meta conversions: tell Meta what became of its leads, as CRM events of the Conversions API."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import Field, SecretStr

from hub import (
    ConversionSink,
    Lead,
    Outcomes,
    Request,
    Response,
    Sent,
    Unclear,
    Verdict,
    bearer,
    digits,
    graph_verdict,
    hashed,
    hookimpl,
    milliseconds,
    plain_email,
    plain_name,
    segment,
    touched,
    usage_pause,
    worth,
)

LEAD_ID = re.compile(r"[0-9]{15,17}")


class MetaConversions(ConversionSink):
    """Events of one dataset: each disposition of a lead is an event, told once."""

    name = "meta_conversions"
    title = "Meta Conversions API"
    docs_url = "https://developers.facebook.com/docs/marketing-api/conversions-api/conversion-leads-integration/payload-specification"
    confirmed = (
        "CRM events are action_source system_generated with event_source crm and lead_event_source (vendor docs)",
        "event_time is in seconds, at most 7 days old; a call has at most 1,000 events (vendor docs)",
        "one bad event rejects the whole call, so a refused batch is tried again in halves (vendor docs)",
        "e-mail, phone and names are hashed, lead_id, fbc, fbp, address and browser are not (facebook-business)",
    )
    unconfirmed = (
        "whether Meta counts an event of one lead and name twice when it is sent again; event_id stays the same",
        "that postcodes and countries are matched for CRM events too",
    )
    batch = 200
    rate = 5.0
    idempotency_header = None

    class Config(ConversionSink.Config):
        base_url: str = Field("https://graph.facebook.com", description="Address of the API.")
        version: str = Field("v26.0", description="Version of the API, as its paths name it.")
        dataset_id: str = Field(description="Id of the dataset (pixel) that the events belong to.")
        token: SecretStr = Field(description="Token of a system user with access to the dataset.")
        crm: str = Field("leadhub", description="Name of your CRM, as Meta shows it (lead_event_source).")
        test_event_code: str | None = Field(
            None, description="Code of the Test Events tab; while it is set, nothing counts."
        )

    config: Config

    def wants(self, lead: Lead) -> bool:
        """Return whether the lead came from one of Meta's forms or from a click on an ad."""
        return _lead_id(lead) is not None or touched(lead, "fbc", "fbclid") is not None

    def request(self, leads: Sequence[Lead]) -> Request:
        """Return the events of a batch, in order."""
        test = {"test_event_code": self.config.test_event_code} if self.config.test_event_code else {}
        path = f"/{self.config.version}/{segment(self.config.dataset_id)}/events"
        headers = {"Authorization": bearer(self.config.token)}
        return Request("POST", path, headers=headers, json={"data": [self._event(lead) for lead in leads], **test})

    def response(self, response: Response, leads: Sequence[Lead]) -> Outcomes:
        """Return Sent for all; an answer that counts fewer events does not say which."""
        said = response.json()
        if said["events_received"] != len(leads):
            raise Unclear(f"Meta received {said['events_received']} of {len(leads)} events.")
        return [Sent(str(said.get("fbtrace_id") or "")) for _ in leads]

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means, by Meta's own code; its status is 400 nearly always."""
        return graph_verdict(response) or super().verdict(response)

    def wait(self, response: Response) -> float | None:
        """Return the seconds until Meta answers again, as its usage header says."""
        return usage_pause(response) or super().wait(response)

    def refusal(self, response: Response) -> str:
        """Return Meta's words for people, with the subcode that its documents explain."""
        error = response.json()["error"]
        words = error.get("error_user_msg") or error.get("message")
        return f"{error.get('code')}/{error.get('error_subcode')}: {words}"[:300]

    def _event(self, lead: Lead) -> dict[str, Any]:
        occasion = lead.occasion
        return {
            "event_name": self.event(lead) if occasion else "",
            "event_time": int(occasion.at.timestamp()) if occasion else 0,
            "event_id": lead.delivery.key,
            "action_source": "system_generated",
            "user_data": _person(lead),
            "custom_data": {"event_source": "crm", "lead_event_source": self.config.crm, **worth(lead)},
        }


def _person(lead: Lead) -> dict[str, Any]:
    """Return what Meta may know the person by; what is empty is left out, as the hash of nothing matches anybody."""
    postcode = re.sub(r"\s", "", lead.postcode or "").lower()
    secret = {
        "em": plain_email(lead.email), "ph": digits(lead.phone), "fn": plain_name(lead.first_name),
        "ln": plain_name(lead.last_name), "country": (lead.country or "").lower(),
        "zp": postcode[:5] if lead.country == "US" else postcode,
    }  # fmt: skip
    plain = {
        "lead_id": _lead_id(lead), "fbc": _click(lead), "fbp": touched(lead, "fbp"),
        "client_ip_address": touched(lead, "ip"), "client_user_agent": touched(lead, "user_agent"),
    }  # fmt: skip
    known = {name: [hashed(value)] for name, value in secret.items() if value}
    return {**known, **{name: value for name, value in plain.items() if value is not None}}


def _lead_id(lead: Lead) -> int | None:
    said = touched(lead, "platform_lead_id")
    return int(said) if said and LEAD_ID.fullmatch(said) else None


def _click(lead: Lead) -> str | None:
    """Return the click as Meta's cookie has it, made of the address where no cookie was read."""
    click, at = touched(lead, "fbclid"), lead.touch.at or lead.submitted_at
    return touched(lead, "fbc") or (f"fb.1.{milliseconds(at)}.{click}" if click and at else None)


@hookimpl
def hub_register() -> Iterator[type[MetaConversions]]:
    """Register the connector."""
    yield MetaConversions
