"""HubSpot: create or update a contact for each lead, a hundred in one call."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import Field

from hub import (
    FieldPath,
    HttpBatchSink,
    HubSpotCaller,
    HubSpotFeedback,
    Lead,
    Misconfigured,
    Outcome,
    Outcomes,
    Rejected,
    Request,
    Response,
    Retry,
    Sent,
    TimeZone,
    Unclear,
    Verdict,
    fill,
    hookimpl,
    readable,
    until_midnight,
)

PROPERTIES: Mapping[str, str] = {
    "firstname": "first_name", "lastname": "last_name", "email": "email", "phone": "phone", "company": "company",
    "jobtitle": "title", "address": "street", "city": "city", "state": "region", "zip": "postcode",
    "country": "country", "website": "website", "industry": "industry", "message": "message",
}  # fmt: skip
EXISTING = re.compile(r"\w+ already exists\. Existing ID: (\d+)")
INNER_CODE = re.compile(r'[{,]"error":"(\w+)"')  # what a lead wrote is escaped once more, so it cannot pass for a code
SETTINGS = {"PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE", "MISSING_SCOPES", "INVALID_AUTHENTICATION"}


class HubSpot(HubSpotFeedback, HubSpotCaller, HttpBatchSink):
    """Contacts by batch upsert; a contact that has the e-mail address already is linked, not doubled."""

    name = "hubspot"
    title = "HubSpot"
    docs_url = "https://developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/batch/upsert-contacts"
    confirmed = (
        "Batch upsert takes 100 inputs, answers 200 or 207 with results and errors, and echoes objectWriteTraceId.",
        "429 names its policy, DAILY ends at the portal's midnight; v3 gdpr-delete takes the contact's id as objectId.",
        "Search by time of change gives 200 a page, 10,000 in all, 5 times a second; contacts of calls by association.",
        "An address that another contact has answers CONFLICT with 'Existing ID: n'.",
    )
    unconfirmed = (
        "The same id twice in one batch fails the whole call, so the second lead waits for the next batch.",
        "Names of the standard properties; `properties` changes them. Who changed a record, hs_updated_by_user_id.",
    )
    repeatable = True
    updates = True
    batch = 100
    rate = 9.0  # a hundred requests in ten seconds is the smallest plan's limit
    idempotency_header = None

    class Config(HubSpotCaller.Config, HttpBatchSink.Config, HubSpotFeedback.Settings):
        base_url: str = Field("https://api.hubapi.com", description="Address of the API.")
        id_property: str = Field(
            "leadhub_id", description="Unique property that tells leads apart: your own for the lead's id, or `email`."
        )
        properties: dict[str, FieldPath | None] = Field(
            default_factory=dict, description="HubSpot's name to a field of the lead; null leaves a property out."
        )
        owners: dict[str, str] = Field(default_factory=dict, description="Owner in leadhub to owner id in HubSpot.")
        time_zone: TimeZone = Field("UTC", description="Time zone of the portal; its daily limit ends at midnight.")

    config: Config

    def refuse(self, lead: Lead) -> Rejected | None:
        """Refuse a lead without the address that would tell it apart."""
        return None if self.key(lead) else Rejected("The lead has no e-mail address, which id_property asks for.")

    def key(self, lead: Lead) -> str:
        """Return the value of the id property; the same one twice fails a whole batch."""
        return (lead.email or "").lower() if self.config.id_property == "email" else lead.id

    def request(self, leads: Sequence[Lead]) -> Request:
        """Return the upsert of a batch."""
        kind = {"idProperty": self.config.id_property}
        inputs = [
            {**kind, "id": self.key(lead), "properties": self._properties(lead), "objectWriteTraceId": lead.id}
            for lead in leads
        ]
        return self._call("POST", "batch/upsert", {"inputs": inputs})

    def response(self, response: Response, leads: Sequence[Lead]) -> Outcomes:
        """Match results and errors to leads by trace id, else by the value of the id property."""
        said, known = response.json(), dict[str, Outcome]()
        for row in said["results"]:
            trace = row.get("objectWriteTraceId") or (row.get("properties") or {}).get(self.config.id_property)
            known[str(trace).lower()] = Sent(str(row["id"]))
        for error in said.get("errors") or []:
            traces = (error.get("context") or {}).get("objectWriteTraceId") or []
            known.update((str(trace).lower(), _failed(error)) for trace in traces)
        lost = Unclear(f"the answer does not name this lead: {response.excerpt()}")
        return [known.get(lead.id.lower()) or known.get(self.key(lead), lost) for lead in leads]

    def link(self, lead: Lead, refused: Rejected) -> tuple[str, Request] | None:
        """Write a lead whose address another contact has onto that contact."""
        there = EXISTING.match(refused.reason)  # from its start: what follows may quote the lead
        return (there[1], self._call("PATCH", there[1], {"properties": self._properties(lead)})) if there else None

    def erase(self, lead: Lead, ref: str) -> Request:
        return self._call("POST", f"/crm/v3/objects/{self.config.object}/gdpr-delete", {"objectId": ref})

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means; a property that is not there is for a person to fix."""
        broken = response.status == 400 and isinstance(_failed(readable(response) or {}), Misconfigured)
        return "misconfigured" if broken else "retry" if response.status == 477 else super().verdict(response)

    def wait(self, response: Response) -> float | None:
        """Return the seconds to wait: to midnight after the daily limit, else ten."""
        if (readable(response) or {}).get("policyName") == "DAILY":
            return until_midnight(self.clock.now(), self.config.time_zone)
        return super().wait(response) or (10.0 if response.status == 429 else None)

    def _call(self, method: str, path: str, body: object) -> Request:
        url = path if path[0] == "/" else f"/crm/objects/{self.config.version}/{self.config.object}/{path}"
        return Request(method, url, headers=self.key_headers(), json=body)

    def _properties(self, lead: Lead) -> dict[str, str]:
        whole = {} if lead.first_name or lead.last_name else {"firstname": "full_name"}
        owner = {"hubspot_owner_id": self.config.owners[lead.owner]} if lead.owner in self.config.owners else {}
        said = fill(lead, {**PROPERTIES, **whole, **self.config.properties})
        return {self.config.id_property: self.key(lead), **said, **owner}


def _failed(error: Any) -> Outcome:
    """Return what became of the lead that an error is about."""
    message, category = str(error.get("message") or ""), str(error.get("category") or "")
    codes = {category, *INNER_CODE.findall(message)}
    codes |= {str(one.get("code")) for one in error.get("errors") or [] if isinstance(one, dict)}
    if codes & SETTINGS or message.startswith("Unable to perform update/upsert by non-unique"):
        return Misconfigured(message[:300])
    passing = codes & {"RATE_LIMIT", "RATE_LIMITS", "INTERNAL_ERROR"}
    return Retry(message[:300]) if passing else Rejected(message[:300], category or None)


@hookimpl
def hub_register() -> Iterator[type[HubSpot]]:
    yield HubSpot
