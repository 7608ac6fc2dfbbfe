"""Zoho CRM: create or update a lead for each lead by a unique field, a hundred in one call, in every data centre."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx
from pydantic import Field

from hub import (
    Disposition,
    HttpBatchSink,
    Lead,
    Outcomes,
    Place,
    Record,
    Rejected,
    Request,
    Response,
    Rows,
    Stream,
    StreamFeedback,
    ZohoCaller,
    hookimpl,
    row_outcome,
    segment,
)

FIELDS: Mapping[str, str] = {
    "First_Name": "first_name", "Last_Name": "last_name", "Company": "company", "Designation": "title",
    "Email": "email", "Phone": "phone", "Street": "street", "City": "city", "State": "region",
    "Zip_Code": "postcode", "Country": "country", "Website": "website", "Description": "message",
}  # fmt: skip
LENGTHS: Mapping[str, int] = {"First_Name": 40, "Last_Name": 80, "Company": 200, "Designation": 100, "Phone": 30}
STREAMS = (
    Stream(
        "Leads", "status", ref="id", at="Modified_Time", word="Lead_Status", by="Modified_By.id", maker="Created_By.id"
    ),
    Stream("Calls", "call", ref="What_Id.id", at="Modified_Time", done="Call_Start_Time", once=True, by="Owner.id"),
    Stream("Tasks", "task", ref="What_Id.id", at="Modified_Time", done="Closed_Time", once=True, by="Owner.id"),
)
STATES = {"Leads": "Converted__s", "Calls": "Outgoing_Call_Status", "Tasks": "Status"}
PAGE = 200
THERE = re.compile(r"DUPLICATE_DATA: .*\(record (\w+)\)", re.DOTALL)


class ZohoCrm(ZohoCaller, StreamFeedback, HttpBatchSink):
    """Leads by upsert; each row of the answer is judged on its own. The field `id_field` must be unique."""

    name = "zoho_crm"
    title = "Zoho CRM"
    docs_url = "https://www.zoho.com/crm/developer/docs/api/v8/upsert-records.html"
    confirmed = (
        "Upsert takes 100 records and answers in their order, each with its own status; duplicate_check_fields tell.",
        "Tokens come from the accounts host of the data centre, with the api_domain to call; each refuses the others'.",
        "429 has no Retry-After; If-Modified-Since with sort_by=Modified_Time gives what changed, else 304.",
    )
    unconfirmed = (
        "Calls and tasks of a lead name it in What_Id; deals that a lead was converted to are not read.",
        "Which of details.id and details.duplicate_record.id a duplicate names; without one a person decides.",
        "Lengths of the standard fields. A deleted lead lies in the recycle bin until Zoho empties it.",
        "Which scopes are enough for `leadhub connect`, and that the consent page heeds what PKCE adds, or ignores it.",
    )
    consent_scope = "ZohoCRM.modules.ALL,ZohoCRM.settings.ALL,ZohoCRM.users.READ"
    repeatable = True
    updates = True
    batch = 100
    rate = 5.0
    listens = timedelta(minutes=5)  # each asking costs three credits of the day's
    idempotency_header = None
    streams = STREAMS
    words = {**StreamFeedback.words, "converted": Disposition.QUALIFIED}  # noqa: RUF012 (read-only)

    class Config(ZohoCaller.Config, HttpBatchSink.Config, Record, StreamFeedback.Settings):
        module: str = Field("Leads", description="Module to write.")
        id_field: str = Field("LeadHub_Id", description="API name of a unique text field for the lead's id.")
        match: tuple[str, ...] = Field((), description="More fields that tell records apart, such as Email.")
        no_company: str = Field("[not provided]", description="Company of a lead that names none; it is required.")
        trigger: tuple[str, ...] = Field(("workflow", "blueprint", "approval"), description="What a write sets off.")

    config: Config

    def request(self, leads: Sequence[Lead]) -> Request:
        own = self.config.id_field
        body = {"data": [self._record(lead) for lead in leads], "duplicate_check_fields": [own, *self.config.match]}
        return Request("POST", self._path("upsert"), json={**body, "trigger": list(self.config.trigger)})

    def response(self, response: Response, leads: Sequence[Lead]) -> Outcomes:
        return [row_outcome(row) for row in response.json()["data"]]

    def link(self, lead: Lead, refused: Rejected) -> tuple[str, Request] | None:
        """Write a lead onto the record that another unique field found."""
        there = THERE.fullmatch(refused.reason)
        body = {"data": [self._record(lead)], "trigger": list(self.config.trigger)}
        return (there[1], Request("PUT", self._path(there[1]), json=body)) if there else None

    def erase(self, lead: Lead, ref: str) -> Request:
        return Request("DELETE", self._path(ref))

    def asked(self, stream: Stream, place: Place) -> Request:
        """Return the request for what changed; a second earlier, as it is not told whether the bound is included."""
        since = (place.since - timedelta(seconds=1)).isoformat(timespec="seconds")
        fields = dict.fromkeys([path.partition(".")[0] for path in stream.paths if path != "id"])
        params = {"fields": ",".join([*fields, STATES[stream.name]]), "sort_by": "Modified_Time", "sort_order": "asc"}
        more = {"converted": "both"} if stream.name == "Leads" else {}
        page = {"per_page": str(PAGE), "page": str(place.skip // PAGE + 1)}
        path = f"/crm/v8/{self.config.module if stream.name == 'Leads' else stream.name}"
        return Request("GET", path, headers={"If-Modified-Since": since}, params={**params, **page, **more})

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, bool]:
        if response.status in (204, 304):
            return [], False
        said = response.json()
        return said["data"], bool(said["info"]["more_records"])

    async def whole(self, stream: Stream, rows: Rows, http: httpx.AsyncClient) -> Rows:
        """Leave planned calls and open tasks out, and call a converted lead so."""
        state = STATES[stream.name]
        if stream.name == "Leads":
            return [{**row, "Lead_Status": "Converted"} if row.get(state) is True else row for row in rows]
        return [row for row in rows if row.get(state) in (None, "Completed")]

    def _path(self, end: str) -> str:
        return f"/crm/v8/{segment(self.config.module)}/{segment(end)}"

    def _record(self, lead: Lead) -> dict[str, Any]:
        said = self.config.record(lead, FIELDS, owner="Owner")
        if "Last_Name" not in said:  # it is required: then the whole name stands there
            said = {**said, "First_Name": "", "Last_Name": lead.name}
        said.setdefault("Company", self.config.no_company)
        cut: dict[str, Any] = {name: value[: LENGTHS.get(name)] for name, value in said.items() if value}
        return {self.config.id_field: lead.id, **cut, **({"Owner": {"id": cut["Owner"]}} if "Owner" in cut else {})}


@hookimpl
def hub_register() -> Iterator[type[ZohoCrm]]:
    yield ZohoCrm
