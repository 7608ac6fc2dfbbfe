"""normalize: one spelling for every field, with what was odd about it, and the keys the lead is recognised by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field

from hub.corrections import Correction
from hub.lead import LEAD_FIELDS, TOUCH_FIELDS, Lead, Problem, Touch, Value
from hub.normal import VERSION, names, times
from hub.normal.consent import is_wording
from hub.normal.fields import lead_field, region_parts, touch_field
from hub.normal.keys import keys
from hub.normal.phone import digits_of
from hub.normal.text import LINES, NotTextError, as_text, lines, storable
from hub.normal.verdicts import EMPTY, Cleaned, problem
from hub.settings.models import Region, Zone
from hub.step import Context, Identity, Options, Work, step

_COUNTRYLESS = frozenset(("phone_no_country", "phone_no_area", "phone_invalid"))


class NormalizeOptions(Options):
    """Where phone numbers and times are from when nothing says so."""

    region: Region | None = Field(
        None, description="Country of phone numbers when neither the source nor the lead names one; none: the hub's."
    )
    time_zone: Zone | None = Field(
        None, description="Zone of times without one when the source names none; none: the hub's."
    )


@step("normalize")
async def normalize(work: Work, ctx: Context, options: NormalizeOptions) -> Work:
    """Give every field one spelling, note what was odd, and make the keys the lead is recognised by."""
    hub = ctx.settings.hub
    zone = ctx.source.time_zone or options.time_zone or hub.time_zone
    at, codes = times.submitted(work.raw.submitted_at, work.received_at, _zone(zone))
    found, left_over = _cleaned(work.mapped, (ctx.source.region, options.region or hub.region))
    _complete(found, work.mapped)
    touch, touch_problems = _touch(work, ctx.source.tags, at, ctx.settings.campaigns.shorts)
    extra = {**work.lead.extra, **left_over}
    problems = [*touch_problems, *(problem("submitted_at", code) for code in codes)]
    lead = _lead(work, found, at, touch, problems, extra if extra else work.lead.extra)
    if ctx.source.test and not lead.test:
        lead = lead.with_fields(test=True)
    detail: dict[str, Any] = {"version": VERSION}
    if codes and codes[0] == "time_zone_assumed":
        detail["time_zone"] = zone
    notes = {**work.notes, "normalize": detail}
    return work.change(lead=lead, touch=touch, identities=_identities(lead, work, touch), notes=notes)


_zone = lru_cache(maxsize=64)(ZoneInfo)


def _cleaned(
    mapped: Mapping[str, Any], defaults: tuple[str | None, str | None]
) -> tuple[dict[str, Cleaned], dict[str, Any]]:
    """Return the cleaned lead fields, and what is no text or no field of ours, for `extra`."""
    found: dict[str, Cleaned] = {}
    left_over: dict[str, Any] = {}
    if mapped.get("country") is not None:
        found["country"] = _clean("country", mapped["country"], (), left_over)
    country = found["country"].value if "country" in found else None
    regions = tuple(dict.fromkeys(filter(None, (defaults[0], country, defaults[1]))))
    for field, raw in mapped.items():
        if field not in LEAD_FIELDS:
            if field not in TOUCH_FIELDS:
                left_over[field] = raw
        elif field == "consent" or (raw is not None and raw != "" and field not in found):
            found[field] = _clean(field, raw, regions, left_over)
    return found, left_over


def _clean(field: str, raw: Any, regions: tuple[str, ...], left_over: dict[str, Any]) -> Cleaned:
    try:
        return lead_field(field, raw, regions)
    except NotTextError:
        left_over[field] = raw
        return Cleaned(None, None, EMPTY.parts, ("not_text",))
    except Exception:  # a stranger's value must never stop a lead; it is kept as received and named as a problem
        return Cleaned(None, None, EMPTY.parts, ("not_understood",))


def _complete(found: dict[str, Cleaned], mapped: Mapping[str, Any]) -> None:
    """Fill in what other fields say: parts of the name, the code of the region, the wording of the consent."""
    full, first, last = (found[name].value if name in found else None for name in _NAME_FIELDS)
    if full or first or last:
        for field, value in zip(_NAME_FIELDS, names.complete(full, first, last), strict=True):
            if value and not (field in found and found[field].value):
                made = _derived(value, "full_name" if full else "first_name+last_name")
                found[field] = made._replace(codes=found[field].codes) if field in found else made
        if full and not (first and last) and (parts := names.split(full).parts):
            found["full_name"] = found["full_name"]._replace(parts=parts)
    if "region" in found and "country" in found:
        place = found["region"]
        found["region"] = place._replace(parts={**place.parts, **region_parts(place.value, found["country"].value)})
    said = mapped.get("consent")
    if "consent_text" not in found and isinstance(said, str) and is_wording(said):
        found["consent_text"] = lines(said)._replace(parts={"from": "consent"})


_NAME_FIELDS = ("full_name", "first_name", "last_name")


def _derived(value: str, source: str) -> Cleaned:
    return Cleaned(value, None, {"from": source})


def _touch(
    work: Work, source_tags: Mapping[str, str], at: datetime, shorts: Mapping[str, Mapping[str, str]]
) -> tuple[Touch, list[Problem]]:
    """Return the touch with clean text in its fields and every tag; a short tag gives what it stands for."""
    fields = dict(work.touch.fields)
    problems: list[Problem] = []
    for field, raw in work.mapped.items():
        if field in TOUCH_FIELDS and raw is not None and raw != "":
            cleaned = _clean_touch(field, raw)
            if cleaned.value is not None:
                fields[field] = cleaned.value
            if field == "cost" and (currency := cleaned.parts.get("currency")):
                fields.setdefault("currency", currency)
            problems.extend(problem(field, code) for code in cleaned.codes)
    for name, value in shorts.get(fields.get("utm_id", ""), {}).items() if shorts else ():
        fields.setdefault(name, value)
    tags = {**source_tags, **work.lead.tags, **work.raw.tags, **work.touch.tags}
    return Touch(submission=work.submission, source=work.source, at=at, fields=fields, tags=tags), problems


def _clean_touch(field: str, raw: Any) -> Cleaned:
    try:
        return touch_field(field, raw)
    except NotTextError:
        return Cleaned(None, None, EMPTY.parts, ("not_text",))
    except Exception:  # as for lead fields
        return Cleaned(None, None, EMPTY.parts, ("not_understood",))


def _lead(
    work: Work,
    found: Mapping[str, Cleaned],
    at: datetime,
    touch: Touch,
    problems: list[Problem],
    extra: Mapping[str, Any],
) -> Lead:
    """Return the lead with every cleaned field, each field's value with its origin, and all problems once."""
    mapped, source, submission, by_hand = work.mapped, work.source, work.submission, work.corrections
    values = dict(work.lead.values)
    changes: dict[str, Any] = {}
    for field, cleaned in found.items():
        value, valid, parts, codes = cleaned
        changes[field] = value
        values[field] = Value(
            raw=_kept(mapped.get(field)), value=value, valid=valid, parts=parts or {},
            source=source, submission=submission, at=at,
        )  # fmt: skip
        if field in by_hand:
            values[field] = _corrected(values[field], by_hand[field])
        if codes:
            problems.extend([problem(field, code) for code in codes])
    known = {(p.field, p.code): p for p in (*work.lead.problems, *problems)} if problems else None
    return work.lead.with_fields(
        **changes, values=values, problems=tuple(known.values()) if known else work.lead.problems,
        extra=storable(extra) if extra else extra, tags=touch.tags, touch=touch, first_touch=touch,
        submitted_at=at, source=work.lead.source or work.source, test=work.lead.test or work.raw.test,
    )  # fmt: skip


def _corrected(value: Value, by_hand: Correction) -> Value:
    """Return a value with what was received and lost, who corrected it, and when: it is said since then."""
    return replace(value, raw=_kept(by_hand.over), at=by_hand.at, corrected=by_hand.by)


def _kept(raw: Any) -> Any:
    """Return a raw value as a database takes it, no longer than the longest field; the whole is in the submission."""
    if isinstance(raw, str):
        return raw if raw.isprintable() and len(raw) <= LINES else storable(raw[:LINES])
    return storable(raw)


def _identities(lead: Lead, work: Work, touch: Touch) -> tuple[Identity, ...]:
    digits = ""
    if lead.phone is None and any(p.code in _COUNTRYLESS for p in lead.problems):
        digits = _digits(work.mapped.get("phone"))
    found = keys(lead, work.source, touch.fields.get("platform_lead_id"), digits)
    return tuple([Identity(key) for key in found.exact] + [Identity(key, False) for key in found.blocking])


def _digits(raw: Any) -> str:
    try:
        return digits_of((as_text(raw) or "")[:200])
    except NotTextError:
        return ""
