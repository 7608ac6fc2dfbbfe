"""The stream that tells open pages what is new: which kind of thing, never what is in it, and not longer than the hub runs."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from hub.web.live import Pulse
from tests.bad_input.serving import KEY, Served, serving
from tests.conftest import MakeHub

ASK = f"GET /live HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer {KEY}\r\n\r\n".encode()


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    with serving(tmp_path) as found:
        yield found


def read_until(line: socket.socket, wanted: bytes) -> bytes:
    """Return what comes on a line until something stands in it, or the line ends."""
    line.settimeout(15)
    said = b""
    while wanted not in said:
        part = line.recv(65_536)
        if not part:
            break
        said += part
    return said


def test_a_new_lead_is_told_as_that_and_no_more(served):
    with served.connection() as line:
        line.sendall(ASK)
        begun = read_until(line, b"retry:")
        assert b"text/event-stream" in begun
        served.post_json({"id": "1", "full_name": "Quirinius Zwiebelfisch", "email": "q@acme.example"})
        said = read_until(line, b"data: ")
        assert b"data: leads" in said
        assert b"wiebelfisch" not in begun + said


def test_what_is_open_already_is_not_told_as_new(served):
    served.takes_the_next_lead()
    with served.connection() as line:
        line.sendall(ASK)
        assert b"data:" not in read_until(line, b": still here")


async def test_the_stream_ends_when_the_hub_stops(make_hub: MakeHub):
    hub = await make_hub()
    beats = Pulse(hub).beats()
    assert await anext(beats) == []
    hub.wind_down()
    assert [topics async for topics in beats] == []


def test_without_a_key_nothing_is_told(served):
    with served.connection() as line:
        line.sendall(b"GET /live HTTP/1.1\r\nhost: hub\r\n\r\n")
        assert b"401" in read_until(line, b"\r\n")
