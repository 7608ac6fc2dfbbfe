"""Baidu Marketing 百度营销: reads the leads of search and feed ads kind by kind, and takes those that Baidu pushes."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
from pydantic import Field, SecretStr

from hub import (
    BEIJING,
    BadInput,
    Inbound,
    JsonTokenCaller,
    Numbered,
    NumberedSource,
    RawLead,
    Request,
    Response,
    Span,
    Token,
    UnsignedSource,
    Window,
    an_object,
    hookimpl,
    instant,
    objects,
    readable,
    with_answers,
)

KINDS = ["form", "phone", "consult", "wechat", "callback", "follow"]


class BaiduLeads(UnsignedSource, JsonTokenCaller, NumberedSource):
    """The leads of Baidu accounts: forms, calls, chats, WeChat, call-backs and follows, each asked for by itself."""

    name = "baidu_leads"
    title = "Baidu Marketing (百度营销)"
    docs_url = "https://dev2.baidu.com/"
    confirmed = (
        "leads are listed by account, kind and Beijing time, 30 days at most, with the token in the body's header "
        "(baidu/baiduads-sdk)",
        "a refresh is JSON with appId, secretKey, refreshToken and userId, and ends the old pair (baidu/baiduads-sdk)",
        "header.status is 0 when all went well; failures tell what did not (baidu/baiduads-sdk)",
        "a push has clueId, commitTime, cluePhoneNumber and formDetail (public receivers)",
    )
    unconfirmed = (
        "failures with the codes 8301 to 8304 say that the token ended; an unknown code is tried again",
        "formDetail is a list of key and value, or that in JSON text; other shapes are kept as they came",
        "how a push is proven is not published, so a key in its address is what is checked",
        "the platform takes 500 leads a page (5000 is in use)",
    )
    token_path = "https://u.baidu.com/oauth/refreshToken"  # noqa: S105 (an address)
    token_codes = "8301 8302 8303 8304"  # noqa: S105 (codes, not a password)
    page_size, span = 500, timedelta(days=29)

    class Config(JsonTokenCaller.Config, UnsignedSource.Config, Window):
        base_url: str = Field("https://api.baidu.com", description="Address of the API.")
        account_id: str = Field(
            pattern="^[0-9]+$", description="Number (userId) of the Baidu account that gave the app its consent."
        )
        accounts: list[str] = Field([], description="Names of the Baidu accounts that are polled; none: push only.")
        kinds: list[str] = Field(KINDS, description="Kinds of leads (solutionType) that are polled.")
        overlap_minutes: float = Field(
            120, ge=0, description="How much of the last poll is read again, for late leads."
        )
        secret: SecretStr | None = Field(  # type: ignore[assignment]
            None, min_length=22, description="Random key of the push's address, as ?token=KEY; none: no push."
        )

    config: Config

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        body = inbound.payload()
        if not isinstance(body, dict):
            raise BadInput(f"A push must be an object or a form, not {type(body).__name__}.")
        yield _lead(body)

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        return [f"{kind}:{account}" for account in self.config.accounts for kind in self.config.kinds]

    async def numbered(self, name: str, span: Span, number: int, http: httpx.AsyncClient) -> Numbered:
        kind, _, account = name.partition(":")
        start, end = (f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" for at in span)
        asked = {"solutionType": kind, "startDate": start, "endDate": end, "pageNo": number, "pageSize": self.page_size}
        request = Request(
            "POST",
            "/json/sms/service/LeadsNoticeService/getNoticeList",
            json={"header": {"userName": account}, "body": asked},
        )
        said = objects(an_object((await self.ask(request, http)).get("body")).get("data"))
        first = said[0] if said else {"totalNum": 0}
        return Numbered([_lead(one) for one in objects(first.get("noticeDetailList"))], first.get("totalNum"))

    def authorization(self, token: Token) -> Mapping[str, str]:
        return {}  # it stands in the body

    def carrying(self, request: Request, token: Token | None) -> Request:
        head = {**request.json["header"], "accessToken": token.value if token else ""}
        return replace(request, json={**request.json, "header": head})

    def code(self, response: Response) -> tuple[str, str] | None:
        head = an_object(an_object(readable(response)).get("header"))
        failed = objects(head.get("failures"))
        if not head:
            return super().code(response)
        code = failed[0].get("code") if failed else head.get("status")
        words = ", ".join(f"{one.get('code')} {one.get('message')}" for one in failed) or str(head.get("desc") or "")
        return (str(code), words) if isinstance(code, (int, str)) and not isinstance(code, bool) else None

    def refusal(self, response: Response) -> str:
        said = self.code(response)
        return said[1][:300] if said and said[1] else super().refusal(response)

    def token_request(self) -> Request:
        own = self.config
        app = {"appId": own.client_id, "secretKey": own.client_secret.get_secret_value(), "userId": int(own.account_id)}
        return Request("POST", own.token_url or self.token_path, json={**app, "refreshToken": self.renewal()})


def _lead(item: Mapping[str, Any]) -> RawLead:
    """Return a lead as it came, with the answers of its form beside the rest."""
    key, when = item.get("clueId"), instant(item.get("commitTime"), BEIJING)
    return RawLead(str(key) if isinstance(key, (str, int)) and key else None, with_answers(item, "formDetail"), when)


@hookimpl
def hub_register() -> Iterable[type[BaiduLeads]]:
    yield BaiduLeads
