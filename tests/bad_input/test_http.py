"""Rows 1 to 16: malformed, endless and misdirected HTTP, as bytes on a socket to the real server."""

from __future__ import annotations

import itertools
import socket
from pathlib import Path

import pytest

from tests.bad_input.conftest import made
from tests.bad_input.corpus import HOST, HTTP, MIB, TE, Wire, bare, chunked, lead, params, post, said
from tests.bad_input.serving import Served, read_answer, request, serving

FORM = {"content_type": "application/x-www-form-urlencoded"}
QUICK = """
hub:
  region: CN
  answer_within: 10s
  head_within: 200ms
  body_within: 200ms
  public_url: https://leads.acme.example/
  trusted_proxies: [127.0.0.0/8]
sources: {api: {connector: json_webhook, auth: none, key: id}}
sinks: {chat: {connector: memory_sink}}
flows: [{name: inbound, from: [api], routes: [{name: all, to: [chat]}]}]
"""


@pytest.mark.parametrize("case", params(HTTP))
def test_malformed_http_is_answered_and_never_stops_the_next_lead(served: Served, case: Wire):
    before = served.stored()
    with served.connection() as line:
        line.sendall(case.raw)
        answer = read_answer(line, case.raw.partition(b" ")[0].decode("latin-1"))
        assert answer is not None
        assert answer.status == case.status
        assert not case.closed or hung_up(line)
    assert served.stored() == before + case.stored
    assert served.takes_the_next_lead()


def hung_up(line: socket.socket) -> bool:
    """Return whether the server has closed the line."""
    try:
        return line.recv(1) == b""
    except ConnectionError:
        return True


@pytest.fixture(scope="module")
def impatient(workspace: Path):
    """Return a hub that waits a fifth of a second for heads and bodies."""
    with serving(made(workspace / "impatient"), QUICK) as hub:
        yield hub


SLOW = [
    Wire("3-a-body-shorter-than-declared", post(body=b"{}").replace(b"length: 2", b"length: 9"), 408, closed=True),
    Wire("5-chunks-that-never-end", bare(HOST, TE, body=chunked(b"{", end=b"")), 408, closed=True),
    Wire("5-a-chunk-that-never-fills", bare(HOST, TE, body=b"ffff\r\n{"), 408, closed=True),
    Wire("5-a-head-that-stops", b"POST /in/api HTTP/1.1\r\nhost: hub\r\ncontent-le", 408, closed=True),
    Wire("5-a-request-line-that-stops", b"POST /in", 408, closed=True),
    Wire("5-a-body-nobody-may-send", bare(b"content-length: 900", b"", body=b'{"role', start=b"POST /api/keys HTTP/1.1"), 408, closed=True),
]  # fmt: skip


@pytest.mark.parametrize("case", params(SLOW))
def test_what_never_comes_whole_is_given_up_and_not_stored(impatient: Served, case: Wire):
    before = impatient.stored()
    with impatient.connection() as line:
        line.sendall(case.raw)
        answer = read_answer(line)
        assert answer is not None
        assert (answer.status, hung_up(line)) == (case.status, True)
    assert impatient.stored() == before
    assert impatient.takes_the_next_lead()


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        pytest.param(b"POST /in/api HTTP/1.1\r\n", b"x: 1\r\n", id="5-headers-that-drip"),
        pytest.param(bare(HOST, TE), b"1\r\n \r\n", id="5-chunks-that-drip"),
        pytest.param(b"", b"\r\n", id="5-line-ends-that-drip"),
        pytest.param(post(), b"\r\n", id="5-line-ends-that-drip-after-an-answer"),
    ],
)
def test_a_drip_does_not_lengthen_the_deadline(impatient: Served, start: bytes, drop: bytes):
    with impatient.connection() as line:
        line.sendall(start)
        line.settimeout(0.02)
        drops = sum(1 for _ in itertools.takewhile(lambda _: dripped(line, drop), range(100)))
        assert 3 < drops < 100
    assert impatient.takes_the_next_lead()


def dripped(line: socket.socket, drop: bytes) -> bool:
    """Send one drop, and return whether the line still stands a moment later; answers are read and thrown away."""
    try:
        line.sendall(drop)
        return line.recv(4096) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False


def test_100_slow_senders_do_not_hold_up_a_quick_one_5(impatient: Served):
    lines = [socket.create_connection(("127.0.0.1", impatient.port), timeout=5) for _ in range(100)]
    for line in lines:
        line.sendall(b"POST /in/api HTTP/1.1\r\nhost: hub\r\ncontent-length: 100\r\n\r\n{")
    assert impatient.takes_the_next_lead()
    assert {read_answer(line).status for line in lines} == {408}  # type: ignore[union-attr]
    for line in lines:
        line.close()


