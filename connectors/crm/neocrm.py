"""Neocrm (销售易): add a lead for each lead, keep it up to date, and hear its status."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from hub import (
    CRM_WORDS,
    CodedCaller,
    Codes,
    Disposition,
    HttpSink,
    Lead,
    OAuthCaller,
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
    milliseconds,
    objects,
    segment,
)

FIELDS: Mapping[str, str] = {
    "name": "name", "companyName": "company", "mobile": "phone", "email": "email", "comment": "message",
}  # fmt: skip
PAGE = 100
BUSY = re.compile(r"频率|频次|限流|too many|rate limit", re.IGNORECASE)
OBJECT = "/rest/data/v2.0/xobjects/lead"


class Neocrm(StreamFeedback, CodedCaller, OAuthCaller, HttpSink):
    """Leads (销售线索), told apart by a custom field that holds the lead's id."""

    name = "neocrm"
    title = "销售易 Neocrm"
    docs_url = "https://doc.xiaoshouyi.com/"
    confirmed = (
        "The password grant takes the login password with the security token behind it; tokens last 2 hours (code).",
        "POST, PATCH and DELETE /rest/data/v2.0/xobjects/lead; entityType is required; code 200 is success (code).",
        "query/xoql takes the form field xoql and answers with data.records; times are milliseconds (code).",
    )
    unconfirmed = (
        "Codes of errors: 20000002 asks for a new token, words about a limit are tried again; `retry_codes` adds more.",
        "Names of fields by tenant: `fields`, `id_field`, `status_field`; a picklist's values by `dispositions`.",
        "updatedAt, updatedBy and createdBy in XOQL; that changes may be asked for 100 at a time.",
        "Rate limits, which are not published; five requests a second are sent.",
    )
    updates = True
    rate = 5.0
    idempotency_header = None
    token_path = "https://login.xiaoshouyi.com/auc/oauth2/token"  # noqa: S105 (an address)
    lifetime = 7_000.0
    code_names = (("code", "msg"), ("error_code", "message"))
    codes = Codes(ok="200 0")
    token_codes = "20000002"  # noqa: S105 (codes, not a password)
    streams = (Stream("lead", "status", ref="id", at="updatedAt", word="status", by="updatedBy", maker="createdBy"),)
    words: ClassVar[Mapping[str, Disposition]] = {
        **CRM_WORDS, "未处理": Disposition.NEW, "已转换": Disposition.OPPORTUNITY,
    }  # fmt: skip

    class Config(CodedCaller.Config, OAuthCaller.Config, HttpSink.Config, StreamFeedback.Settings, Record):
        base_url: str = Field("https://api.xiaoshouyi.com", description="Address of the API; a login may name another.")
        username: str = Field(description="Login name of the user the app acts as.")
        password: SecretStr = Field(description="That user's password.")
        security_token: SecretStr | None = Field(None, description="That user's security token (安全令牌).")
        redirect_uri: str | None = Field(None, description="Redirect address of the app, which older logins ask for.")
        entity_type: int = Field(
            description="Id of the lead's business type (业务类型), as …/lead/busiType lists them."
        )
        id_field: str = Field(description="Text field that keeps the lead's id, such as customItem200__c.")
        status_field: str = Field("status", description="Field that holds the lead's status.")
        numbers: tuple[str, ...] = Field(
            ("ownerId", "dimDepart", "highSeaId", "territoryHighSeaId"),
            description="Fields whose values are numbers there, as those of picklists are.",
        )

    config: Config

    def token_fields(self) -> dict[str, str]:
        """Return the fields of the password grant (RFC 6749, 4.3); none where a refresh token was given instead."""
        if self.config.refresh_token is not None:
            return {}
        more = self.config.security_token.get_secret_value() if self.config.security_token else ""
        password = self.config.password.get_secret_value() + more
        form = {"grant_type": "password", "username": self.config.username, "password": password}
        return {**form, "redirect_uri": self.config.redirect_uri} if self.config.redirect_uri else form

    def token(self, response: Response) -> Token:
        """Return the token and the address to use it at."""
        return replace(super().token(response), base_url=response.json().get("instance_uri") or None)

    def request(self, lead: Lead) -> Request:
        values = {"entityType": self.config.entity_type, self.config.id_field: lead.id, **self._values(lead)}
        return Request("POST", OBJECT, json={"data": values})

    def update(self, lead: Lead, ref: str) -> Request:
        return Request("PATCH", f"{OBJECT}/{segment(ref)}", json={"data": self._values(lead)})

    def response(self, response: Response) -> Sent:
        return Sent(str(response.json()["data"]["id"]))

    def find(self, lead: Lead) -> Request:
        own = re.sub(r"[^\w-]", "", lead.id)  # XOQL has no parameters, so nothing that could end the text
        return _query("id", f"{self.config.id_field} = '{own}'", "createdAt", "0,1")

    def found(self, response: Response) -> Sent | None:
        rows = response.json()["data"]["records"]
        return Sent(str(rows[0]["id"])) if rows else None

    def erase(self, lead: Lead, ref: str) -> Request:
        return Request("DELETE", f"{OBJECT}/{segment(ref)}")

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means; the codes of limits are not published, so their words count."""
        said, what = self.code(response), super().verdict(response)
        return "retry" if what == "reject" and said and BUSY.search(said[1]) else what

    def asked(self, stream: Stream, place: Place) -> Request:
        names = f"id, {self.config.status_field} status, updatedAt, updatedBy, createdBy"
        return _query(names, f"updatedAt >= {milliseconds(place.since)}", "updatedAt", f"{place.skip},{PAGE}")

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, bool]:
        found = objects(response.json()["data"]["records"])
        return found, len(found) == PAGE

    def _values(self, lead: Lead) -> dict[str, Any]:
        said = domestic(self.config.record(lead, FIELDS, owner="ownerId"), "mobile", "phone")
        return {**said, **{name: int(said[name]) for name in self.config.numbers if said.get(name, "").isdecimal()}}


def _query(names: str, where: str, order: str, limit: str) -> Request:
    xoql = " ".join(("select", names, "from lead where", where, "order by", order, "asc limit", limit))
    return Request("POST", "/rest/data/v2.0/query/xoql", form={"xoql": xoql})


@hookimpl
def hub_register() -> Iterator[type[Neocrm]]:
    yield Neocrm
