"""Kuaishou 快手磁力引擎: reads the leads of Kuaishou ads, account by account."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import httpx
from pydantic import Field

from hub import (
    BEIJING,
    JsonTokenCaller,
    Numbered,
    NumberedSource,
    RawLead,
    Request,
    Response,
    Span,
    Verdict,
    Window,
    an_object,
    hookimpl,
    instant,
    objects,
    with_answers,
)


class Kuaishou(JsonTokenCaller, NumberedSource):
    """The leads of advertisers, from forms, calls and chats, by the time they were made."""

    name = "kuaishou"
    title = "Kuaishou (快手磁力引擎)"
    docs_url = "https://developers.e.kuaishou.com/"
    confirmed = (
        "leads are listed by advertiser and Beijing time, with total_count and details (vendor docs 2657)",
        "a refresh is JSON with app_id, secret and refresh_token, answered in data (bububa/kwai-marketing-api)",
        "the token goes into the header Access-Token; code is 0 when all went well (bububa/kwai-marketing-api)",
        "there is no push of leads in the published API",
    )
    unconfirmed = (
        "tokens last 24 hours and 30 days, and a refresh ends the old pair",
        "the codes of errors are not published: one whose words name a token asks for a new one, all else is retried",
        "the platform takes 100 leads a page, and 30 days a question",
        "create_time is text or milliseconds; both are read",
    )
    token_path = "/rest/openapi/oauth2/authorize/refresh_token"  # noqa: S105 (an address)
    span = timedelta(days=30)

    class Config(JsonTokenCaller.Config, Window):
        base_url: str = Field("https://ad.e.kuaishou.com", description="Address of the API.")
        accounts: list[str] = Field(min_length=1, description="Ids of the advertisers whose leads are polled.")
        overlap_minutes: float = Field(
            120, ge=0, description="How much of the last poll is read again, for late leads."
        )

    config: Config

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        return self.config.accounts

    async def numbered(self, name: str, span: Span, number: int, http: httpx.AsyncClient) -> Numbered:
        start, end = (f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" for at in span)
        asked = {
            "advertiser_id": int(name) if name.isascii() and name.isdigit() else name,
            "start_time": start,
            "end_time": end,
            "page": number,
            "page_size": self.page_size,
        }
        said = await self.ask(Request("POST", "/rest/openapi/v2/gemini/crm/clue/list", json=asked), http)
        data = an_object(said.get("data"))
        return Numbered([_lead(one) for one in objects(data.get("details"))], data.get("total_count"))

    def verdict(self, response: Response) -> Verdict:
        return "misconfigured" if self._names_token(response) else super().verdict(response)

    def expired(self, response: Response) -> bool:
        return self._names_token(response) or super().expired(response)

    def _names_token(self, response: Response) -> bool:
        said = self.code(response)
        return said is not None and self.codes.verdict(said[0]) != "ok" and "token" in said[1].lower()


def _lead(item: Mapping[str, Any]) -> RawLead:
    """Return a lead as it came, with the answers of its form beside the rest."""
    key, when = item.get("id"), instant(item.get("create_time"), BEIJING)
    return RawLead(str(key) if isinstance(key, (str, int)) and key else None, with_answers(item, "details"), when)


@hookimpl
def hub_register() -> Iterable[type[Kuaishou]]:
    yield Kuaishou