def test_an_idle_line_is_hung_up_without_a_word_5(impatient: Served):
    with impatient.connection() as line:
        assert line.recv(1) == b""


def test_a_line_that_is_used_again_has_the_deadline_anew_5(impatient: Served):
    with impatient.connection() as line:
        for _ in range(3):
            line.sendall(post())
            assert read_answer(line).status == 202  # type: ignore[union-attr]
        line.sendall(b"POST /in/api HT")
        assert read_answer(line).status == 408  # type: ignore[union-attr]
        assert hung_up(line)


def test_what_comes_after_the_declared_length_is_refused_and_never_stored_3(served: Served):
    before = served.stored()
    with served.connection() as line:
        line.sendall(post(body=b"{} and more").replace(b"length: 11", b"length: 2"))
        answers = [answer.status for answer in iter(lambda: read_answer(line), None) if answer]
    assert answers[-1] == 400
    assert {row["body"] for row in served.since(before)} <= {b"{}"}
    assert served.takes_the_next_lead()


def test_a_request_hidden_in_a_body_is_no_request_4(served: Served):
    before = served.stored()
    hidden = chunked(b"{}") + post()
    with served.connection() as line:
        line.sendall(bare(HOST, TE, b"content-length: %d" % len(hidden), body=hidden))
        assert read_answer(line).status == 400  # type: ignore[union-attr]
        assert hung_up(line)
    assert served.stored() == before


def test_two_requests_in_one_write_are_two_submissions_4(served: Served):
    before = served.stored()
    with served.connection() as line:
        line.sendall(post(body=said("4-1")) + post(body=said("4-2")))
        assert [read_answer(line).status for _ in range(2)] == [202, 202]  # type: ignore[union-attr]
    assert served.stored() == before + 2


def test_a_body_dripped_in_single_bytes_is_one_body_5(served: Served):
    whole = said("5")
    with served.connection() as line:
        for byte in bare(HOST, TE, body=chunked(*(bytes([byte]) for byte in whole))):
            line.sendall(bytes([byte]))
        answer = read_answer(line)
    assert answer is not None
    assert served.submission(answer)["body"] == whole


def test_a_body_of_exactly_the_limit_is_kept_2(served: Served):
    start = said("2", message="").removesuffix(b'"}')
    raw = start + b"x" * (MIB - len(start) - 2) + b'"}'
    answer = served.post(raw)
    assert (len(raw), answer.status) == (MIB, 202)
    assert served.submission(answer)["body"] == raw


def test_a_gzip_bomb_is_never_unpacked_6(served: Served):
    before = served.stored()
    raw = b"\x1f\x8b\x08\x00" + b"\x00" * 1_000
    answer = served.post(raw, content_encoding="gzip, gzip, identity")
    assert (answer.status, served.stored()) == (415, before)


@pytest.mark.parametrize(
    ("content_type", "raw"),
    [
        pytest.param("text/plain", said("7a"), id="7-json-as-text"),
        pytest.param("", said("7b"), id="7-json-without-a-type"),
        pytest.param("application/x-www-form-urlencoded", said("7c"), id="7-json-as-a-form"),
        pytest.param("image/png", said("7d"), id="7-json-as-a-picture"),
        pytest.param("text/plain", b"id=7e&email=case.7e%40acme.example.com", id="7-a-form-as-text"),
        pytest.param("", b"id=7f&email=case.7f%40acme.example.com", id="7-a-form-without-a-type"),
        pytest.param("application/x-www-form-urlencoded", b"payload=" + said("7g").hex(" ").replace(" ", "%").join("% ").replace(" ", "").removesuffix("%").encode(), id="41-json-as-all-of-a-form"),
    ],
)  # fmt: skip
def test_the_bytes_decide_what_a_body_is(served: Served, content_type: str, raw: bytes):
    answer = served.post(raw, content_type=content_type)
    assert (answer.status, answer.json()["status"]) == (202, "accepted")
    assert served.submission(answer)["body"] == raw


@pytest.mark.parametrize(
    ("content_type", "raw"),
    [
        pytest.param("text/plain", b"hello there", id="7-neither"),
        pytest.param("application/json", b"\x89PNG\r\n\x1a\n\x00\x00", id="7-a-picture-as-json"),
        pytest.param("application/xml", b"<?xml version='1.0'?><lead/>", id="7-xml"),
        pytest.param("application/json", b"<!doctype html><title>502</title>", id="7-html"),
        pytest.param("application/octet-stream", bytes(range(256)), id="7-bytes"),
    ],
)
def test_a_body_that_is_neither_json_nor_a_form_waits_for_a_person(served: Served, content_type: str, raw: bytes):
    answer = served.post(raw, content_type=content_type)
    assert (answer.status, answer.json()["status"]) == (202, "quarantined")
    row = served.submission(answer)
    assert row["body"] == raw
    assert row["problems"][0]["code"] in ("unreadable", "unreachable")
    assert served.takes_the_next_lead()


