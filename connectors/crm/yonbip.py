"""YonBIP (用友): add a sales lead (线索) for each lead, and hear its status."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from hub import (
    BEIJING,
    CodedCaller,
    Codes,
    Disposition,
    HttpSink,
    Lead,
    Place,
    Record,
    Request,
    Response,
    Rows,
    Sent,
    Stream,
    StreamFeedback,
    Token,
    Verdict,
    domestic,
    hookimpl,
    objects,
    sign_hmac,
)

FIELDS: Mapping[str, str] = {
    "contactPerson": "name", "companyName": "company", "cellPhone": "phone", "mailbox": "email", "wechat": "wechat",
    "jobTitle": "title", "url": "website", "address": "street", "description": "message",
}  # fmt: skip
TOKEN_PATH = "/open-auth/selfAppAuth/base/v1/getAccessToken"  # noqa: S105 (an address)
THERE = "已经存在"
BAD_TOKEN = "非法token"  # noqa: S105 (words of an answer that is no JSON)
SETTINGS = "310001 310005 310006 310037 310404 310405 10018"


class YonBIP(StreamFeedback, CodedCaller, HttpSink):
    """Sales leads of YonBIP and YonSuite, whose code is the lead's id, and whose name ends with it: both are unique."""

    name = "yonbip"
    title = "用友 YonBIP"
    docs_url = "https://open.yonyoucloud.com/#/doc-center/docDes/api?apiId=13e408bed96b414193c6887416a7fb22"
    confirmed = (
        "POST /yonbip/crm/bill/save makes a lead; 999 with 已经存在 is one whose name is there (vendor docs).",
        "POST /yonbip/crm/clue/bill/list takes code, and simpleVOs with createTime or modifyTime (vendor docs).",
        "status is 0 unassigned, 1 followed, 2 converted, 3 closed; 310036 asks for a new token (vendor docs).",
    )
    unconfirmed = (
        "How to change or delete a lead: later versions are not sent, and what is erased here is erased there by hand.",
        "That `pubts` is the time of the last change, and recentFollower_Name who made it.",
        "Rate limits, of which 40 to 60 a minute are announced for some interfaces.",
    )
    rate = 0.7
    concurrency = 1
    idempotency_header = None
    codes = Codes("200 00000", "310043 310071 310072 310504 202", "310032 310039 310042 310046", SETTINGS)
    token_codes = "310036 310003"  # noqa: S105 (codes, not a password)
    streams = (Stream("clue", "status", "id", "at", word="status", by="recentFollower_Name", maker="creator"),)
    words: ClassVar[Mapping[str, Disposition]] = {
        "0": Disposition.NEW, "1": Disposition.CONTACTED, "2": Disposition.OPPORTUNITY, "3": Disposition.LOST,
    }  # fmt: skip

    class Config(CodedCaller.Config, HttpSink.Config, StreamFeedback.Settings, Record):
        base_url: str = Field(description="gatewayUrl of your data centre, which ends with /iuap-api-gateway.")
        token_url: str | None = Field(None, description="tokenUrl of the data centre; none: next to base_url.")
        client_id: str = Field(description="appKey of the self-built app, authorized for the CRM's interfaces.")
        client_secret: SecretStr = Field(description="appSecret of the app.")
        organization: str = Field(description="Code of the sales organization (org_code).")
        lead_type: str = Field(description="Code of the leads' transaction type (clueType_code).")
        lead_source: str = Field(description="Code of the leads' source (source_code).")
        system: str = Field("leadhub", description="Name of the system that leads come from (systemSource).")
        status: str = Field("0", description="Status of a new lead: 0 waits to be assigned, 1 is being followed.")

    config: Config

    def token_request(self) -> Request:
        stamp = str(int(self.clock.now().timestamp() * 1000))
        said = f"appKey{self.config.client_id}timestamp{stamp}".encode()
        secret = self.config.client_secret.get_secret_value().encode()
        base = self.config.token_url or self.config.base_url.replace("/iuap-api-gateway", "/iuap-api-auth")
        signature = sign_hmac(secret, said, encoding="base64")
        params = {"appKey": self.config.client_id, "timestamp": stamp, "signature": signature}
        return Request("GET", base.rstrip("/") + TOKEN_PATH, params=params)

    def token(self, response: Response) -> Token:
        data = response.json().get("data")
        if not isinstance(data, dict) or not data.get("access_token"):
            raise self.no_token(response)
        return Token(str(data["access_token"]), float(data.get("expire") or 7_200))

    def authorization(self, token: Token) -> Mapping[str, str]:
        return {}

    def carrying(self, request: Request, token: Token | None) -> Request:  # the token stands in the address
        return replace(request, params={"access_token": token.value}) if token is not None else request

    def request(self, lead: Lead) -> Request:
        said = domestic(self.config.record(lead, FIELDS, owner="ower_code"), "cellPhone")
        if said.get("cellPhone", "").startswith("+"):
            said["phone"] = said.pop("cellPhone")
        own = {"code": lead.id, "name": f"{lead.name} {lead.id}", "systemSource": self.config.system}
        kind = {"org_code": self.config.organization, "clueType_code": self.config.lead_type}
        more = {"source_code": self.config.lead_source, "status": self.config.status, "_status": "Insert"}
        data = {**own, **kind, **more, **said}
        return Request("POST", "/yonbip/crm/bill/save", json={"billnum": "sfa_cluecard", "data": data})

    def response(self, response: Response) -> Sent:
        data = response.json().get("data")
        return Sent(note="was there already") if self._there(response) else Sent(str(data["id"]))

    def find(self, lead: Lead) -> Request:
        return _list({"code": lead.id}, 1)

    def found(self, response: Response) -> Sent | None:
        return next((Sent(str(row["id"])) for row in response.json()["data"]["recordList"]), None)

    def code(self, response: Response) -> tuple[str, str] | None:
        return ("310036", BAD_TOKEN) if response.text.strip() == BAD_TOKEN else super().code(response)

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means; a name that is there is this lead's own, as it has its id."""
        return "ok" if self._there(response) else super().verdict(response)

    def asked(self, stream: Stream, place: Place) -> Request:
        since = place.since.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
        return _list({"simpleVOs": [{"field": "modifyTime", "op": "egt", "value1": since}]}, int(place.mark or 1))

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, str | None]:
        data = response.json()["data"]
        index, found = int(data["pageIndex"]), objects(data["recordList"])
        told = [{**row, "at": f"{row.get('modifyTime') or row.get('pubts')}+08:00"} for row in found]
        return told, str(index + 1) if index < int(data["pageCount"]) else None

    def _there(self, response: Response) -> bool:
        said = self.code(response)
        return said is not None and said[0] == "999" and said[1].strip().endswith(THERE)


def _list(test: Mapping[str, Any], page: int) -> Request:
    return Request("POST", "/yonbip/crm/clue/bill/list", json={"pageIndex": page, "pageSize": 100, **test})


@hookimpl
def hub_register() -> Iterator[type[YonBIP]]:
    yield YonBIP
