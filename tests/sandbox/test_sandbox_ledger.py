"""The ledger: durable before the answer, readable after a crash, grouped under load."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hub.testing.sandbox.ledger import Ledger, read_ledger
from hub.testing.sandbox.server import Sandbox

ENTRY = {"time": "t", "vendor": "v", "method": "POST", "path": "/v", "records": []}


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A sandbox of its own process, as the command line starts it."""
    command = [sys.executable, "-m", "hub.testing.sandbox", "--port", "0", "--ledger", str(tmp_path / "sandbox.jsonl")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        yield started
        started.kill()


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().split()[-1]


async def test_kill_9_loses_no_answered_request(process: subprocess.Popen[str], tmp_path: Path) -> None:
    answered: list[str] = []
    progress = asyncio.Semaphore(0)

    async def keep_posting(http: httpx.AsyncClient, worker: int) -> None:
        for number in range(10_000):
            key = f"{worker}-{number}"
            await http.post("/webhook/crm", headers={"webhook-id": key}, json={"n": number})
            answered.append(key)
            progress.release()

    async def kill_under_way() -> None:
        for _ in range(300):
            await progress.acquire()
        process.send_signal(signal.SIGKILL)

    async with httpx.AsyncClient(base_url=address(process)) as http:
        workers = [keep_posting(http, worker) for worker in range(8)]
        _, *results = await asyncio.gather(kill_under_way(), *workers, return_exceptions=True)
    assert all(isinstance(result, httpx.TransportError) for result in results)
    assert process.wait() == -signal.SIGKILL
    kept = [entry.key for entry in read_ledger(tmp_path / "sandbox.jsonl")]
    assert len(answered) >= 300
    assert set(answered) <= set(kept)
    assert len(kept) == len(set(kept))


async def test_a_reset_from_the_command_line_is_a_real_one(process: subprocess.Popen[str]) -> None:
    """The command line runs on uvloop where it is installed, whose transports are not asyncio's."""
    async with httpx.AsyncClient(base_url=address(process)) as http:
        script = {"path": "/slack/*", "steps": [{"reset": stage} for stage in ("before", "during", "after")]}
        assert (await http.post("/_sandbox/script", json=script)).status_code == 200
        for _ in range(3):
            reader, writer = await asyncio.open_connection(http.base_url.host, http.base_url.port)
            writer.write(b'POST /slack/services/T/B/X HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{"text":"x"}')
            with pytest.raises(ConnectionResetError):
                await reader.read()
            writer.close()
        assert (await http.post("/slack/services/T/B/X", json={"text": "x"})).text == "ok"


def test_the_command_line_ends_on_sigterm(process: subprocess.Popen[str]) -> None:
    assert httpx.get(f"{address(process)}/_sandbox").status_code == 200
    process.terminate()
    assert process.wait(timeout=60) == 0


async def test_a_restart_goes_on_counting_and_knows_the_webhooks(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    for wanted in (["accepted", "duplicate"], ["duplicate", "duplicate"]):
        async with Sandbox(ledger=path) as sandbox, httpx.AsyncClient(base_url=sandbox.url) as http:
            answers = [await http.post("/webhook/crm", headers={"webhook-id": "1"}) for _ in range(2)]
            assert [answer.json()["status"] for answer in answers] == wanted
    assert [entry.id for entry in read_ledger(path)] == [1, 2, 3, 4]


async def test_a_torn_last_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    ledger = Ledger(path)
    await ledger.append(dict(ENTRY), b"whole")
    ledger.close()
    with path.open("ab") as file:
        file.write(b'{"id": 2, "time": "t", "ven')
    assert [entry.body for entry in read_ledger(path)] == [b"whole"]
    ledger = Ledger(path)
    await ledger.append(dict(ENTRY), b"next")
    assert [(entry.id, entry.body) for entry in ledger.entries()] == [(1, b"whole"), (2, b"next")]
    ledger.close()


async def test_an_answer_waits_for_the_disk(tmp_path: Path) -> None:
    asked, go = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def fsync(file: int) -> None:
        loop.call_soon_threadsafe(asked.set)
        asyncio.run_coroutine_threadsafe(go.wait(), loop).result()
        os.fsync(file)

    ledger = Ledger(tmp_path / "l.jsonl", fsync)
    waiting = ledger.append(dict(ENTRY), b"1")
    await asked.wait()
    later = [ledger.append(dict(ENTRY), b"2") for _ in range(50)]
    assert not waiting.done()
    assert list(ledger.entries()) == []
    go.set()
    await asyncio.gather(waiting, *later)
    assert len(list(ledger.entries())) == 51
    ledger.close()


async def test_what_comes_during_a_sync_shares_the_next_one(tmp_path: Path) -> None:
    syncs: list[int] = []

    def fsync(file: int) -> None:
        syncs.append(os.fstat(file).st_size)
        os.fsync(file)

    ledger = Ledger(tmp_path / "l.jsonl", fsync)
    await asyncio.gather(*(ledger.append(dict(ENTRY), b"x") for _ in range(500)))
    ledger.close()
    assert len(syncs) < 100
    assert syncs[-1] == (tmp_path / "l.jsonl").stat().st_size


async def test_after_a_failed_sync_nothing_is_promised_any_more(tmp_path: Path) -> None:
    failures = iter([OSError(errno.EIO, "disk")])

    def fsync(file: int) -> None:
        for failure in failures:
            raise failure

    ledger = Ledger(tmp_path / "l.jsonl", fsync)
    for _ in range(2):
        with pytest.raises(OSError, match="disk"):
            await ledger.append(dict(ENTRY), b"x")
    assert list(ledger.entries()) == []
    ledger.close()


async def test_bytes_that_are_no_text_are_kept_exactly(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    bodies = [b"\xff\x00\xfe", '{"name":"张三\\ud800"}'.encode(), b""]
    for body in bodies:
        await http.post("/webhook/crm", content=body)
    assert [entry.body for entry in sandbox.entries()] == bodies
    items = (await http.get("/_sandbox/ledger")).json()["items"]
    assert items[0]["body64"] == "/wD+"
    assert items[1]["body"] == bodies[1].decode()


async def test_the_ledger_is_paged_over_http(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    for number in range(5):
        await http.post("/webhook/crm", headers={"webhook-id": str(number)})
        await http.post("/slack/services/T/B/X", json={"text": "x"})
    keys: list[str] = []
    after: int | None = 0
    while after is not None:
        page = (await http.get("/_sandbox/ledger", params={"vendor": "webhook", "after": after, "limit": 2})).json()
        keys += [item["records"][0]["key"] for item in page["items"]]
        after = page["next"]
    assert keys == ["0", "1", "2", "3", "4"]
    assert [entry.vendor for entry in sandbox.entries(after=8)] == ["webhook", "slack"]
    assert (await http.get("/_sandbox/ledger?after=x")).status_code == 400
