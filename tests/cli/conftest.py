"""What tests of the commands share: running one as the shell would, a workspace, and a hub beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hub.cli import main
from hub.cli.office import RUNNING

CONFIG = """
hub: {name: Acme, database: sqlite:///data/hub.db, region: CN, answer_within: 30s}
sources:
  website: {connector: web_form}
  list: {connector: list_file}
sinks:
  book: {connector: csv_file, path: out/leads.csv}
teams:
  north: {members: [{name: li}, {name: wang}]}
flows:
  - name: inbound
    from: [website, list]
    routes:
      - {name: china, when: 'lead.country == "CN"', assign: {team: north}, to: [book]}
      - {name: rest, to: [book]}
"""
LIST = "full name,email,phone,company\nAnn Ng,ann@example.com,138 0013 8000,=1+1\n张伟,wei@example.com,139 0013 9000,宏图\nNobody,,,\n"


class Said(NamedTuple):
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return the JSON it wrote."""
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture
def leadhub(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs a command as the shell would."""

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["leadhub", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        code = ended.value.code
        return Said(code if isinstance(code, int) else int(bool(code)), out, err)

    return run


def in_workspace(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("LEADHUB_CONFIG", "LEADHUB_URL", "LEADHUB_KEY", "LEADHUB_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace of its own, with a list to import; commands run inside it."""
    (tmp_path / "hub.yaml").write_text(CONFIG, "utf-8")
    (tmp_path / "list.csv").write_text(LIST, "utf-8")
    return in_workspace(tmp_path, monkeypatch)


@pytest.fixture
def filled(workspace: Path, leadhub: Run) -> Path:
    """Return a workspace whose list was imported."""
    assert leadhub("import", "list.csv", "--source", "list").code == 0
    return workspace


@pytest.fixture(scope="module")
def hub_beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Start a hub in a process of its own; return its workspace and address."""
    folder = tmp_path_factory.mktemp("beside")
    (folder / "hub.yaml").write_text(CONFIG, "utf-8")
    (folder / "list.csv").write_text(LIST, "utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEADHUB_")}
    command = [sys.executable, "-m", "hub.cli", "run", "--port", "0"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        yield folder, _address(folder, process)
        process.terminate()
        assert process.wait(60) == 0
        assert not (folder / RUNNING).exists()
    finally:
        process.kill()
        process.wait()


def _address(folder: Path, process: subprocess.Popen[bytes]) -> str:
    for _ in range(1800):
        if (folder / RUNNING).exists():
            return str(json.loads((folder / RUNNING).read_text())["url"])
        assert process.poll() is None, (folder / "log").read_text()
        time.sleep(0.05)
    raise AssertionError((folder / "log").read_text() or "the hub did not start")
