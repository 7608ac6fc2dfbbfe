"""score: points by rules anyone can read, a grade from the points, and a reason for every single point."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from hub.lead import Lead
from hub.rules import Expression, Rules, rules_of
from hub.settings.models import Duration
from hub.step import Context, Options, Work, step


class ScoreRule(Options):
    """Points for leads a rule holds for."""

    when: Expression = Field(description="CEL expression.")
    points: float = Field(description="Points it gives; below zero takes some away.")
    reason: str | None = Field(None, description="Why, in words for people; none: the rule in plain words.")


class Decay(Options):
    """How points fade when a submission was long under way, as in a list of last month's fair."""

    half_life: Duration = Field(description="After this time a submission is worth half its points.")


class Bant(Options):
    """Points for each of budget, authority, need and timeline that is known."""

    budget: float = Field(10, description="Points when the budget is known.")
    authority: float = Field(10, description="Points when the say in the purchase is known.")
    need: float = Field(10, description="Points when the need is known.")
    timeline: float = Field(10, description="Points when the time of purchase is known.")


class Champ(Options):
    """Points for each of challenges, authority, money and prioritization that is known."""

    challenges: float = Field(10, description="Points when the challenge (`need`) is known.")
    authority: float = Field(10, description="Points when the say in the purchase is known.")
    money: float = Field(10, description="Points when the budget is known.")
    prioritization: float = Field(10, description="Points when the time of purchase (`timeline`) is known.")


def _switched(value: Any) -> Any:
    return {} if value is True else None if value is False else value


_DECIDES = (  # words count as such in Latin letters only: a "coordinator" is no COO
    r"""lead.title.matches(r"(?i)(?-u:\b)(c[etfimo]o|chief|founder|co-founder|owner|president|director|head of|s?vp|"""
    r"""vice president|partner|managing|proprietor|geschäftsführer(in)?|inhaber(in)?|leiter(in)?|vorstand|directeur|"""
    r"""directrice|gérante?|pdg|gerente|directora?|propietari[oa])(?-u:\b)|总经理|总监|总裁|创始人|董事|老板|负责人|厂长|"""
    r"""经理|主任|院长|校长")"""
)
DEFAULT_RULES = (
    ScoreRule(when="has(lead.email) || has(lead.wechat)", points=15, reason="E-mail or WeChat is known"),
    ScoreRule(when="has(lead.phone)", points=20, reason="Phone is known"),
    ScoreRule(when="has(lead.company)", points=15, reason="Company is known"),
    ScoreRule(when="extra.email_free == false", points=10, reason="E-mail is a company's own"),
    ScoreRule(when="has(lead.title)", points=5, reason="Job title is known"),
    ScoreRule(when=_DECIDES, points=15, reason="Job title decides"),
    ScoreRule(when="has(lead.message) || has(lead.interest)", points=10, reason="Says what it is about"),
    ScoreRule(when="has(lead.budget) || has(lead.timeline)", points=10, reason="Budget or timeline is known"),
)
"""The rules of a flow that names none: how reachable and how serious a lead is, at most 100 points."""


class ScoreOptions(Options):
    """How points are given and what they are worth."""

    base: float = Field(0, description="Points every lead starts with.")
    rules: tuple[ScoreRule, ...] = Field(
        DEFAULT_RULES, description="Rules that give points; none given: leadhub's own."
    )
    bant: Annotated[Bant | None, BeforeValidator(_switched)] = Field(None, description="BANT points; true: 10 each.")
    champ: Annotated[Champ | None, BeforeValidator(_switched)] = Field(None, description="CHAMP points; true: 10 each.")
    decay: Decay | None = Field(None, description="How points fade with the age of the submission.")
    bands: Mapping[str, float] = Field(
        {"A": 80, "B": 50, "C": 0}, description="Grades and the points each one begins at."
    )

    @field_validator("bands")
    @classmethod
    def _distinct(cls, bands: Mapping[str, float]) -> Mapping[str, float]:
        if not bands or len(set(bands.values())) < len(bands):
            raise ValueError("each grade needs a number of points of its own, such as {A: 80, B: 50, C: 0}")
        return bands

    @cached_property
    def compiled(self) -> Rules:
        """Return the rules, compiled once."""
        return rules_of(*(rule.when for rule in self.rules))

    @cached_property
    def grades(self) -> tuple[tuple[str, float], ...]:
        """Return the grades, best first, with the points each one begins at."""
        return tuple(sorted(self.bands.items(), key=lambda band: -band[1]))


