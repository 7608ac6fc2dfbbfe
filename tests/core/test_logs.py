"""Log lines: one per event, as text or JSON, with ids and the request; secrets, persons, locals and breaks stay out."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from hub.cli.serve import follow
from hub.errors import Misconfigured
from hub.observe.logs import SCOPE, Lines, request_id
from tests.api.calling import calling
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import person

CANARY = 'k4nary"\\é-secret'


@pytest.fixture
def lines() -> Lines:
    """Return what writes lines, knowing one secret."""
    made = Lines()
    made.redaction.secrets = lambda: (CANARY, "multi-line-one\nmulti-line-two")
    return made


@pytest.fixture
def stream(lines: Lines) -> Iterator[io.StringIO]:
    """Return what the loggers of leadhub write."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(lines)
    log = logging.getLogger("leadhub")
    log.addHandler(handler)
    yield stream
    log.removeHandler(handler)
    log.setLevel(logging.NOTSET)


def as_json(lines: Lines) -> None:
    lines.form = lambda: "json"


LOG = logging.getLogger("leadhub.test")


def test_a_line_of_text_has_time_level_logger_and_fields(stream):
    LOG.warning("event=sink.paused sink=%s detail=%r seconds=%.1f", "crm", {"reason": "a b"}, 2.345)
    time, level, logger, rest = stream.getvalue().rstrip("\n").split(" ", 3)
    assert (len(time), time[-1]) == (24, "Z")
    assert (level, logger) == ("warning", "leadhub.test")
    assert rest == "event=sink.paused sink=crm detail={'reason': 'a b'} seconds=2.3"


def test_a_line_of_json_has_the_same_as_fields(stream, lines):
    as_json(lines)
    LOG.error("event=sink.paused sink=%s detail=%r number=%d note='two words'", "crm", {"reason": "a b"}, 7)
    said = json.loads(stream.getvalue())
    assert said.pop("time").endswith("Z")
    assert said == {
        "level": "error", "logger": "leadhub.test", "event": "sink.paused", "sink": "crm",
        "detail": {"reason": "a b"}, "number": 7, "note": "two words",
    }  # fmt: skip


def test_what_a_library_says_is_a_message(stream, lines):
    as_json(lines)
    LOG.warning("Something with %s happened", "it")
    assert json.loads(stream.getvalue())["message"] == "Something with it happened"


@pytest.mark.parametrize("form", ["text", "json"])
def test_one_event_is_one_line_whatever_is_in_it(stream, lines, form):
    lines.form = lambda: form
    LOG.warning("event=x said=%s", "a\r\n2026-01-01 ERROR fake\x1b[31m\u2028b\x00")
    LOG.warning("no pairs: a\r\nb\x1b[31m")
    assert len(stream.getvalue().splitlines()) == 2
    assert "\x1b" not in stream.getvalue()
    assert "\x00" not in stream.getvalue()


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_was_raised_is_told_without_its_words_and_locals(stream, lines, form):
    lines.form = lambda: form
    local = "max@example.com"
    try:
        raise ValueError(f"cannot store {local}")
    except ValueError:
        LOG.exception("event=odd")
    assert "ValueError" in stream.getvalue()
    assert "test_logs.py:" in stream.getvalue()
    assert "max@example.com" not in stream.getvalue()
    assert len(stream.getvalue().splitlines()) == 1


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "said",
    [
        CANARY,
        {"reason": f"key {CANARY} refused"},
        [CANARY],
        f"https://sink.example.com/?k={__import__('urllib.parse').parse.quote(CANARY, safe='')}",
        json.dumps({"answer": CANARY}),
        "only multi-line-two of it",
        ValueError(CANARY),
    ],
    ids=["plain", "in a dict", "in a list", "in an address", "in json", "a line of it", "in an error"],
)
def test_a_loaded_secret_is_masked_by_its_value(stream, lines, form, said):
    lines.form = lambda: form
    LOG.warning("event=x said=%s", said)
    LOG.warning("free text %r", said)
    written = stream.getvalue()
    assert "***" in written
    assert "k4nary" not in written
    assert "multi-line" not in written


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "said",
    [
        "password=hunter22",
        "https://x.example.com/cb?access_token=hunter22&a=1",
        "Authorization: Bearer hunter22hunter22",
        "the header was Bearer hunter22hunter22",
        '{"client_secret": "hunter22"}',
        "{'X-Api-Key': 'hunter22'}",
        {"api_key": "hunter22", "a": {"refresh_token": "hunter22"}},
    ],
)
def test_an_unknown_secret_is_masked_by_the_name_it_stands_behind(stream, lines, form, said):
    lines.form = lambda: form
    LOG.warning("event=x said=%s", said)
    assert "hunter22" not in stream.getvalue()
    assert "***" in stream.getvalue()


