"""Chanjet T+ (畅捷通): add a partner (往来单位) for each lead, and keep it up to date."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import httpx
from pydantic import Field, SecretStr

from hub import (
    CodedCaller,
    Codes,
    HttpSink,
    Lead,
    OAuthCaller,
    Record,
    Rejected,
    Request,
    Response,
    Sent,
    Token,
    Verdict,
    domestic,
    hookimpl,
    readable,
)

FIELDS: Mapping[str, str] = {"Contact": "name", "MobilePhone": "phone", "EmailAddr": "email"}
PARTNER = "/tplus/api/v2/partner/"
BAD_TOKEN = re.compile(r"(token|令牌)\W*(已|is|has)?\W*(过期|无效|失效|expired|invalid)", re.IGNORECASE)
THERE = re.compile(r"编码.*(重复|已存在|已经存在)")


class Chanjet(CodedCaller, OAuthCaller, HttpSink):
    """Partners of T+ Cloud, whose code is the lead's id; T+ has no leads, so send it the qualified ones."""

    name = "chanjet"
    title = "畅捷通 Chanjet T+"
    docs_url = "https://open.chanjet.com/docs"
    confirmed = (
        "Calls carry appKey, appSecret and openToken as headers; 401 with 4007 asks for a new token (code).",
        "GET /auth/v2/refreshToken gives a token of about six days and another refresh token (code).",
        "partner/Create takes dto and answers a bare id or null; partner/Query answers a bare list (code).",
    )
    unconfirmed = (
        "The block of addresses with the contact in it; `contacts: false` leaves it out.",
        "How Delete names its partner: by dto.Code, as Update does.",
        "That errors are EXSV codes, and that the words of a code which is taken say 编码 and 重复 or 已存在.",
        "Rate limits; five requests a second are sent. What became of a lead is not told: T+ has no status for it.",
    )
    updates = True
    rate = 5.0
    idempotency_header = None
    token_path = "/auth/v2/refreshToken"  # noqa: S105 (an address)
    lifetime = 5 * 86_400.0
    statuses: ClassVar[Mapping[int, Verdict]] = {409: "retry"}
    code_names = (("code", "message"), ("Code", "Message"))
    codes = Codes(ok="0 200 success", misconfigured="50003")
    token_codes = "4007"  # noqa: S105 (codes, not a password)

    class Config(CodedCaller.Config, OAuthCaller.Config, HttpSink.Config, Record):
        base_url: str = Field("https://openapi.chanjet.com", description="Address of the API.")
        client_id: str = Field(description="appKey of your app.")
        client_secret: SecretStr = Field(description="appSecret of your app.")
        refresh_token: SecretStr = Field(description="Refresh token that your consent gave; its successors are kept.")
        partner_type: str = Field("01", description="Code of the partner's type (往来单位性质): 01 is a customer.")
        partner_class: str = Field("01", description="Code of the partner's class (往来单位分类).")
        contacts: bool = Field(True, description="Write the person as the contact of the partner's address.")

    config: Config

    def token_request(self) -> Request:
        newest = self.refresh_token or self.config.refresh_token.get_secret_value()
        params = {"grantType": "refresh_token", "refreshToken": newest}
        return Request("GET", self.config.token_url or self.token_path, headers=self._app(), params=params)

    def token(self, response: Response) -> Token:
        """Return the token, which stands in `result` or in `value`, and the refresh token that replaces ours."""
        said = response.json()
        data = next((said[name] for name in ("result", "value") if isinstance(said.get(name), dict)), said)
        value = data.get("access_token") or data.get("accessToken")
        if not value:
            raise self.no_token(response)
        lasts = data.get("expires_in") or data.get("expiresIn") or self.lifetime
        rotated = data.get("refresh_token") or data.get("refreshToken")
        return Token(str(value), float(lasts), refresh=str(rotated) if rotated else None)

    def authorization(self, token: Token) -> Mapping[str, str]:
        return {**self._app(), "openToken": token.value}

    def expired(self, response: Response) -> bool:
        said = self.code(response)
        return super().expired(response) or bool(said and BAD_TOKEN.search(said[1]))

    def request(self, lead: Lead) -> Request:
        return self._call("Create", self._partner(lead))

    def update(self, lead: Lead, ref: str) -> Request:
        return self._call("Update", self._partner(lead))

    def response(self, response: Response) -> Sent:
        said = response.json()  # the id, null, or an object that says it worked
        plain = said if isinstance(said, (str, int)) and not isinstance(said, bool) else None
        return Sent(str(plain).strip('"') if plain else None)

    def find(self, lead: Lead) -> Request:
        return Request("POST", f"{PARTNER}Query", json={"param": {"Code": lead.id}})

    def found(self, response: Response) -> Sent | None:
        return next((Sent(str(row["ID"])) for row in response.json()), None)

    def link(self, lead: Lead, refused: Rejected) -> tuple[str, Request] | None:
        return (lead.id, self.update(lead, lead.id)) if THERE.search(refused.reason) else None

    def erase(self, lead: Lead, ref: str) -> Request:
        return self._call("Delete", {"Code": lead.id})

    async def forget(self, lead: Lead, ref: str | None, http: httpx.AsyncClient) -> Sent | Rejected | None:
        """Delete the partner by its code, as creating one may answer without an id."""
        return await super().forget(lead, ref or lead.id, http)

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means; codes say more than the status 500 beside them."""
        said, body = self.code(response), readable(response)
        if said is not None and (said[0] == "50003" or BAD_TOKEN.search(said[1])):
            return "misconfigured"
        failed = isinstance(body, dict) and body.get("success") is False and response.status < 300
        return "reject" if failed or (said and said[0].startswith("EXSV")) else super().verdict(response)

    def _app(self) -> dict[str, str]:
        return {"appKey": self.config.client_id, "appSecret": self.config.client_secret.get_secret_value()}

    def _call(self, action: str, dto: Mapping[str, Any]) -> Request:
        return Request("POST", PARTNER + action, json={"dto": dto})

    def _partner(self, lead: Lead) -> dict[str, Any]:
        name, said = lead.company or lead.name, domestic(self.config.record(lead, FIELDS), "MobilePhone")
        block = {name: said.pop(name) for name in FIELDS if name in said}
        kinds = {"PartnerType": {"Code": self.config.partner_type}, "PartnerClass": {"Code": self.config.partner_class}}
        address = [{"Code": f"{lead.id}-1", "Name": name, **block}] if self.config.contacts and block else []
        addresses = {"PartnerAddresDTOs": address} if address else {}
        return {"Code": lead.id, "Name": name, "PartnerAbbName": name, **kinds, **said, **addresses}


@hookimpl
def hub_register() -> Iterator[type[Chanjet]]:
    yield Chanjet