@step("score")
async def score(work: Work, ctx: Context, options: ScoreOptions) -> Work:
    """Give points and a grade, with a reason for each point and what kept the other rules from giving theirs."""
    now = ctx.clock.now()
    facts = options.compiled.facts(work.lead, now=now, source=work.source, flow=work.flow)
    reasons: list[dict[str, Any]] = [{"points": _round(options.base), "reason": "Base"}] if options.base else []
    passed: list[dict[str, Any]] = []
    for rule, compiled in zip(options.rules, options.compiled.rules, strict=True):
        if compiled is None:  # only routes may leave their rule out
            continue
        verdict = compiled.verdict(facts)
        if verdict.value:
            reasons.append({"points": _round(rule.points), **_why(rule)})
        else:
            passed.append({**_why(rule), **compiled.why(verdict, facts)})
    reasons += _known_fields(work.lead, options)
    reasons += _faded(sum(entry["points"] for entry in reasons), work, now, options.decay)
    total = _round(sum(entry["points"] for entry in reasons))
    grade, lowered = _graded(total, work, options.grades)
    detail = {"score": total, "grade": grade, "reasons": reasons, "passed_over": passed, **lowered}
    return work.change(lead=work.lead.with_fields(score=total, grade=grade)).note("score", **detail)


def _why(rule: ScoreRule) -> dict[str, Any]:
    """Return what names a rule: the reason people gave it, or the rule itself."""
    return {"reason": rule.reason} if rule.reason else {"when": rule.when}


def _known_fields(lead: Lead, options: ScoreOptions) -> Iterable[dict[str, Any]]:
    """Give the points of BANT and CHAMP for each field that is known."""
    for scheme, fields in _SCHEMES.items():
        points = getattr(options, scheme)
        for name, field in fields.items() if points else ():
            worth = getattr(points, name)
            if worth and getattr(lead, field):
                yield {"points": _round(worth), "reason": f"{scheme.upper()}: {name} is known", "field": field}


_SCHEMES: Mapping[str, Mapping[str, str]] = {
    "bant": {"budget": "budget", "authority": "authority", "need": "need", "timeline": "timeline"},
    "champ": {"challenges": "need", "authority": "authority", "money": "budget", "prioritization": "timeline"},
}


def _faded(total: float, work: Work, now: datetime, decay: Decay | None) -> Iterable[dict[str, Any]]:
    """Take away what the submission's age costs; the age counts from the prospect's own submit time."""
    if decay is None:
        return
    since = next(at for at in (work.touch.at, work.raw.submitted_at, work.received_at) if at and at.tzinfo)
    age = max(0.0, (now - since).total_seconds())
    lost = _round(total * (0.5 ** (age / decay.half_life) - 1))
    if lost:
        days, life = age / 86_400, decay.half_life / 86_400
        said = f"Submitted {days:.1f} days ago; points halve every {life:g} days"
        yield {"points": lost, "reason": said, "days": round(days, 1), "half_life_days": life}


def _graded(total: float, work: Work, grades: Sequence[tuple[str, float]]) -> tuple[str, dict[str, Any]]:
    """Return the grade of the points, one lower for each problem that validation says costs a grade.

    Points below every band get the last grade.
    """
    place = next((index for index, (_, least) in enumerate(grades) if total >= least), len(grades) - 1)
    codes = list(work.notes.get("validate", {}).get("grade_down", ()))
    lowered = min(place + len(codes), len(grades) - 1)
    if lowered == place:
        return grades[place][0], {}
    return grades[lowered][0], {"lowered_from": grades[place][0], "lowered_for": codes}


def _round(points: float) -> float:
    return round(float(points), 2)
