"""The decision tree: every route's rule with its parts, each true, false, or not on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hub.errors import ConfigError
from hub.explain.phrases import named, reason, say
from hub.explain.sentence import Decision
from hub.explain.trail import why_not_given
from hub.labels import Language
from hub.lead import Lead
from hub.rules.facts import Facts, Needs
from hub.rules.parts import Part, apart
from hub.rules.rule import compile as compiled
from hub.rules.syntax import Path, Token, asked, paths, tokens
from hub.rules.words import words

Entry = Mapping[str, Any]

_SIGNS = {"&&": "all", "||": "any"}
_ROOTS = ("lead", "touch", "first_touch", "tags", "extra", "source", "flow", "now")


def tree(decision: Decision, language: Language = "en") -> list[dict[str, Any]]:
    """Return each route, in the order they were asked, with its verdict and the parts of its rule.

    A part is {says, rule, holds (None: not on record), why, of (all or any), parts}. It is told from what the decision
    kept: the verdict, the fields that were unknown, and the values it saw that say nothing of who the person is.
    """
    steps = decision.get("steps") or ()
    record: Entry = next((one for one in steps if one.get("step") == "route"), {})
    return [_route(entry, language) for entry in record.get("routes") or ()]


def scoring(decision: Decision, language: Language = "en") -> list[dict[str, Any]]:
    """Return each rule of the score that gave no points, and what kept it from that."""
    steps = decision.get("steps") or ()
    record: Entry = next((one for one in steps if one.get("step") == "score"), {})
    return [
        {"says": reason(entry, language), "why": why_not_given(entry, language), "rule": entry.get("when")}
        for entry in record.get("passed_over") or ()
    ]


def points(decision: Decision, language: Language = "en") -> list[dict[str, Any]]:
    """Return each reason of the score with its points."""
    steps = decision.get("steps") or ()
    record: Entry = next((one for one in steps if one.get("step") == "score"), {})
    return [
        {"points": entry.get("points"), "says": reason(entry, language), "rule": entry.get("when")}
        for entry in record.get("reasons") or ()
    ]


def _route(entry: Entry, language: Language) -> dict[str, Any]:
    verdict = str(entry.get("verdict"))
    told: dict[str, Any] = {"route": entry.get("route"), "verdict": verdict, "after": entry.get("after")}
    told["error"] = entry.get("error")
    told["refused"] = [say("outside", language, **one) for one in entry.get("refused") or ()]
    holds = {"matched": True, "passed_over": False}.get(verdict)
    told["rule"] = judged(entry, holds=holds, language=language) if entry.get("when") else None
    return told


def judged(entry: Entry, *, holds: bool | None, language: Language) -> dict[str, Any]:
    """Return a rule's parts, each judged as far as the record goes; `holds` is what the whole was found to be."""
    whole = apart(str(entry.get("when") or ""))
    return _settle(_judge(whole, entry, language), holds)


def _judge(part: Part, entry: Entry, language: Language) -> dict[str, Any]:
    told: dict[str, Any] = {
        "says": words(part.text, language),
        "rule": part.text,
        "holds": None,
        "why": "",
        "of": "",
        "parts": [],
    }
    if not part.parts:
        holds, why = _leaf(part.text, entry, language)
        return {**told, "holds": holds, "why": why}
    parts = [_judge(one, entry, language) for one in part.parts]
    found = [one["holds"] for one in parts]
    return {**told, "of": _SIGNS[part.sign], "parts": parts, "holds": _joined(part.sign, found)}


def _joined(sign: str, found: Sequence[bool | None]) -> bool | None:
    decisive = sign == "||"
    return decisive if decisive in found else None if None in found else not decisive


def _leaf(text: str, entry: Entry, language: Language) -> tuple[bool | None, str]:
    """Return what one part was found to be, and by which field."""
    try:
        read = tokens(text)
        named_here = list(paths(read, _ROOTS))
    except ConfigError:
        return None, ""
    for path in named_here:
        name = ".".join(path.parts)
        if any(name == gone or name.startswith(f"{gone}.") for gone in entry.get("missing") or ()):
            return asked(path, read) == "unknown", say("unknown", language, name=named(name, language))
        if name in (entry.get("known") or ()):
            return asked(path, read) == "known", say("known_is", language, name=named(name, language))
    if len(named_here) == 1 and (holds := _only_asks(read, named_here[0], entry)) is not None:
        return holds, ""
    return _by_values(text, named_here, entry, language)


def _only_asks(read: Sequence[Token], path: Path, entry: Entry) -> bool | None:
    """Return True for a part that only asks if a field is known, or unknown: the record names what was otherwise."""
    asks = asked(path, read)
    alone = len(read) - (path.last - path.first + 1) <= (4 if asks == "unknown" else 3)
    kept = entry.get("verdict") in (None, "passed_over") and not entry.get("error")  # of one that held nothing is kept
    return True if asks and alone and kept else None


def _by_values(text: str, named_here: Sequence[Path], entry: Entry, language: Language) -> tuple[bool | None, str]:
    """Return what a part says of the values that the record kept; None where it kept not all of them."""
    seen = entry.get("seen") or {}
    names = [".".join(path.parts) for path in named_here]
    if not names or any(name not in seen for name in names):
        return None, ""
    values: dict[str, Any] = {}
    for path in named_here:
        inside = values
        for step in path.parts[:-1]:
            inside = inside.setdefault(step, {})
        inside[path.parts[-1]] = seen[".".join(path.parts)]
    try:
        rule = compiled(text)
    except ConfigError:
        return None, ""
    now = datetime.fromtimestamp(0, UTC)  # no part that names `now` comes here: its value is never on record
    verdict = rule.verdict(Facts(Lead(), Needs(rule.needs, rule.functions), now=now, more=values))
    told = (say("is", language, name=named(name, language), value=seen[name]) for name in dict.fromkeys(names))
    return verdict.value, ("，" if language == "zh" else ", ").join(told)


def _settle(part: dict[str, Any], holds: bool | None) -> dict[str, Any]:
    """Return a part as it must have been, since the whole is known: what follows from that is said of its parts, too.

    All parts of a true `all` are true, all of a false `any` false; of others the last open one is the decisive one.
    """
    if part["holds"] is None:
        part = {**part, "holds": holds}
    if holds is None or not part["parts"]:
        return part
    forced = holds == (part["of"] == "all")
    open_ = [at for at, one in enumerate(part["parts"]) if one["holds"] is None]
    decided = any(one["holds"] == holds for one in part["parts"])
    last = open_[0] if len(open_) == 1 and not decided else None
    parts = [_settle(one, holds if forced or at == last else one["holds"]) for at, one in enumerate(part["parts"])]
    return {**part, "parts": parts}
