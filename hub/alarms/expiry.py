"""Knows when tokens, keys and the certificate end, and which of the warnings before it is due."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx
from cryptography import x509

from hub.alarms.kinds import Condition
from hub.connector import Connector
from hub.errors import Misconfigured, brief
from hub.plan import Plan

EVERY = timedelta(hours=6)
PATIENCE = 60.0  # seconds a vendor may take to say

log = logging.getLogger("leadhub.alarms")

Known = Mapping[str, tuple[datetime | None, str | None]]
"""By name: when a credential ends, and why it was refused."""
Certificate = Callable[[str], Awaitable[datetime | None]]
"""Returns when the certificate at an address ends; None when it cannot be seen."""


def conditions(plan: Plan, known: Known, now: datetime) -> Iterator[Condition]:
    """Yield the credentials that were refused, that ended, and that end soon enough to be told."""
    hub = plan.settings.hub
    for name, source, sink, setting in _named(plan):
        ends, refused = known.get(name, (None, None))
        said = [at for at in (ends, _begin_of(setting, hub.zone)) if at is not None]
        yield from _judged(name, source, sink, min(said, default=None), refused, hub.alarms.expiring, now)
    place = certificate_of(hub.public_url)
    if place:
        yield from _judged(place, None, None, known.get(place, (None, None))[0], None, hub.alarms.expiring, now)


def _judged(
    name: str, source: str | None, sink: str | None, ends: datetime | None, refused: str | None,
    stages: Sequence[float], now: datetime,
) -> Iterator[Condition]:  # fmt: skip
    data = {"ends": ends.isoformat() if ends else None, "reason": refused}
    if refused or (ends is not None and ends <= now):
        yield Condition(f"credential:{name}", "credential.expired", source, sink, data, len(stages) + 1)
    elif ends is not None and stage(ends, now, stages):
        yield Condition(f"credential:{name}", "credential.expiring", source, sink, data, stage(ends, now, stages))


def stage(ends: datetime, now: datetime, stages: Sequence[float]) -> int:
    """Return how many of the warnings are due; each is so many seconds before the end."""
    return sum((ends - now).total_seconds() <= seconds for seconds in stages)


def _named(plan: Plan) -> Iterator[tuple[str, str | None, str | None, date | None]]:
    for name, source in plan.settings.sources.items():
        if source.enabled:
            yield f"source:{name}", name, None, source.expires
    for name, sink in plan.settings.sinks.items():
        if sink.enabled:
            yield f"sink:{name}", None, name, sink.expires


def _begin_of(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time(), zone).astimezone(UTC) if day else None


def certificate_of(address: str | None) -> str | None:
    """Return the name of the certificate at the hub's own address; None when that is not https."""
    url = urlsplit(address or "")
    return f"certificate:{url.hostname}" if url.scheme == "https" and url.hostname else None


async def ask(plan: Plan, http: httpx.AsyncClient) -> dict[str, tuple[datetime | None, str | None]]:
    """Ask every vendor that can say it when the credential ends; one that does not answer says nothing."""
    said: dict[str, tuple[datetime | None, str | None]] = {}
    for kind, connectors in (("source", plan.sources), ("sink", plan.sinks)):
        for name, connector in connectors.items():
            settings = (plan.settings.sources if kind == "source" else plan.settings.sinks)[name]
            if not settings.enabled or type(connector).expiry is Connector.expiry:
                continue
            try:
                async with asyncio.timeout(PATIENCE):
                    said[f"{kind}:{name}"] = await connector.expiry(http), None
            except Misconfigured as error:
                said[f"{kind}:{name}"] = None, error.reason
            except Exception as error:
                log.warning("event=expiry.unknown %s=%s error=%s", kind, name, brief(error))
    return said


async def certificate_end(address: str) -> datetime | None:
    """Return when the certificate that an https address shows ends, trusted or not; None when none is shown."""
    url = urlsplit(address)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # one that ended long ago must be read too
    try:
        async with asyncio.timeout(10):
            _, writer = await asyncio.open_connection(url.hostname, url.port or 443, ssl=context)
    except (OSError, ValueError):  # OSError has TimeoutError and SSLError
        return None
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(shown).not_valid_after_utc if shown else None