def part(name: bytes, value: bytes, more: bytes = b"") -> bytes:
    """Return a part of a multipart body with the boundary B."""
    return b'--B\r\ncontent-disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\n" + value + b"\r\n"


WHOLE = part(b"email", b"multi@acme.example.com")
END = b"--B--\r\n"


@pytest.mark.parametrize(
    ("content_type", "raw", "state"),
    [
        pytest.param("multipart/form-data; boundary=B", b"".join(part(b"f%d" % n, b"v") for n in range(10_000)) + END, "quarantined", id="10-10000-parts"),
        pytest.param("multipart/form-data", WHOLE + END, "quarantined", id="10-no-boundary"),
        pytest.param("multipart/form-data; boundary=", WHOLE + END, "quarantined", id="10-an-empty-boundary"),
        pytest.param("multipart/form-data; boundary=X", WHOLE + END, "quarantined", id="10-another-boundary"),
        pytest.param("multipart/form-data; boundary=" + "B" * 20_000, WHOLE + END, "quarantined", id="10-a-boundary-of-20-kb"),
        pytest.param("multipart/form-data; boundary=\xe9", WHOLE + END, "quarantined", id="10-a-boundary-that-is-not-ascii"),
        pytest.param("multipart/form-data; boundary=B", WHOLE[:-30], "quarantined", id="10-cut-off"),
        pytest.param("multipart/form-data; boundary=B", b"--B\r\n" + b"x: 1\r\n" * 50_000 + b"\r\nv\r\n" + END, "quarantined", id="10-50000-part-headers"),
        pytest.param("multipart/form-data; boundary=B", b"--B\r\n\r\nv\r\n" + END, "quarantined", id="10-a-part-without-a-name"),
        pytest.param("multipart/form-data; boundary=B", WHOLE + part(b"cv", b"%PDF", b'; filename="../../etc/passwd"') + END, "done", id="10-a-file-name-that-climbs"),
        pytest.param("multipart/form-data; boundary=B", WHOLE + part(b"n\0", b"v\0", b'; filename="x\0y"') + END, "done", id="10-nul-in-names"),
        pytest.param("multipart/form-data; boundary=B", WHOLE + part(b"n\xe9", b"\xff") + END, "done", id="10-bytes-that-are-no-text"),
    ],
)  # fmt: skip
def test_odd_multipart_is_kept_and_never_a_500(stored: Served, content_type: str, raw: bytes, state: str):
    before = stored.stored()
    assert stored.post(raw, "form", content_type=content_type).status == 200
    row = stored.since(before)[0]
    assert (row["body"], row["state"]) == (raw, state)
    assert stored.takes_the_next_lead()


def test_a_file_name_that_climbs_is_text_and_opens_nothing_10(served: Served):
    raw = WHOLE + part(b"cv", b"%PDF", b'; filename="../../etc/passwd"') + END
    before = served.stored()
    served.post(raw, "form", content_type="multipart/form-data; boundary=B")
    assert served.rows("lead", id=served.since(before)[0]["lead"])
    assert [p.name for p in served.hub.office.folder.iterdir() if "passwd" in p.name] == []


def test_repeated_fields_of_a_form_are_a_list_and_of_a_query_are_kept_in_the_address_11(served: Served):
    raw = b"id=11&email=case.11%40acme.example.com&plan=team&plan=solo"
    answer = served.post(raw, query="?a=1&a=2", **FORM)
    assert served.lead(answer)["extra"]["plan"] == ["team", "solo"]
    assert served.submission(answer)["url"] == "http://hub/in/api?a=1&a=2"


def test_1001_form_fields_wait_for_a_person_11(served: Served):
    answer = served.post(b"&".join(b"a%d=1" % n for n in range(1_001)), **FORM)
    assert (answer.status, answer.json()["status"]) == (202, "quarantined")


def test_a_405_names_what_is_allowed_13(served: Served):
    assert served.get("/in/api").headers["allow"] == "POST"


@pytest.mark.parametrize(
    "path", [pytest.param(b"/in/api/", id="14-slash"), pytest.param(b"/in/api%2f", id="14-encoded-slash")]
)
def test_a_slash_at_the_end_is_another_address(served: Served, path: bytes):
    assert served.send(post(path)).status == 404  # type: ignore[union-attr]


