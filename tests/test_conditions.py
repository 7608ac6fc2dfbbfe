"""Rules as rows of a form: taken apart and written again they mean the same, or they stay text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import rules
from hub.draft import apart, conditions
from hub.draft.conditions import Condition, Row
from hub.lead import Lead, Touch
from hub.steps.score import DEFAULT_RULES

ROOT = Path(__file__).parents[1]
FIELDS = ("lead.grade", "lead.country", "tags.party", 'extra["company size"]', "extra.size", "touch.utm_campaign")
NUMERIC = ("lead.score", "number(lead.employees)", "days_since(lead.submitted_at)", 'hour(now, "Asia/Shanghai")')
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=12)
FIELD = st.sampled_from(FIELDS)
ROWS = st.one_of(
    st.builds(Row, FIELD, st.sampled_from([one for one in conditions.TEXT if "matches" not in one]), st.tuples(WORDS)),
    st.builds(Row, FIELD, st.sampled_from(["matches", "not_matches"]), st.sampled_from([("(?i)ceo",), ("^a.b$",)])),
    st.builds(Row, FIELD, st.sampled_from(conditions.LISTS), st.lists(WORDS, min_size=1, max_size=3).map(tuple)),
    st.builds(
        Row, st.sampled_from(NUMERIC), st.sampled_from(conditions.NUMBERS), st.sampled_from([("5",), ("2.5",), ("-1",)])
    ),
    st.builds(Row, FIELD, st.sampled_from(["known", "unknown"])),
    st.builds(Row, st.sampled_from(["lead.test", "extra.size"]), st.sampled_from(["true", "false"])),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=4), st.sampled_from(["all", "any"]))
def test_rows_that_were_written_and_read_are_the_same_rows(rows, join):
    condition = Condition(tuple(rows), join if len(rows) > 1 else "all")
    expression = conditions.written(condition)
    rules.compile(expression)
    assert apart.read(expression) == condition


def rules_of_documents() -> list[str]:
    """Return the rules that stand in the guide, the reference and the tests."""
    found: set[str] = {str(rule.when) for rule in DEFAULT_RULES}
    for path in (*(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "hub").rglob("*.py")):
        text = path.read_text("utf-8")
        quoted = re.findall(r"when: '([^'\n]+)'", text) + re.findall(r'when: "((?:[^"\n\\]|\\.)+)"', text)
        plain = re.findall(r"when: ([^'\"{\n][^,}\n]*)", text)
        listed = re.findall(r"^\| `([^`\n]+)` \|", text, re.M)
        found.update(one.replace('\\"', '"').strip() for one in (*quoted, *plain, *listed))
    return sorted(one for one in found if readable(one))


def readable(expression: str) -> bool:
    try:
        rules.compile(expression)
    except Exception:
        return False
    return True


RULES = rules_of_documents()
NOW = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
TEXTS = st.sampled_from(
    ["A", "B", "CN", "DE", "third", "trial", "试用", "CEO", "120", "", "spring-demo", "website", "x"]
)


def a_lead(fields, extra, tags, utm) -> Lead:
    touch = Touch(at=NOW, source="website", submission="sub_1", fields=utm, tags=tags)
    lead = Lead.blank(id="lead_1", source="website", submitted_at=NOW)
    known = {name: value for name, value in fields.items() if value}
    return lead.with_fields(**known).model_copy(
        update={"extra": extra, "tags": tags, "touch": touch, "first_touch": touch}
    )


LEADS = st.builds(
    a_lead,
    st.fixed_dictionaries({
        "grade": TEXTS, "country": TEXTS, "title": TEXTS, "employees": TEXTS, "email": TEXTS, "phone": TEXTS,
        "interest": TEXTS, "company": TEXTS, "owner": TEXTS, "score": st.sampled_from([None, 10.0, 50.0, 90.0]),
    }),
    st.dictionaries(st.sampled_from(["company_size", "company size", "email_free"]), TEXTS | st.booleans(), max_size=3),
    st.dictionaries(st.sampled_from(["party", "campaign"]), TEXTS, max_size=2),
    st.dictionaries(st.sampled_from(["utm_campaign", "utm_source"]), TEXTS, max_size=2),
)  # fmt: skip


def verdict(expression: str, lead: Lead) -> bool:
    together = rules.rules_of(expression)
    facts = together.facts(lead, now=NOW, source="website", flow="inbound")
    return bool(together.rules[0].verdict(facts).value)


@settings(max_examples=60, deadline=None)
@given(LEADS)
def test_a_rule_that_is_taken_apart_still_says_the_same_of_every_lead(lead):
    for expression in RULES:
        condition = apart.read(expression)
        again = conditions.written(condition) if condition is not None else expression
        assert verdict(again, lead) == verdict(expression, lead), (expression, again)


def test_most_rules_that_people_write_can_be_taken_apart():
    assert len(RULES) > 25
    taken = [one for one in RULES if apart.read(one) is not None]
    assert len(taken) > len(RULES) * 0.6, sorted(set(RULES) - set(taken))


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ('lead.grade == "A" && lead.country == "CN"', (Row("lead.grade", "is", ("A",)), Row("lead.country", "is", ("CN",)))),
        ('(lead.grade == "A")', (Row("lead.grade", "is", ("A",)),)),
        ('!(lead.country in ["DE", "AT"])', (Row("lead.country", "not_in", ("DE", "AT")),)),
        ("lead.owner == null", (Row("lead.owner", "unknown"),)),
        ('lead.owner != ""', (Row("lead.owner", "known"),)),
        ("has(extra.a.b)", (Row("extra.a.b", "known"),)),
        ('"company size" in extra', (Row('extra["company size"]', "known"),)),
        ("extra.email_free == false", (Row("extra.email_free", "false"),)),
        ("lead.score >= -5", (Row("lead.score", "at_least", ("-5",)),)),
        (r'lead.title.matches(r"\bceo\b")', (Row("lead.title", "matches", (r"\bceo\b",)),)),
    ],
)  # fmt: skip
def test_rules_are_read_as_people_mean_them(expression, rows):
    assert apart.read(expression) == Condition(rows)


@pytest.mark.parametrize(
    "expression",
    [
        'lead.grade == "A" && (lead.country == "CN" || lead.country == "DE")',
        'lead.grade == "A" || lead.score > 5 && has(lead.email)',
        'lead.score > 5 ? true : false',
        'lead.grade == "A" // the best',
        'extra.list.exists(one, one == "x")',
        "lead.score * 2 > 5",
        'lead.first_name == lead.last_name',
        'one_of(lead.country, ["DE", ""])',
        '"A" == lead.grade',
        "lead.",
        "",
    ],
)  # fmt: skip
def test_what_says_more_than_rows_can_stays_text(expression):
    assert apart.read(expression) is None


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (Row("lead.grade", "is"), "Say what to compare with."),
        (Row("lead.grade", "is", ("",)), "Say what to compare with."),
        (Row("lead.score", "above", ("many",)), "is no number"),
        (Row("lead.grade", "smells"), "Choose how to compare."),
        (Row("source", "known"), "source is always known."),
    ],
)
def test_a_row_that_is_not_whole_says_so(row, says):
    with pytest.raises(conditions.Unwritable, match=says) as told:
        conditions.written(Condition((Row("lead.grade", "known"), row)))
    assert told.value.row == 1
