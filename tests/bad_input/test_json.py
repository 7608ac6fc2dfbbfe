"""Rows 28 to 41: JSON that is none, too deep, too long or too exact, posted to a hub on either database."""

from __future__ import annotations

import json

import pytest

from hub import strictjson
from hub.errors import BadInput
from tests.bad_input.corpus import INVALID_JSON, JSON, MIB, VALID_JSON, Body, lead, params
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


@pytest.mark.parametrize("text", [pytest.param(text, id=f"seed-{n}") for n, text in enumerate(VALID_JSON)])
def test_what_is_json_is_read_as_any_reader_would(text: str):
    assert isinstance(strictjson.loads(text.encode()), (type(json.loads(text)), str))  # inexact numbers come as text


@pytest.mark.parametrize("text", [pytest.param(text, id=f"seed-{n}") for n, text in enumerate(INVALID_JSON)])
def test_what_is_no_json_is_refused(text: str):
    with pytest.raises(BadInput):
        strictjson.loads(text.encode())


def test_whatever_is_posted_as_json_is_kept_and_the_next_lead_flows(stored: Served):
    bodies = [text.encode() for text in (*VALID_JSON, *INVALID_JSON) if text.strip()]
    answers = [stored.post(body) for body in bodies]
    assert {answer.status for answer in answers} == {202}
    assert [stored.submission(answer)["body"] for answer in answers] == bodies
    assert stored.takes_the_next_lead()
