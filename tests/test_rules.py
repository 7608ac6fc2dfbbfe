"""Rules: mistakes are told at load, verdicts never raise, unknown is not false, and nothing costs without bound."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from hub.errors import ConfigError
from hub.labels import label
from hub.lead import LEAD_FIELDS, Lead, Touch
from hub.rules import (
    FUNCTIONS,
    MAX_LENGTH,
    MAX_LIST,
    Expression,
    Facts,
    Needs,
    Rules,
    Verdict,
    compile,  # noqa: A004 (as in re.compile)
    rules_of,
    words,
)
from hub.settings.files import parse_settings
from hub.yamlfile import loads

NOW = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)
LEAD = Lead(
    id="lead_7",
    email="ada@example.com",
    full_name="Ädä Lovelace",
    title="CTO",
    country="CN",
    employees="1,200 people",
    budget="20万",
    consent=False,
    score=80.0,
    grade="A",
    owner="li.wei",
    submitted_at=NOW - timedelta(days=3),
    extra={"email_free": False, "a b": 1, "deep": {"none": None, "one": 1}, "list": [1, 2], "day": date(2026, 1, 1)},
    tags={"party": "first"},
    touch=Touch(fields={"utm_source": "google"}, source="website"),
    first_touch=Touch(fields={"utm_source": "bing"}),
)


def judge(expression: str, lead: Lead = LEAD) -> Verdict:
    rules = rules_of(expression)
    (rule,) = rules.rules
    assert rule is not None
    return rule.verdict(rules.facts(lead, now=NOW, source="website", flow="inbound"))


@pytest.mark.parametrize(
    "expression",
    [
        'lead.country == "CN"',
        'lead.grade == "A" && lead.score >= 80',
        'lead.id == "lead_7" && !lead.test && lead.version == 1',
        'lead.name == "Ädä Lovelace"',
        'lead["country"] == "CN"',
        'lead.country in ["CN", "HK", "TW"]',
        'touch.utm_source == "google"',
        'touch.source == "website"',
        'first_touch.utm_source == "bing"',
        'lead.touch.utm_source == "google"',
        'lead.tags.party == "first" && tags.party == "first"',
        "lead.extra.email_free == false && extra.email_free == false",
        'extra["a b"] == 1',
        "extra.deep.one == 1",
        "extra.list.exists(n, n == 2)",
        "extra.list[1] == 2",
        'source == "website" && flow == "inbound"',
        "lead.consent == false",
        'now > timestamp("2026-01-01T00:00:00Z")',
        'now - lead.submitted_at > duration("48h")',
        "has(lead.email) && !has(lead.phone)",
        '"party" in tags && "email" in lead',
        'lead.email.endsWith("@example.com")',
        'lead.email.matches("^[a-z]+@")',
        'lead.email.matches(r"\\w+@\\w+\\.com$")',
        "// a comment\nlead.score > 5",
        'extra.day == "2026-01-01"',
    ],
)
def test_a_rule_reads_what_it_names(expression: str) -> None:
    assert judge(expression) == Verdict(True)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('lower(lead.email) == "ada@example.com"', True),
        ('lead.title.lower() == "cto"', True),
        ('upper("ä") == "Ä"', True),
        ('trim("  x ") == "x"', True),
        ('split(lead.email, "@")[1] == "example.com"', True),
        ('replace(lead.email, "@", " at ") == "ada at example.com"', True),
        ('length("Ädä") == 3 && length([1]) == 1', True),
        ('size("Ädä") == 3 && "Ädä".size() == 3 && size(extra.list) == 2', True),
        ('domain(lead.email) == "example.com"', True),
        ('domain("https://www.Acme.com/x") == "acme.com" && domain("acme.com") == "acme.com"', True),
        ('contains_any(lead.title, ["ceo", "cto"])', True),
        ("contains_any(extra.list, [5, 2])", True),
        ('one_of(lead.country, ["cn", "de"])', True),
        ("number(lead.employees) == 1200 && number(lead.budget) == 200000", True),
        ('number("5k") == 5000 && number("-1.5") < 0', True),
        ('hour(now, "Asia/Shanghai") == 16 && hour(now, "UTC") == 8', True),
        ('weekday(now, "Asia/Shanghai") == 1', True),
        ("days_since(lead.submitted_at) == 3", True),
        ("days_since(lead.submitted_at) > 3", False),
        ('contains_any(lead.title, ["ceo"])', False),
    ],
)
def test_our_own_functions(expression: str, value: bool) -> None:
    assert judge(expression) == Verdict(value)


@pytest.mark.parametrize(
    ("expression", "missing"),
    [
        ('lead.city == "x"', ("lead.city",)),
        ('lead.city != "x"', ("lead.city",)),
        ('!(lead.city == "x")', ("lead.city",)),
        ('lead.city == "x" && lead.region == "y"', ("lead.city", "lead.region")),
        ('lead.country == "CN" && lead.city == "x"', ("lead.city",)),
        ('lead.city == "x" || lead.country == "DE"', ("lead.city",)),
        ('lower(lead.city) == "x"', ("lead.city",)),
        ('lead.city in ["x"]', ("lead.city",)),
        ('touch.gclid == "x"', ("touch.gclid",)),
        ('tags.campaign == "x"', ("tags.campaign",)),
        ("extra.deep.two == 1", ("extra.deep.two",)),
        ("extra.deep.none == 1", ("extra.deep.none",)),
        ("extra.none.at.all == 1", ("extra.none",)),
        ("has(lead.country) && lead.phone.matches('^.86')", ("lead.phone",)),
        ("lead.created_at < now", ("lead.created_at",)),
    ],
)
def test_a_rule_on_an_unknown_field_does_not_hold_and_says_which(expression: str, missing: tuple[str, ...]) -> None:
    assert judge(expression) == Verdict(False, None, missing)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("lead.city == null", True),
        ('lead.city == ""', True),
        ("lead.city != null", False),
        ("lead.country == null", False),
        ("lead.country != ''", True),
        ("extra.deep.none == null && extra.none.at.all == null", True),
        ('extra["a b"] != null && extra["no such"] == null', True),
        ("(lead.city == null) && lead.country != null", True),
        ("lead.city == null ? true : false", True),
        ('lead.grade == "B" && lead.city == "x"', False),
        ('lead.city == "x" || lead.country == "CN"', True),
        ('has(lead.city) && lead.city == "x"', False),
        ("!has(lead.city)", True),
    ],
)
def test_unknown_can_be_asked_for_in_every_usual_way(expression: str, value: bool) -> None:
    assert judge(expression) == Verdict(value)


@pytest.mark.parametrize("blank", [None, "", "  ", "\u3000"])
def test_blank_text_of_the_senders_is_unknown(blank: str | None) -> None:
    assert judge("extra.x == null", Lead(extra={"x": blank})).value is True


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("extra.deep > 5", "The types do not fit: extra.deep is an object."),
        ('extra.list + "x" == "y"', "The types do not fit: extra.list is a list."),
        ("int(lead.country) > 5", "int() cannot take what it was given."),
        ("number(lead.country) > 5", "number() cannot take what it was given: there is no number in the text."),
        ("lower(extra.list) == 'x'", "lower() cannot take what it was given: it takes a text."),
        ("extra.list[7] == 1", "A list is shorter than the rule expects."),
        ("1 / (size(extra.list) - 2) == 1", "It divides by zero."),
        ("9223372036854775807 + size(extra.list) > 1", "A number grows too large."),
        ("extra.email_free.startsWith('x')", "The function cannot take a value of that type."),
        ("extra['a b']", "The rule gives a number, not true or false."),
        ("extra.deep", "The rule gives an object, not true or false."),
    ],
)
def test_trouble_is_a_verdict_and_quotes_no_value(expression: str, error: str) -> None:
    said = judge(expression)
    assert said.value is None
    assert said.error is not None
    assert said.error.startswith(error)


def test_failing_functions_leave_no_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        judge("number(lead.email) > 5")
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("expression", "said", "column"),
    [
        ("lead.email == ", "The rule ends too early.", 15),
        ("lead.score > 5 &&", "The rule ends too early.", 18),
        ("lead.email = 'x'", "A single = is no operator. Write == to compare.", 12),
        ("lead.email == 'a' and lead.score > 5", "Write && instead.", 19),
        ("lead.email == 'a' or true", "Write || instead.", 19),
        ("lead..x", "'.' is not expected here.", 6),
        ("lead.email == 'abc", "A quote is not closed.", 15),
        ("(lead.score > 5", "A closing ) is missing.", 16),
        ("lead.score > 5)", "There is one ) too many.", 15),
        ("lead.grade == “A”", "Write straight quotes.", 15),
        ("extra.预算 == '5'", 'Write extra["预算"] for a field of yours.', 7),
        ("has(extra['x'])", 'write "name" in extra', 10),
        ("lead.score > 99999999999999999999", "The number is too large.", 14),
        ("lead.emial == 'x'", 'Did you mean "lead.email"?', 1),
        ("true && lead.utm_source == 'g'", 'Did you mean "touch.utm_source"?', 9),
        ("touch.country == 'x'", 'Did you mean "lead.country"?', 1),
        ("country == 'CN'", 'Did you mean "lead.country"?', 1),
        ("utm_source == 'g'", 'Did you mean "touch.utm_source"?', 1),
        ("lead.grade == A", "Write texts in quotes.", 15),
        ("source.x == 'a'", "source has no fields.", 1),
        ("foo(lead.email)", 'The function "foo" is not known.', 1),
        ("lowercase(lead.email) == 'x'", 'Did you mean "lower"?', 1),
        ("startsWith(lead.email, 'a')", 'lead.email.startsWith("…")', 1),
        ("now.getHours('Asia/Shanghai') > 5", 'Write hour(now, "Asia/Shanghai")', 5),
        ("hour(now, 'Asia/Beijing') > 5", "is not a time zone", 1),
        ("lead.email.matches('(')", "cannot be read: unclosed group", 12),
        ("lead.email.matches(extra.p)", "so that no sender can choose it", 12),
        ("fits(lead.email, extra.p)", 'The function "fits" is not known.', 1),
        ("[1].map(x, [1].map(y, y)).size() == 1", "Use one loop only.", 16),
    ],
)
def test_a_mistake_is_told_at_load_with_its_place(expression: str, said: str, column: int) -> None:
    with pytest.raises(ConfigError) as caught:
        compile(expression)
    assert said in caught.value.reason
    assert f"It stands at character {column} of the rule" in caught.value.reason


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "The rule is empty."),
        (" \n", "The rule is empty."),
        ("lead.score > '5'", "The types do not fit: lead.score is a number."),
        ("lead.employees > 50", "The types do not fit: lead.employees is text."),
        ("lead.submitted_at > 5", "lead.submitted_at is a time"),
        ("lead.country", "The rule gives text, not true or false."),
        ("lead.score + 1.0", "The rule gives a number, not true or false."),
        ("lead.email.startsWith(5)", "The function cannot take a value of that type."),
        ("tags.exists(lead, lead == 'x')", 'may not use the name "lead"'),
    ],
)
def test_a_rule_that_can_never_hold_is_told_at_load(expression: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        compile(expression)


def test_the_line_counts_in_a_rule_of_several_lines() -> None:
    with pytest.raises(ConfigError, match="line 2, character 4"):
        compile("lead.score > 5\n&& lead.colour == 'x'")


def test_a_rule_may_not_be_longer_than_the_limit() -> None:
    fits = "lead.country == '" + "x" * (MAX_LENGTH - 18) + "'"
    assert len(compile(fits).source) == MAX_LENGTH
    with pytest.raises(ConfigError, match=f"{MAX_LENGTH + 1} characters; {MAX_LENGTH} are the most"):
        compile(fits + " ")


def test_a_list_may_not_be_longer_than_the_limit() -> None:
    assert compile(f"lead.score in [{','.join('1' * MAX_LIST)}]")
    with pytest.raises(ConfigError, match=f"more than {MAX_LIST} items"):
        compile(f"lead.score in [{','.join('1' * (MAX_LIST + 1))}]")


@pytest.mark.parametrize("macro", ["map", "filter", "all", "exists", "exists_one"])
def test_a_loop_in_a_loop_is_refused_before_it_can_run_a_million_times(macro: str) -> None:
    ten = "[1,2,3,4,5,6,7,8,9,10]"
    bomb = "true"
    for name in "fedcba":
        bomb = f"{ten}.{macro}({name}, {bomb})"
    with pytest.raises(ConfigError, match="inside another loop"):
        compile(bomb)


def test_loops_one_after_the_other_are_fine() -> None:
    assert judge("extra.list.filter(n, n > 1).map(n, n + 1).exists(n, n == 3)") == Verdict(True)


@pytest.mark.parametrize("text", ["(" * 900 + "1" + ")" * 900, "[" * 900 + "]" * 900])
def test_deep_nesting_is_refused_and_never_crashes(text: str) -> None:
    with pytest.raises(ConfigError, match="nested too deep"):
        compile(f"{text} == 'x'")


def test_a_long_chain_is_judged() -> None:
    assert judge("!" * 1_900 + "true") == Verdict(True)


def test_a_pattern_that_backtracks_elsewhere_takes_linear_time() -> None:
    lead = Lead(message="a" * 50_000 + "!")
    assert judge("lead.message.matches('^(a+)+$')", lead) == Verdict(False)


def test_a_replacement_that_would_explode_is_refused() -> None:
    lead = Lead(message="a" * 10_000)
    assert "too long" in str(judge("replace(lead.message, 'a', lead.message) == 'x'", lead).error)


def test_only_what_the_rules_name_is_gathered() -> None:
    rules = Rules(['lead.country == "CN"', 'extra["a b"] == 1 && lead.city == "x"', None])
    assert rules.facts(LEAD, now=NOW).values == {"lead": {"country": "CN"}, "extra": {"a b": 1}}


def test_facts_of_other_rules_are_refused() -> None:
    facts = rules_of('lead.city == "x"').facts(LEAD, now=NOW)
    with pytest.raises(ValueError, match="gathered for other rules"):
        compile('lead.country == "CN"').verdict(facts)


def test_the_same_expressions_are_compiled_once() -> None:
    assert rules_of("lead.score > 5", None) is rules_of("lead.score > 5", None)


def test_what_kept_a_rule_from_holding_is_told_without_personal_values() -> None:
    rules = rules_of(
        'lead.grade == "B" && lead.email == "x" && !has(lead.owner) && has(lead.city) && tags.party == "x"'
    )
    (rule,) = rules.rules
    assert rule is not None
    facts = rules.facts(LEAD, now=NOW)
    assert rule.why(rule.verdict(facts), facts) == {
        "missing": ["lead.city"],
        "known": ["lead.owner"],
        "seen": {"lead.grade": "A", "tags.party": "first"},
    }


@pytest.mark.parametrize(
    ("expression", "english", "chinese"),
    [
        ('lead.grade == "A" && lead.country == "CN"', "grade is A and country is CN", "等级为 A 且国家为 CN"),
        (
            "lead.score >= 80 || lead.score < 5",
            "score is at least 80 or score is below 5",
            "评分至少为 80 或评分小于 5",
        ),
        ('lead.country in ["CN", "HK"]', "country is one of CN, HK", "国家为 CN、HK 之一"),
        ('lead.country != "CN"', "country is not CN", "国家不为 CN"),
        ("has(lead.phone) && !has(lead.email)", "phone is known and e-mail is unknown", "手机号已知且邮箱未知"),
        ("lead.owner == null", "owner is unknown", "负责人未知"),
        ("lead.owner != ''", "owner is known", "负责人已知"),
        ("lead.consent == true", "consent is true", "同意联系为真"),
        ("!lead.test", "test lead is false", "测试线索为假"),
        ("extra.vip", "vip is true", "vip 为真"),
        ('extra["我的预算"] == "5"', "我的预算 is 5", "我的预算为 5"),
        ('lead.title.contains("CEO")', "title contains CEO", "职位包含 CEO"),
        ('lead.email.endsWith(".cn")', "e-mail ends with .cn", "邮箱以 .cn 结尾"),
        ('touch.utm_source == "x"', "UTM source is x", "UTM 来源为 x"),
        ('tags.party == "first"', "tag party is first", "标签 party 为 first"),
        ('one_of(lead.country, ["cn"])', "country is one of cn", "国家为 cn 之一"),
        (
            'lead.grade == "A" && (lead.city == "x" || lead.city == "y")',
            "grade is A and (city is x or city is y)",
            "等级为 A 且（城市为 x 或城市为 y）",
        ),
        (
            'lead.grade == "A" && number(lead.employees) > 50',
            "grade is A and employees is above 50",
            "等级为 A 且员工人数大于 50",
        ),
        (
            'lead.grade == "A" && lead.score * 2.0 > 50.0',
            "grade is A and lead.score * 2.0 > 50.0",
            "等级为 A 且 lead.score * 2.0 > 50.0",
        ),
        ("days_since(lead.submitted_at) < 2", "days since submitted at is below 2", "距提交时间的天数小于 2"),
        ("length(lead.message) > 20", "the length of message is above 20", "留言的字数大于 20"),
        (
            'hour(now, "Asia/Shanghai") >= 9',
            "the hour of now in Asia/Shanghai is at least 9",
            "当前时间在 Asia/Shanghai 的小时至少为 9",
        ),
        (
            '!one_of(lead.country, ["CN"]) && !(lead.city in ["x"])',
            "it is not so that country is one of CN and it is not so that city is one of x",
            "并非国家为 CN 之一且并非城市为 x 之一",
        ),
        (
            'lead.test ? lead.city == "x" : true',
            'lead.test ? lead.city == "x" : true',
            'lead.test ? lead.city == "x" : true',
        ),
    ],
)
def test_a_rule_can_be_said_in_plain_words(expression: str, english: str, chinese: str) -> None:
    assert compile(expression).words("en") == english
    assert compile(expression).words("zh") == chinese


def test_words_of_what_is_no_rule_are_the_text_itself() -> None:
    assert words("lead.x == “") == "lead.x == “"


@pytest.mark.parametrize("field", [*LEAD_FIELDS, "score", "grade", "owner", "team", "source", "submitted_at", "test"])
def test_every_field_of_a_lead_has_a_chinese_name(field: str) -> None:
    assert not label(f"lead.{field}", "zh").isascii()
    assert "_" not in label(f"lead.{field}", "en")


def test_a_setting_that_holds_a_rule_names_what_is_wrong() -> None:
    class Model(BaseModel):
        when: Expression

    with pytest.raises(ValidationError, match=r"Did you mean .lead\.email"):
        Model(when="lead.emial == 'x'")


def test_a_bad_rule_of_a_route_is_a_config_error_with_its_line() -> None:
    text = "flows:\n  - name: inbound\n    from: []\n    routes:\n      - name: hot\n        when: lead.emial == 'x'\n"
    with pytest.raises(ConfigError) as caught:
        parse_settings(loads(text, "hub.yaml"))
    assert str(caught.value).startswith("hub.yaml:6: ")
    assert 'Did you mean "lead.email"?' in caught.value.reason


def test_other_variables_can_be_offered() -> None:
    rule = compile("response.minutes > 5 && lead.grade == 'A'", names={"response": None, "lead": frozenset({"grade"})})
    facts = Facts(LEAD, Needs(rule.needs, rule.functions), now=NOW, more={"response": {"minutes": 7}})
    assert rule.verdict(facts) == Verdict(True)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_has_a_sentence(name: str) -> None:
    assert (FUNCTIONS[name].__doc__ or "").strip().endswith(".")


_HOSTILE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.binary()
    | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(_HOSTILE)
def test_whatever_a_sender_puts_into_a_field_gives_a_verdict(value: Any) -> None:
    lead = Lead(extra={"x": value})
    verdicts = [
        judge(text, lead) for text in ("extra.x == 'a'", "extra.x > 5", "lower(extra.x) == 'a'", "has(extra.x)")
    ]
    assert all(isinstance(said, Verdict) for said in verdicts)


_SIGNS = ["==", "!=", "<", ">", "in", "&&", "||", "!", "(", ")", "[", "]", ",", ".", "?", ":", "+", "-", "// c\n", "é"]
_WORDS = ["lead.email", "lead.score", "extra.a", "tags.x", "now", "source", "'a'", '"b"', "1", "2.5", "null", "true"]
_CALLS = ["has(", "size(", ".matches('a+')", ".map(x, x)", ".exists(t, t == 'a')", "days_since(now)"]


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(_SIGNS + _WORDS + _CALLS), max_size=9))
def test_any_expression_is_refused_as_configuration_or_judged(parts: list[str]) -> None:
    expression = " ".join(parts)
    assert isinstance(words(expression), str)
    with suppress(ConfigError):
        assert isinstance(judge(expression), Verdict)
