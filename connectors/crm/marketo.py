"""Marketo Engage: create or update a person for each lead, three hundred in one call, and hear of status changes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import Field

from hub import (
    Coded,
    Codes,
    FieldPath,
    HttpBatchSink,
    Lead,
    MarketoFeedback,
    Misconfigured,
    OAuthCaller,
    Outcome,
    Outcomes,
    Rejected,
    Request,
    Response,
    Retry,
    Sent,
    an_object,
    fill,
    hookimpl,
    objects,
    readable,
    text,
)

FIELDS: Mapping[str, str] = {
    "email": "email", "firstName": "first_name", "lastName": "last_name", "phone": "phone", "company": "company",
    "title": "title", "address": "street", "city": "city", "state": "region", "postalCode": "postcode",
    "country": "country", "website": "website", "industry": "industry",
}  # fmt: skip
WRITTEN = ("created", "updated")


class Marketo(MarketoFeedback, Coded, OAuthCaller, HttpBatchSink):
    """Persons by sync; every answer is HTTP 200, and each row of it is judged on its own."""

    name = "marketo"
    title = "Marketo Engage"
    docs_url = "https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/rest/lead-database/leads"
    confirmed = (
        "POST /rest/v1/leads.json takes 300 leads, a lookupField, createOrUpdate; rows come in order.",
        "601 and 602 ask for a new token; 606, 607, 615 are limits; 6xx were not executed.",
        "The identity gives the same token while it lasts, for the header only; e-mail addresses are ASCII only.",
        "Lead changes and activities come 300 a page behind nextPageToken while moreResult.",
        "leads/delete.json takes ids; so far github.com/AdobeDocs/marketo-developer.en, help/rest-api.",
        "The identity takes client credentials as a form (code).",
        "A change names Source and Modifying User, such as Web service API and the API's user (measured by others).",
    )
    unconfirmed = (
        "company is taken for persons that no CRM owns, else 1021; `fields: {company: null}` leaves it out.",
        "Other sources of changes than those in `programs`, and ids of activity types by instance: both are settings.",
    )
    repeatable = True
    updates = True
    batch = 300
    rate = 2.5  # half of a hundred calls in twenty seconds, which all integrations of an instance share
    concurrency = 1  # the same key in two calls at once makes two persons
    idempotency_header = None
    token_path = "/identity/oauth/token"  # noqa: S105 (an address)
    token_codes = "601 602"  # noqa: S105 (codes, not a password)
    daily_codes = "607"
    day = "America/Chicago"
    codes = Codes(
        ok="1004", retry="502 604 608 611 614 713 719", busy="606 615", pause_seconds=20,
        misconfigured="500 603 605 610 612 616 703 1006 1008 1009 1011 1018",
    )  # fmt: skip

    class Config(OAuthCaller.Config, HttpBatchSink.Config, MarketoFeedback.Settings):
        base_url: str = Field(description="Address of the instance, such as https://123-ABC-456.mktorest.com.")
        id_field: str = Field(
            "email", description="Field that tells persons apart: `email`, or your own text field for the lead's id."
        )
        fields: dict[str, FieldPath | None] = Field(
            default_factory=dict,
            description="Marketo's API name to a field of the lead, or to =TEXT; null leaves it out.",
        )
        partition: str | None = Field(None, description="Name of the partition of new persons; none: the default one.")

    config: Config

    def key(self, lead: Lead) -> str:
        """Return what tells the person apart; twice in one call it would make two."""
        return (lead.email or "").lower() if self.config.id_field == "email" else lead.id

    def refuse(self, lead: Lead) -> Rejected | None:
        """Refuse a lead that cannot be told apart, and an address that Marketo cannot hold."""
        if not self.key(lead):
            return Rejected("The lead has no e-mail address, which id_field asks for.")
        return None if (lead.email or "").isascii() else Rejected("Marketo takes e-mail addresses in ASCII only.")

    def request(self, leads: Sequence[Lead]) -> Request:
        """Return the sync of a batch."""
        where = {"partitionName": self.config.partition} if self.config.partition else {}
        how = {"action": "createOrUpdate", "lookupField": self.config.id_field, **where}
        return Request("POST", "/rest/v1/leads.json", json={**how, "input": [self._person(lead) for lead in leads]})

    def response(self, response: Response, leads: Sequence[Lead]) -> Outcomes:
        """Return what became of each row, in their order."""
        return [self._row(row) for row in response.json()["result"]]

    def erase(self, lead: Lead, ref: str) -> Request:
        return Request("POST", "/rest/v1/leads/delete.json", json={"input": [{"id": int(ref)}]})

    def code(self, response: Response) -> tuple[str, str] | None:
        """Return the code of an answer as a whole: of its first error, or of its only row where that was skipped."""
        said = an_object(readable(response))
        rows = objects(said.get("result"))
        return _reason(said.get("errors")) or (_reason(rows[0].get("reasons")) if len(rows) == 1 else None)

    def _row(self, row: Mapping[str, Any]) -> Outcome:
        if row.get("status") in WRITTEN:
            return Sent(str(row["id"]))
        code, words = _reason(row["reasons"]) or ("", text(row.get("status")))
        what, said = self.codes.verdict(code), f"{code} {words}".strip()[:300]
        return (
            Misconfigured(said) if what == "misconfigured" else Retry(said) if what == "retry" else Rejected(said, code)
        )

    def _person(self, lead: Lead) -> dict[str, str]:
        whole = {} if lead.first_name or lead.last_name else {"lastName": "full_name"}
        said = fill(lead, {**FIELDS, **whole, **self.config.fields})
        return said | ({} if self.config.id_field == "email" else {self.config.id_field: lead.id})


def _reason(errors: Any) -> tuple[str, str] | None:
    """Return code and words of the first error in a list; None when it has none."""
    first = next(iter(objects(errors)), {})
    return (text(first.get("code")), text(first.get("message"))) if first.get("code") else None


@hookimpl
def hub_register() -> Iterator[type[Marketo]]:
    yield Marketo
