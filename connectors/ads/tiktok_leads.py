"""TikTok lead generation: takes the leads of instant forms by webhook, and reads exported files to fill the gaps."""

import json
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal

import httpx
from pydantic import Field, SecretStr

from hub import (
    BadInput,
    ExportSource,
    Inbound,
    Misconfigured,
    RawLead,
    Request,
    Response,
    Retry,
    WebhookSource,
    Window,
    an_object,
    check_hmac,
    csv_rows,
    fetch,
    fetch_json,
    hookimpl,
    instant,
    objects,
    readable,
    secrets_of,
)

LEAD = (1, "1")  # the `object` of a lead; reviews of ads and other notices come to the same address
BUSY = ("40100", "40016", "40132", "40133", "50000")
DENIED = ("40001", "40104", "40105", "40107")
YES = ("1", "true", "yes")
NAMES = {"leadid": "id", "createdtime": "create_time", "istest": "is_test"} | {
    f"{kind}{part}": f"{kind}_{part}" for kind in ("campaign", "adgroup", "ad", "page") for part in ("id", "name")
}


class TikTokLeads(WebhookSource, ExportSource):
    """The instant forms of an ad account: TikTok posts whole leads; the poll reads the files of the forms named."""

    name = "tiktok_leads"
    title = "TikTok lead generation"
    docs_url = "https://business-api.tiktok.com/portal/docs?id=1810521739537409"
    confirmed = (
        "X-Open-Signature is hex HMAC-SHA256 under the app secret, of the body with every character past ASCII "
        "written as lower-case \\uxxxx (public receivers)",
        "object 1 is a lead, its answers are changes of field and value, ids have 19 digits (public receivers)",
        "a file is ordered by page/lead/task, asked for until SUCCEED, and kept 10 minutes (vendor docs)",
        "answers are 200 with a code, 0 when all went well; 40105 is the token, 40100 the rate (public clients)",
        "the token lasts until it is revoked, which silently ends the webhook too (vendor docs)",
    )
    unconfirmed = (
        "times in a file without a zone are UTC",
        "TikTok keeps leads for about 90 days",
        "an order that is none of SUCCEED, RUNNING, PENDING and PROCESSING has failed",
    )
    every = timedelta(minutes=15)

    class Config(WebhookSource.HostConfig, Window):
        base_url: str = Field("https://business-api.tiktok.com/open_api/v1.3", description="Address of the API.")
        secret: SecretStr = Field(description="Secret of the app whose subscription posts the leads.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        token: SecretStr | None = Field(None, description="Access token with Lead Management; none: no poll.")
        account_id: str | None = Field(None, description="Id of the advertiser whose forms are polled.")
        forms: list[str] = Field([], description="Page ids of the forms that are polled; none: webhook only.")
        region: Literal["us", "eu"] | None = Field(None, description="Where the leads are kept, if TikTok asks for it.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        check_hmac(inbound, secrets_of(self.config), header="X-Open-Signature", signed=_escaped)

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        body = inbound.json_object()
        if body.get("object") not in LEAD:
            return
        if not isinstance(body.get("entry"), list):
            raise BadInput("The event has no list entry.")
        for entry in objects(body["entry"]):
            data = {name: _text(name, value) for name, value in entry.items() if name != "changes"}
            for change in objects(entry.get("changes")):
                name = str(change.get("field"))
                data[f"{name} (answer)" if name in data else name] = change.get("value")
            yield RawLead(str(data.get("id") or "") or None, data, instant(entry.get("create_time")))

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        return self.config.forms if self.config.token and self.config.account_id else []

    async def order(self, name: str, since: datetime, http: httpx.AsyncClient) -> str:
        task = (await self._asked(http, page_id=name)).get("task_id")
        if not isinstance(task, (str, int)):
            raise Retry("The answer to an order has no task_id.")
        return str(task)

    async def made(self, name: str, order: str, http: httpx.AsyncClient) -> bool:
        status = str((await self._asked(http, page_id=name, task_id=order)).get("status"))
        if status not in ("SUCCEED", "RUNNING", "PENDING", "PROCESSING"):
            raise BadInput(f"TikTok says {status[:40]!r} of the order of a file.")
        return status == "SUCCEED"

    async def download(self, name: str, order: str, http: httpx.AsyncClient) -> Iterable[RawLead]:
        params = {"advertiser_id": str(self.config.account_id), "task_id": order}
        request = Request("GET", "/page/lead/task/download/", self._headers(), params)
        file = await fetch(request, http, self.config.base_url, self.config.timeout, _judge)
        return [
            RawLead(row.get("id"), row, instant(row.get("create_time")), row.get("is_test", "").lower() in YES)
            for row in csv_rows(file.content, NAMES)  # under the names the webhook has
        ]

    async def _asked(self, http: httpx.AsyncClient, **said: str) -> dict[str, Any]:
        whole = {"advertiser_id": str(self.config.account_id), **said}
        request = Request("POST", "/page/lead/task/", self._headers(), json=whole)
        answer = await fetch_json(request, http, self.config.base_url, self.config.timeout, _judge)
        return an_object(answer.get("data"))

    def _headers(self) -> dict[str, str]:
        region = {"x-lead-region": self.config.region} if self.config.region else {}
        return {"Access-Token": self.config.token.get_secret_value() if self.config.token else "", **region}


def _judge(response: Response) -> None:
    """Raise what the code in an answer means; a file has none."""
    said = an_object(readable(response)) if response.content[:1] == b"{" else {}
    code, words = str(said.get("code", "0")), f"code {said.get('code')!r:.12}: {said.get('message')!r:.200}."
    if code in BUSY:
        raise Retry(f"TikTok answers {words}")
    if code in DENIED:
        raise Misconfigured(f"TikTok answers {words} Give the app its permission anew and set `token`.")
    if code not in ("0", "20001"):
        raise BadInput(f"TikTok answers {words}")


def _escaped(inbound: Inbound) -> bytes:
    text = inbound.body.decode("utf-8", "replace")
    return re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], text).encode()


def _text(name: str, value: Any) -> Any:
    return str(value) if (name == "id" or name.endswith("_id")) and isinstance(value, int) else value


@hookimpl
def hub_register() -> Iterable[type[TikTokLeads]]:
    yield TikTokLeads
