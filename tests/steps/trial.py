"""Makes a submission at the moment it reaches a step, and what the step may reach."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from hub.lead import Lead, RawLead
from hub.registry import Provider, Registry
from hub.settings.campaigns import CampaignSettings
from hub.settings.models import HubSettings, SourceSettings
from hub.step import Work

RECEIVED = datetime(2026, 5, 4, 8, 10, tzinfo=UTC)
SUBMITTED = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)


def mapped(
    data: dict[str, Any] | None = None,
    *,
    raw: dict[str, Any] | None = None,
    lead: dict[str, Any] | None = None,
    **fields: Any,
) -> Work:
    """Return a submission just after the map step, with these fields as received."""
    received = RawLead(**{"key": "1", "data": {}, "submitted_at": SUBMITTED, **(raw or {})})
    return Work(
        raw=received, lead=Lead(**{"id": "lead_1", **(lead or {})}), submission="sub_1", source="web", flow="inbound",
        received_at=RECEIVED, mapped={**(data or {}), **fields},
    )  # fmt: skip


def context(
    source: dict[str, Any] | None = None, hub: dict[str, Any] | None = None, things: tuple[Any, ...] = ()
) -> Any:
    """Return what a step may reach: settings of the source and the hub, and registered things."""
    registry = Registry()
    for thing in things:
        registry.add(thing, Provider("test", shipped=False))
    return SimpleNamespace(
        source=SourceSettings(connector="web_form", **(source or {})),
        settings=SimpleNamespace(hub=HubSettings(**(hub or {})), campaigns=CampaignSettings()),
        registry=registry,
    )


def codes(work: Work, field: str | None = None) -> set[str]:
    """Return the codes of a lead's problems, of all fields or of one."""
    return {p.code for p in work.lead.problems if field is None or p.field == field}
