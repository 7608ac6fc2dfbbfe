"""SuiteCRM: add a lead for each lead under an id that is told from ours, keep it up to date, and hear its status."""

import re
from collections.abc import Iterator, Mapping

from pydantic import Field, SecretStr

from hub import (
    SUGAR_WORDS,
    HttpSink,
    Lead,
    OAuthCaller,
    Place,
    Record,
    Rejected,
    Request,
    Response,
    Rows,
    Sent,
    Stream,
    StreamFeedback,
    Verdict,
    hookimpl,
    objects,
    own_uuid,
    readable,
    segment,
    two_names,
)

FIELDS: Mapping[str, str] = {
    "email1": "email", "phone_mobile": "phone", "account_name": "company", "title": "title", "website": "website",
    "primary_address_street": "street", "primary_address_city": "city", "primary_address_state": "region",
    "primary_address_postalcode": "postcode", "primary_address_country": "country", "description": "message",
}  # fmt: skip
PAGE, READ = 100, "status,date_modified,modified_user_id,created_by"
JSON_API = {"Accept": "application/vnd.api+json", "Content-Type": "application/vnd.api+json"}
THERE = re.compile(r"Bean \w+ with id \S+ is already exist")
SETTINGS = re.compile(r"access|permission|not allowed|Property \S+ in \w+ module is invalid", re.IGNORECASE)


class SuiteCRM(StreamFeedback, OAuthCaller, HttpSink):
    """Leads, told apart by an id of our choosing: a repeat meets the record that is there and is written on it."""

    name = "suitecrm"
    title = "SuiteCRM"
    docs_url = "https://docs.suitecrm.com/developer/api/developer-setup-guide/json-api/"
    confirmed = (
        "POST /Api/V8/module takes data.id; a second one answers 400, 'is already exist' (vendor source).",
        "Every refusal but that of a token is 400 with errors.detail (vendor source).",
        "Lists are filtered by fields of the table, so not by email1, and are read by page number (vendor source).",
        "Tokens last an hour; client credentials and password grants (vendor source).",
    )
    unconfirmed = (
        "In which words rights are refused: a detail that speaks of access or permission is for a person to mend.",
        "That times in answers are ISO 8601 with an offset; without one they are read as UTC.",
    )
    repeatable = True
    updates = True
    idempotency_header = None
    token_path = "Api/access_token"  # noqa: S105 (an address)
    streams = (
        Stream(
            "lead", "status", "id", "attributes.date_modified", word="attributes.status",
            by="attributes.modified_user_id", maker="attributes.created_by",
        ),
    )  # fmt: skip
    words = SUGAR_WORDS

    class Config(OAuthCaller.Config, HttpSink.Config, StreamFeedback.Settings, Record):
        base_url: str = Field(description="Address of your SuiteCRM; of version 8 with /legacy at its end.")
        username: str | None = Field(None, description="User to act as by the password grant; none: the client's own.")
        password: SecretStr | None = Field(None, description="That user's password.")

    config: Config

    def token_request(self) -> Request:
        form = super().token_request()
        return Request(form.method, form.url, headers=JSON_API, json=dict(form.form or {}))

    def token_fields(self) -> dict[str, str]:
        """Return the fields of the password grant (RFC 6749, 4.3), where a user is named."""
        if self.config.username is None or self.config.password is None:
            return {}
        password = self.config.password.get_secret_value()
        return {"grant_type": "password", "username": self.config.username, "password": password}

    def request(self, lead: Lead) -> Request:
        return self._write("POST", lead)

    def response(self, response: Response) -> Sent:
        return Sent(str(response.json()["data"]["id"]))

    def link(self, lead: Lead, refused: Rejected) -> tuple[str, Request] | None:
        return (own_uuid(lead), self._write("PATCH", lead)) if THERE.match(refused.reason) else None

    def erase(self, lead: Lead, ref: str) -> Request:
        return Request("DELETE", f"Api/V8/module/Leads/{segment(ref)}", headers=JSON_API)

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means; 400 is said of everything, so its words count."""
        what = super().verdict(response)
        return "misconfigured" if what == "reject" and SETTINGS.search(self.refusal(response)) else what

    def refusal(self, response: Response) -> str:
        said = readable(response)
        errors = said.get("errors") if isinstance(said, dict) else None
        known = isinstance(errors, dict) and errors.get("detail")
        return str(known)[:300] if known else super().refusal(response)

    def asked(self, stream: Stream, place: Place) -> Request:
        since = place.since.strftime("%Y-%m-%d %H:%M:%S")
        page = {"page[size]": str(PAGE), "page[number]": str(place.skip // PAGE + 1)}
        changed = {"filter[operator]": "and", "filter[date_modified][gte]": since, "sort": "date_modified"}
        return Request(
            "GET", "Api/V8/module/Leads", headers=JSON_API, params={"fields[Leads]": READ, **changed, **page}
        )

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, bool]:
        found = objects(response.json()["data"])
        return found, len(found) == PAGE

    def _write(self, method: str, lead: Lead) -> Request:
        said = two_names(lead, "first_name", "last_name")
        values = said | self.config.record(lead, FIELDS, owner="assigned_user_id")
        data = {"type": "Leads", "id": own_uuid(lead), "attributes": values}
        return Request(method, "Api/V8/module", headers=JSON_API, json={"data": data})


@hookimpl
def hub_register() -> Iterator[type[SuiteCRM]]:
    yield SuiteCRM
