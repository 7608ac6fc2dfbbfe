"""Where every value of a lead came from, what lost against it and why, and what each step made of a submission."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from hub.explain.sentence import Decision
from hub.lead import LEAD_FIELDS, TOUCH_FIELDS, Lead, Value
from hub.survivorship import ENRICHED

Told = dict[str, Any]


def fields(lead: Lead, said: Mapping[str, Lead], decisions: Mapping[str, Decision]) -> dict[str, Told]:
    """Return each known field of a lead: value, raw, valid, source, submission, at, finder, and the rivals it beat.

    `said` is what submissions say by themselves, `decisions` the newest decision on each. A rival is {value, source,
    submission, at, code}: a value that another submission gave, and by which rule it lost, where that is on record; or
    what the same submission gave, where `corrected` says who put another value in its place.
    """
    told = {}
    for name in LEAD_FIELDS:
        held = getattr(lead, name)
        if held is None:
            continue
        value = lead.values.get(name) or Value(raw=held, value=held, source=lead.source)
        rivals = [*_corrected(value, held), *_rivals(name, held, value, said, decisions)]
        told[name] = {**_shown(value), "value": held, "rivals": rivals}
    return told


def _shown(value: Value) -> Told:
    """Return a value as it is shown; what an enricher found names the enricher instead of a source."""
    told = asdict(value)
    found = value.source.startswith(ENRICHED)
    return {**told, "finder": value.source.removeprefix(ENRICHED) if found else "", "source": value.source}


def _corrected(value: Value, held: Any) -> Iterable[Told]:
    """Yield what was received where a person put another value in its place."""
    if value.corrected and value.raw not in (None, "", held):
        yield {
            "value": value.raw, "source": value.source, "submission": value.submission, "at": None, "code": "corrected",
        }  # fmt: skip


def _rivals(
    name: str, held: Any, winner: Value, said: Mapping[str, Lead], decisions: Mapping[str, Decision]
) -> Iterable[Told]:
    for submission, one in said.items():
        other = getattr(one, name)
        if submission == winner.submission or other is None or other == held:
            continue
        value = one.values.get(name) or Value(raw=other, value=other, source=one.source)
        yield {
            "value": other, "source": value.source, "submission": submission, "at": value.at,
            "code": "corrected" if winner.corrected else _why_lost(name, submission, decisions),
        }  # fmt: skip


def _why_lost(name: str, loser: str, decisions: Mapping[str, Decision]) -> str:
    """Return the rule by which a submission's value lost, as it was noted then; empty when nothing was noted."""
    for submission, decision in decisions.items():
        for entry in contests_of(decision):
            beaten = not entry.get("won") if submission == loser else entry.get("won") and entry.get("over") == loser
            if entry.get("field") == name and beaten:
                return str(entry.get("by", ""))
    return ""


def contests_of(decision: Decision) -> Sequence[Mapping[str, Any]]:
    """Return the contests that a decision's merge noted."""
    return step_of(decision, "dedupe").get("contests") or ()


def step_of(decision: Decision, name: str) -> Mapping[str, Any]:
    """Return what a decision noted of a step; empty when that step was not run."""
    steps = decision.get("steps") or ()
    return next((one for one in steps if one.get("step") == name), {})


def changes(decision: Decision, said: Lead | None, others: Mapping[str, Lead]) -> list[Told]:
    """Return what each step of a run changed, field by field: [{step, outcome, us, error, fields, codes}].

    `fields` are {name: {before, after, code, submission}}. `said` is what the submission says as that very run read
    it; None where a later run has read it anew: then names are told and no values. `others` are what other
    submissions say, for the values of before a merge.
    """
    told = []
    for record in decision.get("steps") or ():
        name = str(record.get("step"))
        made = _MADE[name](record, said, others) if name in _MADE else _named(record, said)
        told.append(
            {
                "step": name, "outcome": record.get("outcome", "passed"), "us": record.get("us"),
                "error": record.get("error"), "fields": made, "codes": _codes(record),
            }
        )  # fmt: skip
    return told


def _codes(record: Mapping[str, Any]) -> list[Told]:
    """Return what was odd: the code, the field where it is noted, and what came of it."""
    found = [{"field": one.get("field"), "code": one.get("code")} for one in record.get("problems") or ()]
    for what in ("grade_down", "flagged"):
        found += [{"field": None, "code": code, "what": what} for code in record.get(what) or ()]
    return found


