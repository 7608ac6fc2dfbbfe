"""score: every point has a reason, and the reasons add up to the score."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.lead import Lead, RawLead, Touch
from hub.step import Work
from hub.steps.score import ScoreOptions, score
from tests.steps.context import NOW, FakeContext, work_of


async def scored(lead: Lead, options: dict[str, Any] | None = None, **changes: Any) -> Work:
    result = await score.run(work_of(lead=lead, **changes), FakeContext(), ScoreOptions.model_validate(options or {}))
    assert isinstance(result, Work)
    return result


RULES = [
    {"when": 'lead.country == "CN"', "points": 30, "reason": "Our home market"},
    {"when": 'lead.title.contains("CEO")', "points": 25},
    {"when": "extra.email_free == true", "points": -10, "reason": "A private mailbox"},
    {"when": "number(lead.employees) > 50", "points": 5},
]


async def test_rules_give_points_with_their_reasons() -> None:
    lead = Lead(country="CN", title="CEO", extra={"email_free": True}, employees="many")
    work = await scored(lead, {"base": 10, "rules": RULES})
    assert (work.lead.score, work.lead.grade) == (55.0, "B")
    note = work.notes["score"]
    assert note["reasons"] == [
        {"points": 10.0, "reason": "Base"},
        {"points": 30.0, "reason": "Our home market"},
        {"points": 25.0, "when": 'lead.title.contains("CEO")'},
        {"points": -10.0, "reason": "A private mailbox"},
    ]
    assert note["passed_over"] == [
        {
            "when": "number(lead.employees) > 50",
            "error": "number() cannot take what it was given: there is no number in the text.",
        }
    ]


async def test_a_rule_on_an_unknown_field_gives_nothing_and_says_why() -> None:
    work = await scored(Lead(), {"rules": RULES[:1]})
    assert work.lead.score == 0
    assert work.notes["score"]["passed_over"] == [{"reason": "Our home market", "missing": ["lead.country"]}]


@pytest.mark.parametrize(
    ("points", "grade"), [(100, "A"), (80, "A"), (79.99, "B"), (50, "B"), (49, "C"), (0, "C"), (-5, "C")]
)
async def test_the_grade_follows_the_bands(points: float, grade: str) -> None:
    assert (await scored(Lead(), {"base": points, "rules": []})).lead.grade == grade


async def test_bands_may_be_listed_in_any_order_under_any_name() -> None:
    options = {"base": 60, "rules": [], "bands": {"cold": 0, "hot": 90, "warm": 40}}
    assert (await scored(Lead(), options)).lead.grade == "warm"


@pytest.mark.parametrize(
    ("codes", "grade"),
    [([], "A"), (["email_no_mx"], "B"), (["email_no_mx", "phone_premium"], "C"), (["a", "b", "c", "d"], "C")],
)
async def test_what_validation_found_costs_grades(codes: list[str], grade: str) -> None:
    work = await scored(Lead(), {"base": 90, "rules": []}, notes={"validate": {"grade_down": codes}})
    assert work.lead.grade == grade
    assert work.lead.score == 90
    assert work.notes["score"].get("lowered_for", []) == codes


async def test_bant_gives_points_for_each_answer() -> None:
    work = await scored(Lead(budget="20万", need="faster"), {"rules": [], "bant": {"need": 15}})
    assert work.notes["score"]["reasons"] == [
        {"points": 10.0, "reason": "BANT: budget is known", "field": "budget"},
        {"points": 15.0, "reason": "BANT: need is known", "field": "need"},
    ]


async def test_champ_asks_for_the_challenge_first() -> None:
    work = await scored(Lead(need="slow", timeline="Q3"), {"rules": [], "champ": True})
    assert [entry["reason"] for entry in work.notes["score"]["reasons"]] == [
        "CHAMP: challenges is known",
        "CHAMP: prioritization is known",
    ]


async def test_schemes_can_be_switched_off_in_words() -> None:
    assert (await scored(Lead(need="slow"), {"rules": [], "champ": False, "bant": False})).lead.score == 0


@pytest.mark.parametrize(("days", "left"), [(0, 80), (15, 56.57), (30, 40), (60, 20), (-1, 80)])
async def test_points_fade_with_the_age_of_the_submission(days: int, left: float) -> None:
    options = {"base": 80, "rules": [], "decay": {"half_life": "30d"}}
    touch = Touch(at=NOW - timedelta(days=days))
    work = await scored(Lead(), options, touch=touch)
    assert work.lead.score == pytest.approx(left)
    assert sum(entry["points"] for entry in work.notes["score"]["reasons"]) == pytest.approx(left)


async def test_without_a_touch_the_senders_time_counts() -> None:
    raw = RawLead("1", {}, NOW - timedelta(days=30))
    options = {"base": 80, "rules": [], "decay": {"half_life": "30d"}}
    assert (await scored(Lead(), options, raw=raw)).lead.score == 40


async def test_the_default_rules_give_a_full_lead_an_a_and_a_bare_one_a_c() -> None:
    full = Lead(
        email="a@acme.com", phone="+86138", company="Acme", title="Founder", message="Hi", extra={"email_free": False}
    )
    assert (await scored(full)).lead.grade == "A"
    assert (await scored(Lead(email="a@b.c"))).lead.grade == "C"


@pytest.mark.parametrize(
    "title", ["CEO", "公司CEO", "Co-Founder", "Head of IT", "总经理", "Geschäftsführerin", "SVP Sales"]
)
async def test_titles_that_decide_are_known(title: str) -> None:
    reasons = (await scored(Lead(title=title))).notes["score"]["reasons"]
    assert "Job title decides" in [entry["reason"] for entry in reasons]


@pytest.mark.parametrize("title", ["Coordinator", "Doctor", "Sectoral lead", "Student", "工程师"])
async def test_titles_that_only_look_like_it_are_not(title: str) -> None:
    reasons = (await scored(Lead(title=title))).notes["score"]["reasons"]
    assert "Job title decides" not in [entry["reason"] for entry in reasons]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rules": [{"when": "lead.emial == 'x'", "points": 1}]}, 'Did you mean "lead.email"?'),
        ({"rules": [{"when": "lead.email ==", "points": 1}]}, "ends too early"),
        ({"bands": {}}, "each grade needs"),
        ({"bands": {"A": 1, "B": 1}}, "each grade needs"),
        ({"decay": {"half_life": "soon"}}, "not a duration"),
        ({"points": 5}, "Extra inputs"),
    ],
)
def test_bad_options_are_told_at_start(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said.replace("?", r"\?")):
        ScoreOptions.model_validate(options)


_POINTS = st.floats(-100, 100).map(lambda points: round(points, 2))


@settings(deadline=None)
@given(st.lists(_POINTS, max_size=6), _POINTS, st.floats(0, 400))
async def test_there_is_no_hidden_total(points: list[float], base: float, days: float) -> None:
    rules = [{"when": "lead.version == 1", "points": worth} for worth in points]
    options = {"base": base, "rules": rules, "bant": True, "decay": {"half_life": "30d"}}
    work = await scored(Lead(need="x"), options, touch=Touch(at=NOW - timedelta(days=days)))
    note = work.notes["score"]
    assert (
        work.lead.score == note["score"] == pytest.approx(sum(entry["points"] for entry in note["reasons"]), abs=0.005)
    )
