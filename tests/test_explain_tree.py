"""The decision tree: each part of a rule is told as far as the stored decision holds it, and never guessed."""

from __future__ import annotations

import pytest

from hub import explain
from hub.explain.tree import judged
from hub.rules.parts import apart

APART = [
    ('lead.country == "CN"', "", []),
    ('lead.country == "CN" && has(lead.phone)', "&&", ['lead.country == "CN"', "has(lead.phone)"]),
    ("has(lead.phone) || has(lead.email)", "||", ["has(lead.phone)", "has(lead.email)"]),
    ("(has(lead.phone) || has(lead.email)) && !lead.test", "&&", ["has(lead.phone) || has(lead.email)", "!lead.test"]),
    ("has(lead.phone) ? lead.test : has(lead.email) && true", "", []),
    ("tags.exists(t, t == 'a' || t == 'b')", "", []),
    ("this is no rule at all (", "", []),
    ("", "", []),
]


@pytest.mark.parametrize(("rule", "sign", "parts"), APART)
def test_a_rule_is_taken_apart_where_it_is_joined(rule, sign, parts):
    found = apart(rule)
    assert (found.sign, [part.text for part in found.parts]) == (sign, parts)


def holds(rule: str, *, whole: bool | None, **record: object) -> list[bool | None]:
    """Return what the parts of a rule were found to be."""
    return [part["holds"] for part in judged({"when": rule, **record}, holds=whole, language="en")["parts"]]


A, B = 'lead.grade == "A"', 'lead.country == "CN"'
HOLDS = [
    # what the record kept is judged by what it kept
    (f"{A} && {B}", False, {"seen": {"lead.grade": "B", "lead.country": "CN"}}, [False, True]),
    (f"{A} || {B}", False, {"seen": {"lead.grade": "B", "lead.country": "DE"}}, [False, False]),
    # a field that was unknown makes its part false, and its opposite true
    (f"has(lead.phone) && {B}", False, {"missing": ["lead.phone"], "seen": {"lead.country": "CN"}}, [False, True]),
    (f"!has(lead.phone) && {B}", False, {"seen": {"lead.country": "DE"}}, [True, False]),
    (f"!has(lead.phone) && {B}", False, {"known": ["lead.phone"], "seen": {"lead.country": "CN"}}, [False, True]),
    # what follows from the whole is said; what does not, is not
    (f"{A} && {B}", True, {}, [True, True]),
    (f"{A} || {B}", False, {}, [False, False]),
    (f"{A} || {B}", True, {}, [None, None]),
    ('lead.email.endsWith("x") && lead.name == "y"', False, {}, [None, None]),
    (f'lead.email.endsWith("x") && {B}', False, {"seen": {"lead.country": "CN"}}, [False, True]),
    # an error says nothing of the parts
    (f"has(lead.phone) && {B}", None, {"error": "It divides by zero."}, [None, None]),
]


@pytest.mark.parametrize(("rule", "whole", "record", "parts"), HOLDS)
def test_a_part_is_true_false_or_not_on_record(rule, whole, record, parts):
    assert holds(rule, whole=whole, **record) == parts


def test_parts_inside_parts_follow_too():
    told = judged({"when": f"({A} || {B}) && has(lead.phone)"}, holds=True, language="zh")
    assert [part["holds"] for part in told["parts"]] == [True, True]
    assert [part["holds"] for part in told["parts"][0]["parts"]] == [None, None]
    assert told["parts"][0]["parts"][0]["says"] == "等级为 A"


def test_a_tree_has_every_route_in_order():
    entries = [
        {"route": "hot", "verdict": "passed_over", "when": A, "seen": {"lead.grade": "B"}},
        {"route": "all", "verdict": "matched", "when": None},
        {"route": "rest", "verdict": "not_asked", "after": "all"},
    ]
    told = explain.tree({"steps": [{"step": "route", "routes": entries}]})
    assert [(one["route"], one["verdict"]) for one in told] == [
        ("hot", "passed_over"), ("all", "matched"), ("rest", "not_asked"),
    ]  # fmt: skip
    assert (told[0]["rule"]["holds"], told[0]["rule"]["why"], told[1]["rule"]) == (False, "grade is B", None)


def test_a_decision_without_steps_has_no_tree():
    assert (explain.tree({}), explain.points({}), explain.scoring({}), explain.changes({}, None, {})) == (
        [],
        [],
        [],
        [],
    )
