"""Ocean Engine 巨量引擎: reads the leads of Douyin and Toutiao ads, and takes what a push rule of Feiyu 飞鱼 posts."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import httpx
from pydantic import Field, SecretStr

from hub import (
    BEIJING,
    BadInput,
    Inbound,
    Numbered,
    NumberedSource,
    OceanMarketing,
    RawLead,
    Receipt,
    Reply,
    Request,
    Span,
    UnsignedSource,
    Window,
    an_object,
    hookimpl,
    instant,
    objects,
    with_answers,
)

PREVIEW = ("4", 4)  # clue_source of a lead that the advertiser made in the preview of a page


class OceanEngine(UnsignedSource, OceanMarketing, NumberedSource):
    """The leads of advertisers: polled from the Marketing API, and pushed by a rule of Feiyu CRM where there is one."""

    name = "ocean_engine"
    title = "Ocean Engine (巨量引擎, 飞鱼)"
    docs_url = "https://open.oceanengine.com/"
    confirmed = (
        "leads are listed by advertiser and Beijing time, newest first, 100 a page (oceanengine/ad_open_sdk_go)",
        "tokens last 24 hours and 30 days; a refresh ends the old pair (oceanengine/ad_open_sdk_go)",
        "answers are 200 with a code, 0 when all went well; 40100 is the rate (bububa/oceanengine)",
        "clue_source 4 is a preview: it is handed over as a test (bububa/oceanengine)",
        "a push rule posts to an address of yours with fields named in it, and reads code and message of the answer "
        "(public receivers)",
    )
    unconfirmed = (
        "40102 to 40105 say that the token ended, 40107 that the refresh token did; an unknown code is tried again",
        "how a push is signed is not published, so a key in its address is what is checked",
        "the id of a push is the clue_id of the list",
        "leads are served only where the app's legal entity is the advertiser's",
    )
    span = timedelta(days=30)

    class Config(OceanMarketing.Config, UnsignedSource.Config, Window):
        accounts: list[str] = Field([], description="Ids of the advertisers whose leads are polled; none: push only.")
        overlap_minutes: float = Field(
            120, ge=0, description="How much of the last poll is read again, for late leads."
        )
        secret: SecretStr | None = Field(  # type: ignore[assignment]
            None, min_length=22, description="Random key of the push rule's address, as ?token=KEY; none: no push."
        )

    config: Config

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        body = inbound.payload()
        if not isinstance(body, dict):
            raise BadInput(f"A push must be an object or a form, not {type(body).__name__}.")
        yield _lead(body)

    def answer(self, inbound: Inbound, receipt: Receipt) -> Reply | None:
        return Reply.json({"code": 200, "message": "success"})

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        return self.config.accounts

    async def numbered(self, name: str, span: Span, number: int, http: httpx.AsyncClient) -> Numbered:
        start, end = (f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" for at in span)
        asked = {"advertiser_ids": f"[{name}]", "start_time": start, "end_time": end}
        pages = {"page": str(number), "page_size": str(self.page_size)}
        data = an_object(
            (await self.ask(Request("GET", "/open_api/2/tools/clue/get/", params=asked | pages), http))["data"]
        )
        return Numbered(
            [_lead(one) for one in objects(data.get("list"))], an_object(data.get("page_info")).get("total_number")
        )


def _lead(item: Mapping[str, Any]) -> RawLead:
    """Return a lead as it came, with the answers beside the rest."""
    key = item.get("clue_id") or item.get("id")
    when = instant(item.get("create_time_detail") or item.get("create_time"), BEIJING)
    data = with_answers(item, "remark_dict")
    if "country_name" in data:
        data["district"] = data.pop("country_name")  # a slip of the platform's for county
    return RawLead(str(key) if isinstance(key, (str, int)) else None, data, when, item.get("clue_source") in PREVIEW)


@hookimpl
def hub_register() -> Iterable[type[OceanEngine]]:
    yield OceanEngine
