"""The lines under the sentence: each step, every route's verdict, every point, everybody who was considered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hub.explain.bidding import lines
from hub.explain.owners import assigned, candidates, moved
from hub.explain.phrases import (
    aside,
    both,
    enricher,
    fields,
    headed,
    named,
    problem,
    reason,
    say,
    state,
    step,
    stopped,
    why_not,
)
from hub.explain.sentence import Decision, assignment_of
from hub.explain.values import contested
from hub.labels import Language, label
from hub.rules.words import words

_MOST = 12  # names in one line
_RECORD = frozenset({"step", "outcome", "us", "error"})

Note = Mapping[str, Any]


def trail(decision: Decision, language: Language = "en") -> list[str]:
    """Return a line per step, per route, per point, per candidate and per delivery, in the order they came about."""
    lines: list[str] = []
    for record in decision.get("steps") or ():
        name = str(record.get("step", ""))
        head = step(name, language)
        if record.get("error"):
            lines.append(headed(head, say("failed", language, error=record["error"]), language))
            continue
        told = list(_TELLERS.get(name, _other)(assignment_of(decision) if name == "assign" else record, language))
        if _outcome(record) != "passed":
            told.append(say("ended", language, status=state(_outcome(record), language)))
        lines += [headed(head, told[0], language), *(f"  {line}" for line in told[1:])]
    for delivery in decision.get("deliveries") or ():
        why = stopped(str(delivery.get("reason")), language) if delivery.get("state") == "superseded" else None
        called = say("stopped", language) if why else state(str(delivery.get("state")), language)
        said = say("delivery", language, sink=delivery.get("sink"), state=called)
        why = why or delivery.get("reason")
        lines.append(said + aside(why, language) if why else said)
    lines += [headed(say("log", language), moved(move, language), language) for move in decision.get("moves") or ()]
    if "moves" in decision and decision.get("revision") is not None:
        lines.append(say("revision", language, number=decision["revision"]))
    return lines


def _outcome(note: Note) -> str:
    return str(note.get("outcome", "passed"))


def _map(note: Note, language: Language) -> Iterator[str]:
    yield say("map", language, count=len(note.get("fields") or ()), mapping=note.get("mapping", "?"))
    if note.get("extra"):
        yield say("extra", language, names=_some(note["extra"], language))
    for one in (note.get("problems") or ())[:_MOST]:
        code = problem(str(one.get("code")), language)
        yield say("odd", language, field=named(str(one.get("field", "")), language), problem=code)


def _correct(note: Note, language: Language) -> Iterator[str]:
    by: dict[str, list[str]] = {}
    for one in note.get("fields") or ():
        by.setdefault(str(one.get("by", "")), []).append(label(str(one.get("field", "")), language))
    for who, names in by.items():
        yield say("corrected", language, names=both(names, language), who=who)


def _normalize(note: Note, language: Language) -> Iterator[str]:
    yield say("normalize", language)
    if note.get("time_zone"):
        yield say("zone", language, zone=note["time_zone"])


def _validate(note: Note, language: Language) -> Iterator[str]:
    remarks = [(key, str(code)) for key in ("grade_down", "flagged") for code in note.get(key) or ()]
    if note.get("test"):
        yield say("unchecked", language)
    elif remarks:
        yield say("remark" if len(remarks) == 1 else "remarks", language, count=len(remarks))
    elif _outcome(note) == "passed":
        yield say("clean", language)
    for key, code in remarks:
        yield say(key, language, problem=problem(code, language))


def _dedupe(note: Note, language: Language) -> Iterator[str]:
    if note.get("matched"):
        known = "known_as" if _outcome(note) != "passed" else "again" if note.get("policy") == "replay" else "merged"
        said = say(known, language, lead=note["matched"])
        if note.get("keys"):
            same = both((label(str(key), language) for key in note["keys"]), language)
            said += aside(say("same", language, names=same), language)
        yield said
    else:
        yield say("new", language)
    if note.get("changed"):
        yield say("changed", language, names=fields(map(str, note["changed"]), language))
    both_said = [one for one in note.get("contests") or () if one.get("over")]
    yield from (contested(one, language) for one in both_said[:_MOST])
    if note.get("matched") and note.get("anew"):
        yield say("anew", language)
    if note.get("joined"):
        yield say("joined", language, names=_some(note["joined"], language))
    for alike in (note.get("suggestions") or ())[:_MOST]:
        yield say("may_be", language, lead=alike.get("lead"), likeness=f"{float(alike.get('score') or 0):.0%}"[:-1])


def _enrich(note: Note, language: Language) -> Iterator[str]:
    by_enricher: dict[str, list[str]] = {}
    for field, name in (note.get("filled") or {}).items():
        by_enricher.setdefault(str(name), []).append(field)
    said = [
        say("filled", language, fields=fields(filled, language), enricher=enricher(name, language))
        for name, filled in by_enricher.items()
    ]
    failed = (note.get("failed") or {}).items()
    said += [say("not_filled", language, enricher=enricher(e, language).strip(), reason=r) for e, r in failed]
    yield ("；" if language == "zh" else "; ").join(said) or say("unfilled", language)


def _score(note: Note, language: Language) -> Iterator[str]:
    said = say("points", language, points=_number(note.get("score")), grade=note.get("grade"))
    if note.get("lowered_from"):
        names = _some((problem(str(code), language) for code in note.get("lowered_for") or ()), language)
        said += aside(say("lowered", language, grade=note["lowered_from"], names=names), language)
    yield said
    for entry in note.get("reasons") or ():
        yield say("gave", language, points=_signed(entry.get("points")), reason=reason(entry, language))
    for entry in note.get("passed_over") or ():
        why = why_not_given(entry, language)
        yield say("gave_none", language, reason=reason(entry, language)) + (aside(why, language) if why else "")


def _route(note: Note, language: Language) -> Iterator[str]:
    entries = note.get("routes") or ()
    yield both((str(e.get("route")) for e in entries if e.get("verdict") == "matched"), language) or say(
        "no_route", language
    )
    for entry in entries:
        yield say("route", language, route=entry.get("route"), verdict=_verdict(entry, language))
        for refused in entry.get("refused") or ():
            yield say("outside", language, **refused)


def _verdict(entry: Note, language: Language) -> str:
    verdict, rule = entry.get("verdict"), words(entry["when"], language) if entry.get("when") else ""
    if verdict == "matched":
        return say("route_matched", language, rule=rule) if rule else say("route_all", language)
    if verdict == "not_asked":
        return say("not_asked", language, after=entry.get("after"))
    if verdict == "error":
        return say("error", language, rule=rule, error=entry.get("error"))
    why = why_not_given(entry, language)
    return say("passed_over", language, rule=rule) + (say("but", language, why=why) if why else "")


def why_not_given(entry: Note, language: Language) -> str:
    """Return what kept a rule from holding: its error, what is unknown, or what it saw instead."""
    if entry.get("error"):
        return str(entry["error"])
    gone, there = entry.get("missing") or (), entry.get("known") or ()
    if gone or there:
        said = [say("unknown", language, name=named(path, language)) for path in gone]
        return both([*said, *(say("known_is", language, name=named(path, language)) for path in there)], language)
    seen = (entry.get("seen") or {}).items()
    return both((_is(path, value, language) for path, value in seen), language)


def _is(path: str, value: Any, language: Language) -> str:
    key = ("is_true" if value else "is_false") if isinstance(value, bool) else "is"
    return say(key, language, name=named(path, language), value=_number(value))


def _assign(note: Note, language: Language) -> Iterator[str]:
    yield assigned(note, language) or say("no_team", language)
    if note.get("reason") == "kept":
        return
    for name, said in candidates(note, language):
        yield headed(name, said, language) if name else said


def _deliver(note: Note, language: Language) -> Iterator[str]:
    yield say("to", language, names=both(note["to"], language)) if note.get("to") else say("not_owed", language)
    for skipped in note.get("skipped") or ():
        yield say("not_to", language, sink=skipped.get("sink"), why=why_not(str(skipped.get("why")), language))


def _other(note: Note, language: Language) -> Iterator[str]:
    """Tell a step we do not know by its outcome and its plain notes."""
    plain = [
        headed(str(name).replace("_", " "), _plainly(value, language), language)
        for name, value in note.items()
        if name not in _RECORD and isinstance(value, (str, int, float))
    ]
    listed = ("，" if language == "zh" else ", ").join(plain[:_MOST])
    yield say("done", language) + (aside(listed, language) if listed else "")
    if note.get("changed"):
        yield say("set", language, names=fields(map(str, note["changed"]), language))


def _plainly(value: str | int | float, language: Language) -> str:
    return say("yes" if value else "no", language) if isinstance(value, bool) else _number(value)


_TELLERS: Mapping[str, Callable[[Note, Language], Iterator[str]]] = {
    "map": _map,
    "correct": _correct,
    "normalize": _normalize,
    "validate": _validate,
    "dedupe": _dedupe,
    "enrich": _enrich,
    "score": _score,
    "route": _route,
    "auction": lines,
    "assign": _assign,
    "deliver": _deliver,
}


def _some(names: Any, language: Language) -> str:
    listed = [str(name) for name in names]
    return both(listed[:_MOST], language) + (" …" if len(listed) > _MOST else "")


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _signed(points: Any) -> str:
    return f"{points:+g}" if isinstance(points, (int, float)) else str(points)
