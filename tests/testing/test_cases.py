"""The cases file: what it may hold, and that every slip names its line and what was meant."""

import importlib
import socket
import subprocess
import sys
import threading

import pytest

from hub import yamlfile
from hub.errors import ConfigError, Misconfigured, Retry, Unclear
from hub.http import Request
from hub.lead import RawLead, Rejected, Sent
from hub.testing.cases import KINDS, parse
from hub.testing.compare import different_outcome, different_outcomes, different_raw, different_request
from hub.testing.fakes import START
from hub.testing.parts import Answer, Post, Wanted
from hub.testing.stillness import stillness


def read(text):
    return parse(yamlfile.loads(text, "acme.cases.yaml"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("requests: []", 'acme.cases.yaml:1: Setting "requests" is not known. Did you mean "request"?'),
        ("config: {}\nparse:\n  - {should: x, given: {jsn: {}}, expect: []}", "acme.cases.yaml:3: "),
        ("parse:\n  - {should: x, given: {jsn: {}}, expect: []}", 'Did you mean "json"?'),
        ("parse:\n  - {given: {json: {}}, expect: []}", 'setting "should" is missing'),
        ("request:\n  - {should: x, lead: {emial: a}, expect: {}}", "emial"),
        ("request:\n  - {should: x, expect: {verb: GET}}", '"verb" is not known'),
        ("response:\n  - {should: x, given: {status: 999}, expect: {sent: a}}", "status"),
        ("verify:\n  - {should: x, given: {}, expect: yes}", "expect"),
        ("- a", "holds config, now and kinds of cases"),
    ],
)
def test_a_slip_is_told_with_line_and_offer(text, said):
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert said.lower() in str(caught.value).lower()


def test_every_kind_of_case_is_known():
    assert KINDS[:5] == ("request", "response", "token", "find", "found")
    assert {"verify", "parse", "fetch", "read", "step", "enrich", "assign", "function"} <= set(KINDS)


def test_a_post_is_what_arrives_at_the_door():
    post = Post.model_validate({"json": {"name": "李"}, "headers": {"X-Key": "1"}, "query": {"a": "b c"}})
    inbound = post.inbound("acme", START)
    assert inbound.body == '{"name":"李"}'.encode()
    assert inbound.headers == {"x-key": "1", "content-type": "application/json"}
    assert inbound.url == "https://hub.test/in/acme?a=b+c"
    assert Post.model_validate({"form": {"a": ["1", "2"]}}).inbound("acme", START).form() == {"a": ["1", "2"]}
    assert Post.model_validate({"base64": "AAE="}).inbound("acme", START).body == b"\x00\x01"


def test_an_answer_is_what_a_connector_sees():
    answer = Answer.model_validate({"status": 429, "headers": {"Retry-After": "3"}, "json": None}).response()
    assert (answer.status, answer.header("retry-after"), answer.content) == (429, "3", b"null")


@pytest.mark.parametrize(
    ("wanted", "differs"),
    [
        ({}, False),
        ({"method": "POST", "url": "https://a.example/x", "json": {"a": 1}}, False),
        ({"url": "https://a.example/x?q=1"}, False),
        ({"params": {"q": "1"}}, False),
        ({"headers": {"authorization": "Bearer t"}}, False),
        ({"method": "GET"}, True),
        ({"url": "https://a.example/y"}, True),
        ({"url": "https://a.example/x?q=2"}, True),
        ({"params": {}}, True),
        ({"headers": {"Authorization": "Bearer u"}}, True),
        ({"json": {"a": True}}, True),
        ({"json": {}}, True),
        ({"form": {"a": "1"}}, True),
        ({"content": "x"}, True),
    ],
)
def test_a_request_is_compared_in_what_is_named(wanted, differs):
    got = Request("POST", "https://a.example/x", {"Authorization": "Bearer t"}, {"q": "1"}, {"a": 1})
    assert bool(different_request(Wanted.model_validate(wanted), got)) is differs


@pytest.mark.parametrize(
    ("expect", "got", "same"),
    [
        ({"sent": "1"}, Sent("1"), True),
        ({"sent": None}, Sent(), True),
        ({"sent": "1"}, Sent("2"), False),
        ({"sent": "1"}, Rejected("1"), False),
        ({"rejected": "bad"}, Rejected("very bad"), True),
        ({"rejected": "bad"}, Rejected("good"), False),
        ({"retry": 30}, Retry("x", after=30.0), True),
        ({"retry": None}, Retry("x"), True),
        ({"retry": None}, Retry("x", after=1.0), False),
        ({"misconfigured": "key"}, Misconfigured("a key"), True),
        ({"unclear": "?"}, Unclear("??"), True),
        ({"unclear": "?"}, Retry("??"), False),
        ({"odd": "?"}, Unclear("??"), False),
        ({"sent": "1", "retry": 1}, Sent("1"), False),
    ],
)
def test_an_outcome_is_compared_with_its_word(expect, got, same):
    assert (different_outcome(expect, got) == []) is same


def test_outcomes_of_a_batch_are_compared_one_by_one():
    assert different_outcomes([{"sent": "1"}, {"rejected": "no"}], [Sent("1"), Rejected("no")]) == []
    assert different_outcomes({"rejected": "no"}, [Rejected("no"), Rejected("no")]) == []
    assert different_outcomes([{"sent": "1"}], [Sent("1"), Sent("2")]) != []
    assert "lead 2" in different_outcomes([{"sent": "1"}, {"sent": "1"}], [Sent("1"), Sent("2")])[0]


def test_a_lead_is_compared_in_what_is_named_and_no_slip_passes():
    raw = RawLead("1", {"a": (1, 2)}, submitted_at=START, test=True)
    assert different_raw({"data": {"a": [1, 2]}, "submitted_at": "2026-05-04T08:00:00Z", "test": True}, raw) == []
    assert different_raw({"keys": "1"}, raw) != []
    assert different_raw({"test": 1}, raw) != []


@pytest.mark.parametrize(
    "act",
    [
        lambda folder: socket.create_connection(("127.0.0.1", 9)),
        lambda folder: socket.getaddrinfo("localhost", 80),
        lambda folder: subprocess.run(["true"]),
        lambda folder: (folder / "x").write_text("x"),
        lambda folder: (folder / "x").mkdir(),
    ],
)
def test_nothing_happens_in_stillness_and_what_was_tried_is_told(act, tmp_path):
    with stillness() as tried, pytest.raises(OSError):
        act(tmp_path)
    assert len(tried) == 1
    assert list(tmp_path.iterdir()) == []


def test_python_may_keep_what_it_compiled(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "compiled_here.py").write_text("here = 1")
    with stillness() as tried:
        assert importlib.import_module("compiled_here").here == 1
    assert tried == []
    assert len(list((tmp_path / "__pycache__").iterdir())) == 1


def test_a_thread_that_goes_on_is_told():
    done = threading.Event()
    with stillness() as tried:
        threading.Thread(target=done.wait, args=(5,), daemon=True).start()
    done.set()
    assert tried == ["starts a thread"]


def test_outside_of_stillness_everything_goes_on(tmp_path):
    (tmp_path / "x").write_text("x")
    with stillness() as tried:
        assert (tmp_path / "x").read_text() == "x"
    (tmp_path / "y").write_text("y")
    assert tried == []
