"""Meta lead ads: takes the leads of Facebook and Instagram forms, by webhook and by a poll that fills the gaps."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
from pydantic import Field, SecretStr

from hub import (
    BadInput,
    Graph,
    Inbound,
    MetaWebhook,
    RawLead,
    Sweep,
    SweepSource,
    WebhookSource,
    Window,
    hookimpl,
    instant,
    objects,
    segment,
    time_filter,
)

FIELDS = (
    "id,created_time,ad_id,ad_name,adset_id,adset_name,campaign_id,campaign_name,form_id,is_organic,platform,"
    "partner_name,retailer_item_id,field_data,custom_disclaimer_responses"
)
SAMPLE_ID = "444444444444"  # the App Dashboard's test event; no such lead can be read
TEST_MARKS = ("<test lead:", "test@fb.com", "test@meta.com")


class MetaLeadAds(MetaWebhook, SweepSource):
    """A Page's lead forms: Meta posts ids and each lead is read after the answer; the poll reads what was missed."""

    name = "meta_lead_ads"
    title = "Meta Lead Ads"
    docs_url = "https://developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving"
    confirmed = (
        "the signature is hex HMAC-SHA256 of the raw body under the app secret, after sha256= (vendor docs)",
        "errors come as status 400 and are told apart by error.code; 80005 is the lead limit (vendor docs)",
        "leads can be read for 90 days; without fields= hardly anything is returned (vendor docs)",
        "the testing tool answers <test lead: dummy data for NAME> (public receivers)",
    )
    unconfirmed = (
        "the token is taken from the Authorization header too, as on Meta's other Graph products",
        "v24.0 is still served (a version past its end is answered as the next one); setting `version` changes it",
        "the testing tool's e-mail addresses are test@fb.com and test@meta.com",
        "a token may ask debug_token about itself (public code; the docs name tokens of the app and its developers)",
    )
    every = timedelta(minutes=15)

    class Config(MetaWebhook.Config, WebhookSource.HostConfig, Window):
        base_url: str = Field("https://graph.facebook.com", description="Address of the API.")
        version: str = Field("v24.0", description="Version of the API.")
        token: SecretStr = Field(description="Page access token of a person with Leads Access.")
        account_id: str | None = Field(None, description="Page id: poll all its forms. Without it and `forms`: none.")
        forms: list[str] = Field([], description="Form ids to poll in place of all forms of the Page.")

    config: Config

    def ready(self) -> None:
        self._graph = Graph.of(self.config)

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        for value in self.changes(inbound, "leadgen"):
            key = str(value.get("leadgen_id") or "") or None
            yield RawLead(key, value, instant(value.get("created_time")), test=key == SAMPLE_ID)

    async def complete(self, raw: RawLead, http: httpx.AsyncClient) -> RawLead:
        """Read the lead behind an id; a polled one has it all (and an `id`), the Dashboard's sample has nothing."""
        if raw.key is None or raw.key == SAMPLE_ID or "id" in raw.data:
            return raw
        read = _lead(await self._graph.get(segment(raw.key), {"fields": FIELDS}, http, BadInput))
        when = read.submitted_at or raw.submitted_at
        return replace(raw, data={**raw.data, **read.data}, submitted_at=when, test=raw.test or read.test)

    async def count(self, since: datetime, until: datetime, http: httpx.AsyncClient) -> int | None:
        params = {"fields": "id", "filtering": time_filter("time_created", since, until)}
        forms = await self.lists(http)
        held = {lead.get("id") for form in forms async for lead in self._graph.all(f"{form}/leads", params, http)}
        return len(held) if forms else None

    async def expiry(self, http: httpx.AsyncClient) -> datetime | None:
        return await self._graph.token_end(http)

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        page = self.config.account_id
        if self.config.forms or page is None:
            return self.config.forms
        return [str(form.get("id")) async for form in self._graph.all(f"{page}/leadgen_forms", {"fields": "id"}, http)]

    async def page(self, http: httpx.AsyncClient, name: str, sweep: Sweep) -> tuple[list[RawLead], str | None]:
        params = {"fields": FIELDS, "filtering": time_filter("time_created", sweep.since)}
        found, after = await self._graph.page(f"{name}/leads", params, http, sweep.after)
        return [_lead(item) for item in found], after


def _lead(item: Mapping[str, Any]) -> RawLead:
    """Return a lead as it was read: what Meta knows under its own names, each answer under its question's."""
    data = {name: value for name, value in item.items() if name not in ("field_data", "custom_disclaimer_responses")}
    for answer in objects(item.get("field_data")):
        name, values = str(answer.get("name")), answer.get("values")
        value = values[0] if isinstance(values, list) and len(values) == 1 else values
        data[f"{name} (answer)" if name in item else name] = value
    checks = objects(item.get("custom_disclaimer_responses"))
    if checks:
        data["consents"] = {str(check.get("checkbox_key")): check.get("is_checked") for check in checks}
    test = any(mark in str(value) for value in data.values() for mark in TEST_MARKS)
    return RawLead(str(item.get("id") or "") or None, data, instant(item.get("created_time")), test)


@hookimpl
def hub_register() -> Iterable[type[MetaLeadAds]]:
    yield MetaLeadAds
