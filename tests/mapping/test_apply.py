"""What a mapping makes of the data: values found, functions run, nothing lost."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.mapping import Mapping, parse
from hub.mapping.files import TARGETS
from hub.step import mapping_function
from hub.yamlfile import loads


def mapping(text: str, **functions: Any) -> Mapping:
    return parse(loads(text, "mappings/site.yaml"), functions)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("mail", {"mail": "a@b.c"}),
        ("contact.mail", {"contact": {"mail": "a@b.c"}}),
        ("contact.mail", {"contact.mail": "a@b.c", "contact": {"mail": "other"}}),
        ("people.0.mail", {"people": [{"mail": "a@b.c"}]}),
        ("邮箱", {"邮箱": "a@b.c"}),
        ("联系人.邮箱", {"联系人": {"邮箱": "a@b.c"}}),
        ("What is your e-mail?", {"What is your e-mail?": "a@b.c"}),
        ("E-mail (work)", {"E-mail (work)": "a@b.c"}),
        ("mail[]", {"mail[]": "a@b.c"}),
        ("your mail", {"your mail": "a@b.c"}),
        ("answers[?ref=='mail'].value | [0]", {"answers": [{"ref": "x"}, {"ref": "mail", "value": "a@b.c"}]}),
        ("not_null(none, contact.mail)", {"none": None, "contact": {"mail": "a@b.c"}}),
        ('contact."e mail"', {"contact": {"e mail": "a@b.c"}}),
    ],
)
def test_a_path_finds_its_value(path: str, data: dict[str, Any]) -> None:
    assert mapping(f"fields: {{email: {json.dumps(path)}}}").apply(data).fields == {"email": "a@b.c"}


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a.b", {"a": "text"}),
        ("a.b.c", {"a": {"b": None}}),
        ("a.5", {"a": [1]}),
        ("a.x", {"a": [1]}),
        ("length(a)", {"a": 5}),
        ("a[?b > `1`].c | [0]", {"a": "text"}),
        ("a", {"a": ""}),
        ("a", {"a": " \u3000\u00a0 "}),
        ("a", {"a": []}),
        ("a", {"a": None}),
        ("a.b", {}),
    ],
)
def test_a_path_that_leads_nowhere_leaves_the_field_out(path: str, data: dict[str, Any]) -> None:
    assert mapping(f'fields: {{email: "{path}"}}').apply(data).fields == {}


def test_false_and_zero_are_values() -> None:
    assert mapping("fields: {consent: a, employees: b}").apply({"a": False, "b": 0}).fields == {
        "consent": False,
        "employees": 0,
    }


def test_the_first_place_that_holds_something_wins_and_the_others_are_kept() -> None:
    found = mapping("fields: {phone: {first_of: [a, b.c, d]}}").apply({"a": " ", "b": {"c": "1", "x": 2}, "d": "2"})
    assert (found.fields, found.extra) == ({"phone": "1"}, {"b": {"x": 2}, "d": "2"})


def test_what_no_field_takes_is_kept_as_it_came() -> None:
    data = {"mail": "a", "list": [1, {"x": None}], "object": {"deep": {"er": [2]}}, "zero": 0}
    found = mapping("fields: {email: mail}").apply(data)
    assert found.extra == {"list": [1, {"x": None}], "object": {"deep": {"er": [2]}}, "zero": 0}


def test_only_the_used_part_of_an_object_leaves_it() -> None:
    data = {"people": [{"mail": "a", "age": 3}, {"mail": "b"}], "meta": {"page": {"url": "u"}}}
    found = mapping("fields: {email: people.0.mail, page_url: meta.page.url}").apply(data)
    assert found.extra == {"people": [{"age": 3}, {"mail": "b"}]}


def test_what_an_expression_reads_stays_in_extra() -> None:
    data = {"answers": [{"ref": "mail", "value": "a"}]}
    assert mapping("fields: {email: \"answers[?ref=='mail'].value | [0]\"}").apply(data).extra == data


def test_ignored_keys_are_dropped_wherever_they_stand() -> None:
    found = mapping("fields: {email: mail}\nignore: [nonce, meta.debug, a.b]").apply(
        {"nonce": 1, "meta": {"debug": 1, "kept": 2}, "a.b": 3, "mail": "x"}
    )
    assert found.extra == {"meta": {"kept": 2}}


def test_the_data_is_never_changed() -> None:
    data = {"contact": {"mail": "A@B.C", "x": [1]}, "noise": 1}
    before = copy.deepcopy(data)
    mapping("fields: {email: {from: contact.mail, with: lower}}\nignore: [noise]").apply(data)
    assert data == before


def test_functions_run_in_order() -> None:
    text = "fields: {email: {from: mail, with: [email_part, strip, lower]}}"
    assert mapping(text).apply({"mail": '"Ng, Ann" <Ann@ACME.com>'}).fields == {"email": "ann@acme.com"}


def test_a_constant_fills_its_field_in_every_lead() -> None:
    assert mapping("fields: {utm_source: {const: expo}, consent: {const: true}}").apply({}).fields == {
        "utm_source": "expo",
        "consent": True,
    }


def test_a_function_that_fails_leaves_the_value_as_received_and_says_so() -> None:
    found = mapping("fields: {consent: {from: ok, with: [strip, bool]}}").apply({"ok": " maybe "})
    assert found.fields == {"consent": " maybe "}
    (problem,) = found.problems
    assert (problem.field, problem.code) == ("consent", "unmapped_value")
    assert 'The function "bool" cannot read the value' in problem.message
    assert "maybe" not in problem.message


@pytest.mark.parametrize("error", [KeyError("x"), ZeroDivisionError(), RuntimeError("secret"), ValueError("why")])
def test_a_plugins_function_may_raise_anything(error: Exception) -> None:
    def broken(value: Any) -> Any:
        raise error

    found = mapping("fields: {email: {from: mail, with: shout}}", shout=broken).apply({"mail": "x"})
    assert found.fields == {"email": "x"}
    assert "secret" not in found.problems[0].message


def test_a_registered_function_can_be_named() -> None:
    @mapping_function("shout")
    def shout(value: Any) -> str:
        """Write it loudly."""
        return f"{value}!"

    assert mapping("fields: {message: {from: m, with: shout}}", shout=shout.run).apply({"m": "hi"}).fields == {
        "message": "hi!"
    }


def test_a_function_that_returns_nothing_leaves_the_field_out() -> None:
    assert mapping("fields: {full_name: {from: n, with: [name_part, upper]}}").apply({"n": "a@b.c"}).fields == {}


def test_usual_names_fill_what_the_fields_leave_empty() -> None:
    found = mapping("fields: {email: primary}\nusual_names: true").apply(
        {"primary": "a@b.c", "E-Mail": "x@y.z", "手机": "138", "foo": "bar"}
    )
    assert found.fields == {"email": "a@b.c", "phone": "138"}
    assert found.extra == {"E-Mail": "x@y.z", "foo": "bar"}


_KEYS = st.sampled_from(["a", "b", "c.d", "姓名", "mail", "Phone No.", "x y", ""])
_DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [] if value is None or (isinstance(value, str) and not value.strip()) else [value]


@settings(deadline=None)
@given(st.dictionaries(_KEYS, _DATA, max_size=6))
def test_no_value_is_lost_or_doubled_whatever_comes(data: dict[str, Any]) -> None:
    fields = "{email: mail, full_name: {first_of: [姓名, a.b]}, phone: c.d, city: b.a.0, notes: b.a}"
    found = mapping(f"fields: {fields}\nusual_names: true").apply(data)
    assert found.fields.keys() <= TARGETS.keys()
    kept = sorted(map(repr, leaves([list(found.fields.values()), found.extra])))
    overlapping = sorted(map(repr, leaves(found.fields.get("city"))))
    came = sorted(map(repr, leaves(data)))
    assert set(came) == set(kept)
    assert len(kept) - len(overlapping) <= len(came) <= len(kept)
