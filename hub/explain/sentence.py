"""One plain sentence: where a lead went, why, and who got it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.explain.bidding import sold
from hub.explain.owners import assigned, considered, now
from hub.explain.phrases import both, say, why_not
from hub.labels import Language
from hub.rules.words import words

Decision = Mapping[str, Any]


def sentence(decision: Decision, language: Language = "en") -> str:
    """Return why the lead went where it went: `Went to crm because route hot matched (grade is A)` and a full stop."""
    status = decision.get("status", "accepted")
    if status != "accepted":
        return _stop(_stopped(decision, str(status), language), language)
    parts = [
        _went(decision, language),
        sold(step_of(decision, "auction"), language),
        assigned(assignment_of(decision), language),
        now(decision.get("moves") or (), language),
    ]
    if decision.get("merged"):
        parts.append(say("known", language))
    return _stop(("；" if language == "zh" else "; ").join(part for part in parts if part), language)


def step_of(decision: Decision, name: str) -> Mapping[str, Any]:
    """Return what a step left in the decision, empty when it did not run."""
    found: Mapping[str, Any] = next((s for s in decision.get("steps") or () if s.get("step") == name), {})
    return found


def matched(entry: Mapping[str, Any], language: Language) -> str:
    """Return why a route took the lead."""
    route, rule = entry.get("route", ""), entry.get("when")
    if not rule:
        return say("takes_all", language, route=route)
    return say("matched", language, route=route, rule=words(rule, language))


def assignment_of(decision: Decision) -> Mapping[str, Any]:
    """Return what is on record about the assignment: the candidates, and what the step noted."""
    return {**(decision.get("assignment") or {}), **step_of(decision, "assign")}


def _went(decision: Decision, language: Language) -> str:
    targets: Sequence[Mapping[str, Any]] = decision.get("targets") or ()
    took = {e.get("route"): e for e in step_of(decision, "route").get("routes") or () if e.get("verdict") == "matched"}
    by_route: dict[str, list[str]] = {}
    for target in targets:
        by_route.setdefault(str(target.get("route", "")), []).append(str(target.get("sink", "")))
    if by_route:
        ways = [
            say("way", language, sinks=both(sinks, language), why=matched(took.get(route, {"route": route}), language))
            for route, sinks in by_route.items()
        ]
        return say("would" if decision.get("test") else "went", language, ways=say("and", language).join(ways))
    skipped = step_of(decision, "deliver").get("skipped")
    if skipped:
        return _passed_by(skipped, language)
    outside = [one for entry in took.values() for one in entry.get("refused") or ()]
    if outside:
        told = (say("outside", language, **one) for one in outside)
        return say("nowhere", language, why=("；" if language == "zh" else "; ").join(told))
    if took:
        return say("no_sinks", language, why=matched(next(iter(took.values())), language))
    return say("unrouted" if step_of(decision, "route") else "nothing", language)


def _passed_by(skipped: Sequence[Mapping[str, Any]], language: Language) -> str:
    """Return why none of these sinks was sent the lead."""
    by_reason: dict[str, list[str]] = {}
    for one in skipped:
        by_reason.setdefault(why_not(str(one.get("why")), language), []).append(str(one.get("sink")))
    told = (say("not_to", language, sink=both(sinks, language), why=why) for why, sinks in by_reason.items())
    head = "nothing_new" if set(by_reason) == {say("has_it", language)} else "nowhere"
    return say(head, language, why=("；" if language == "zh" else "; ").join(told))


def _stopped(decision: Decision, status: str, language: Language) -> str:
    verdicts = {entry.get("verdict") for entry in step_of(decision, "route").get("routes") or ()}
    if decision.get("erased_on"):
        return say("suppressed", language, date=decision["erased_on"])
    said = decision.get("reason") or say("no_reason", language)
    if language == "zh" and step_of(decision, "route").get("outcome") == "quarantined" and "matched" not in verdicts:
        said = say("no_route", language)
    return say(status if status in ("quarantined", "rejected", "duplicate") else "quarantined", language, reason=said)


def _stop(said: str, language: Language) -> str:
    return said if said.endswith((".", "。", "!", "?", "！", "？")) else said + ("。" if language == "zh" else ".")


def people(decision: Decision, language: Language = "en") -> dict[str, Any]:
    """Return the candidates of a decision with the reason each was chosen or not, and the chosen one's counters."""
    note = assignment_of(decision)
    counters = {name: note[name] for name in ("before", "after") if name in note}
    return {"candidates": considered(note, language), "counters": counters}
