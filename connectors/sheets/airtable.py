"""Airtable: create or update a record of a table for each lead, ten at a time."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import Field, SecretStr

from hub import (
    HttpBatchSink,
    Lead,
    Outcomes,
    Request,
    Response,
    Sent,
    TableFields,
    Unclear,
    Verdict,
    an_object,
    bearer,
    hookimpl,
    readable,
    segment,
)

LOCKED_OUT = 30.0  # seconds that a base answers nobody who asked too often
SETTINGS = {"UNKNOWN_FIELD_NAME", "TABLE_NOT_FOUND"}


class Airtable(HttpBatchSink):
    """Records of one table, told apart by a text field that holds the lead's id, for people to leave alone."""

    name = "airtable"
    title = "Airtable"
    docs_url = "https://airtable.com/developers/web/api/update-multiple-records"
    confirmed = (
        "PATCH of at most 10 records with performUpsert.fieldsToMergeOn changes the record that has the same value and "
        "creates it where there is none; two records with the value are an error (vendor docs).",
        "5 requests a second for a base; 429 locks it for 30 seconds (airtable.com/developers/web/api/errors).",
        "Fields to merge on are numbers, texts, selects and dates, no formulas (vendor docs).",
    )
    unconfirmed = (
        "UNKNOWN_FIELD_NAME is a setting to mend; other types of 422 refuse the row, also one that two records have.",
        "What a monthly limit answers: 429 of any type is tried again after 30 seconds.",
        "A deleted record is answered with 404; an erasure takes that for done.",
    )
    repeatable = True
    updates = True
    batch = 10
    rate = 4.0
    concurrency = 1  # two upserts of one lead at once could create it twice
    idempotency_header = None

    class Config(HttpBatchSink.Config, TableFields):
        base_url: str = Field("https://api.airtable.com", description="Address of the API.")
        token: SecretStr = Field(description="Personal access token with data.records:read and data.records:write.")
        base_id: str = Field(pattern="^app", description="Id of the base, app… in its address.")
        table: str = Field("Leads", min_length=1, description="Name or id (tbl…) of the table.")
        typecast: bool = Field(
            True, description="Let Airtable turn text into what the field holds, and make new choices of a select."
        )

    config: Config

    def request(self, leads: Sequence[Lead]) -> Request:
        """Return the upsert of these leads."""
        body = {
            "performUpsert": {"fieldsToMergeOn": [self.config.id_field]},
            "typecast": self.config.typecast,
            "returnFieldsByFieldId": self.config.id_field.startswith("fld"),
            "records": [{"fields": self.config.values(lead)} for lead in leads],
        }
        return Request("PATCH", self._path(), headers=self._headers(), json=body)

    def response(self, response: Response, leads: Sequence[Lead]) -> Outcomes:
        """Return the id of each lead's record, found by the field that holds the lead's id."""
        records = response.json()["records"]
        ids = {str(record["fields"].get(self.config.id_field)): str(record["id"]) for record in records}
        missing = [lead.id for lead in leads if lead.id not in ids]
        if missing:
            raise Unclear(
                f"no record of {missing[0]} came back; `id_field` must be a text field that keeps what is written."
            )
        return [Sent(ids[lead.id]) for lead in leads]

    def erase(self, lead: Lead, ref: str) -> Request:
        """Return the deletion of a record."""
        return Request("DELETE", f"{self._path()}/{segment(ref)}", headers=self._headers())

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means; a field that is not there is for a person to mend."""
        wrong = response.status == 422 and self._error(response)[0] in SETTINGS
        return "misconfigured" if wrong else super().verdict(response)

    def wait(self, response: Response) -> float | None:
        """Return the seconds to wait: those of the header, else as long as the base is locked."""
        return super().wait(response) or (LOCKED_OUT if response.status == 429 else None)

    def refusal(self, response: Response) -> str:
        """Return Airtable's type and words."""
        kind, words = self._error(response)
        return f"{kind}: {words}"[:300] if kind else super().refusal(response)

    def _error(self, response: Response) -> tuple[str, str]:
        """Return type and message of an error, which may be a bare word."""
        error = an_object(readable(response)).get("error")
        if isinstance(error, str):
            return error, ""
        said = an_object(error)
        return str(said.get("type") or ""), str(said.get("message") or "")

    def _path(self) -> str:
        return f"/v0/{segment(self.config.base_id)}/{segment(self.config.table)}"

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": bearer(self.config.token)}


@hookimpl
def hub_register() -> Iterator[type[Airtable]]:
    """Register the connector."""
    yield Airtable