def _map(record: Mapping[str, Any], said: Lead | None, _: Mapping[str, Lead]) -> dict[str, Told]:
    """A field has the value as it was received; the touch's fields are kept only as they were cleaned."""
    made: dict[str, Told] = {}
    for name in record.get("fields") or ():
        made[str(name)] = {"before": None, "after": _raw(said, str(name))}
    for name in record.get("extra") or ():
        made[f"extra.{name}"] = {"before": None, "after": said.extra.get(name) if said else None}
    return made


def _raw(said: Lead | None, name: str) -> Any:
    if said is None:
        return None
    value = said.values.get(name)
    return value.raw if value else said.touch.fields.get(name)


def _correct(record: Mapping[str, Any], said: Lead | None, _: Mapping[str, Lead]) -> dict[str, Told]:
    """What was received, and what was made of what a person put in its place; who it was stands in `code`."""
    made: dict[str, Told] = {}
    for one in record.get("fields") or ():
        name = str(one.get("field"))
        value = said.values.get(name) if said else None
        before = value.raw if value and value.corrected else None
        made[name] = {"before": before, "after": _value(said, name), "code": str(one.get("by", ""))}
    return made


def _normalize(_: Mapping[str, Any], said: Lead | None, __: Mapping[str, Lead]) -> dict[str, Told]:
    """What the submission's values were made of: only those whose spelling changed, or that other fields gave."""
    made: dict[str, Told] = {}
    for name, value in (said.values if said else {}).items():
        if not value.corrected and not value.source.startswith(ENRICHED) and value.raw != value.value:
            made[name] = {"before": value.raw, "after": value.value, "valid": value.valid}
            if given := value.parts.get("from"):
                made[name]["code"] = str(given)
    return made


def _dedupe(record: Mapping[str, Any], said: Lead | None, others: Mapping[str, Lead]) -> dict[str, Told]:
    contests = {str(one.get("field")): one for one in record.get("contests") or ()}
    made: dict[str, Told] = {}
    noted = "contests" in record or not record.get("matched")
    for name in contests if noted else map(str, record.get("changed") or ()):  # older records name only what changed
        entry = contests.get(name, {})
        over = str(entry.get("over", ""))
        before = _value(others.get(over), name)
        if entry and not entry.get("won"):
            made[name] = {"before": before, "after": before, "refused": _value(said, name)}
        else:
            made[name] = {"before": before, "after": _value(said, name)}
        made[name] |= {"code": str(entry.get("by", "")), "submission": over}
    return made


def _enrich(record: Mapping[str, Any], said: Lead | None, _: Mapping[str, Lead]) -> dict[str, Told]:
    filled = record.get("filled") or {}
    return {
        str(name): {"before": None, "after": _value(said, str(name)), "code": str(finder)}
        for name, finder in filled.items()
    }


def _score(record: Mapping[str, Any], *_: Any) -> dict[str, Told]:
    made: dict[str, Told] = {"score": {"before": None, "after": record.get("score")}}
    made["grade"] = {"before": record.get("lowered_from"), "after": record.get("grade")}
    return made


def _assign(record: Mapping[str, Any], *_: Any) -> dict[str, Told]:
    return {name: {"before": None, "after": record[name]} for name in ("team", "owner", "pool") if record.get(name)}


def _named(record: Mapping[str, Any], said: Lead | None) -> dict[str, Told]:
    """A step that is not ours: the names of what it changed are on record, the values with the submission."""
    named = record.get("changed") or ()
    return {str(name): {"before": None, "after": _value(said, str(name))} for name in named}


def _value(said: Lead | None, name: str) -> Any:
    if said is None:
        return None
    if name in LEAD_FIELDS:
        return getattr(said, name)
    return said.touch.fields.get(name) if name in TOUCH_FIELDS else said.extra.get(name)


_MADE: Mapping[str, Callable[..., dict[str, Told]]] = {
    "map": _map, "correct": _correct, "normalize": _normalize, "dedupe": _dedupe, "enrich": _enrich, "score": _score,
    "assign": _assign,
}  # fmt: skip
