"""A rule: a CEL expression, checked when it is loaded and judged without ever raising."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

import cel
from pydantic import AfterValidator

from hub.errors import ConfigError
from hub.labels import Language
from hub.lead import Lead
from hub.rules import words
from hub.rules.checks import check_calls, check_names
from hub.rules.facts import INSIDE, NAMES, TIMES, Facts, Names, Needs, is_personal
from hub.rules.syntax import (
    MAX_LENGTH,
    asked,
    check_limits,
    misread,
    mistake,
    paths,
    standard,
    tokens,
)


class Verdict(NamedTuple):
    """What a rule says of a lead: true, false (`missing` names what is unknown), or None with the error."""

    value: bool | None
    error: str | None = None
    missing: tuple[str, ...] = ()


_YES, _NO = Verdict(True), Verdict(False)
_KINDS: Mapping[type, str] = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list"}
_FUNCTION = re.compile(r"Function '(\w+)' error: (?:Python function call failed: ValueError: (.{1,80})\. Check)?")


class Rule:
    """One checked expression."""

    __slots__ = ("_asked", "_program", "_shown", "functions", "needs", "paths", "source")

    def __init__(self, source: str, program: cel.Program, named: Sequence[tuple[tuple[str, ...], str]]) -> None:
        self.source, self._program = source, program
        self.paths = tuple(dict.fromkeys(path for path, asks in named if not asks))
        self._asked = tuple(dict.fromkeys((".".join(path), path, asks) for path, asks in named if asks))
        self._shown = tuple((".".join(path), path) for path in self.paths if not is_personal(path))
        self.functions = frozenset(program.functions())
        self.needs = frozenset(path for path, _ in named)

    def verdict(self, facts: Facts) -> Verdict:
        """Return what the rule says; a missing field makes it false, and trouble is told, never raised."""
        if not self.needs <= facts.needs.paths:
            raise ValueError(f"These facts were gathered for other rules than {self.source[:200]!r}.")
        try:
            value = self._program.execute(facts.context)
        except KeyError as error:
            absent = tuple(dict.fromkeys(part for path in self.paths if (part := facts.absent(path))))
            return Verdict(False, None, absent or (str(error).strip("'\""),))
        except (TypeError, ValueError, RuntimeError, ArithmeticError, LookupError) as error:
            return Verdict(None, _trouble(error, self, facts))
        if value is True:
            return _YES
        return _NO if value is False else Verdict(None, f"The rule gives {_kind(value)}, not true or false.")

    def why(self, verdict: Verdict, facts: Facts) -> dict[str, Any]:
        """Return what kept the rule from holding: error, missing and known fields, and the values it saw.

        Values that tell who the person is are left out, so that a decision can be kept when a person is forgotten.
        """
        if verdict.error:
            return {"error": verdict.error}
        missing, known = list(verdict.missing), []
        for name, path, asks in self._asked:
            there = facts.absent(path) is None
            if there and asks == "unknown":
                known.append(name)
            elif not there and asks == "known" and name not in missing:
                missing.append(name)
        seen = {name: value for name, path in self._shown if isinstance(value := facts.value(path), (str, int, float))}
        said = {"missing": missing, "known": known, "seen": seen}
        return {name: value for name, value in said.items() if value}

    def words(self, language: Language = "en") -> str:
        """Return the rule as a plain sentence where it is simple, and its own text where it is not."""
        return words.words(self.source, language)

    def __repr__(self) -> str:
        return f"<Rule {self.source[:200]!r}>"


class Rules:
    """Rules that are judged together, so that the facts about a lead are gathered once; None stands for always."""

    def __init__(self, expressions: Iterable[str | None]) -> None:
        self.rules = tuple(compile(e) if e is not None else None for e in expressions)
        held = [rule for rule in self.rules if rule is not None]
        self.needs = Needs((p for rule in held for p in rule.needs), (f for rule in held for f in rule.functions))

    def facts(self, lead: Lead, *, now: datetime, source: str = "", flow: str = "") -> Facts:
        """Return what these rules ask about a lead."""
        return Facts(lead, self.needs, now=now, source=source, flow=flow)


@lru_cache(maxsize=256)
def rules_of(*expressions: str | None) -> Rules:
    """Return the compiled rules of these expressions; the same expressions are compiled once."""
    return Rules(expressions)


def compile(expression: str, *, names: Names = NAMES) -> Rule:  # noqa: A001 (as in re.compile)
    """Return the checked rule; raises ConfigError that says what stands wrong, where, and what would be right."""
    if not expression.strip():
        raise ConfigError("The rule is empty. Leave `when` out for a rule that always holds.")
    if len(expression) > MAX_LENGTH:
        raise ConfigError(f"The rule has {len(expression)} characters; {MAX_LENGTH} are the most. Split it.")
    program = _program(expression)
    read = tokens(expression)
    check_limits(expression, read)
    named = tuple(paths(read, names))
    check_names(expression, read, named, program.variables(), names)
    check_calls(expression, read, program.functions())
    text = standard(expression, read, named)
    rule = Rule(expression, _program(text), [(path.parts, asked(path, read)) for path in named])
    _try(rule)
    return rule


def checked(expression: str) -> str:
    """Return the expression when it is a rule; raises ValueError, so that settings can name the line."""
    try:
        compile(expression)
    except ConfigError as error:
        raise ValueError(error.reason) from error
    return expression


Expression = Annotated[str, AfterValidator(checked)]
"""The type of a setting that holds a rule."""


def _program(text: str) -> cel.Program:
    try:
        return cel.compile(text)
    except (ValueError, RuntimeError) as error:
        raise misread(text, error) from error


def _try(rule: Rule) -> None:
    """Judge a made-up lead that has every field: what fails there on types can never work."""
    if any("extra" in path or (len(path) < 2 and path[0] not in ("now", "source", "flow")) for path in rule.needs):
        return
    facts = Facts(Lead(), Needs(rule.needs, rule.functions), now=datetime(2026, 1, 1, tzinfo=UTC), source="x", flow="x")
    values = dict(facts.values)
    for path in rule.needs:
        inside = values
        for part in path[:-1]:
            inside[part] = inside = dict(inside.get(part) or {})
        if len(path) > 1 and not (path[0] == "lead" and path[-1] in INSIDE):
            inside[path[-1]] = _sample(path)
    made_up = Facts(Lead(), facts.needs, now=datetime(2026, 1, 1, tzinfo=UTC), more=values)
    said = rule.verdict(made_up)
    if said.error and said.error.startswith(("The types", "The rule gives", "The function")):
        raise mistake(rule.source, None, f"The rule can never hold. {said.error}")


def _sample(path: tuple[str, ...]) -> Any:
    if path[-1] in (*TIMES, "at"):
        return datetime(2026, 1, 1, tzinfo=UTC)
    if path[-1] == "tags":
        return {}
    return {"score": 1.0, "version": 1, "test": True, "consent": True}.get(path[-1], "x")


def _trouble(error: Exception, rule: Rule, facts: Facts) -> str:
    """Return why a rule could not be judged, without quoting a value."""
    if isinstance(error, TypeError):
        held = [f"{'.'.join(p)} is {_kind(facts.value(p))}" for p in rule.paths if facts.value(p) is not None]
        return f"The types do not fit: {', '.join(held) or 'two constants differ'}. Compare like with like."
    if isinstance(error, ZeroDivisionError):
        return "It divides by zero."
    if isinstance(error, OverflowError):
        return "A number grows too large."
    if isinstance(error, IndexError):
        return "A list is shorter than the rule expects."
    found = _FUNCTION.search(str(error))
    if found:
        return f"{found[1]}() cannot take what it was given{': ' + found[2] if found[2] else ''}."
    if "Undefined variable or function" in str(error):
        return "The function cannot take a value of that type."
    return f"It could not be judged ({type(error).__name__})."


def _kind(value: Any) -> str:
    return (
        "a time"
        if isinstance(value, datetime)
        else _KINDS.get(type(value), "nothing" if value is None else "an object")
    )