def test_the_expectation_of_a_100_is_met_15(served: Served):
    raw = said("15a")
    with served.connection() as line:
        line.sendall(post(b"/in/api", b"expect: 100-continue", body=raw).removesuffix(raw))
        assert line.recv(64).startswith(b"HTTP/1.1 100 Continue\r\n")
        line.sendall(raw)
        assert read_answer(line).status == 202  # type: ignore[union-attr]


def test_an_upgrade_that_is_not_wanted_leaves_the_body_whole_and_the_line_open_15(served: Served):
    raw = said("15b")
    upgrade = post(
        b"/in/api", b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk", body=raw
    )
    with served.connection() as line:
        for expected in ("accepted", "duplicate"):
            line.sendall(upgrade)
            answer = read_answer(line)
            assert answer is not None
            assert answer.json()["status"] == expected
            assert served.submission(answer)["body"] == raw


def test_the_address_stored_is_the_one_the_sender_called_15(impatient: Served):
    answer = impatient.send(post(b"/in/api?x=%41#y", b"host: [", body=said("15c")))
    assert answer is not None
    assert impatient.submission(answer)["url"] == "https://leads.acme.example/in/api?x=%41"


@pytest.mark.parametrize(
    "host", [pytest.param(h, id=f"15-{n}") for n, h in enumerate((b"[", b"[::1", b"a@b:c", b"\xff", b"h\\x"))]
)
def test_a_submission_with_an_odd_host_can_be_replayed(served: Served, host: bytes):
    answer = served.send(bare(b"host: " + host, b"content-length: 2", body=b"{}"))
    assert answer is not None
    submission = answer.json()["submission"]
    replayed = served.call("POST", f"/api/submissions/{submission}/replay", {})
    assert (replayed.status, replayed.json()["status"]) == (200, "quarantined")


def test_a_sender_that_hangs_up_inside_the_body_leaves_nothing_16(served: Served):
    before = served.stored()
    with served.connection() as line:
        line.sendall(post(body=said("16a"))[:-5])
    assert served.takes_the_next_lead()
    assert served.stored() == before + 1


def test_a_sender_that_hangs_up_before_the_answer_is_stored_and_its_repeat_recognised_16(served: Served):
    before = served.stored()
    raw = said("16b")
    with served.connection() as line:
        line.sendall(post(body=raw))
    served.until(lambda: [row for row in served.since(before) if row["state"] == "done"], 1)
    assert [row["body"] for row in served.since(before)] == [raw]
    assert served.post(raw).json()["status"] == "duplicate"


def test_no_answer_names_the_server_or_shows_a_stack(served: Served):
    answers = [served.send(case.raw) for case in HTTP[:12]]
    assert not [a for a in answers if a and ("server" in a.headers or b"Traceback" in a.body)]


def test_the_limits_hold_where_a_key_is_needed_too_2(served: Served):
    head = request("/api/keys", b"", {"host": "hub", "content-type": "application/json"}, length=1 << 40)
    with served.connection() as line:
        line.sendall(head)
        with pytest.raises(ConnectionError):
            for _ in range(64):
                line.sendall(b" " * MIB)
    assert served.takes_the_next_lead()


def test_a_forwarded_address_is_not_believed_from_a_stranger_12(served: Served):
    answer = served.post_json(lead("12"), x_forwarded_for="203.0.113.9")
    assert served.submission(answer)["client"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        pytest.param(b"203.0.113.9", "203.0.113.9", id="12-one"),
        pytest.param(b"6.6.6.6, 203.0.113.9", "203.0.113.9", id="12-one-that-the-sender-put-in-front"),
        pytest.param(b"203.0.113.9, 127.0.0.2", "203.0.113.9", id="12-two-proxies"),
        pytest.param(b"2001:db8::9", "2001:db8::9", id="12-ipv6"),
        pytest.param(b"<script>", "127.0.0.1", id="12-no-address"),
        pytest.param(b"203.0.113.9:1234", "127.0.0.1", id="12-a-port"),
        pytest.param(b"\xff" + b"1," * 5_000, "127.0.0.1", id="12-thousands"),
        pytest.param(b",, ,", "127.0.0.1", id="12-commas"),
    ],
)
def test_a_proxy_that_is_trusted_names_the_sender(impatient: Served, forwarded: bytes, client: str):
    answer = impatient.send(post(b"/in/api", b"x-forwarded-for: " + forwarded))
    assert answer is not None
    assert impatient.submission(answer)["client"] == client


def test_a_trailer_names_no_sender_12(impatient: Served):
    body = chunked(b"{}", end=b"0\r\nx-forwarded-for: 6.6.6.6\r\n\r\n")
    answer = impatient.send(bare(HOST, TE, b"x-forwarded-for: 203.0.113.9", body=body))
    assert answer is not None
    assert impatient.submission(answer)["client"] == "203.0.113.9"
