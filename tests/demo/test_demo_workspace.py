"""New workspaces: complete, valid against the real connectors, and never written over anything."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hub import plan as plans
from hub.demo.entry import SOURCES
from hub.demo.sign import DEMO_SECRETS
from hub.demo.workspace import write_workspace
from hub.errors import ConfigError
from hub.loader import load
from hub.plan import Plan
from hub.rules import rules_of
from hub.settings import load_settings

SINKS = {
    *("hubspot", "salesforce", "jiandaoyun", "google_sheets", "xlsx_file", "csv_file", "smtp", "slack", "dingtalk"),
    *("wecom", "feishu", "webhook"),
}
SANDBOX = "http://127.0.0.1:9900"


@pytest.fixture(autouse=True)
def _sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_URL", SANDBOX)
    monkeypatch.setenv("SANDBOX_SMTP_PORT", "9925")
    monkeypatch.setenv("SANDBOX_IMAP_PORT", "9943")


def plan(folder: Path) -> Plan:
    """Check the workspace's hub.yaml as a start would: settings, connectors, secrets, steps, mappings."""
    settings, file = load_settings(folder / "hub.yaml")
    plugins = load(folder / "plugins")
    assert plugins.broken == ()
    return plans.build(settings, file, plugins.registry, folder=folder, resolve=plugins.secrets(folder))


@pytest.mark.parametrize("demo", [False, True])
def test_a_new_workspace_is_valid_as_it_is(tmp_path: Path, demo: bool) -> None:
    write_workspace(tmp_path, demo)
    made = plan(tmp_path)
    rules_of(*(route.when for flow in made.settings.flows for route in flow.routes))


@pytest.mark.parametrize("demo", [False, True])
def test_it_says_what_it_wrote_and_makes_the_folders(tmp_path: Path, demo: bool) -> None:
    written = write_workspace(tmp_path / "new" / "deep", demo)
    folder = tmp_path / "new" / "deep"
    names = {path.relative_to(folder).as_posix() for path in written}
    assert names == {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"hub.yaml", ".env.example", ".gitignore", "plugins/README.md", "mappings/README.md"} <= names
    assert (folder / "inbox" / "lists").is_dir()


def test_the_plain_workspace_needs_no_secret_and_keeps_every_lead_in_a_file(tmp_path: Path) -> None:
    write_workspace(tmp_path, demo=False)
    made = plan(tmp_path)
    assert made.secrets == ()
    assert [source.name for source in made.sources.values()] == ["web_form", "list_file"]
    assert [sink.name for sink in made.sinks.values()] == ["csv_file"]
    assert made.settings.flows[0].routes[-1].when is None


def test_the_demo_has_all_nine_sources_and_twelve_sinks(tmp_path: Path) -> None:
    write_workspace(tmp_path, demo=True)
    made = plan(tmp_path)
    assert {name: source.name for name, source in made.sources.items()} == dict(SOURCES)
    assert {sink.name for sink in made.sinks.values()} == SINKS


def test_every_sink_of_the_demo_gets_leads_and_no_lead_falls_through(tmp_path: Path) -> None:
    write_workspace(tmp_path, demo=True)
    made = plan(tmp_path)
    routes = [route for flow in made.settings.flows for route in flow.routes]
    assert {sink for route in routes for sink in route.to} == set(made.sinks)
    assert 4 <= len(routes) <= 6
    assert routes[-1].when is None
    assert {route.team for route in routes if route.team} == set(made.settings.teams)


def test_nothing_in_the_demo_calls_a_real_host(tmp_path: Path) -> None:
    write_workspace(tmp_path, demo=True)
    made = plan(tmp_path)
    hosts = [getattr(part.config, "base_url", None) for part in (*made.sources.values(), *made.sinks.values())]
    hosts += [getattr(part.config, "host", None) for part in (*made.sources.values(), *made.sinks.values())]
    kept = {host for host in hosts if host}
    assert {host.startswith((SANDBOX, "127.0.0.1")) for host in kept} == {True}
    assert len(kept) == 11
    assert made.sinks["sheet"].config.token_url == f"{SANDBOX}/sheets/token"  # type: ignore[attr-defined]
    assert made.sinks["nurturing"].url == f"{SANDBOX}/webhook/nurturing"  # type: ignore[attr-defined]


def test_the_senders_know_the_secrets_of_the_sources(tmp_path: Path) -> None:
    write_workspace(tmp_path, demo=True)
    made = plan(tmp_path)
    given = {name: made.sources[name].config.secret.get_secret_value() for name in DEMO_SECRETS}  # type: ignore[attr-defined]
    assert given == dict(DEMO_SECRETS)


def test_secrets_of_the_demo_are_files_for_their_owner_only(tmp_path: Path) -> None:
    written = write_workspace(tmp_path, demo=True)
    secrets = [path for path in written if path.parent.name == "secrets"]
    assert len(secrets) == len(DEMO_SECRETS) + 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
    assert "secrets/" in (tmp_path / ".gitignore").read_text().splitlines()


def test_the_service_account_of_the_demo_is_a_key_of_its_own_each_time(tmp_path: Path) -> None:
    write_workspace(tmp_path / "a", demo=True)
    write_workspace(tmp_path / "b", demo=True)
    name = "secrets/google-service-account.json"
    first, second = (json.loads((tmp_path / folder / name).read_text())["private_key"] for folder in "ab")
    assert first != second
    assert load_pem_private_key(first.encode(), None).key_size == 2048  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["hub.yaml", ".env.example", "secrets/survey"])
def test_a_file_that_is_there_is_kept_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(ConfigError, match="exists already"):
        write_workspace(tmp_path, demo=True)
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] == ["mine"]


def test_a_folder_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_workspace(tmp_path / "file" / "workspace", demo=False)
