"""enrich: asks named enrichers for what a lead lacks; what is there is never overwritten."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import Field

from hub.errors import LeadhubError
from hub.lead import LEAD_FIELDS, Lead, Value
from hub.normal.fields import lead_field
from hub.normal.text import NotTextError, storable
from hub.step import Context, Options, Work, step
from hub.survivorship import ENRICHED

_NEVER = frozenset(("consent", "consent_text"))  # only the person can give it


class EnrichOptions(Options):
    """Which enrichers are asked, in order."""

    use: tuple[str, ...] = Field(
        ("email_domain", "phone_region"),
        description="Names of enrichers, asked in order; the first to know a field wins.",
    )
    required: tuple[str, ...] = Field(
        (), description="Enrichers without which the lead does not go on; all others may fail."
    )
    timeout: float = Field(5.0, gt=0, le=60, description="Seconds each enricher may take.")

    def needs(self) -> Iterable[tuple[str, str]]:
        """Return the enrichers it will ask for."""
        return [("enricher", name) for name in (*self.use, *self.required)]


@step("enrich")
async def enrich(work: Work, ctx: Context, options: EnrichOptions) -> Work:
    """Fill empty fields from named enrichers; one that fails is noted, and the lead goes on."""
    filled: dict[str, str] = {}
    failed: dict[str, str] = {}
    for name in options.use:
        socket = ctx.registry.enricher(name)
        try:
            found = socket.run(work.lead, ctx)
            if inspect.isawaitable(found):
                async with asyncio.timeout(options.timeout):
                    found = await found
            lead, fields = _fill(work, name, found)
        except Exception as error:
            if name in options.required:
                raise
            failed[name] = _reason(error, options.timeout)
            continue
        filled.update(dict.fromkeys(fields, name))
        work = work.change(lead=lead, candidate=_with_found(work.candidate, lead, fields))
    return work.note("enrich", filled=filled, failed=failed)


def _fill(work: Work, enricher: str, found: Mapping[str, Any]) -> tuple[Lead, list[str]]:
    """Return the lead with what was found for its empty fields, and which those were; other names go to extra."""
    lead = work.lead
    changes: dict[str, Any] = {}
    values, extra = dict(lead.values), dict(lead.extra)
    for field, raw in found.items():
        if field not in LEAD_FIELDS:
            if raw is not None and field not in extra:
                extra[field] = storable(raw)
        elif field not in _NEVER and getattr(lead, field) is None:
            value = _value(work, enricher, field, raw)
            if value is not None:
                changes[field], values[field] = value.value, value
    added = [*changes, *(name for name in extra if name not in lead.extra)]
    return lead.with_fields(**changes, values=values, extra=extra) if added else lead, added


def _with_found(candidate: Lead | None, lead: Lead, fields: Collection[str]) -> Lead | None:
    """Return what the submission alone says with what was found now, so that both can be taken out again together."""
    if candidate is None or not fields:
        return candidate
    known = [field for field in fields if field in LEAD_FIELDS]
    return candidate.with_fields(
        **{field: getattr(lead, field) for field in known},
        values={**candidate.values, **{field: lead.values[field] for field in known}},
        extra={**candidate.extra, **{field: lead.extra[field] for field in fields if field not in LEAD_FIELDS}},
    )


def _value(work: Work, enricher: str, field: str, raw: Any) -> Value | None:
    """Return a value as the lead's own are spelt; None when the enricher's makes no sense."""
    try:
        value, valid, parts, _ = lead_field(field, raw, (work.lead.country,) if work.lead.country else ())
    except NotTextError:
        return None
    if value is None:
        return None
    return Value(
        raw=storable(raw), value=value, valid=valid, parts=parts or {}, source=f"{ENRICHED}{enricher}",
        submission=work.submission, at=work.received_at,
    )  # fmt: skip


def _reason(error: Exception, timeout: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer in {timeout:g} seconds"
    said = error.reason if isinstance(error, LeadhubError) else ""
    return f"{type(error).__name__}: {said[:200]}" if said else type(error).__name__
