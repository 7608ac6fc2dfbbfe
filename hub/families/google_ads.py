"""Reads the leads of Google Ads lead forms by the Google Ads API: a safety net beside their webhook, and a count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx
from pydantic import Field, SecretStr, field_validator, model_validator

from hub.errors import BadInput
from hub.families.asking import Asking
from hub.families.google import GoogleCaller
from hub.families.polling import Sweep, SweepSource, Window
from hub.http import Request
from hub.instant import instant
from hub.lead import RawLead
from hub.strictjson import an_object, objects

FORM = "lead_form_submission_data"
FIELDS = ("id", "asset", "campaign", "ad_group", "ad_group_ad", "gclid", "submission_date_time",
          "lead_form_submission_fields", "custom_lead_form_submission_fields")  # fmt: skip
IDS = {"form_id": "asset", "campaign_id": "campaign", "adgroup_id": "adGroup", "creative_id": "adGroupAd"}
PAGE = 200  # an answer is read up to 1 MiB


class GoogleAdsPoll(GoogleCaller, Asking, SweepSource):
    """A poll of ad accounts, each a list of submissions in the order of their times.

    See https://developers.google.com/google-ads/api/fields/latest/lead_form_submission_data.
    """

    scope = "https://www.googleapis.com/auth/adwords"
    every = timedelta(minutes=15)

    class Config(GoogleCaller.Config, Window):
        """The accounts to read, and who may."""

        optional = True

        base_url: str = Field("https://googleads.googleapis.com", description="Address of the API.")
        version: str = Field("v26", pattern="^v[0-9]+$", description="Version of the API.")
        developer_token: SecretStr | None = Field(None, description="Developer token of the API; none: no poll.")
        accounts: list[str] = Field([], description="Numbers of the ad accounts that are polled; none: push only.")
        manager_id: str | None = Field(None, description="Number of the manager account that you sign in by, if any.")
        fill_gaps: bool = Field(
            True, description="Take leads that the webhook missed; false: only ask how many there are, to compare."
        )

        @field_validator("accounts", "manager_id")
        @classmethod
        def _digits(cls, given: Any) -> Any:
            plain = [one.replace("-", "") for one in ([given] if isinstance(given, str) else given or [])]
            if not all(one.isascii() and one.isdigit() for one in plain):
                raise ValueError("An account is a number such as 123-456-7890.")
            return plain[0] if isinstance(given, str) else plain or given

        @model_validator(mode="after")
        def _may_poll(self) -> Self:
            if self.accounts and not (self.access and self.developer_token):
                raise ValueError(
                    "accounts are polled with a `developer_token` and `credentials` or `client_id`. "
                    "Set them, or take `accounts` out."
                )
            return self

    config: Config

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        """Return the accounts that are polled for leads."""
        return self.config.accounts if self.config.fill_gaps else []

    async def page(self, http: httpx.AsyncClient, name: str, sweep: Sweep) -> tuple[Iterable[RawLead], str | None]:
        """Return what came since the mark, which is a time as the account's own clock shows it."""
        start = sweep.after or _local(sweep.since, await self._zone(name, http))
        asked = ", ".join(f"{FORM}.{field}" for field in FIELDS)
        said = await self._search(name, http, f"SELECT {asked}{_since(start)} ORDER BY {_AT} LIMIT {PAGE}")
        rows = [an_object(one.get("leadFormSubmissionData")) for one in objects(said.get("results"))]
        last = str(rows[-1].get("submissionDateTime"))[:19] if len(rows) >= PAGE else None
        return [submission(row) for row in rows], last

    async def count(self, since: datetime, until: datetime, http: httpx.AsyncClient) -> int | None:
        """Return how many leads the accounts hold for that time; None when none is asked."""
        total = 0
        for name in self.config.accounts:
            zone = await self._zone(name, http)
            which = f"{_since(_local(since, zone))} AND {_AT} < '{_local(until, zone)}'"
            said = await self._search(name, http, f"SELECT {FORM}.id{which} LIMIT 1", returnTotalResultsCount=True)
            total += int(said.get("totalResultsCount") or 0)
        return total if self.config.accounts else None

    async def _zone(self, account: str, http: httpx.AsyncClient) -> ZoneInfo:
        """Return the time zone of an account, in which the API tells and compares times."""
        said = await self._search(account, http, "SELECT customer.time_zone FROM customer LIMIT 1")
        name = str(an_object(next(iter(objects(said.get("results"))), {}).get("customer")).get("timeZone"))
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise BadInput(f"Account {account} has the time zone {name[:60]!r}, which is not known here.") from error

    async def _search(self, account: str, http: httpx.AsyncClient, query: str, **settings: bool) -> dict[str, Any]:
        own = self.config.developer_token.get_secret_value() if self.config.developer_token else ""
        by = {"login-customer-id": self.config.manager_id} if self.config.manager_id else {}
        body = {"query": query, **({"searchSettings": settings} if settings else {})}
        path = f"/{self.config.version}/customers/{account}/googleAds:search"
        return await self.ask(Request("POST", path, headers={"developer-token": own, **by}, json=body), http)


_AT = f"{FORM}.submission_date_time"


def submission(row: Mapping[str, Any]) -> RawLead:
    """Return a lead as the webhook of its form would have posted it."""
    names = {name: str(row[said]).rpartition("/")[2].rpartition("~")[2] for name, said in IDS.items() if row.get(said)}
    answers = [(one.get("fieldType"), one.get("fieldValue")) for one in objects(row.get("leadFormSubmissionFields"))]
    answers += [
        (one.get("questionText"), one.get("fieldValue")) for one in objects(row.get("customLeadFormSubmissionFields"))
    ]
    told: dict[str, Any] = {str(name): value for name, value in answers if name}
    plain = {"lead_id": row.get("id"), "gcl_id": row.get("gclid"), "lead_submit_time": row.get("submissionDateTime")}
    known = {name: str(value) for name, value in plain.items() if value}
    return RawLead(known.get("lead_id"), {**told, **known, **names}, instant(row.get("submissionDateTime")))


def _since(start: str) -> str:
    return f" FROM {FORM} WHERE {_AT} >= '{start}'"


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
