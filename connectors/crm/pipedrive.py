"""Pipedrive: find or add the person, and add a lead that names them."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field, SecretStr

from hub import (
    KeyOrOAuth,
    Lead,
    PersonFirst,
    PipedriveFeedback,
    Record,
    Request,
    Response,
    Sent,
    Verdict,
    hookimpl,
    readable,
    segment,
)

EXACT = {"exact_match": "true", "limit": "10"}


class Pipedrive(PipedriveFeedback, KeyOrOAuth, PersonFirst):
    """A lead of the Leads Inbox and its person, who is found by e-mail or phone, or else added."""

    name = "pipedrive"
    title = "Pipedrive"
    docs_url = "https://developers.pipedrive.com/docs/api/v1/Leads#addLead"
    confirmed = (
        "Leads are written by v1, persons, deals and activities by v2; a lead needs a title and a person.",
        "A day has 30,000 tokens times plan and seats: a list costs 10 to 20, a search 20, a lead 10.",
        "Leads have the custom fields of deals, by keys of 40 characters, at their top level; v2 has them apart.",
    )
    unconfirmed = (
        "Shape of search results, which lag behind writes. A lead that became a deal keeps its custom fields.",
        "updated_since is asked from the second before, as it may leave its own out. Archived leads are not read.",
        "x-ratelimit-reset counts seconds; with no requests left for the day, an hour is waited.",
    )
    updates = True
    rate = 5.0
    idempotency_header = None

    token_path = "https://oauth.pipedrive.com/oauth/token"  # noqa: S105 (an address)
    authorize_path = "https://oauth.pipedrive.com/oauth/authorize"  # scopes are those of the app
    in_header = True

    class Config(KeyOrOAuth.Config, PersonFirst.Config, Record, PipedriveFeedback.Settings):
        key_setting = "api_key"

        base_url: str = Field("https://api.pipedrive.com", description="Address of the API, or of your company.")
        api_key: SecretStr | None = Field(
            None, description="API token of the user who adds leads: Personal preferences, API; none: OAuth."
        )
        labels: tuple[str, ...] = Field((), description="Ids of labels for new leads; `dispositions` explains others.")
        erase_person: bool = Field(True, description="Erasing a lead deletes its person too.")

    config: Config

    def key_headers(self) -> dict[str, str]:
        return {"x-api-token": self.config.api_key.get_secret_value()} if self.config.api_key else {}

    def request(self, lead: Lead) -> Request:
        labels = {"label_ids": list(self.config.labels)} if self.config.labels else {}
        return self._call("POST", "/api/v1/leads", json={**self._fields(lead), "origin_id": lead.id, **labels})

    def naming(self, lead: Lead, person: str) -> Request:
        return self._call("POST", "/api/v1/leads", json={**self.request(lead).json, "person_id": _id(person)})

    def update(self, lead: Lead, ref: str) -> Request:
        return self._call("PATCH", f"/api/v1/leads/{segment(ref)}", json=self._fields(lead))

    def response(self, response: Response) -> Sent:
        return Sent(str(response.json()["data"]["id"]))

    def find(self, lead: Lead) -> Request:
        return self._search("leads", lead.id, "custom_fields")

    def found(self, response: Response) -> Sent | None:
        items = response.json()["data"]["items"]
        return Sent(str(items[0]["item"]["id"])) if items else None

    def people(self, lead: Lead) -> Iterator[Request]:
        known = (("email", lead.email), ("phone", lead.phone))
        yield from (self._search("persons", value, field) for field, value in known if value)

    def person(self, lead: Lead) -> Request:
        known = (("emails", lead.email), ("phones", lead.phone))
        said = {name: [{"value": value, "primary": True, "label": "work"}] for name, value in known if value}
        return self._call("POST", "/api/v2/persons", json={"name": lead.name, **self._owner(lead), **said})

    def reading(self, ref: str) -> Request | None:
        return self._call("GET", f"/api/v1/leads/{segment(ref)}") if self.config.erase_person else None

    def erase_person(self, response: Response) -> Request | None:
        person = response.json()["data"]["person_id"]
        return self._call("DELETE", f"/api/v2/persons/{person}") if person else None

    def erase(self, lead: Lead, ref: str) -> Request:
        return self._call("DELETE", f"/api/v1/leads/{segment(ref)}")

    def verdict(self, response: Response) -> Verdict:
        what, said = super().verdict(response), readable(response)
        refused = what == "ok" and isinstance(said, dict) and said.get("success") is False
        return "misconfigured" if response.status == 402 else "reject" if refused else what

    def wait(self, response: Response) -> float | None:
        spent = response.header("x-daily-requests-left") == "0"
        return 3600.0 if spent else super().wait(response) or float(response.header("x-ratelimit-reset") or 2)

    def _call(self, method: str, path: str, **more: Any) -> Request:
        return Request(method, path, headers=self.key_headers(), **more)

    def _search(self, what: str, term: str, field: str) -> Request:
        return self._call("GET", f"/api/v2/{what}/search", params={**EXACT, "term": term, "fields": field})

    def _owner(self, lead: Lead) -> dict[str, Any]:
        owner = self.config.owners.get(lead.owner or "")
        return {"owner_id": _id(owner)} if owner else {}

    def _fields(self, lead: Lead) -> dict[str, Any]:
        title = f"{lead.name} - {lead.company}" if lead.company else lead.name
        return {
            "title": title[:255],
            self.config.id_field: lead.id,
            **self.config.record(lead, {}),
            **self._owner(lead),
        }


def _id(value: str) -> int | str:
    return int(value) if value.isdecimal() and len(value) < 20 else value


@hookimpl
def hub_register() -> Iterator[type[Pipedrive]]:
    yield Pipedrive
