"""map: what a source sent becomes fields of the lead and its touch, as received; what has no field is kept."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hub.instant import instant
from hub.lead import Problem, RawLead
from hub.step import Context, Options, Work, step

_SLASHES = re.compile(r"([0-9]{4})[/.年]([0-9]{1,2})[/.月]([0-9]{1,2})日?")
_DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[ T]+([0-9]{1,2})(:.*))?")


class MapOptions(Options):
    """No options: a source's mapping is chosen by its name, or by its setting `mapping`."""


@step("map")
async def map_fields(work: Work, ctx: Context, options: MapOptions) -> Work:
    """Read the source's data through its mapping."""
    source = ctx.source
    mapping = ctx.mapping_of(work.source)
    fields, extra, problems = mapping.apply(work.raw.data)
    raw = work.raw
    if "submitted_at" in fields:
        raw, problem = _timed(raw, fields.pop("submitted_at"), extra)
        problems = (*problems, problem) if problem else problems
    lead = work.lead.with_fields(
        source=work.lead.source or work.source,
        extra={**work.lead.extra, **extra} if work.lead.extra else extra,
        tags={**source.tags, **work.lead.tags, **raw.tags},
        test=work.lead.test or raw.test or source.test,
        submitted_at=_aware(raw.submitted_at, source.time_zone or ctx.settings.hub.time_zone) or work.received_at,
        problems=(*work.lead.problems, *raw.problems, *problems),
    )
    detail: dict[str, Any] = {"mapping": mapping.name, "fields": list(fields)}
    if extra:
        detail["extra"] = list(extra)
    if problems:
        detail["problems"] = [{"field": problem.field, "code": problem.code} for problem in problems]
    return work.change(raw=raw, lead=lead, mapped=fields, notes={**work.notes, "map": detail})


def _aware(moment: datetime | None, zone: str) -> datetime | None:
    return moment.replace(tzinfo=ZoneInfo(zone)) if moment and moment.tzinfo is None else moment


def _timed(raw: RawLead, said: Any, extra: dict[str, Any]) -> tuple[RawLead, Problem | None]:
    """Take the time of submission out of the data where the source itself named none."""
    if raw.submitted_at is not None:
        extra.setdefault("submitted_at", said)
        return raw, None
    moment = _moment(said)
    if moment is not None:
        return replace(raw, submitted_at=moment), None
    extra.setdefault("submitted_at", said)
    told = "The time of submission cannot be read. The time of receipt counts; map it `with: iso_time` or `epoch_s`."
    return raw, Problem(field="submitted_at", code="time_unclear", message=told)


def _moment(said: Any) -> datetime | None:
    """Return a time; one without a zone stays so, because the next step knows where it was written."""
    if isinstance(said, datetime):
        return said
    if isinstance(said, str) and (found := _DAY.fullmatch(_SLASHES.sub(r"\1-\2-\3", said.strip()))):
        year, month, day, hour, rest = found.groups()
        clock = f"T{hour:0>2}{rest}" if hour else ""
        try:
            return datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2}{clock}")
        except ValueError:
            return None
    return instant(said)
