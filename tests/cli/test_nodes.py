"""Processes that share a database: roles, what they say of each other, and what a process refuses to start on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from hub.cli.office import RUNNING, announce, running, withdraw
from tests.cli.conftest import CONFIG, Run
from tests.conftest import Postgres


def wait_for(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Look again and again until there is something."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            found = condition()
        except (OSError, ValueError, httpx.HTTPError):
            found = None
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it never came about")


class Process:
    """A hub in a process and a folder of its own."""

    def __init__(self, folder: Path, database: str | None, *arguments: str) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        (folder / "hub.yaml").write_text(CONFIG)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LEADHUB_")}
        environment |= {"LEADHUB_DATABASE": database} if database else {}
        command = [sys.executable, "-m", "hub.cli", "run", "--port", "0", *arguments]
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(command, cwd=folder, env=environment, stdout=self._log, stderr=self._log)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()

    def ready(self) -> dict[str, Any]:
        """Return the word it left where it runs."""
        assert self._process.poll() is None, self.log
        found: dict[str, Any] = wait_for(lambda: json.loads((self.folder / RUNNING).read_text()))
        return found

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call its API as the owner of its machine."""
        word = self.ready()
        headers = {"authorization": f"Bearer {word['key']}"}
        return httpx.request(method, word["url"] + path, headers=headers, trust_env=False, timeout=30, **options)

    def end(self, number: signal.Signals) -> int:
        """End it and return its exit status."""
        self._process.send_signal(number)
        return self._process.wait(60)

    def wait(self) -> int:
        """Return its exit status, once it has ended by itself."""
        try:
            return self._process.wait(60)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"It goes on: {self.log}") from error

    @property
    def log(self) -> str:
        """Return what it wrote."""
        return (self.folder / "log").read_text()


@pytest.fixture(scope="module")
def nodes(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Process]]:
    """Start three processes on one database, each with one role."""
    folder, database = tmp_path_factory.mktemp("nodes"), postgres.take()
    with ExitStack() as running:
        started = {
            role: running.enter_context(Process(folder / role, database, "--roles", role))
            for role in ("intake", "worker", "scheduler")
        }
        for process in started.values():
            process.ready()
        yield started
    postgres.give_back(database)


def test_what_the_intake_node_takes_the_worker_node_sends(nodes: dict[str, Process]):
    answer = nodes["intake"].call("POST", "/in/website", data={"name": "Ann Ng", "email": "ann@example.com"})
    assert answer.status_code in (200, 202, 303), answer.text
    written = nodes["worker"].folder / "out" / "leads.csv"
    wait_for(lambda: "ann@example.com" in written.read_text("utf-8-sig"))
    assert not (nodes["intake"].folder / "out").exists()
    assert not (nodes["scheduler"].folder / "out").exists()


@pytest.mark.parametrize("role", ["worker", "scheduler"])
def test_a_node_without_the_role_takes_no_lead(nodes: dict[str, Process], role):
    answer = nodes[role].call("POST", "/in/website", data={"email": "bob@example.com"})
    assert (answer.status_code, "without the role intake" in answer.text) == (503, True)


def test_every_node_knows_the_others_and_is_well(nodes: dict[str, Process]):
    pids = {process.ready()["pid"] for process in nodes.values()}
    for process in nodes.values():
        items = process.call("GET", "/api/nodes").json()["items"]
        assert {item["pid"] for item in items} == pids
        assert {(item["state"], item["revision"], item["note"]) for item in items} == {("there", 1, "")}
        assert wait_for(
            lambda process=process: process.call("GET", "/health").json() == {"status": "ok", "reasons": []}
        )


def test_status_lists_the_nodes(nodes: dict[str, Process], leadhub: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(nodes["scheduler"].folder)
    said = leadhub("status", "--json").json["nodes"]
    assert sorted(node["roles"] for node in said) == [["intake"], ["scheduler"], ["worker"]]
    shown = leadhub("status").out
    assert "Nodes" in shown
    assert all(str(node["pid"]) in shown for node in said)


def test_two_nodes_in_one_folder_leave_each_other_s_word_alone(tmp_path, monkeypatch):
    announce(tmp_path, "http://127.0.0.1:1", "k")
    word = tmp_path / RUNNING
    word.write_text(word.read_text().replace(str(os.getpid()), str(os.getppid())))
    withdraw(tmp_path)
    assert running(tmp_path) is not None
    announce(tmp_path, "http://127.0.0.1:1", "k")
    withdraw(tmp_path)
    assert running(tmp_path) is None


@pytest.mark.parametrize("roles", ["sender", "intake,sender", "", ","])
def test_an_unknown_role_is_refused_with_the_known_ones(workspace, leadhub: Run, roles):
    said = leadhub("run", "--roles", roles)
    assert said.code == 1
    assert "--roles takes some of intake, scheduler, worker, separated by commas." in said.err


def test_a_second_process_on_a_sqlite_file_is_refused(tmp_path, leadhub: Run, monkeypatch):
    with Process(tmp_path / "one", None) as first:
        first.ready()
        monkeypatch.chdir(first.folder)
        said = leadhub("run", "--port", "0")
        assert said.code == 1
        assert "is in use by another leadhub process. Stop it, or use PostgreSQL to run several." in said.err
        assert first.end(signal.SIGTERM) == 0


def test_a_running_node_ends_with_the_reason_when_a_newer_leadhub_migrates(postgres: Postgres, tmp_path):
    database = postgres.take()
    with Process(tmp_path / "old", database) as old, psycopg.connect(database, autocommit=True) as connection:
        old.ready()
        (schema,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        connection.execute("UPDATE alembic_version SET version_num = '9999'; UPDATE schema_floor SET floor = '9999'")
        assert old.wait() == 1
        assert "The database has schema 9999, which this leadhub does not know" in old.log
        with Process(tmp_path / "again", database) as again:
            assert again.wait() == 1
            assert "The database has schema 9999" in again.log
        connection.execute("UPDATE alembic_version SET version_num = %s", (schema,))
        connection.execute("UPDATE schema_floor SET floor = %s", (schema,))
    postgres.give_back(database)
