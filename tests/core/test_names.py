"""Names are looked up one by one and apart: a silent name server keeps nobody else waiting."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from hub.outgoing.names import Lookups


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch):
    """Let all names beginning with `silent` hear nothing until the test ends; returns what was asked for."""
    asked, over, real = [], threading.Event(), socket.getaddrinfo

    def getaddrinfo(host, *args):
        asked.append(host)
        return over.wait(30) and [] if host.startswith("silent") else real("127.0.0.1", *args)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield asked
    over.set()


async def test_a_name_is_answered_while_a_hundred_others_hear_nothing(silent):
    lookups = Lookups()
    waiting = [asyncio.create_task(lookups.find(f"silent{n}.test", 80, 0)) for n in range(100)]
    await asyncio.sleep(0)
    assert (await lookups.find("fine.test", 80, 0))[0][4] == ("127.0.0.1", 80)
    assert not any(task.done() for task in waiting)
    for task in waiting:
        task.cancel()


async def test_who_asks_for_the_same_meanwhile_shares_the_answer(silent):
    lookups = Lookups()
    waiting = [asyncio.create_task(lookups.find("silent.test", 80, 0)) for _ in range(9)]
    await asyncio.sleep(0)
    await lookups.find("fine.test", 80, 0)
    assert silent.count("silent.test") == 1
    for task in waiting:
        task.cancel()


async def test_a_name_that_does_not_exist_is_an_error_each_time(monkeypatch: pytest.MonkeyPatch):
    def getaddrinfo(*_):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    lookups = Lookups()
    for _ in range(2):
        with pytest.raises(socket.gaierror):
            await lookups.find("none.test", 80, 0)
