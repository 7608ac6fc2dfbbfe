"""Rows 28 to 41: JSON that is none, too deep, too long or too exact, posted to a hub on either database."""

from __future__ import annotations

import json

import pytest

from tests.bad_input.corpus import JSON, MIB, Body, lead, params
from tests.bad_input.serving import Served, request


@pytest.mark.parametrize("case", params(JSON))
def test_bad_json_is_kept_as_it_came_and_never_stops_the_next_lead(stored: Served, case: Body):
    answer = stored.post(case.raw)

    assert answer.status == 202, answer.body
    row = stored.submission(answer)
    assert (answer.json()["status"], row["body"]) == (case.becomes, case.raw)
    assert {problem["code"] for problem in row["problems"] or ()} >= case.codes
    found = stored.lead(answer)
    assert {name: found.get(name) for name in case.fields} == case.fields
    assert {name: found["extra"].get(name) for name in case.extra} == case.extra
    assert case.key in (None, row["key"])
    assert stored.takes_the_next_lead()


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"[" + b"1," * 1_000_000 + b"1]", id="39-a-million-items"),
        pytest.param(json.dumps(lead("39", message="x" * (5 * MIB))).encode(), id="39-a-text-of-5-mb"),
    ],
)
def test_json_past_the_size_of_a_body_is_refused_and_not_kept(served: Served, raw: bytes):
    before = served.stored()
    answer = served.send(request("/in/api", raw, {"host": "hub"}))
    assert getattr(answer, "status", 413) == 413  # a sender that goes on sending may find the line closed instead
    assert served.stored() == before
    assert served.takes_the_next_lead()
