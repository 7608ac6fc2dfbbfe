"""The sample lead, and what comes of it when its vendor posts it to a source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx

from hub.connector import Connector
from hub.inbound import Inbound
from hub.lead import RawLead
from hub.source import WebhookSource
from hub.testing.cases import Trial
from hub.testing.sandbox import senders

EMAIL = "mei.lin@example.com"
FIELDS: Mapping[str, Any] = {
    "full_name": "林美", "email": EMAIL, "phone": "+12025550143", "company": "顶点 GmbH & Co",
    "message": "line 1\nline 2", "utm_source": "google",
}  # fmt: skip
URL = "https://hub.example.com/in/kit"


def given(source: Connector, trial: Trial) -> dict[str, Any]:
    """Return what a sender is told: the secret it signs with, where it posts, and its options."""
    secret: Any = getattr(source.config, "secret", None) or getattr(source.config, "token", None)
    plain = secret.get_secret_value() if hasattr(secret, "get_secret_value") else None
    return {"secret": plain, "url": URL, **trial.options}


async def pushed(
    source: WebhookSource, trial: Trial, key: str, at: datetime, http: httpx.AsyncClient, email: str = EMAIL
) -> list[RawLead]:
    """Return the leads that come of what the vendor posts for the sample lead at a time, under this key and address."""
    sent = senders.payload(source.name, {**FIELDS, "email": email}, key=key, at=at, **given(source, trial))
    headers = {name.lower(): value for name, value in sent.headers.items()}
    url = str(httpx.URL(URL, params=sent.query)) if sent.query else URL
    inbound = Inbound("POST", url, headers, dict(sent.query), sent.body, at)
    source.verify(inbound)
    return [await source.complete(one, http) for one in source.parse(inbound)]
