"""Jiandaoyun (简道云): add a row to a form for each lead, and keep it up to date."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, SecretStr

from hub import (
    FieldPath,
    HttpSink,
    JiandaoyunFeedback,
    Lead,
    Request,
    Response,
    Sent,
    Shape,
    Verdict,
    hookimpl,
    pick,
    readable,
    shaped,
)

CODES: Mapping[str, Verdict] = {
    "8303": "retry",  # too many requests
    "8301": "misconfigured",  # the key is not known
    "17018": "misconfigured",
}
MEMBER = {"1005", "1010", "1017", "1018", "1019"}  # an account, member or department that does not exist


class Jiandaoyun(JiandaoyunFeedback, HttpSink):
    """Rows of one form, told apart by a field that holds the lead's id."""

    name = "jiandaoyun"
    title = "简道云 Jiandaoyun"
    docs_url = "https://hc.jiandaoyun.com/open/14222"
    confirmed = (
        "Every field is written as {value: …}; creating answers with the row under data, its id under _id.",
        "Refusals are HTTP 400 with code and msg; 8303 and 429 ask to slow down; 20 creations a second.",
        "Its data push signs nonce, body, secret and time with SHA-1; bulk edits do not push, so rows are polled too.",
        "Rows are searched with a filter; the API itself checks neither uniqueness nor required fields.",
    )
    unconfirmed = (
        "Who changed a row, updater.username.",
        "Codes of a bad key, 8301 and 17018.",
        "How a phone field is written, {phone: …}; `kinds` decides which fields are.",
        "That 20 updates a second are allowed, as creations are.",
    )
    updates = True
    rate = 15.0
    idempotency_header = None

    class Config(HttpSink.Config, JiandaoyunFeedback.Settings):
        base_url: str = Field("https://api.jiandaoyun.com/api", description="Address of the API.")
        api_key: SecretStr = Field(description="Key made under 开放平台, 密钥管理.")
        id_field: str = Field(description="Text field that keeps the lead's id: its alias or _widget_ name.")
        fields: dict[str, FieldPath] = Field(
            description="Alias or _widget_ name of a field to a field of the lead, or to =TEXT."
        )
        kinds: dict[str, Shape] = Field(
            default_factory=dict, description="Kinds of fields that are not plain text: number, phone, date or list."
        )
        creator: str | None = Field(None, description="Member number (username) the rows belong to; none: the owner.")
        workflow: bool = Field(False, description="Start the form's workflow (发起流程) for each new row.")
        trigger: bool = Field(True, description="Let smart assistants (智能助手) act on what is written.")

    config: Config

    def request(self, lead: Lead) -> Request:
        """Return the creation of a row."""
        more: dict[str, Any] = {"is_start_workflow": self.config.workflow, "is_start_trigger": self.config.trigger}
        if self.config.creator:
            more["data_creator"] = self.config.creator
        return self._call("create", {"data": self._data(lead), **more})

    def update(self, lead: Lead, ref: str) -> Request:
        """Return the change of a row that exists."""
        return self._call("update", {"data_id": ref, "data": self._data(lead), "is_start_trigger": self.config.trigger})

    def response(self, response: Response) -> Sent:
        """Return the id of the row."""
        return Sent(str(response.json()["data"]["_id"]))

    def find(self, lead: Lead) -> Request:
        """Return the search for the row that keeps this lead's id."""
        same = {"field": self.config.id_field, "type": "text", "method": "eq", "value": [lead.id]}
        filters = {"rel": "and", "cond": [same]}
        return self._call("list", {"limit": 1, "fields": [self.config.id_field], "filter": filters})

    def found(self, response: Response) -> Sent | None:
        """Return the oldest such row; rows come in the order they were made."""
        rows = response.json()["data"]
        return Sent(str(rows[0]["_id"])) if rows else None

    def erase(self, lead: Lead, ref: str) -> Request:
        """Return the deletion of the row."""
        return self._call("delete", {"data_id": ref})

    def verdict(self, response: Response) -> Verdict:
        """Return what the vendor's code means, whatever the status beside it."""
        said = readable(response)
        code = str(said.get("code", "")) if isinstance(said, dict) else ""
        if code in MEMBER and self.config.creator:
            return "misconfigured"
        what = super().verdict(response)
        return CODES.get(code, "reject" if code not in ("", "0") and what == "ok" else what)

    def refusal(self, response: Response) -> str:
        """Return the vendor's code and words."""
        said = readable(response)
        known = isinstance(said, dict) and "code" in said
        return f"{said['code']}: {said.get('msg')}"[:300] if known else super().refusal(response)

    def _data(self, lead: Lead) -> dict[str, Any]:
        filled = {self.config.id_field: {"value": lead.id}}
        for name, path in self.config.fields.items():
            value = shaped(pick(lead, path), self.config.kinds.get(name, "text"))
            if value is not None:
                filled[name] = {"value": value}
        return filled


@hookimpl
def hub_register() -> Iterator[type[Jiandaoyun]]:
    """Register the connector."""
    yield Jiandaoyun
