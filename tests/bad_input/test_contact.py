"""Rows 51 to 60: addresses, phones, times, money, places and consent that are doubtful; nothing drops the lead."""

from __future__ import annotations

import json

import pytest

from tests.bad_input.corpus import CONTACT, Body, lead, params
from tests.bad_input.serving import Served


@pytest.mark.parametrize("case", params(CONTACT))
def test_a_doubtful_contact_field_is_flagged_and_the_lead_goes_on(served: Served, case: Body):
    answer = served.post(case.raw)

    assert (answer.status, answer.json()["status"]) == (202, case.becomes)
    row = served.submission(answer)
    assert row["body"] == case.raw
    codes = {problem["code"] for problem in row["problems"] or ()}
    assert codes >= case.codes
    assert not codes & {"step_failed", "unreadable", "not_understood"}
    found = served.lead(answer)
    assert {name: found.get(name) for name in case.fields} == case.fields
    assert served.takes_the_next_lead()


def test_500_unknown_fields_are_kept_59(served: Served):
    own = {f"unknown_{n}": f"value {n}" for n in range(500)}
    answer = served.post_json({**lead("59b"), **own})
    assert own.items() <= served.lead(answer)["extra"].items()


def test_a_field_of_100_times_the_usual_length_is_cut_and_the_whole_is_kept_59(served: Served):
    raw = json.dumps(lead("59c", company="x" * 50_000)).encode()
    answer = served.post(raw)
    assert len(served.lead(answer)["company"]) <= 500
    assert served.submission(answer)["body"] == raw


def test_a_refused_address_reaches_no_sink_and_no_header_52(served: Served):
    answer = served.post_json(
        {"id": "52", "email": "x@case52b.example\r\nBcc: z@case52b.example", "phone": "13800135299"}
    )
    id_ = answer.json()["lead"]
    sent = served.until(lambda: [one for one in served.hub.plan.sinks["crm"].sent if one.id == id_], 1)
    assert [(one.email, one.phone) for one in sent] == [(None, "+8613800135299")]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("1e5", id="55-scientific"),
        pytest.param("1,2,3", id="55-three-parts"),
        pytest.param("0x10", id="55-hexadecimal"),
        pytest.param("12,5x", id="55-a-letter-at-the-end"),
    ],
)
def test_a_cost_that_is_not_sure_is_flagged_and_not_counted(served: Served, given: str):
    answer = served.post_json(lead(f"55-{given}", cost=given))
    assert served.rows("touch", submission=answer.json()["submission"])[0]["cost"] is None
    assert ("cost", "number_unclear") in {(p["field"], p["code"]) for p in served.lead(answer)["problems"]}


def test_a_time_without_a_zone_at_the_path_of_the_source_is_read_in_its_zone_54(served: Served):
    answer = served.post_json(lead("54", sent="2026-05-04 09:00"), "timed")
    found = served.lead(answer)
    assert found["submitted_at"] == "2026-05-04T07:00:00Z"
    assert ("submitted_at", "time_zone_assumed") in {(p["field"], p["code"]) for p in found["problems"]}
