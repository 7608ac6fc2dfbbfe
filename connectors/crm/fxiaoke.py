"""Fxiaoke (纷享销客): add a sales lead for each lead, keep it up to date, and hear its status."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import httpx
from pydantic import Field, SecretStr

from hub import (
    CRM_WORDS,
    CodedCaller,
    Codes,
    Disposition,
    HttpSink,
    Lead,
    Place,
    Record,
    Rejected,
    Request,
    Response,
    Rows,
    Sent,
    Stream,
    StreamFeedback,
    Token,
    domestic,
    hookimpl,
    milliseconds,
    objects,
    text,
)

FIELDS: Mapping[str, str] = {
    "name": "name", "company": "company", "mobile": "phone", "email": "email", "remark": "message",
}  # fmt: skip
SETTINGS = "10006 11001 11002 11013 15003 20006 20014 20015 20017 20020 20021 20022 30003"
PAGE, CHANGED, KIND = 100, "last_modified_time", {"dataObjectApiName": "LeadsObj"}
ORDER = [{"fieldName": CHANGED, "isAsc": True}]


class Fxiaoke(StreamFeedback, CodedCaller, HttpSink):
    """Sales leads (销售线索), told apart by a custom field that holds the lead's id."""

    name = "fxiaoke"
    title = "纷享销客 Fxiaoke"
    docs_url = "https://developer.fxiaoke.com/openapi_v2/"
    confirmed = (
        "Every answer is HTTP 200 and errorCode 0 is success; 20016 asks for a new token (vendor docs, probed).",
        "Tokens last 7200 seconds, ten may be asked for a minute; 100 calls in 20 seconds per interface (vendor docs).",
        "create, update, query, invalid and delete of LeadsObj; update cannot change the owner (vendor docs).",
    )
    unconfirmed = ("biz_status and its values, company, remark: `status_field`, `dispositions`, `fields` change them.",)
    updates = True
    rate = 4.5
    idempotency_header = None
    code_names = (("errorCode", "errorMessage"),)
    codes = Codes(ok="0", retry="-1 -2 50009", busy="30004 14001", misconfigured=SETTINGS, pause_seconds=20)
    token_codes = "20016 20005"  # noqa: S105 (codes, not a password)
    daily_codes = "30002"
    streams = (Stream("lead", "status", key="_id", ref="_id", at=CHANGED, word="word", by="by", maker="maker"),)
    words: ClassVar[Mapping[str, Disposition]] = {
        **CRM_WORDS, "un_assigned": Disposition.NEW, "un_processed": Disposition.NEW,
        "processed": Disposition.CONTACTED, "transformed": Disposition.OPPORTUNITY, "closed": Disposition.UNQUALIFIED,
    }  # fmt: skip

    class Config(CodedCaller.Config, HttpSink.Config, StreamFeedback.Settings, Record):
        base_url: str = Field("https://open.fxiaoke.com", description="Address of the gateway; each cloud has its own.")
        client_id: str = Field(description="appId of the self-built app, which starts with FSAID_.")
        client_secret: SecretStr = Field(description="appSecret of the app.")
        permanent_code: SecretStr = Field(description="permanentCode of the app.")
        user_id: str = Field(description="Employee id that leads are written as, such as 1000; a CRM administrator's.")
        owner_id: str | None = Field(None, description="Employee id that owns leads nobody owns here.")
        id_field: str = Field(description="Text field that keeps the lead's id, such as field_ab12c__c.")
        status_field: str = Field("biz_status", description="Field that holds the lead's status.")

    config: Config

    def token_request(self) -> Request:
        secret, code = self.config.client_secret.get_secret_value(), self.config.permanent_code.get_secret_value()
        app = {"appId": self.config.client_id, "appSecret": secret, "permanentCode": code, "grantType": "app_secret"}
        return self.carrying(Request("POST", "/oauth2.0/token", json=app), None)

    def token(self, response: Response) -> Token:
        said = response.json()
        if not said.get("accessToken"):
            raise self.no_token(response)
        return Token(f"{said['ea']} {said['accessToken']}", float(said.get("expiresIn") or 7_200))

    def authorization(self, token: Token) -> Mapping[str, str]:
        account, _, value = token.value.rpartition(" ")
        return {"Authorization": f"Bearer {value}", "x-fs-ea": account, "x-fs-userid": self.config.user_id}

    def carrying(self, request: Request, token: Token | None) -> Request:  # each has a trace id, a UUID version 4
        seed = uuid.uuid5(uuid.NAMESPACE_URL, f"{self.clock.now()} {request.url} {request.json}")
        return replace(request, params={"thirdTraceId": str(uuid.UUID(bytes=seed.bytes, version=4))})

    def request(self, lead: Lead) -> Request:
        owner = self.config.owners.get(lead.owner or "", self.config.owner_id)
        return self._write("create", lead, **({"owner": [owner]} if owner else {}))

    def update(self, lead: Lead, ref: str) -> Request:
        return self._write("update", lead, _id=ref)

    def response(self, response: Response) -> Sent:
        return Sent(str(response.json()["dataId"]))

    def find(self, lead: Lead) -> Request:
        return self._query(self.config.id_field, lead.id, "EQ")

    def found(self, response: Response) -> Sent | None:
        return next((Sent(str(row["_id"])) for row in response.json()["data"]["dataList"]), None)

    def erase(self, lead: Lead, ref: str) -> Request:
        return _call("delete", {**KIND, "idList": [ref]})

    async def forget(self, lead: Lead, ref: str | None, http: httpx.AsyncClient) -> Sent | Rejected | None:
        if ref:  # it must be invalid before it can be deleted; what is so already refuses this, and not the next
            self.judge(await self.exchange(_call("invalid", {**KIND, "object_data_id": ref}), http))
        return await super().forget(lead, ref, http)

    def asked(self, stream: Stream, place: Place) -> Request:
        return self._query(CHANGED, str(milliseconds(place.since)), "GTE", place.skip)

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, bool]:
        found = objects(response.json()["data"]["dataList"])
        names = {"word": self.config.status_field, "by": "last_modified_by", "maker": "created_by"}
        return [{**row, **{to: text(row.get(name)) for to, name in names.items()}} for row in found], len(found) == PAGE

    def _write(self, action: str, lead: Lead, **more: object) -> Request:
        said = domestic(self.config.record(lead, FIELDS), "mobile", "tel")
        values = {**KIND, "object_describe_api_name": "LeadsObj", self.config.id_field: lead.id, **said, **more}
        return _call(action, {"object_data": values}, triggerApprovalFlow=False)

    def _query(self, field: str, value: str, operator: str, offset: int = 0) -> Request:
        names = ["_id", self.config.status_field, CHANGED, "last_modified_by", "created_by"]
        tests = [{"field_name": field, "field_values": [value], "operator": operator}]
        search = {"limit": PAGE, "offset": offset, "filters": tests, "orders": ORDER, "fieldProjection": names}
        return _call("query", {**KIND, "find_explicit_total_num": False, "search_query_info": search})


def _call(action: str, data: Mapping[str, Any], **more: bool) -> Request:
    return Request("POST", f"/cgi/crm/v2/data/{action}", json={**more, "data": data})


@hookimpl
def hub_register() -> Iterator[type[Fxiaoke]]:
    yield Fxiaoke
