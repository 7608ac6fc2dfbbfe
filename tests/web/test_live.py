"""The stream that tells open pages what is new: which kind of thing, never what is in it, and not longer than the hub runs."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from hub.store.pulse import TOPICS
from hub.web.live import Pulse
from hub.web.site import TEMPLATES
from tests.bad_input.serving import KEY, Served, serving
from tests.conftest import MakeHub, post, settled

ASK = f"GET /live HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer {KEY}\r\n\r\n".encode()


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    with serving(tmp_path) as found:
        yield found


def read_until(line: socket.socket, wanted: bytes) -> bytes:
    """Return what comes on a line until something stands in it, or the line ends."""
    line.settimeout(60)
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


async def test_what_is_open_already_is_not_told_as_new(make_hub: MakeHub):
    hub = await make_hub()
    await post(hub, '{"id": "1", "email": "a@acme.example"}')
    await settled(hub)
    assert (await anext(Pulse(hub).beats(None)))[1] == []


async def test_the_stream_ends_when_the_hub_stops(make_hub: MakeHub):
    hub = await make_hub()
    beats = Pulse(hub).beats(None)
    assert (await anext(beats))[1] == []
    hub.wind_down()
    assert [topics async for _, topics in beats] == []


async def test_what_came_between_a_page_and_its_stream_is_told(make_hub: MakeHub):
    hub = await make_hub()
    pulse = Pulse(hub)
    earlier = pulse.beats(None)
    await anext(earlier)
    page = pulse.newest
    quiet = pulse.beats(page)
    assert (await anext(quiet))[1] == []
    await post(hub, '{"id": "1", "email": "a@acme.example"}')
    await settled(hub)
    assert "leads" in (await anext(pulse.beats(page)))[1]
    assert (await anext(pulse.beats(pulse.newest)))[1] == []


async def test_a_page_that_names_no_look_known_here_is_told_to_look_again(make_hub: MakeHub):
    hub = await make_hub()
    await post(hub, '{"id": "1", "email": "a@acme.example"}')
    assert "leads" in (await anext(Pulse(hub).beats("")))[1]


def test_a_browser_that_comes_again_goes_on_where_it_was(served):
    with served.connection() as line:
        line.sendall(ASK)
        read_until(line, b"retry:")
        served.post_json({"id": "1", "email": "q@acme.example"})
        told = read_until(line, b"data: ") + read_until(line, b": still here")  # until what became of it was told, too
        looks = re.findall(rb"id: (\w+)\n", told)
    with served.connection() as line:
        line.sendall(ASK[:-2] + b"last-event-id: " + looks[-1] + b"\r\n\r\n")
        assert b"data:" not in read_until(line, b": still here")


def test_each_part_that_refreshes_says_what_it_shows_how_often_and_where():
    shown = "".join(path.read_text("utf-8") for path in TEMPLATES.rglob("*.html"))
    parts = re.findall(
        r'<\w+ id="[a-z-]+"[^>]* hx-get="[^>]* hx-trigger="fresh[^>]* data-fresh="([a-z ]+)" data-pause="\d+"', shown
    )
    assert len(parts) == shown.count("data-fresh=") > 10
    assert {topic for part in parts for topic in part.split()} <= set(TOPICS)


def test_without_a_key_nothing_is_told(served):
    with served.connection() as line:
        line.sendall(b"GET /live HTTP/1.1\r\nhost: hub\r\n\r\n")
        assert b"401" in read_until(line, b"\r\n")
