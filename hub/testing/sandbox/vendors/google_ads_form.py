"""Google Ads API: questions in GAQL about an account and its lead forms (developers.google.com/google-ads/api)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.vendor import Limit, route
from hub.testing.sandbox.vendors.google_api import GoogleApi, google_error

PAGE = 10_000
SORTABLE = ("lead_form_submission_data.id", "lead_form_submission_data.submission_date_time")
_QUERY = re.compile(
    r"\s*SELECT\s+(?P<fields>[\w., ]+?)\s+FROM\s+(?P<of>\w+)(?:\s+WHERE\s+(?P<where>.+?))?"
    r"(?:\s+ORDER BY\s+(?P<by>[\w.]+)(?:\s+(?P<way>ASC|DESC))?)?(?:\s+LIMIT\s+(?P<limit>\d+))?\s*"
)
_BOUND = re.compile(
    r"lead_form_submission_data\.submission_date_time (>=|<=|>|<) '(\d{4}-\d\d-\d\d(?: \d\d:\d\d:\d\d)?)'"
)


class GoogleAdsForm(GoogleApi):
    """`/google_ads_form/v26/customers/…/googleAds:search`; settings: `developer_token`, `time_zone`, `account`."""

    name = "google_ads_form"
    scope = "https://www.googleapis.com/auth/adwords"
    limits: ClassVar[Mapping[str, Limit]] = {"day": Limit(15_000, 86_400.0)}

    def clear(self) -> None:
        """Forget submissions."""
        super().clear()
        self._rows: list[dict[str, Any]] = []

    @route("POST", "/v26/customers/{account}/googleAds:search")
    def search(self, call: Call) -> Reply:
        """Answer a question; the first page has all there are up to LIMIT."""
        self.signed_in(call)
        self._may_ask(call)
        self.spend("day")
        body = call.json_object()
        asked = _QUERY.fullmatch(str(body.get("query")))
        if asked is None or "pageSize" in body:
            return _failure("INVALID_ARGUMENT", "queryError", "UNEXPECTED_INPUT", "Error in query: unexpected input.")
        if asked["of"] == "customer":
            return Reply.json({"results": [{"customer": {"timeZone": self._zone.key}}]})
        if asked["of"] != "lead_form_submission_data" or (asked["by"] and asked["by"] not in SORTABLE):
            return _failure("INVALID_ARGUMENT", "queryError", "UNRECOGNIZED_FIELD", "A field cannot be used so.")
        found = self._found(call.params["account"], asked)
        page = found[: min(int(asked["limit"] or PAGE), PAGE)]
        names = [_camel(name.strip().partition(".")[2]) for name in asked["fields"].split(",")]
        rows = [{"leadFormSubmissionData": {name: row[name] for name in names if row.get(name)}} for row in page]
        counted = (body.get("searchSettings") or {}).get("returnTotalResultsCount")
        total = {"totalResultsCount": str(len(found))} if counted else {}
        return Reply.json({**({"results": rows} if rows else {}), **total, "fieldMask": asked["fields"]})

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the submissions."""
        return iter(self._rows)

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add submissions as the API shows them, with `at` for submissionDateTime."""
        for item in items:
            local = datetime.fromisoformat(str(item["at"])).astimezone(self._zone)
            said = f"{local:%Y-%m-%d %H:%M:%S}{local:%z}"
            self._rows.append({**item, "submissionDateTime": f"{said[:-2]}:{said[-2:]}"})

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.get("time_zone", "America/New_York"))

    def _may_ask(self, call: Call) -> None:
        if call.headers.get("developer-token") != self.settings.get("developer_token", "dev-token"):
            words = "The developer token is not valid."
            raise Refused(_failure("UNAUTHENTICATED", "authenticationError", "DEVELOPER_TOKEN_INVALID", words))
        if call.params["account"] != str(self.settings.get("account", "1234567890")):
            words = "User doesn't have permission to access customer."
            raise Refused(_failure("PERMISSION_DENIED", "authorizationError", "USER_PERMISSION_DENIED", words))

    def _found(self, account: str, asked: re.Match[str]) -> list[dict[str, Any]]:
        parts = [part.strip() for part in (asked["where"] or "").split(" AND ") if part]
        bounds = [found.groups() for part in parts if (found := _BOUND.fullmatch(part))]
        if len(bounds) < len(parts):
            words = "Error in WHERE clause: invalid field or value."
            raise Refused(_failure("INVALID_ARGUMENT", "queryError", "BAD_FIELD_NAME", words))
        mine = [row for row in self._rows if row["asset"].startswith(f"customers/{account}/")]
        rows = [row for row in mine if all(_fits(row["submissionDateTime"], *bound) for bound in bounds)]
        by = _camel((asked["by"] or SORTABLE[0]).partition(".")[2])
        return sorted(rows, key=lambda row: str(row[by]), reverse=asked["way"] == "DESC")


def _fits(text: str, sign: str, bound: str) -> bool:
    own = text[:19]
    return {">=": own >= bound, "<=": own <= bound, ">": own > bound, "<": own < bound}[sign]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def _failure(status: str, kind: str, code: str, words: str) -> Reply:
    """Return a GoogleAdsFailure in an error of Google's."""
    reply = google_error(status, "Request contains an invalid argument.", "")
    failure = {"@type": "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure"}
    errors = [{"errorCode": {kind: code}, "message": words}]
    error = {"code": reply.status, "message": words, "status": status, "details": [{**failure, "errors": errors}]}
    return Reply.json({"error": error}, reply.status)
