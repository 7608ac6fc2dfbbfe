"""Pinterest lead ads: opens the sealed leads that a subscription posts, and reads exported files to fill the gaps."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
from pydantic import Field, SecretStr

from hub import (
    Asking,
    BadInput,
    ExportSource,
    Inbound,
    OAuthCaller,
    RawLead,
    Request,
    Retry,
    Unverified,
    WebhookSource,
    Window,
    csv_rows,
    fetch,
    hookimpl,
    instant,
    objects,
    opened,
    secrets_of,
    segment,
    text,
    with_answers,
)

TIMES = ("created_time", "create_time", "created_at", "submitted_at", "submission_time", "timestamp")
NAMES = {"leadid": "lead_id", "createdtime": "created_time", "createdat": "created_at", "adid": "ad_id"}
KEPT = timedelta(days=30)


class Pinterest(WebhookSource, OAuthCaller, Asking, ExportSource):
    """The lead forms of an ad account (a beta of Pinterest's): pushed by a subscription, exported ad by ad."""

    name = "pinterest"
    title = "Pinterest lead ads"
    docs_url = "https://developers.pinterest.com/docs/work-with-ads/lead-ads/"
    confirmed = (
        "a post is a list of leads with advertiser_id, lead_form_id, ad_id and lead_id beside what is sealed with "
        "AES-256-GCM under the subscription's cryptographic_key (vendor docs)",
        "429 and 5xx are sent again, other 4xx are not; lead_id tells repeats (vendor docs)",
        "an export is ordered by ad and days, asked for until FINISHED, and downloaded (pinterest/api-description)",
        "leads are kept 30 days; refresh tokens are asked for with Basic (pinterest/api-description)",
    )
    unconfirmed = (
        "where the sealed text, its nonce (12 or 16 bytes) and its tag stand: every place is tried",
        "what is sealed is JSON, an object or a list of questions; other text is kept as it came",
        "the columns of an export: a row without lead_id goes by its content, and may repeat what was pushed",
        "the signing of the ids beside the sealed text: they are not covered by the seal",
    )
    signed = False  # the seal covers the lead, not the whole body
    answers = {code: 503 for code in (404, 408, 409, 410, 423, 425)}  # noqa: C420, RUF012 - they would lose the lead
    token_path = "oauth/token"  # noqa: S105 (an address)
    in_header = True
    lifetime = 2_592_000.0
    every = timedelta(hours=1)

    class Config(OAuthCaller.Config, Window):
        base_url: str = Field("https://api.pinterest.com/v5", description="Address of the API.")
        secret: SecretStr = Field(description="The subscription's cryptographic_key.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        account_id: str | None = Field(None, description="Id of the ad account whose leads are exported.")
        ads: list[str] = Field([], description="Ids of the ads whose leads are exported; none: webhook only.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        try:
            items = _items(inbound)
        except BadInput as error:
            raise Unverified(f"There is no sealed lead: {error.reason}") from error
        if not items or any(opened(item, secrets_of(self.config)) is None for item in items):
            raise Unverified("A lead does not open under the key. Compare `secret` with the cryptographic_key.")

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        for item in _items(inbound):
            found = opened(item, secrets_of(self.config))
            yield _lead(with_answers({**item, found[0]: found[1]}, found[0]) if found else item)

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        return self.config.ads if self.config.account_id and self.config.refresh_token else []

    async def order(self, name: str, since: datetime, http: httpx.AsyncClient) -> str:
        now = self.clock.now()
        days = {"start_date": f"{max(since, now - KEPT):%Y-%m-%d}", "end_date": f"{now:%Y-%m-%d}"}
        made = (await self.ask(Request("POST", self._exports(), json={"ad_id": name, **days}), http)).get(
            "leads_export_id"
        )
        if not isinstance(made, (str, int)):
            raise Retry("The answer to an order has no leads_export_id.")
        return str(made)

    async def made(self, name: str, order: str, http: httpx.AsyncClient) -> bool:
        return await self._address(order, http) is not None

    async def download(self, name: str, order: str, http: httpx.AsyncClient) -> Iterable[RawLead]:
        file = await fetch(Request("GET", str(await self._address(order, http))), http, timeout=self.config.timeout)
        return [_lead({"ad_id": name, **row}) for row in csv_rows(file.content, NAMES)]

    async def _address(self, order: str, http: httpx.AsyncClient) -> str | None:
        said = await self.ask(Request("GET", f"{self._exports()}/{segment(order)}"), http)
        if said.get("export_status") == "FAILED":
            raise BadInput("Pinterest could not make the file.")
        address = said.get("download_url")
        return address if said.get("export_status") == "FINISHED" and isinstance(address, str) else None

    def _exports(self) -> str:
        return f"ad_accounts/{segment(str(self.config.account_id))}/leads_export"


def _items(inbound: Inbound) -> list[dict[str, Any]]:
    body = inbound.json()
    if not isinstance(body, (list, dict)):
        raise BadInput(f"The body must be a list of leads, not {type(body).__name__}.")
    return objects(body) if isinstance(body, list) else [body]


def _lead(data: Mapping[str, Any]) -> RawLead:
    """Return a lead; a row without an id goes by its content, so that the next export does not bring it again."""
    when = next((data[name] for name in TIMES if data.get(name)), None)
    key = (
        text(data.get("lead_id"))
        or f"row:{hashlib.sha256(repr(sorted(data.items())).encode('utf-8', 'replace')).hexdigest()[:32]}"
    )
    return RawLead(key, data, instant(when))


@hookimpl
def hub_register() -> Iterable[type[Pinterest]]:
    yield Pinterest
