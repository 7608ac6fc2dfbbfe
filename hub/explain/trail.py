"""The lines under the sentence: each step, every route's verdict, every point, everybody who was considered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hub.explain.phrases import both, named, reason, say, state
from hub.explain.sentence import Decision, assigned, assignment_of
from hub.labels import Language, label
from hub.rules.words import words

_MOST = 12  # names in one line
_RECORD = frozenset({"step", "outcome", "us", "error"})

Note = Mapping[str, Any]


def trail(decision: Decision, language: Language = "en") -> list[str]:
    """Return a line per step, per route, per point, per candidate and per delivery, in the order they came about."""
    lines: list[str] = []
    for step in decision.get("steps") or ():
        name = str(step.get("step", ""))
        if step.get("error"):
            lines.append(f"{name}: {say('failed', language, error=step['error'])}")
            continue
        told = list(_TELLERS.get(name, _other)(assignment_of(decision) if name == "assign" else step, language))
        if step.get("outcome", "passed") != "passed":
            told.append(say("ended", language, status=state(str(step["outcome"]), language)))
        lines += [f"{name}: {told[0]}", *(f"  {line}" for line in told[1:])]
    for delivery in decision.get("deliveries") or ():
        said = say("delivery", language, sink=delivery.get("sink"), state=state(str(delivery.get("state")), language))
        lines.append(f"{said} ({delivery['reason']})" if delivery.get("reason") else said)
    return lines


def _map(note: Note, language: Language) -> Iterator[str]:
    yield say("map", language, count=len(note.get("fields") or ()), mapping=note.get("mapping", "?"))
    if note.get("extra"):
        yield say("extra", language, names=_some(note["extra"], language))
    if note.get("problems"):
        odd = [f"{label(str(p.get('field', '')), language)} ({p.get('code')})" for p in note["problems"]]
        yield say("odd", language, names=_some(odd, language))


def _validate(note: Note, language: Language) -> Iterator[str]:
    said = [say(key, language, names=_some(note[key], language)) for key in ("grade_down", "flagged") if note.get(key)]
    yield "; ".join(said) or say("passed", language)


def _dedupe(note: Note, language: Language) -> Iterator[str]:
    if note.get("matched"):
        said = say("merged", language, lead=note["matched"])
        if note.get("keys"):
            same = both((label(str(key), language) for key in note["keys"]), language)
            said += f" ({say('same', language, names=same)})"
        yield said
    else:
        yield say("new", language)
    if note.get("matched") and note.get("anew"):
        yield say("anew", language)
    if note.get("joined"):
        yield say("joined", language, names=_some(note["joined"], language))
    if note.get("suggestions"):
        alike = [f"{s.get('lead')} ({s.get('score')})" for s in note["suggestions"]]
        yield say("may_be", language, names=_some(alike, language))


def _enrich(note: Note, language: Language) -> Iterator[str]:
    filled = (note.get("filled") or {}).items()
    said = [say("filled", language, field=named(f, language), enricher=e) for f, e in filled]
    said += [say("not_filled", language, enricher=e, reason=r) for e, r in (note.get("failed") or {}).items()]
    yield "; ".join(said) or say("unfilled", language)


def _score(note: Note, language: Language) -> Iterator[str]:
    said = say("points", language, points=_number(note.get("score")), grade=note.get("grade"))
    if note.get("lowered_from"):
        names = _some(note.get("lowered_for") or (), language)
        said += f" ({say('lowered', language, grade=note['lowered_from'], names=names)})"
    yield said
    for entry in note.get("reasons") or ():
        yield say("gave", language, points=_signed(entry.get("points")), reason=reason(entry, language))
    for entry in note.get("passed_over") or ():
        why = _why_not(entry, language)
        yield say("gave_none", language, reason=reason(entry, language)) + (f" ({why})" if why else "")


def _route(note: Note, language: Language) -> Iterator[str]:
    entries = note.get("routes") or ()
    yield both((str(e.get("route")) for e in entries if e.get("verdict") == "matched"), language) or say(
        "no_route", language
    )
    for entry in entries:
        yield say("route", language, route=entry.get("route"), verdict=_verdict(entry, language))


def _verdict(entry: Note, language: Language) -> str:
    verdict, rule = entry.get("verdict"), words(entry["when"], language) if entry.get("when") else ""
    if verdict == "matched":
        return say("route_matched", language, rule=rule) if rule else say("route_all", language)
    if verdict == "not_asked":
        return say("not_asked", language, after=entry.get("after"))
    if verdict == "error":
        return say("error", language, rule=rule, error=entry.get("error"))
    why = _why_not(entry, language)
    return say("passed_over", language, rule=rule) + (say("but", language, why=why) if why else "")


def _why_not(entry: Note, language: Language) -> str:
    """Return what kept a rule from holding: its error, what is unknown, or what it saw instead."""
    if entry.get("error"):
        return str(entry["error"])
    gone, there = entry.get("missing") or (), entry.get("known") or ()
    if gone or there:
        said = [say("unknown", language, name=named(path, language)) for path in gone]
        return both([*said, *(say("known_is", language, name=named(path, language)) for path in there)], language)
    seen = (entry.get("seen") or {}).items()
    return both((say("is", language, name=named(p, language), value=_number(v)) for p, v in seen), language)


def _assign(note: Note, language: Language) -> Iterator[str]:
    yield assigned(note, language) or say("no_team", language)
    if note.get("reason") == "kept":
        return
    for one in note.get("considered") or ():
        why = str(one.get("reason"))
        said = say(why, language, today=one.get("today")) if why in _CANDIDATE else why
        if "given" in one:
            said += f" ({say('share', language, given=one['given'], weight=_number(one.get('weight')))})"
        yield f"{one.get('name')}: {said}"


_CANDIDATE = frozenset({"next", "later", "inactive", "daily_cap"})


def _deliver(note: Note, language: Language) -> Iterator[str]:
    if note.get("to"):
        yield say("to", language, names=both(note["to"], language))
    else:
        yield say("nothing", language)
    for skipped in note.get("skipped") or ():
        yield say("not_to", language, sink=skipped.get("sink"), why=say("has_it", language))


def _other(note: Note, language: Language) -> Iterator[str]:
    """Tell a step we do not know by its outcome and its plain notes."""
    plain = [f"{k}={v}" for k, v in note.items() if k not in _RECORD and isinstance(v, (str, int, float))]
    yield say("passed", language) + (f" ({', '.join(plain[:_MOST])})" if plain else "")


_TELLERS: Mapping[str, Callable[[Note, Language], Iterator[str]]] = {
    "map": _map,
    "validate": _validate,
    "dedupe": _dedupe,
    "enrich": _enrich,
    "score": _score,
    "route": _route,
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
