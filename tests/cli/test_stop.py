"""A hub in a process of its own ends politely at the first SIGTERM, and at once at the second."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.cli.office import RUNNING

CONFIG = """
hub: {{allow_networks: [127.0.0.0/8], answer_within: 5s, log: json}}
sources: {{website: {{connector: web_form}}}}
sinks: {{slow: {{connector: webhook, url: "http://127.0.0.1:{port}/in", concurrency: 1}}}}
flows: [{{name: inbound, from: [website], routes: [{{name: all, to: [slow]}}]}}]
"""


class SlowSink:
    """A server that takes a lead and answers only when it is told to."""

    def __init__(self) -> None:
        self.arrived, self.answer = threading.Semaphore(0), threading.Event()
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                sink.arrived.release()
                sink.answer.wait(60)
                self.send_response(200)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def sink() -> Iterator[SlowSink]:
    """Start a slow sink."""
    made = SlowSink()
    yield made
    made.answer.set()
    made.server.shutdown()


@pytest.fixture
def sending(tmp_path: Path, sink: SlowSink) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Start a hub that is sending one lead, and holds another that waits behind it."""
    (tmp_path / "hub.yaml").write_text(CONFIG.format(port=sink.server.server_address[1]), "utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEADHUB_")}
    command = [sys.executable, "-m", "hub.cli", "run", "--port", "0"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        eventually(lambda: (tmp_path / RUNNING).exists() or process.poll() is not None)
        url = str(json.loads((tmp_path / RUNNING).read_text())["url"])
        for number in (1, 2):
            answer = httpx.post(f"{url}/in/website", json={"email": f"p{number}@example.com"}, trust_env=False)
            assert answer.status_code == 200, answer.text
        assert sink.arrived.acquire(timeout=60)
        yield process, url
    finally:
        process.kill()
        process.wait()


def eventually(condition: Any) -> None:
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it never came about")


def is_closed(url: str) -> bool:
    try:
        httpx.get(f"{url}/health/live", trust_env=False)
    except httpx.TransportError:
        return True
    return False


def rows(folder: Path) -> list[tuple[str, int, str | None]]:
    with sqlite3.connect(folder / "data" / "hub.db") as raw:
        return raw.execute("SELECT state, attempts, lease_by FROM delivery ORDER BY id").fetchall()


def test_the_first_sigterm_ends_what_is_being_sent_and_gives_the_rest_back(sending, sink, tmp_path):
    process, url = sending
    process.send_signal(signal.SIGTERM)
    eventually(lambda: is_closed(url))
    assert process.poll() is None
    sink.answer.set()
    assert process.wait(60) == 0
    assert rows(tmp_path) == [("sent", 1, None), ("ready", 0, None)]
    assert not (tmp_path / RUNNING).exists()


def test_the_second_sigterm_ends_the_process_at_once(sending, sink, tmp_path):
    process, url = sending
    process.send_signal(signal.SIGTERM)
    eventually(lambda: is_closed(url))
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 128 + signal.SIGTERM
    assert not sink.answer.is_set()
    assert rows(tmp_path)[0][0] == "sending"
    assert not (tmp_path / RUNNING).exists()
    last = json.loads((tmp_path / "log").read_text().splitlines()[-1])
    assert (last["event"], last["level"]) == ("stop.forced", "warning")
