"""What goes out and comes in over HTTP as plain records, and what a status means."""

from __future__ import annotations

import base64
import json as json_module
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import quote, urljoin

from pydantic import SecretStr

from hub import strictjson
from hub.errors import BadInput, LeadhubError, Misconfigured, Retry, Unclear

Verdict = Literal["ok", "retry", "reject", "misconfigured", "unclear"]

MAX_RETRY_AFTER = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Request:
    """One outgoing request; a `url` without a host is joined to the connector's base_url."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    content: bytes | None = None

    def at(self, base_url: str) -> Request:
        """Return the request with an absolute URL."""
        if "://" in self.url:
            return self
        return replace(self, url=urljoin(base_url.rstrip("/") + "/", self.url.lstrip("/")))

    def with_headers(self, **headers: str) -> Request:
        """Return the request with these headers added; underscores become hyphens, present names win."""
        present = {name.lower() for name in self.headers}
        added = {k.replace("_", "-"): v for k, v in headers.items() if k.replace("_", "-").lower() not in present}
        return replace(self, headers={**self.headers, **added})


@dataclass(frozen=True, slots=True)
class Response:
    """One answer: status, lower-case headers, body bytes (cut at 1 MiB)."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""

    @property
    def text(self) -> str:
        """Return the body as text; bytes that are not UTF-8 become U+FFFD."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body as JSON; raises BadInput when it is not JSON."""
        return strictjson.loads(self.content, answer=True)

    def header(self, name: str) -> str | None:
        """Return a header by name, in any case."""
        return self.headers.get(name.lower())

    def excerpt(self, length: int = 200) -> str:
        """Return the start of the body, quoted, for an error message."""
        return repr(self.text[:length])


@dataclass(frozen=True, slots=True)
class Reply:
    """What we answer a sender."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> Reply:
        """Return a JSON answer."""
        body = json_module.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status, body, {"content-type": "application/json", **headers})

    @classmethod
    def text(cls, value: str, status: int = 200) -> Reply:
        """Return a plain text answer."""
        return cls(status, value.encode(), {"content-type": "text/plain; charset=utf-8"})


STATUSES: Mapping[int, Verdict] = {
    **dict.fromkeys((301, 302, 303, 307, 308, 401, 403, 404, 410, 501, 505), "misconfigured"),
    **dict.fromkeys((408, 423, 425, 429, 503), "retry"),
    **dict.fromkeys((500, 502, 504), "unclear"),
}
"""What a status means unless a connector knows better; other 4xx reject, other 5xx are unclear."""


def verdict(status: int, own: Mapping[int, Verdict] | None = None) -> Verdict:
    """Return what happens next after an answer with this status."""
    if own and status in own:
        return own[status]
    if status in STATUSES:
        return STATUSES[status]
    if 200 <= status < 300:
        return "ok"
    return "reject" if 400 <= status < 500 else "misconfigured" if 300 <= status < 400 else "unclear"


def trouble(response: Response, what: Verdict, words: str | None = None) -> LeadhubError:
    """Return the error to raise for an answer that is trouble; `words` are the vendor's own, when known."""
    said = f"answered {response.status}: {words or response.excerpt()}"
    if what == "retry":
        return Retry(said, after=retry_after(response.header("retry-after")))
    if what == "unclear":
        return Unclear(said)
    if 300 <= response.status < 400:
        said = f"answered {response.status} to {response.header('location')!r}; redirects are never followed"
    return Misconfigured(said)


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds a Retry-After header asks for, at most a day; None for what makes no sense."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - (now or datetime.now(UTC))).total_seconds()
        except (ValueError, TypeError):
            return None
    if not math.isfinite(seconds) or seconds < 0:
        return None
    return min(seconds, MAX_RETRY_AFTER)


def bearer(token: SecretStr | str) -> str:
    """Return the value of an Authorization header for a bearer token (RFC 6750)."""
    return f"Bearer {_plain(token)}"


def basic(user: SecretStr | str, password: SecretStr | str = "") -> str:
    """Return the value of an Authorization header for a user and password (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{_plain(user)}:{_plain(password)}".encode()).decode()


def segment(value: str) -> str:
    """Return a value percent-encoded as one path segment."""
    return quote(value, safe="", errors="replace")


def _plain(value: SecretStr | str) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def readable(response: Response) -> Any:
    """Return the JSON body, or None where there is none to read."""
    try:
        return response.json()
    except BadInput:
        return None
