"""Salesforce: create or update a Lead for each lead by an external id, two hundred in one call."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import Field

from hub import (
    HttpBatchSink,
    Lead,
    Misconfigured,
    OAuthCaller,
    Outcome,
    Outcomes,
    Record,
    Rejected,
    Request,
    Response,
    Retry,
    SalesforceFeedback,
    Sent,
    Token,
    Verdict,
    hookimpl,
    readable,
    segment,
)

FIELDS: Mapping[str, str] = {
    "FirstName": "first_name", "LastName": "last_name", "Company": "company", "Title": "title", "Email": "email",
    "Phone": "phone", "Street": "street", "City": "city", "State": "region", "PostalCode": "postcode",
    "Country": "country", "Website": "website", "Industry": "industry", "Description": "message",
}  # fmt: skip
LENGTHS: Mapping[str, int] = {"FirstName": 40, "LastName": 80, "Company": 255, "Title": 128}
PASSING = re.compile(
    "REQUEST_LIMIT_EXCEEDED|UNABLE_TO_LOCK_ROW|SERVER_UNAVAILABLE|QUERY_TIMEOUT|UNKNOWN_EXCEPTION|Too many SOQL queries"
)
SETTINGS = {"INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_TYPE", "NOT_FOUND", "STORAGE_LIMIT_EXCEEDED"}
THERE = re.compile(r"(?:record with id: |\(record )(\w{15,18})\)?$")


class Salesforce(OAuthCaller, SalesforceFeedback, HttpBatchSink):
    """Leads by collections upsert; each row of the answer is judged on its own."""

    name = "salesforce"
    title = "Salesforce"
    docs_url = "https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections-upsert.html"
    confirmed = (
        "Collections upsert takes 200 records and answers in their order, with 200 even where rows fail.",
        "Client credentials are served by the My Domain; calls go to instance_url; DELETE sobjects/Lead/ID deletes.",
        "SystemModstamp moves with each change, automatic ones too; closed tasks name their lead in WhoId.",
        "Without Sforce-Auto-Assign, assignment rules run, also on updates; so it is always sent.",
    )
    unconfirmed = (
        "How long a token lives; it is renewed every 110 minutes and after each 401.",
        "Leads are filtered by ConvertedOpportunity.SystemModstamp; `unread: [Opportunity]` leaves that out.",
        "Whether a row refused as a duplicate names the record; where it does not, a person decides.",
    )
    repeatable = True
    updates = True
    batch = 200
    statuses: ClassVar[Mapping[int, Verdict]] = {300: "reject"}  # several records have the id
    idempotency_header = None

    token_path = "/services/oauth2/token"  # noqa: S105 (an address)
    authorize_path, consent_scope = "/services/oauth2/authorize", "api refresh_token"

    class Config(OAuthCaller.Config, HttpBatchSink.Config, Record, SalesforceFeedback.Settings):
        base_url: str = Field(description="The org's My Domain address, https://NAME.my.salesforce.com.")
        version: str = Field("v62.0", description="Version of the API.")
        object: str = Field("Lead", description="Type of record to write.")
        id_field: str = Field("LeadHub_Id__c", description="Text field, External ID and Unique, for the lead's id.")
        no_company: str = Field("[not provided]", description="Company of a lead that names none; it is required.")
        assign: str = Field("FALSE", description="TRUE: run assignment rules; FALSE: do not; or the id of one rule.")
        duplicates: Literal["update", "save", "refuse"] = Field(
            "update", description="When a duplicate rule alerts: update the record found, save a new one, or refuse."
        )

    config: Config

    def token(self, response: Response) -> Token:
        """Return the token and the address to use it at; no lifetime is given."""
        return replace(super().token(response), expires_in=6_660, base_url=response.json()["instance_url"])

    def request(self, leads: Sequence[Lead]) -> Request:
        kind = {"attributes": {"type": self.config.object}}
        records = [{**kind, self.config.id_field: lead.id, **self._record(lead)} for lead in leads]
        path = f"composite/sobjects/{self.config.object}/{self.config.id_field}"
        return self._patch(path, {"allOrNone": False, "records": records}, self.config.duplicates == "save")

    def response(self, response: Response, leads: Sequence[Lead]) -> Outcomes:
        return [self._row(row) for row in response.json()]

    def link(self, lead: Lead, refused: Rejected) -> tuple[str, Request] | None:
        """Write a lead onto the record that a duplicate rule or a unique field found."""
        there = THERE.search(refused.reason) if self.config.duplicates != "refuse" else None
        if there is None or not (refused.code or "").startswith("DUPLICATE"):
            return None
        path = f"sobjects/{self.config.object}/{segment(there[1])}"
        return there[1], self._patch(path, {self.config.id_field: lead.id, **self._record(lead)}, True)

    def erase(self, lead: Lead, ref: str) -> Request:
        return Request("DELETE", f"/services/data/{self.config.version}/sobjects/{self.config.object}/{segment(ref)}")

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means; its codes say more than its status."""
        codes, what = _codes(response), super().verdict(response)
        return "retry" if any(map(PASSING.fullmatch, codes)) else "misconfigured" if codes & SETTINGS else what

    def wait(self, response: Response) -> float | None:
        """Return the seconds to wait: a quarter of an hour for the daily limit, whose window rolls."""
        return 900.0 if "REQUEST_LIMIT_EXCEEDED" in _codes(response) else super().wait(response)

    def _patch(self, path: str, body: object, save: bool) -> Request:
        rule = f"allowSave={str(save).lower()}; includeRecordDetails=false; runAsCurrentUser=true"
        headers = {"Sforce-Duplicate-Rule-Header": rule, "Sforce-Auto-Assign": self.config.assign}
        return Request("PATCH", f"/services/data/{self.config.version}/{path}", headers=headers, json=body)

    def _record(self, lead: Lead) -> dict[str, str]:
        said = self.config.record(lead, FIELDS, owner="OwnerId")
        if "LastName" not in said:  # it is required: then the whole name stands there
            said = {**said, "FirstName": "", "LastName": lead.name}
        said.setdefault("Company", self.config.no_company)
        return {name: value[: LENGTHS.get(name)] for name, value in said.items() if value}

    def _row(self, row: Any) -> Outcome:
        if row["success"] is True:
            return Sent(str(row["id"]))
        error = row["errors"][0]
        code, message = str(error["statusCode"]), str(error["message"])[:300]
        if PASSING.search(f"{code} {message}"):  # a trigger's failure wraps the code in its message
            return Retry(f"{code}: {message}")
        if code in SETTINGS:
            return Misconfigured(f"{code}: {message}")
        results = (error.get("duplicateResult") or {}).get("matchResults") or []
        found = [one["matchRecords"][0]["record"]["Id"] for one in results if one["entityType"] == self.config.object]
        return Rejected(f"{code}: {message}" + (f" (record {found[0]})" if found else ""), code)


def _codes(response: Response) -> set[str]:
    said = readable(response)
    return {str(one.get("errorCode")) for one in said if isinstance(one, dict)} if isinstance(said, list) else set()


@hookimpl
def hub_register() -> Iterator[type[Salesforce]]:
    yield Salesforce
