"""One client address cannot take all of the intake: what is too much of it is told to come back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from hub.app import Hub
from hub.intake.crowd import Crowd
from hub.web.app import create_app
from tests.api.calling import calling, problem
from tests.bad_input.serving import Served, read_answer, serving
from tests.conftest import BASIC, MakeHub, until
from tests.core.inputs import person

TWO = BASIC.replace("hub: {", "hub: {per_client: 2, ")
PROXY = TWO.replace("hub: {", "hub: {trusted_proxies: [127.0.0.0/8], ")
HELD = b"POST /in/website HTTP/1.1\r\nhost: hub\r\ncontent-length: 9\r\n\r\n{"


class Caller:
    """Sends requests to a hub from some address; those it holds have not sent their body yet."""

    def __init__(self, hub: Hub) -> None:
        self.app = create_app(hub)
        self._go = asyncio.Event()
        self._held: list[asyncio.Task[httpx.Response]] = []
        self._begun = 0

    async def post(self, client: str = "203.0.113.1", body: object = None, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as http:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            return await http.post("/in/website", content=body or person(1), headers=sent)

    async def hold(self, number: int, client: str = "203.0.113.1", **headers: str) -> None:
        """Begin so many requests, and return when all of them are inside."""
        begun = self._begun + number
        posts = (self.post(client, self._late(), **headers) for _ in range(number))
        self._held += [asyncio.create_task(post) for post in posts]
        await until(lambda: self._begun == begun)

    async def _late(self) -> AsyncIterator[bytes]:
        self._begun += 1
        await self._go.wait()
        yield person(2).encode()

    async def let_go(self) -> list[int]:
        """Send the bodies, and return how the held requests were answered."""
        self._go.set()
        return [answer.status_code for answer in await asyncio.gather(*self._held)]


async def test_a_client_with_too_many_requests_inside_is_told_to_come_back(make_hub: MakeHub):
    caller = Caller(await make_hub(TWO))
    await caller.hold(2)
    refused = await caller.post()
    assert (refused.status_code, refused.headers["retry-after"], refused.headers["connection"]) == (429, "1", "close")
    assert problem(refused)["detail"].endswith("Send it again in a moment.")
    assert await caller.let_go() == [202, 202]
    assert (await caller.post()).status_code == 202


async def test_others_come_in_meanwhile(make_hub: MakeHub):
    caller = Caller(await make_hub(TWO))
    await caller.hold(2)
    assert (await caller.post("203.0.113.2")).status_code == 202
    assert (await caller.post("2001:db8::1")).status_code == 202
    await caller.let_go()


async def test_one_line_of_the_log_tells_of_it_however_many_are_turned_away(make_hub: MakeHub, caplog):
    caller = Caller(await make_hub(TWO))
    await caller.hold(2)
    for _ in range(5):
        await caller.post()
    await caller.let_go()
    assert [line for line in caplog.messages if "crowded" in line] == [
        "event=intake.crowded client=203.0.113.1 inside=2"
    ]


async def test_who_is_turned_away_is_counted(make_hub: MakeHub):
    hub = await make_hub(TWO)
    caller = Caller(hub)
    await caller.hold(2)
    await caller.post()
    await caller.let_go()
    async with calling(hub) as http:
        (source,) = (await http.get("/api/sources")).json()["items"]
    assert source["answers"] == {"429": 1, "202": 2}


async def test_clients_behind_a_trusted_proxy_are_told_apart(make_hub: MakeHub):
    caller = Caller(await make_hub(PROXY))
    await caller.hold(2, "127.0.0.1", x_forwarded_for="6.6.6.6, 203.0.113.7")
    assert (await caller.post("127.0.0.1", x_forwarded_for="203.0.113.7")).status_code == 429
    assert (await caller.post("127.0.0.1", x_forwarded_for="203.0.113.8")).status_code == 202
    await caller.let_go()


async def test_nobody_gets_more_by_naming_other_addresses(make_hub: MakeHub):
    caller = Caller(await make_hub(PROXY))
    await caller.hold(2, x_forwarded_for="203.0.113.7")
    assert (await caller.post(x_forwarded_for="203.0.113.8")).status_code == 429
    await caller.let_go()


async def test_without_a_limit_any_number_comes_in(make_hub: MakeHub):
    caller = Caller(await make_hub(TWO.replace("per_client: 2", "per_client: 0")))
    await caller.hold(300)
    assert (await caller.post()).status_code == 202
    assert set(await caller.let_go()) == {202}


async def test_by_default_a_busy_sender_is_not_turned_away(make_hub: MakeHub):
    caller = Caller(await make_hub())
    await caller.hold(199)
    assert (await caller.post()).status_code == 202
    await caller.let_go()


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory):
    """Return a hub behind its real web server that answers two requests of one address at once."""
    with serving(
        tmp_path_factory.mktemp("narrow"), TWO.replace("per_client: 2", "per_client: 2, body_within: 60s")
    ) as hub:
        yield hub


def test_lines_that_were_hung_up_leave_their_places_free(narrow: Served):
    with contextlib.ExitStack() as lines:
        held: list[socket.socket] = [lines.enter_context(narrow.connection()) for _ in range(2)]
        for line in held:
            line.sendall(HELD)
        answers = narrow.until(lambda: [a for a in [narrow.post(person(1), "website")] if a.status == 429], 1)
        assert answers[0].headers["retry-after"] == "1"
        for line in held:
            line.close()
    free = narrow.until(lambda: [a for a in [narrow.post(person(1), "website")] if a.status == 202], 1)
    assert free[0].json()["status"] in ("accepted", "duplicate")


def test_an_answer_to_who_is_turned_away_ends_the_line(narrow: Served):
    with contextlib.ExitStack() as lines:
        for line in [lines.enter_context(narrow.connection()) for _ in range(2)]:
            line.sendall(HELD)
        narrow.until(lambda: [a for a in [narrow.post(person(1), "website")] if a.status == 429], 1)
        third = lines.enter_context(narrow.connection())
        third.sendall(HELD)
        assert read_answer(third).status == 429  # type: ignore[union-attr]
        assert third.recv(1) == b""


def test_who_has_left_is_forgotten():
    crowd = Crowd()
    assert [crowd.enter(client, 1) for client in ("a", "a", "b", "")] == [True, False, True, True]
    for client in ("a", "b", ""):
        crowd.leave(client)
    assert vars(crowd) == {"_inside": {}, "_told": set()}


def test_nobody_unknown_is_turned_away():
    crowd = Crowd()
    assert all(crowd.enter("", 1) for _ in range(5))
