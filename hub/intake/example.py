"""An example of what a source's vendor sends: with it one tries a connector before the vendor does."""

from __future__ import annotations

import base64
import inspect
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from hub import yamlfile
from hub.errors import ConfigError
from hub.inbound import Inbound
from hub.lead import RawLead
from hub.mapping import Mapping as FieldMapping
from hub.source import Source, WebhookSource

PERSON: Mapping[str, str] = MappingProxyType(
    {
        "id": "example-1", "full_name": "Max Muster", "email": "max.muster@example.com", "phone": "+4915112345678",
        "company": "Muster GmbH", "country": "DE", "message": "Please call me.", "utm_source": "example",
        "utm_campaign": "example",
    }
)  # fmt: skip
"""Nobody."""

_REACHED = ("email", "phone", "wechat", "full_name", "company")


@dataclass(frozen=True, slots=True)
class Post:
    """A request to `/in/NAME`, without what proves who sends it."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)

    def inbound(self, url: str, now: datetime) -> Inbound:
        """Return it as the hub hands it to a source."""
        whole = f"{url}?{urlencode(self.query)}" if self.query else url
        return Inbound("POST", whole, dict(self.headers), dict(self.query), self.body, now)


def post_of(source: WebhookSource, mapping: FieldMapping, now: datetime) -> Post | None:
    """Return what this source can read and its mapping makes most of; None where nothing is known of its vendor."""
    best, most = None, 0
    for post in _posts(source):
        worth = _worth(source, mapping, post, now)
        if worth > most:
            best, most = post, worth
        if most >= len(_REACHED) - 1:
            break
    return best


def lead_of(mapping: FieldMapping) -> RawLead:
    """Return a raw lead as a source would hand it over: what its mapping is tested with, else nobody's plain data."""
    given = max((dict(case.given) for case in mapping.cases), key=lambda data: _reached(mapping, data), default={})
    return RawLead(None, given if _reached(mapping, given) else dict(PERSON))


def _posts(source: WebhookSource) -> Iterator[Post]:
    yield Post(_json(dict(PERSON)), {"content-type": "application/json"})
    for case in _cases(_beside(type(source))):
        given = case.get("given")
        if isinstance(given, dict) and given.get("method", "POST") == "POST":
            with suppress(TypeError, ValueError, AttributeError):
                yield _posted(given)


def _posted(given: Mapping[str, Any]) -> Post:
    headers = {str(name).lower(): str(value) for name, value in (given.get("headers") or {}).items()}
    query = {str(name): str(value) for name, value in (given.get("query") or {}).items()}
    if "json" in given:
        return Post(_json(given["json"]), {"content-type": "application/json", **headers}, query)
    if "form" in given:
        form = urlencode(given["form"], doseq=True).encode()
        return Post(form, {"content-type": "application/x-www-form-urlencoded", **headers}, query)
    body = base64.b64decode(given["base64"]) if "base64" in given else str(given.get("body", "")).encode()
    return Post(body, headers, query)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).encode()


def _beside(cls: type[Source]) -> Path | None:
    try:
        return Path(inspect.getfile(cls)).with_name(f"{cls.name}.cases.yaml")
    except (OSError, TypeError):
        return None


@lru_cache(maxsize=64)
def _cases(path: Path | None) -> tuple[dict[str, Any], ...]:
    """Return what the connector is tested with, from the file that stands beside it."""
    try:
        data = yamlfile.load(path).data if path is not None and path.is_file() else {}
    except (ConfigError, OSError):
        return ()
    said = data if isinstance(data, dict) else {}
    cases = [*(said.get("parse") or ()), *(said.get("verify") or ())]
    return tuple(case for case in cases if isinstance(case, dict) and _is_good(case))


def _is_good(case: Mapping[str, Any]) -> bool:
    return case.get("expect") == "ok" or isinstance(case.get("expect"), list)


def _worth(source: WebhookSource, mapping: FieldMapping, post: Post, now: datetime) -> int:
    """Return how much of a person is read out of a request; 0 when it cannot be read."""
    try:
        raws = list(source.parse(post.inbound(f"https://hub.test/in/{source.instance}", now)))
    except Exception:  # it is no request of this vendor's
        return 0
    return _reached(mapping, raws[0].data) + (1 if len(raws) == 1 else 0) if raws else 0


def _reached(mapping: FieldMapping, data: Mapping[str, Any]) -> int:
    fields = mapping.apply(data).fields
    return sum(bool(fields.get(name)) for name in _REACHED)
