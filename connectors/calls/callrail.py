"""CallRail: takes calls, texts and form submissions, by webhook and by a poll that fills the gaps."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import httpx
from pydantic import Field, SecretStr

from hub import (
    Inbound,
    RawLead,
    Request,
    Retry,
    Sweep,
    SweepSource,
    WebhookSource,
    Window,
    check_hmac,
    fetch_json,
    hookimpl,
    instant,
    objects,
    recent,
    secrets_of,
    segment,
)

PAGE = 250
DAY = timedelta(days=1)  # start_date is a day in the account's zone, which may be a day behind ours
_VISIT = (
    "campaign,keywords,medium,source,gclid,fbclid,msclkid,utm_source,utm_medium,utm_campaign,utm_term,utm_content,"
    "lead_status,tags,person_id"
)
FIELDS: Mapping[str, str] = {
    "calls": f"company_id,company_name,landing_page_url,referring_url,first_call,{_VISIT}",
    "form_submissions": _VISIT,
}


class Callrail(WebhookSource, SweepSource):
    """Webhooks of a company (Post-Call, Text Message Received, Form Submission) and the lists behind them."""

    name = "callrail"
    title = "CallRail"
    docs_url = "https://apidocs.callrail.com/#webhooks"
    confirmed = (
        "Signature is base64 of HMAC-SHA1 over the raw body under the company's signing key (vendor docs)",
        "a webhook is posted once and never again, so what is missed is polled for; 1,000 requests an hour, 10,000 a "
        "day (vendor docs)",
        "calls.json and form_submissions.json page by next_page and has_next_page with relative_pagination (vendor "
        "docs)",
        "several events of a call have one resource_id (vendor docs)",
    )
    unconfirmed = (
        "the optional fields that a list is asked for, in particular those of form submissions",
        "events before a call ended have no duration; they are left alone, as outbound calls and texts are",
        "start_date is a day in the account's time zone",
    )
    every = timedelta(minutes=15)

    class Config(WebhookSource.HostConfig, Window):
        base_url: str = Field("https://api.callrail.com/v3", description="Address of the API.")
        secret: SecretStr = Field(description="Signing key of the company: Webhooks integration.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        api_key: SecretStr | None = Field(None, description="API V3 key for the poll; none: no poll.")
        account_id: str | None = Field(None, description="Account id (ACC…) for the poll; none: no poll.")
        kinds: list[Literal["calls", "form_submissions"]] = Field(
            ["calls", "form_submissions"], description="What is polled."
        )
        outbound: bool = Field(False, description="Take the calls and texts that your own people made, too.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        secrets = secrets_of(self.config)
        check_hmac(inbound, secrets, header="Signature", algorithm="sha1", encoding="base64")

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        yield from self._wanted([inbound.json_object()])

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        return list(self.config.kinds) if self.config.api_key and self.config.account_id else []

    async def page(self, http: httpx.AsyncClient, name: str, sweep: Sweep) -> tuple[list[RawLead], str | None]:
        first = {
            "start_date": (sweep.since - DAY).date().isoformat(),
            "per_page": str(PAGE),
            "relative_pagination": "true",
            "fields": FIELDS[name],
        }
        params = dict(parse_qsl(sweep.after)) if sweep.after else first
        key = self.config.api_key.get_secret_value() if self.config.api_key else ""
        path = f"a/{segment(self.config.account_id or '')}/{name}.json"
        request = Request("GET", path, headers={"Authorization": f'Token token="{key}"'}, params=params)
        said = await fetch_json(request, http, self.config.base_url, self.config.timeout)
        if not isinstance(said.get(name), list):
            raise Retry(f"The answer has no list {name!r}; it has {', '.join(said)[:200]}.")
        following = _query(said.get("next_page")) if said.get("has_next_page") else None
        return recent(self._wanted(objects(said[name])), sweep), following

    def _wanted(self, rows: Iterable[Mapping[str, Any]]) -> list[RawLead]:
        """Return the leads among calls, texts and forms: not what is still going on, nor what we began ourselves."""
        kept = [row for row in rows if self.config.outbound or row.get("direction") != "outbound"]
        return [_lead(row) for row in kept if "customer_phone_number" not in row or row.get("duration") is not None]


def _query(address: Any) -> str | None:
    """Return the query of the next page's address; its host is not asked, the one in the settings is."""
    try:
        return urlsplit(str(address or "")).query or None
    except ValueError:
        return None


def _lead(row: Mapping[str, Any]) -> RawLead:
    """Return a call, a text or a form; the answers of a form stand beside what is known of it."""
    form = row.get("form_data")
    answers = form if isinstance(form, dict) else {}
    data = {**{name: value for name, value in row.items() if name != "form_data" or not answers}, **answers}
    key = str(row.get("resource_id") or row.get("id") or "")
    at = next((row[name] for name in ("start_time", "submitted_at", "timestamp", "created_at") if row.get(name)), None)
    return RawLead(key or None, data, instant(at))


@hookimpl
def hub_register() -> Iterable[type[Callrail]]:
    yield Callrail
