"""Microsoft Dynamics 365 Sales: create or update a lead by an alternate key of the lead table in Dataverse."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from hub import (
    DynamicsFeedback,
    HttpSink,
    Lead,
    OAuthCaller,
    Record,
    Request,
    Response,
    Sent,
    Verdict,
    an_object,
    hookimpl,
    readable,
    segment,
)

FIELDS: Mapping[str, str] = {
    "firstname": "first_name", "lastname": "last_name", "companyname": "company", "jobtitle": "title",
    "emailaddress1": "email", "telephone1": "phone", "websiteurl": "website", "description": "message",
    "address1_line1": "street", "address1_city": "city", "address1_stateorprovince": "region",
    "address1_postalcode": "postcode", "address1_country": "country",
}  # fmt: skip
LENGTHS: Mapping[str, int] = {
    "firstname": 50, "lastname": 50, "companyname": 100, "jobtitle": 100, "subject": 300, "telephone1": 50,
    "websiteurl": 200, "description": 2000, "address1_line1": 250, "address1_city": 80,
    "address1_stateorprovince": 50, "address1_postalcode": 20, "address1_country": 80,
}  # fmt: skip


class Dynamics365(DynamicsFeedback, OAuthCaller, HttpSink):
    """Leads by upsert; `id_field` must be an active alternate key of the lead table."""

    name = "dynamics365"
    title = "Microsoft Dynamics 365 Sales"
    docs_url = (
        "https://learn.microsoft.com/power-apps/developer/data-platform/webapi/update-delete-entities-using-web-api"
    )
    confirmed = (
        "PATCH by alternate key creates or updates, and with return=representation answers 201 or 200 with the lead.",
        "Tokens come from login.microsoftonline.com by client credentials, BASE_URL/.default being the scope.",
        "429 carries Retry-After; 6,000 requests in five minutes for each user and web server.",
        "Lists are paged by @odata.nextLink; formatted values are the labels that people see.",
    )
    unconfirmed = (
        "Labels of status reasons come in the language of the application user; `dispositions` explains others.",
        "Opportunities name their lead in originatingleadid, activities in regardingobjectid; lengths of fields.",
        "A duplicate that a rule found is refused with 412 and does not name its record.",
        "A consent by `leadhub connect` (user_impersonation, offline_access) acts as the person who gave it.",
    )
    repeatable = True
    updates = True
    statuses: ClassVar[Mapping[int, Verdict]] = {412: "reject"}
    idempotency_header = None

    class Config(OAuthCaller.Config, HttpSink.Config, Record, DynamicsFeedback.Settings):
        base_url: str = Field(description="Address of the environment, https://NAME.crm4.dynamics.com.")
        tenant_id: str = Field(description="Id of your Microsoft Entra tenant.")
        id_field: str = Field("new_leadhubid", description="Text column with an alternate key, for the lead's id.")
        values: dict[str, bool | int | str] = Field(
            default_factory=dict, description="Columns with the same value in every lead, such as leadsourcecode: 8."
        )
        duplicates: Literal["save", "refuse"] = Field(
            "save", description="When a duplicate detection rule finds another lead: save this one, or refuse it."
        )

        @model_validator(mode="before")
        @classmethod
        def _address(cls, given: Any) -> Any:
            if not isinstance(given, dict):
                return given
            tenant = segment(str(given.get("tenant_id", "")))
            own = f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0"
            return {"token_url": f"{own}/token", "authorize_url": f"{own}/authorize", **given}

    config: Config

    def token_fields(self) -> dict[str, str]:
        return {"scope": f"{self.config.base_url.rstrip('/')}/.default"}

    def consenting(self) -> str:
        return f"{self.config.base_url.rstrip('/')}/user_impersonation offline_access"

    def request(self, lead: Lead) -> Request:
        said = self.config.record(lead, FIELDS)
        if "lastname" not in said:  # forms ask for it: then the whole name stands there
            said = {**said, "firstname": "", "lastname": lead.name}
        said = {"subject": f"{lead.name} - {lead.company}" if lead.company else lead.name, **said}
        body: dict[str, Any] = {name: value[: LENGTHS.get(name)] for name, value in said.items() if value}
        owner = self.config.owners.get(lead.owner or "")
        bound = {"ownerid@odata.bind": f"/systemusers({owner})"} if owner else {}
        key = segment(lead.id.replace("'", "''"))
        headers = {
            "Accept": "application/json", "OData-MaxVersion": "4.0", "OData-Version": "4.0",
            "Prefer": "return=representation",
            "MSCRM.SuppressDuplicateDetection": str(self.config.duplicates == "save").lower(),
        }  # fmt: skip
        path = f"/api/data/v9.2/leads({self.config.id_field}='{key}')?$select=leadid"
        return Request("PATCH", path, headers=headers, json={**self.config.values, **body, **bound})

    def response(self, response: Response) -> Sent:
        return Sent(str(response.json()["leadid"]))

    def erase(self, lead: Lead, ref: str) -> Request:
        return Request("DELETE", f"/api/data/v9.2/leads({segment(ref)})")

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means; a column that is not there is for a person to fix."""
        words = str(an_object(an_object(readable(response)).get("error")).get("message")).lower()
        missing = response.status == 400 and words.startswith(("an undeclared property", "could not find a property"))
        return "misconfigured" if missing else super().verdict(response)

    def refusal(self, response: Response) -> str:
        error = an_object(an_object(readable(response)).get("error"))
        return f"{error['code']}: {error.get('message')}"[:300] if "code" in error else super().refusal(response)


@hookimpl
def hub_register() -> Iterator[type[Dynamics365]]:
    yield Dynamics365
