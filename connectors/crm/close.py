"""Close: add the lead as a company with one contact, and hear of its status, calls, mails and opportunities."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field, SecretStr

from hub import (
    CloseFeedback,
    HttpSink,
    Lead,
    Record,
    Request,
    Response,
    Sent,
    an_object,
    basic,
    header_parts,
    hookimpl,
    segment,
)


class Close(CloseFeedback, HttpSink):
    """Leads of Close, which are companies with contacts; a lead is known by a custom field of its own."""

    name = "close"
    title = "Close"
    docs_url = "https://developer.close.com/api/resources/leads/create"
    confirmed = (
        "POST /lead/ answers with the id; PUT changes only what it names; contacts come with the lead.",
        "Status changes, calls and mails are lists by date_created with _skip and has_more; user_id says who did it.",
        "Webhooks sign time and body with the hex key they were made with; events hold the whole object.",
    )
    unconfirmed = (
        "Advanced filtering by a custom field: custom_field_id, text, exact_value. Searches lag behind writes.",
        "Opportunities are valued in cents, as opportunity_value. A later version leaves the contact as it is.",
    )
    updates = True
    rate = 5.0
    idempotency_header = None

    class Config(HttpSink.Config, Record, CloseFeedback.Settings):
        base_url: str = Field("https://api.close.com", description="Address of the API.")
        api_key: SecretStr = Field(description="Settings, Developer, API keys.")
        id_field: str = Field(description="Id of a text field of leads (cf_…) for the lead's id.")
        status: str | None = Field(None, description="Status of a new lead; none: the first of the organization.")
        owner_field: str | None = Field(None, description="Id of a user field (cf_…) for who owns the lead.")

    config: Config

    def request(self, lead: Lead) -> Request:
        contact: dict[str, Any] = {"name": lead.name, **({"title": lead.title} if lead.title else {})}
        contact |= {"emails": [{"type": "office", "email": lead.email}]} if lead.email else {}
        contact |= {"phones": [{"type": "office", "phone": lead.phone}]} if lead.phone else {}
        status = {"status": self.config.status} if self.config.status else {}
        return self._call("POST", "lead/", json={**self._fields(lead), **status, "contacts": [contact]})

    def update(self, lead: Lead, ref: str) -> Request:
        return self._call("PUT", f"lead/{segment(ref)}/", json=self._fields(lead))

    def response(self, response: Response) -> Sent:
        return Sent(str(response.json()["id"]))

    def find(self, lead: Lead) -> Request:
        field = {"type": "custom_field", "custom_field_id": self.config.id_field}
        same = {"type": "text", "mode": "exact_value", "value": lead.id}
        tests = [
            {"type": "object_type", "object_type": "lead"},
            {"type": "field_condition", "field": field, "condition": same},
        ]
        query = {"type": "and", "queries": tests}
        return self._call("POST", "data/search/", json={"query": query, "_fields": {"lead": ["id"]}, "_limit": 1})

    def found(self, response: Response) -> Sent | None:
        rows = response.json()["data"]
        return Sent(str(rows[0]["id"])) if rows else None

    def erase(self, lead: Lead, ref: str) -> Request:
        return self._call("DELETE", f"lead/{segment(ref)}/")

    def wait(self, response: Response) -> float | None:
        reset = header_parts(response.header("ratelimit")).get("reset") or response.header("ratelimit-reset")
        return float(reset) if reset else super().wait(response)

    def refusal(self, response: Response) -> str:
        said = an_object(response.json())
        fields = an_object(said.get("field-errors"))
        return "; ".join(f"{name}: {words}" for name, words in fields.items())[:300] or super().refusal(response)

    def _call(self, method: str, path: str, **more: Any) -> Request:
        return Request(method, f"/api/v1/{path}", headers={"Authorization": basic(self.config.api_key)}, **more)

    def _fields(self, lead: Lead) -> dict[str, Any]:
        own = {"name": "company", "url": "website", "description": "message"}
        owner = f"custom.{self.config.owner_field}" if self.config.owner_field else None
        said = {"name": lead.name, **self.config.record(lead, own, owner)}
        return {**said, f"custom.{self.config.id_field}": lead.id}


@hookimpl
def hub_register() -> Iterator[type[Close]]:
    yield Close
