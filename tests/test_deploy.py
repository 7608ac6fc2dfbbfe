"""What deploy/ holds is what the program takes: the example configuration loads, the unit is one systemd accepts."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hub import loader, plan
from hub.delivery.dispatcher import STOP_SECONDS
from hub.settings import load_settings
from hub.settings.files import Secrets

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
UNIT = DEPLOY / "leadhub.service"
EXAMPLE = DEPLOY / "hub.example.yaml"
SECRETS = {
    "env:BACKEND_SECRET": "b4ckend",
    "env:TYPEFORM_SECRET": "f0rm",
    "env:HUBSPOT_TOKEN": "pat-token",
    "env:DINGTALK_URL": "https://oapi.dingtalk.com/robot/send?access_token=example",
    "env:DINGTALK_SECRET": "SECexample",
    "env:SLACK_URL": "https://hooks.slack.com/services/T00000000/B00000000/example",
    "env:SMTP_PASSWORD": "m4il",
}


@pytest.fixture
def service() -> configparser.SectionProxy:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(UNIT.read_text("utf-8"))
    return unit["Service"]


def test_the_example_configuration_loads(tmp_path: Path) -> None:
    settings, file = load_settings(EXAMPLE)
    made = plan.build(settings, file, loader.load().registry, folder=tmp_path, resolve=Secrets(tmp_path, SECRETS.get))
    assert set(made.flows) == set(made.sources) == set(settings.sources)
    assert {sink for route in settings.flows[0].routes for sink in route.to} == set(made.sinks)
    assert {route.team for route in settings.flows[0].routes} - {None} == set(settings.teams)


def test_the_example_names_every_secret_by_reference() -> None:
    named = set(re.findall(r"\$\{([a-z_]+:[^}]+)\}", EXAMPLE.read_text("utf-8")))
    assert named == set(SECRETS)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_unit_is_one_that_systemd_accepts(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name  # verify wants the program to be there
    unit.write_text(UNIT.read_text("utf-8").replace("/opt/leadhub/bin/leadhub", sys.executable), "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_waits_until_requests_and_sends_under_way_have_ended(service: configparser.SectionProxy) -> None:
    assert float(service["TimeoutStopSec"]) > 2 * STOP_SECONDS


def test_the_unit_may_write_where_the_workspace_is(service: configparser.SectionProxy) -> None:
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"
