"""CallRail: hears that a prospect was reached by phone, by webhook and by a list that fills the gaps."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from pydantic import Field, SecretStr

from hub import (
    Activity,
    Inbound,
    Listener,
    News,
    Request,
    Retry,
    check_hmac,
    fetch_json,
    hookimpl,
    instant,
    objects,
    secrets_of,
    segment,
)

PAGE = 250
DAY = timedelta(days=1)  # start_date is a day in the account's zone, which may be a day behind ours


class CallrailCalls(Listener):
    """Webhooks of a company (Post-Call, Outbound Post Call) at `/feedback/NAME`, and the list behind them.

    A call that was answered, either way, is an answer to the prospect; one that was not, or went to voicemail, is kept
    and is none.
    """

    name = "callrail_calls"
    title = "CallRail calls"
    docs_url = "https://apidocs.callrail.com/#webhooks"
    confirmed = (
        "Signature is base64 of HMAC-SHA1 over the raw body under the company's signing key (vendor docs)",
        "Post-Call has answered, voicemail, direction and duration, also of outbound calls; Pre-Call has no duration "
        "(vendor's help pages)",
        "a webhook is posted once and never again, so what is missed is asked for (vendor docs)",
    )
    unconfirmed = ("agent_email names who spoke; without it an answered call still counts, by nobody",)
    listens = timedelta(minutes=15)

    class Config(Listener.Config, Listener.HostConfig):
        base_url: str = Field("https://api.callrail.com/v3", description="Address of the API.")
        secret: SecretStr = Field(description="Signing key of the company: Webhooks integration.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        api_key: SecretStr | None = Field(None, description="API V3 key for the list; none: webhooks alone.")
        account_id: str | None = Field(None, description="Account id (ACC…) for the list; none: webhooks alone.")
        reps: Mapping[str, str] = Field(default_factory=dict, description="Mail addresses of agents to names of reps.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        check_hmac(inbound, secrets_of(self.config), header="Signature", algorithm="sha1", encoding="base64")

    def heard(self, inbound: Inbound) -> Iterable[Activity]:
        yield from self._calls([inbound.json_object()])

    async def news(self, cursor: str | None, http: httpx.AsyncClient) -> AsyncIterator[News]:
        if not (self.config.api_key and self.config.account_id):
            return
        now = self.clock.now()
        since = instant(cursor) or now
        first = {
            "start_date": (since - DAY).date().isoformat(), "per_page": str(PAGE), "relative_pagination": "true",
            "fields": "agent_email",
        }  # fmt: skip
        params: dict[str, str] | None = first
        seen: set[str] = set()
        while params is not None:
            said = await self._page(params, http)
            calls = [one for one in self._calls(objects(said["calls"])) if one.key not in seen]
            seen |= {one.key for one in calls}
            following = _query(said.get("next_page")) if said.get("has_next_page") and calls else None
            yield News(tuple(calls), None if following else now.isoformat())
            params = following

    async def _page(self, params: dict[str, str], http: httpx.AsyncClient) -> dict[str, Any]:
        key = self.config.api_key.get_secret_value() if self.config.api_key else ""
        path = f"a/{segment(self.config.account_id or '')}/calls.json"
        request = Request("GET", path, headers={"Authorization": f'Token token="{key}"'}, params=params)
        said: dict[str, Any] = await fetch_json(request, http, self.config.base_url, self.config.timeout)
        if not isinstance(said.get("calls"), list):
            raise Retry(f"The answer has no list 'calls'; it has {', '.join(said)[:200]}.")
        return said

    def _calls(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Activity]:
        """Yield the calls that are over, each by the id that all its events share."""
        for row in rows:
            key, number = str(row.get("resource_id") or row.get("id") or ""), row.get("customer_phone_number")
            at: datetime | None = instant(row.get("start_time"))
            if not key or not number or at is None or row.get("duration") is None:
                continue
            agent = str(row.get("agent_email") or "").strip().lower()
            reps = {one.lower(): name for one, name in self.config.reps.items()}
            answered = row.get("answered") is True and row.get("voicemail") is not True
            data = {name: row[name] for name in ("direction", "duration", "answered", "voicemail") if name in row}
            yield Activity(
                key[:200], at, "call", people=(str(number),), by=reps.get(agent, agent) or None, human=answered,
                data=data,
            )  # fmt: skip


def _query(address: Any) -> dict[str, str] | None:
    """Return the query of the next page's address; its host is not asked, the one in the settings is."""
    try:
        return dict(parse_qsl(urlsplit(str(address or "")).query)) or None
    except ValueError:
        return None


@hookimpl
def hub_register() -> Iterable[type[CallrailCalls]]:
    """Register the connector."""
    yield CallrailCalls
