"""Odoo: add a lead to the CRM for each lead, keep it up to date, and hear its stage, its value and why it was lost."""

import html
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from hub import (
    CRM_WORDS,
    Disposition,
    HttpSink,
    Lead,
    OdooCaller,
    Place,
    Record,
    Request,
    Response,
    Rows,
    Sent,
    Stream,
    StreamFeedback,
    hookimpl,
    objects,
)

FIELDS: Mapping[str, str] = {
    "name": "name", "partner_name": "company", "email_from": "email", "phone": "phone", "function": "title",
    "street": "street", "city": "city", "zip": "postcode", "website": "website", "description": "message",
}  # fmt: skip
PAGE = 100
READ = [
    "id", "stage_id", "write_date", "write_uid", "create_uid", "active", "probability", "expected_revenue",
    "lost_reason_id",
]  # fmt: skip


class Odoo(StreamFeedback, OdooCaller, HttpSink):
    """Leads of the CRM app, told apart by a text field that holds the lead's id."""

    name = "odoo"
    title = "Odoo CRM"
    docs_url = "https://www.odoo.com/documentation/19.0/developer/reference/external_api.html"
    confirmed = (
        "JSON-2 is POST /json/2/crm.lead/METHOD with named arguments; errors have name and message (vendor source).",
        "JSON-RPC answers 200 with `error` for a refusal, and ends with Odoo 22 (vendor docs).",
        "`referred` and lost_reason_id of crm.lead; a lost lead is archived; description is HTML (vendor source).",
    )
    unconfirmed = (
        "Odoo Online allows one call a second or so; it is not published.",
        "That JSON-2 writes times as JSON-RPC does, without an offset and in UTC.",
    )
    updates = True
    rate = 1.0
    concurrency = 1
    idempotency_header = None
    model = "crm.lead"
    streams = (
        Stream("lead", "status", ref="id", at="write_date", word="word", by="by", maker="maker", reason="reason",
               value="expected_revenue"),
    )  # fmt: skip
    words: ClassVar[Mapping[str, Disposition]] = {**CRM_WORDS, "proposition": Disposition.OPPORTUNITY}

    class Config(OdooCaller.Config, HttpSink.Config, StreamFeedback.Settings, Record):
        base_url: str = Field(description="Address of your Odoo, https://NAME.odoo.com.")
        id_field: str = Field("referred", description="Text field that keeps the lead's id.")
        type: Literal["lead", "opportunity"] = Field("lead", description="What to make of a lead.")

    config: Config

    def request(self, lead: Lead) -> Request:
        values = {"type": self.config.type, self.config.id_field: lead.id, **self._values(lead)}
        return self.call("create", vals_list=[values])

    def update(self, lead: Lead, ref: str) -> Request:
        return self.call("write", [int(ref)], vals=self._values(lead))

    def response(self, response: Response) -> Sent:
        said = self.result(response)
        return Sent() if said is True else Sent(str(int(said[0] if isinstance(said, list) else said)))

    def find(self, lead: Lead) -> Request:
        return self._search([[self.config.id_field, "=", lead.id]], "id asc", 0)

    def found(self, response: Response) -> Sent | None:
        rows = self.result(response)
        return Sent(str(rows[0]["id"])) if rows else None

    def erase(self, lead: Lead, ref: str) -> Request:
        return self.call("unlink", [int(ref)])

    def asked(self, stream: Stream, place: Place) -> Request:
        since = place.since.strftime("%Y-%m-%d %H:%M:%S")
        return self._search([["write_date", ">=", since]], "write_date asc, id asc", place.skip)

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, bool]:
        found = objects(self.result(response))
        return [_told(row) for row in found], len(found) == PAGE

    def _search(self, domain: list[list[str]], order: str, offset: int) -> Request:
        page: dict[str, Any] = {"limit": PAGE, "offset": offset, "order": order}
        return self.call("search_read", domain=domain, fields=READ, **page, context={"active_test": False})

    def _values(self, lead: Lead) -> dict[str, Any]:
        said: dict[str, Any] = self.config.record(lead, FIELDS, owner="user_id")
        if lead.name_text and "contact_name" not in self.config.fields:
            said["contact_name"] = lead.name_text
        if "description" in said:
            said["description"] = html.escape(said["description"]).replace("\n", "<br>")
        numbers = {name: int(value) for name, value in said.items() if name.endswith("_id") and value.isdecimal()}
        return {**said, **numbers}


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with the word for where it stands; a lost one is archived, a won one has all its probability."""
    lost, won = row.get("active") is False, row.get("probability") == 100
    names = {"stage": "stage_id", "reason": "lost_reason_id", "by": "write_uid", "maker": "create_uid"}
    said = {to: _label(row.get(name)) for to, name in names.items()}
    return {**row, **said, "word": "lost" if lost else "won" if won else said["stage"]}


def _label(value: Any) -> str | None:
    """Return the name in a link such as [7, "Ann"]."""
    return str(value[1]) if isinstance(value, list) and len(value) > 1 else None


@hookimpl
def hub_register() -> Iterator[type[Odoo]]:
    yield Odoo
