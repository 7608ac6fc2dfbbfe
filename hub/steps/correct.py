"""correct: what a person corrected by hand takes the place of what was read, before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hub.corrections import Corrections
from hub.lead import LEAD_FIELDS, TOUCH_FIELDS
from hub.normal import names
from hub.step import Context, Options, Work, step


class CorrectOptions(Options):
    """No options: what was corrected is kept with each submission."""


@step("correct")
async def correct(work: Work, ctx: Context, options: CorrectOptions) -> Work:
    """Put what a person corrected by hand in the place of what was read; what was wrong with that is settled."""
    made = {name: one for name, one in work.corrections.items() if name in LEAD_FIELDS or name in TOUCH_FIELDS}
    if not made:
        return work
    over = {name: replace(one, over=work.mapped.get(name)) for name, one in made.items()}
    mapped = {**_with_name(work.mapped, made), **{name: one.value for name, one in made.items()}}
    raw = replace(work.raw, problems=tuple(one for one in work.raw.problems if one.field not in made))
    lead = work.lead.with_fields(problems=tuple(one for one in work.lead.problems if one.field not in made))
    detail = [{"field": name, "by": one.by} for name, one in made.items()]
    return work.change(mapped=mapped, raw=raw, lead=lead, corrections=over).note("correct", fields=detail)


def _with_name(mapped: Mapping[str, Any], made: Corrections) -> dict[str, Any]:
    """Return what was read without the parts of a name that a corrected part makes wrong; they are made anew of it.

    A whole name that cannot be told apart stays as it was read.
    """
    if "full_name" in made:
        return {name: value for name, value in mapped.items() if name not in _PARTS}
    full = mapped.get("full_name")
    if not isinstance(full, str) or not any(name in made for name in _PARTS):
        return dict(mapped)
    split = dict(zip(_PARTS, names.split(full)[:2], strict=True))
    parts = {name: mapped.get(name) or split[name] for name in _PARTS}
    if not all(name in made or parts[name] for name in _PARTS):
        return dict(mapped)
    return {**{name: value for name, value in mapped.items() if name != "full_name"}, **parts}


_PARTS = ("first_name", "last_name")
