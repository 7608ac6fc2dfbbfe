"""Tencent Ads 腾讯广告: reads the leads of WeChat and QQ ads, account by account."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import httpx
from pydantic import Field

from hub import (
    BEIJING,
    Numbered,
    NumberedSource,
    RawLead,
    Request,
    Span,
    TencentMarketing,
    Window,
    an_object,
    hookimpl,
    instant,
    objects,
    to_json,
    with_answers,
)


class TencentAds(TencentMarketing, NumberedSource):
    """The leads of advertisers, from forms, calls and chats, by the time they were made."""

    name = "tencent_ads"
    title = "Tencent Ads (腾讯广告)"
    docs_url = "https://developers.e.qq.com/v3.0/docs/api/leads_list/get"
    confirmed = (
        "leads are listed by account and time, newest first, at most 200 a page; past 5000 rows of one question "
        "another kind of paging is needed, so a longer time is asked for in halves (vendor docs)",
        "each call carries access_token, timestamp (300 s) and a nonce of at most 32 characters (vendor docs)",
        "the codes of tokens (11000, 11002, 11012), rates (11016 to 11019) and permissions (vendor docs)",
        "a refresh is a GET of /oauth/token, answered in data (TencentAd/marketing-api-go-sdk)",
        "bundle holds the answers of a form as JSON text (vendor docs)",
    )
    unconfirmed = (
        "tokens last 24 hours and 30 days",
        "times without an offset are Beijing's; they may come as text or as a number",
        "the payload of forwarding in the lead platform is not published, so leads are polled only",
    )
    page_size, deepest, span = 200, 5_000, timedelta(days=360)

    class Config(TencentMarketing.Config, Window):
        accounts: list[str] = Field(min_length=1, description="Ids of the ad accounts whose leads are polled.")
        overlap_minutes: float = Field(
            120, ge=0, description="How much of the last poll is read again, for late leads."
        )

    config: Config

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        return self.config.accounts

    async def numbered(self, name: str, span: Span, number: int, http: httpx.AsyncClient) -> Numbered:
        start, end = (int(at.timestamp()) for at in span)
        asked = {
            "account_id": name,
            "time_type": "TIME_TYPE_CREATED_TIME",
            "time_range": to_json({"start_time": start, "end_time": end}).decode(),
            "page": str(number),
            "page_size": str(self.page_size),
        }
        said = await self.ask(Request("GET", f"/{self.config.version}/leads_list/get", params=asked), http)
        data = an_object(said.get("data"))
        leads = [_lead(one) for one in objects(data.get("leads_info"))]
        return Numbered(leads, an_object(data.get("page_info")).get("total_number"))


def _lead(item: Mapping[str, Any]) -> RawLead:
    """Return a lead as it came, with the answers of its form beside the rest."""
    key = item.get("leads_id")
    when = instant(item.get("leads_create_time"), BEIJING)
    return RawLead(str(key) if isinstance(key, (str, int)) and key else None, with_answers(item, "bundle"), when)


@hookimpl
def hub_register() -> Iterable[type[TencentAds]]:
    yield TencentAds
