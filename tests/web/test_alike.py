"""Things that wait are alike where one decision is right for all of them, and only there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.attention import words
from hub.attention.foresight import Foreseen, foretold
from hub.attention.kinds import ACTS, drift
from hub.mapping.files import by_usual_names
from hub.store.alike import LONGEST, blanked, digest_of, fold, levels
from hub.store.inbox import PILES

NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)


def held(source: str = "web", *problems: tuple[str, str], **more: Any) -> dict[str, Any]:
    found = [{"field": field, "code": code, "message": f"{field} {code}"} for field, code in problems]
    return {"id": "sub_1", "at": NOW, "source": source, "problems": found, "reason": "r", "test": False, **more}


def owed(reason: str | None, sink: str = "crm", **more: Any) -> dict[str, Any]:
    return {"id": "dlv_1", "at": NOW, "sink": sink, "reason": reason, "test": False, **more}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("No lead 42.", "No lead 43."),
        ("No lead lead_0199c2f3a4b17d3e.", "No lead lead_0199c2f3a4b18aaa."),
        ("Mail to ann@example.com bounced", "Mail to bob.b@acme.example bounced"),
        ("See https://crm.example/a/1?x=2 now", "See https://crm.example/b now"),
        ("Trace 0b51e2a4-1111-4222-8333-444455556666.", "Trace 9b51e2a4-aaaa-4bbb-8ccc-ddddeeeeffff."),
        ("Request a1b2c3d4e5 failed", "Request 99ffee0011 failed"),
        ("at 2026-05-04 08:01", "at 2026-06-11 21:59"),
        ("too   many\nspaces", "too many spaces"),
    ],
)
def test_reasons_that_differ_in_ids_and_numbers_are_alike(one, other):
    assert blanked(one) == blanked(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It answered 503.", "It answered 401."),
        ("The field 'title' is missing.", "The field 'name' is missing."),
        ("status 400", "status 500"),
        ("timed out", "refused"),
    ],
)
def test_reasons_that_ask_for_another_remedy_are_not_alike(one, other):
    assert blanked(one) != blanked(other)


def test_a_reason_is_bounded_and_may_be_missing():
    assert len(blanked("x " * 10_000)) <= LONGEST
    assert blanked(None) == ""


def test_the_order_of_problems_does_not_matter():
    rows = [held("web", ("email", "bad"), ("", "unreachable")), held("web", ("", "unreachable"), ("email", "bad"))]
    (group,) = fold("quarantined", rows)
    assert [one["code"] for one in group.about["problems"]] == ["unreachable", "bad"]


@pytest.mark.parametrize(
    "other", [held("ads", ("email", "bad")), held("web", ("phone", "bad")), held("web", ("email", "odd"))]
)
def test_another_source_field_or_code_is_another_group(other):
    assert len(fold("quarantined", [held("web", ("email", "bad")), other])) == 2


def test_another_sink_is_another_group():
    assert len(fold("dead", [owed("no"), owed("no", "chat")])) == 2


def test_the_same_reason_in_another_state_is_another_group():
    assert digest_of("dead", owed("no")) != digest_of("unclear", owed("no"))


def test_a_group_knows_its_number_its_age_and_its_newest_thing():
    rows = [owed("no 1", at=NOW, id="b"), owed("no 2", at=NOW - timedelta(days=2), id="a", test=True)]
    (group,) = fold("dead", rows)
    assert (group.number, group.tests, group.newest, group.oldest) == (2, 1, NOW, NOW - timedelta(days=2))
    assert group.example["id"] == "b"
    assert group.id == f"dead:crm:{group.digest}"


def test_the_largest_group_is_first():
    rows = [owed("rare"), owed("often 1"), owed("often 2")]
    assert [group.number for group in fold("dead", rows)] == [2, 1]


def test_an_id_holds_nothing_that_a_stranger_wrote():
    (group,) = fold("dead", [owed("Ann Ng said <b>no</b>")])
    assert "Ann" not in group.id


@pytest.mark.parametrize("reason", ["", "\x00", "'" * 500, "（无）" * 99, "lead_" * 400, "9" * 5_000, "a@" * 2_000])
def test_odd_reasons_are_reasons(reason):
    (group,) = fold("rejected", [owed(reason)])
    assert digest_of("rejected", owed(reason)) == group.digest


def test_what_two_leads_share_is_told_without_its_weight():
    assert levels(["same phone (+10.0)", "different city (-0.5)"]) == ["different city", "same phone"]


DRIFTED = {"id": 1, "at": NOW, "kind": "schema.drifted", "source": "web", "data": {"fields": ["colour", "email"]}}


def test_a_field_a_mapping_takes_is_no_new_field():
    (group,) = drift([DRIFTED], {"web": by_usual_names()})
    assert (group.about["fields"], group.number) == (["colour"], 1)


def test_noted_fields_are_gone_and_later_ones_are_not():
    noted = {**DRIFTED, "kind": "schema.noted", "data": {"fields": ["colour"]}}
    later = {**DRIFTED, "data": {"fields": ["shoe"]}}
    (group,) = drift([DRIFTED, noted, later], {"web": by_usual_names()})
    assert group.about["fields"] == ["shoe"]


def test_a_source_that_is_gone_has_no_new_fields():
    assert drift([DRIFTED], {}) == []


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", ACTS)
def test_every_kind_has_its_words(kind, language):
    assert words.title(kind, language)
    assert words.todo(fold("dead", [owed("x")])[0], language)
    assert set(PILES) <= set(ACTS)


def test_a_code_of_ours_is_said_in_both_languages():
    (group,) = fold("quarantined", [held("web", ("email", "email_invalid"))])
    assert words.says(group, "en").startswith("e-mail: This is not an e-mail address.")
    assert words.says(group, "zh").startswith("邮箱：这不是有效的邮箱地址。")


def test_the_numbers_before_a_replay_leave_test_leads_to_no_sink():
    found = [
        Foreseen("1", "accepted", first=("crm",), kept=(("chat", "has it"),)),
        Foreseen("2", "accepted", known=True, again=("crm",)),
        Foreseen("3", "accepted", test=True, first=("crm",)),
        Foreseen("4", "quarantined"),
    ]
    told = foretold(found)
    assert (told["outcomes"], told["tests"], told["known"]) == ({"accepted": 3, "quarantined": 1}, 1, 1)
    assert told["sinks"] == [
        {"sink": "chat", "first": 0, "again": 0, "kept": 1, "why": "has it"},
        {"sink": "crm", "first": 1, "again": 1, "kept": 0, "why": ""},
    ]
