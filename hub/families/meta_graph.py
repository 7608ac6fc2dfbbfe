"""Reads Meta's Graph API: the proof of the app secret, what its error codes mean, and its pages."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import httpx
from pydantic import SecretStr

from hub.errors import BadInput, Misconfigured, Retry
from hub.families.polling import all_pages
from hub.http import Request, Response, Verdict, bearer, readable
from hub.instant import instant
from hub.signing import sign_hmac
from hub.source import fetch_json
from hub.strictjson import an_object, objects

BUSY = frozenset((1, 2, 4, 17, 32, 341, 368, 613, *range(80000, 80015)))
DENIED = frozenset((10, 102, 190, *range(200, 300)))
MISSING = frozenset((100, 803))
NO_OBJECT = 33  # the subcode of 100 for what is not there, or not for this token

Missing = type[BadInput] | type[Misconfigured]


@dataclass(frozen=True, slots=True)
class Graph:
    """One app's access to the Graph API (https://developers.facebook.com/docs/graph-api)."""

    base_url: str
    version: str
    token: SecretStr
    secret: SecretStr
    timeout: float = 30.0

    @classmethod
    def of(cls, own: Any) -> Graph:
        """Return the access that a connector's settings give."""
        return cls(own.base_url, own.version, own.token, own.secret, own.timeout)

    async def get(
        self, path: str, params: Mapping[str, str], http: httpx.AsyncClient, missing: Missing = Misconfigured
    ) -> dict[str, Any]:
        """Return the object at a path; raises `missing` when Meta does not show it, Retry and Misconfigured else."""
        token = self.token.get_secret_value()
        proof = sign_hmac(self.secret.get_secret_value().encode(), token.encode())
        request = Request(
            "GET",
            f"{self.version}/{path}",
            headers={"Authorization": bearer(token)},  # not in the address, which logs keep
            params={**params, "appsecret_proof": proof},
        )
        return await fetch_json(request, http, self.base_url, self.timeout, partial(_judge, missing, token))

    async def page(
        self, path: str, params: Mapping[str, str], http: httpx.AsyncClient, after: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """Return a page of up to 100 items and the mark of the next; BadInput when a mark is not known any more."""
        marked = {**params, "limit": "100"} | ({"after": after} if after else {})
        body = await self.get(path, marked, http, BadInput if after else Misconfigured)
        paging = an_object(body.get("paging"))
        following = an_object(paging.get("cursors")).get("after") if paging.get("next") else None
        return objects(body.get("data")), following if isinstance(following, str) else None

    async def token_end(self, http: httpx.AsyncClient) -> datetime | None:
        """Return when the token ends, or what it may read, whichever is first; None when neither does.

        Raises Misconfigured for a token that is not valid any more. The answer has 0 for never
        (https://developers.facebook.com/docs/graph-api/reference/debug_token).
        """
        token = self.token.get_secret_value()
        said = an_object((await self.get("debug_token", {"input_token": token}, http)).get("data"))
        if said.get("is_valid") is False:
            words = str(an_object(said.get("error")).get("message") or "it is not valid").replace(token, "***")
            raise Misconfigured(f"Meta says of the token: {words[:200]!r}. Connect the Page anew.")
        ends = [said.get(name) for name in ("expires_at", "data_access_expires_at")]
        return instant(min((end for end in ends if isinstance(end, int) and end > 0), default=None))

    def all(self, path: str, params: Mapping[str, str], http: httpx.AsyncClient) -> AsyncIterator[dict[str, Any]]:
        """Yield the items of all pages."""
        return all_pages(partial(self.page, path, params, http))


def time_filter(field: str, since: datetime, until: datetime | None = None) -> str:
    """Return the `filtering` parameter for a span of times, its end not included."""
    ends = (("GREATER_THAN_OR_EQUAL", since), ("LESS_THAN", until))
    bounds = [{"field": field, "operator": name, "value": int(end.timestamp())} for name, end in ends if end]
    return json.dumps(bounds, separators=(",", ":"))


def graph_verdict(response: Response) -> Verdict | None:
    """Return what an error of Meta's means by its code; None where there is none, so that the status decides."""
    error = an_object(an_object(readable(response)).get("error"))
    code = error.get("code")
    if not isinstance(code, int):
        return None
    if code in BUSY or error.get("is_transient") is True:
        return "retry"
    gone = code in MISSING and error.get("error_subcode") == NO_OBJECT
    return "misconfigured" if code in DENIED or gone else "reject"


def _judge(missing: Missing, token: str, response: Response) -> None:
    """Raise what an error means by its code; its status is 400 nearly always."""
    error = an_object(an_object(readable(response)).get("error"))
    code, words = error.get("code"), str(error.get("message"))[:200].replace(token, "***")  # Meta quotes bad tokens
    said = f"Meta error {code!r:.9}/{error.get('error_subcode')!r:.9} {words!r}, trace {error.get('fbtrace_id')!r:.40}."
    if not isinstance(code, int):
        return
    if code in BUSY or error.get("is_transient") is True:
        raise Retry(said, after=usage_pause(response))
    if code in DENIED:
        raise Misconfigured(f"{said} Connect the Page anew, or give the token's person the permission.")
    if code in MISSING:
        raise missing(f"{said} It was deleted, or the token's person lost access to it.")


def usage_pause(response: Response) -> float | None:
    """Return the seconds until Meta answers again, out of the usage header that counts them in minutes."""
    try:
        usage = json.loads(response.header("x-business-use-case-usage") or "{}")
        minutes = [item.get("estimated_time_to_regain_access") or 0 for items in usage.values() for item in items]
        return min(float(max(minutes)) * 60, 86400.0) or None
    except (ValueError, TypeError, AttributeError):
        return None