def test_plain_words_are_left_alone(stream):
    LOG.warning("event=secret.exposed file=%s reason=%r", "data/token.txt", "the tokens of a bearer")
    assert stream.getvalue().rstrip().endswith('file=data/token.txt reason="the tokens of a bearer"')


def test_a_line_names_the_request_it_belongs_to(stream, lines):
    as_json(lines)
    asked = {"type": "http", "headers": [(b"x-request-id", b"abc-1")]}
    token = SCOPE.set(asked)
    LOG.warning("event=one")
    LOG.warning("event=two")
    SCOPE.reset(token)
    LOG.warning("event=three")
    assert [json.loads(line).get("request") for line in stream.getvalue().splitlines()] == ["abc-1", "abc-1", None]


@pytest.mark.parametrize("odd", [b"a b", b"x" * 65, b"\xff", b"a\nb", b""])
def test_an_odd_request_id_is_replaced_by_one_of_ours(odd):
    scope = {"type": "http", "headers": [(b"x-request-id", odd)]}
    assert request_id(scope) == request_id(scope)
    assert len(request_id(scope)) == 16


SECRETS = """
hub: {answer_within: 30s, log: json, log_level: info}
sources: {website: {connector: open_source}}
sinks:
  crm: {connector: webhook, url: "${env:CANARY_URL}", secret: "whsec_Q0FOQVJZLXNlY3JldC1vZi1hLXNpbms="}
flows: [{name: inbound, from: [website], routes: [{name: all, to: [crm]}]}]
"""


async def test_a_hubs_lines_hold_no_secret_and_no_person(make_hub: MakeHub, stream, lines, monkeypatch):
    monkeypatch.setenv("CANARY_URL", "https://canary-host.example.com/T0K3N-in-the-path")
    hub = await make_hub(SECRETS)
    follow(lines, hub)
    await post(hub, person(1, full_name="Canary Person"))
    await settled(hub)
    secret = "whsec_Q0FOQVJZLXNlY3JldC1vZi1hLXNpbms="
    await hub.dispatcher.pause(
        "crm", f"{Misconfigured('no')} at {hub.plan.sinks['crm'].config.url.get_secret_value()} with {secret}"
    )
    async with calling(hub) as http:
        await http.get("/api/leads/none", headers={"authorization": "Bearer canary-bearer-canary"})
    written = [json.loads(line) for line in stream.getvalue().splitlines()]
    events = {line["event"] for line in written}
    assert {"lead.created", "delivery.retried", "sink.paused"} <= events
    assert all({"time", "level", "event"} <= line.keys() for line in written)
    assert any(line.get("lead") == "lead_000001" for line in written)
    told = stream.getvalue()
    assert not [w for w in ("T0K3N", "Q0FOQVJZ", "Canary", "p1@example.com", "canary-bearer") if w in told]


async def test_the_form_follows_a_changed_configuration(make_hub: MakeHub, lines, tmp_path):
    from tests.conftest import reloaded

    hub = await make_hub(SECRETS.replace("${env:CANARY_URL}", "https://a.example.com"))
    follow(lines, hub)
    assert lines.form() == "json"
    text = (tmp_path / "hub.yaml").read_text("utf-8")
    (tmp_path / "hub.yaml").write_text(text.replace("log: json", "log: text"), "utf-8")
    assert await reloaded(hub)
    assert lines.form() == "text"


async def test_the_environment_wins_over_the_configuration(make_hub: MakeHub, lines, monkeypatch):
    hub = await make_hub(SECRETS.replace("${env:CANARY_URL}", "https://a.example.com"))
    monkeypatch.setenv("LEADHUB_LOG", "text")
    follow(lines, hub)
    assert lines.form() == "text"
