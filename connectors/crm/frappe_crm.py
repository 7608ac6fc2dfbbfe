"""Frappe CRM: add a lead for each lead, keep it up to date, and hear its status by poll or webhook."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr

from hub import (
    CRM_WORDS,
    Activity,
    Disposition,
    HttpSink,
    Inbound,
    Lead,
    Place,
    Record,
    Request,
    Response,
    Rows,
    Sent,
    Stream,
    StreamFeedback,
    TimeZone,
    Token,
    an_object,
    check_hmac,
    hookimpl,
    instant,
    iso,
    objects,
    readable,
    secrets_of,
    segment,
)

FIELDS: Mapping[str, str] = {
    "email": "email", "mobile_no": "phone", "organization": "company", "job_title": "title", "website": "website",
}  # fmt: skip
LEADS, PAGE = "/api/resource/CRM%20Lead", 100
READ = ["name", "status", "converted", "modified", "modified_by", "owner"]


class FrappeCRM(StreamFeedback, HttpSink):
    """Leads, told apart by a field that holds the lead's id."""

    name = "frappe_crm"
    title = "Frappe CRM"
    docs_url = "https://docs.frappe.io/framework/user/en/api/rest"
    confirmed = (
        "first_name is mandatory; source, industry, territory and status name rows that must exist (vendor source).",
        "417 refuses, 409 is a duplicate, 429 a limit; words are in _server_messages, encoded twice (vendor source).",
        "Times have no offset and are of the site's zone (vendor source).",
        "X-Frappe-Webhook-Signature is base64 of HMAC-SHA256 of the body (vendor source).",
    )
    unconfirmed = (
        "That a field which is not there is left out when a lead is written, and refused when it is searched by.",
        "How a webhook names its fields: `name`, `status`, `modified` and `modified_by` are looked for.",
    )
    updates = True
    rate = 5.0
    idempotency_header = None
    streams = (Stream("lead", "status", "name", "at", key="name", word="word", by="modified_by", maker="owner"),)
    words: ClassVar[Mapping[str, Disposition]] = {
        **CRM_WORDS, "nurture": Disposition.CONTACTED, "converted": Disposition.OPPORTUNITY,
    }  # fmt: skip

    class Config(HttpSink.Config, StreamFeedback.Settings, Record):
        base_url: str = Field(description="Address of your site.")
        api_key: SecretStr = Field(description="API key of a user, made under User, API Access.")
        client_secret: SecretStr = Field(description="API secret of that user.")
        id_field: str = Field("custom_leadhub_id", description="Field you made in CRM Lead, which keeps the lead's id.")
        time_zone: TimeZone = Field("UTC", description="Time zone of the site, as System Settings has it.")
        secret: SecretStr | None = Field(None, description="Secret of the webhook on CRM Lead, if there is one.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")

    config: Config

    def carrying(self, request: Request, token: Token | None) -> Request:
        """Return the request with the key pair."""
        pair = f"{self.config.api_key.get_secret_value()}:{self.config.client_secret.get_secret_value()}"
        return request.with_headers(Authorization=f"token {pair}", Accept="application/json")

    def request(self, lead: Lead) -> Request:
        return Request("POST", LEADS, json={self.config.id_field: lead.id, **self._values(lead)})

    def update(self, lead: Lead, ref: str) -> Request:
        return Request("PUT", f"{LEADS}/{segment(ref)}", json=self._values(lead))

    def response(self, response: Response) -> Sent:
        return Sent(str(response.json()["data"]["name"]))

    def find(self, lead: Lead) -> Request:
        return _list([self.config.id_field, "=", lead.id], "creation asc", 0, 1)

    def found(self, response: Response) -> Sent | None:
        return next((Sent(str(row["name"])) for row in response.json()["data"]), None)

    def erase(self, lead: Lead, ref: str) -> Request:
        return Request("DELETE", f"{LEADS}/{segment(ref)}")

    def refusal(self, response: Response) -> str:
        """Return the words that a person would see, which are encoded twice."""
        said = an_object(readable(response))
        words = [json.loads(one).get("message") for one in json.loads(said.get("_server_messages") or "[]")]
        told = " ".join(str(one) for one in words if one) or str(said.get("exception") or "")
        return f"{said.get('exc_type')}: {told}"[:300] if told else super().refusal(response)

    def asked(self, stream: Stream, place: Place) -> Request:
        since = place.since.astimezone(ZoneInfo(self.config.time_zone)).strftime("%Y-%m-%d %H:%M:%S")
        return _list(["modified", ">=", since], "modified asc", place.skip, PAGE)

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, bool]:
        found = objects(response.json()["data"])
        return [self._told(row) for row in found], len(found) == PAGE

    def verify(self, inbound: Inbound) -> None:
        check_hmac(inbound, secrets_of(self.config), header="x-frappe-webhook-signature", encoding="base64")

    def heard(self, inbound: Inbound) -> Iterable[Activity]:
        """Return what the record of a webhook says; one that names no time changed when it came."""
        row = inbound.json_object()
        now = iso(inbound.received_at or self.clock.now())
        said = self.streams[0].activity({"at": now, **self._told(row)})
        return [said] if said is not None and said.word else []

    def _told(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a record with its time in UTC, and a word for one that became a deal."""
        at = instant(row.get("modified"), ZoneInfo(self.config.time_zone))
        word = "Converted" if row.get("converted") in (1, True) else row.get("status")
        return {**row, **({"at": iso(at)} if at else {}), "word": word}

    def _values(self, lead: Lead) -> dict[str, str]:
        last = {"last_name": lead.last_name} if lead.first_name and lead.last_name else {}
        return {
            "first_name": lead.first_name or lead.name,
            **last,
            **self.config.record(lead, FIELDS, owner="lead_owner"),
        }


def _list(test: list[str], order: str, start: int, size: int) -> Request:
    paging = {"order_by": order, "limit_start": str(start), "limit_page_length": str(size)}
    return Request("GET", LEADS, params={"filters": json.dumps([test]), "fields": json.dumps(READ), **paging})


@hookimpl
def hub_register() -> Iterator[type[FrappeCRM]]:
    yield FrappeCRM
