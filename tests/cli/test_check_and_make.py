"""init, new, check and docs on the command line: what they write, what they say, and when they fail."""

import json
import sys

import pytest
from typer.testing import CliRunner

from hub import yamlfile
from hub.cli import app
from hub.errors import ConfigError
from hub.store import ground
from hub.testing.contract import run_kit


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LEADHUB_CONFIG", raising=False)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def flat(result):
    return " ".join(result.output.split())


@pytest.fixture
def workspace(tmp_path):
    assert run("init", ".").exit_code == 0
    return tmp_path


def change(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_init_writes_a_workspace_that_check_is_content_with(workspace):
    result = run("check")
    assert result.exit_code == 0
    assert "configuration: 2 sources, 1 sinks, 1 flows" in flat(result)


def test_init_says_what_comes_next():
    assert "Next: cd acme && leadhub check && leadhub run" in flat(run("init", "acme"))


def test_init_overwrites_nothing(workspace):
    before = (workspace / "hub.yaml").read_text("utf-8")
    result = run("init", ".")
    assert isinstance(result.exception, ConfigError)
    assert "exists already" in str(result.exception)
    assert (workspace / "hub.yaml").read_text("utf-8") == before


def test_init_tells_its_files_as_json():
    said = json.loads(run("init", "acme", "--json").output)
    assert "acme/hub.yaml" in said["files"]


@pytest.mark.parametrize("kind", ["source", "sink", "step"])
def test_what_new_writes_passes_the_kit_at_once(kind, workspace):
    assert run("new", kind, "north_leads").exit_code == 0
    path = workspace / "plugins" / "north_leads.py"
    assert [verdict for verdict in run_kit(path) if not verdict.ok] == []
    assert "acme" not in path.read_text("utf-8").lower()
    assert run("check").exit_code == 0


def test_a_new_source_comes_with_its_mapping_and_what_to_do_next(workspace):
    result = run("new", "source", "north_leads")
    assert (workspace / "mappings" / "north_leads.yaml").is_file()
    assert "leadhub check plugins/north_leads.py" in result.output
    assert '{connector: north_leads, secret: "${env:NORTH_LEADS_SECRET}"}' in flat(result)


def test_a_new_source_can_be_configured_as_new_says(workspace, monkeypatch):
    run("new", "source", "north_leads")
    monkeypatch.setenv("NORTH_LEADS_SECRET", "s3cret")
    line = 'sources:\n  north_leads: {connector: north_leads, secret: "${env:NORTH_LEADS_SECRET}"}'
    change(workspace / "hub.yaml", "sources:", line)
    change(workspace / "hub.yaml", "from: [website", "from: [north_leads, website")
    assert run("check").exit_code == 0


def test_new_overwrites_nothing(workspace):
    run("new", "sink", "acme")
    (workspace / "plugins" / "acme.py").write_text("mine")
    result = run("new", "sink", "acme")
    assert "exists already" in str(result.exception)
    assert (workspace / "plugins" / "acme.py").read_text() == "mine"


@pytest.mark.parametrize("name", ["Acme", "2fast", "a-b", "../evil", "class", "", "x" * 60])
def test_new_refuses_what_is_no_name(workspace, name):
    result = run("new", "sink", name)
    assert "is no name for a plugin" in str(result.exception)
    assert sorted(path.name for path in (workspace / "plugins").iterdir()) == ["README.md"]


@pytest.mark.parametrize(("kind", "name"), [("sink", "hubspot"), ("source", "typeform"), ("step", "score")])
def test_new_refuses_the_name_of_what_leadhub_ships(workspace, kind, name):
    assert "Choose another name" in str(run("new", kind, name).exception)


def test_new_needs_a_workspace(tmp_path):
    assert "leadhub init" in str(run("new", "sink", "acme").exception)
    assert list(tmp_path.iterdir()) == []


def test_check_names_file_line_and_remedy_of_a_wrong_setting(workspace):
    change(workspace / "hub.yaml", "connector: web_form", "connector: web_from")
    result = run("check")
    line = yamlfile.load(workspace / "hub.yaml").line(("sources", "website", "connector"))
    assert result.exit_code == 1
    assert f'hub.yaml:{line}: Source "website": The connector "web_from" is not known.' in flat(result)
    assert 'Did you mean "web_form"?' in flat(result)


def test_check_names_file_and_line_of_a_broken_plugin_and_looks_at_the_rest(workspace):
    (workspace / "plugins" / "broken.py").write_text("import os\nx = 1 / 0\n")
    result = run("check")
    assert result.exit_code == 1
    assert "broken.py:2: ZeroDivisionError: division by zero. It is left out until then." in flat(result)
    assert "configuration: 2 sources" in flat(result)


def test_check_runs_the_tests_of_mappings(workspace):
    text = "fields: {email: mail}\ntests:\n  - {given: {mail: a@b.example}, expect: {email: other}}\n"
    (workspace / "mappings" / "website.yaml").write_text(text)
    result = run("check")
    assert result.exit_code == 1
    assert "website.yaml:3: test 1: email is 'a@b.example', expected 'other'." in flat(result)


def test_check_names_an_enricher_nobody_has(workspace):
    change(
        workspace / "hub.yaml", "    routes:", "    steps: [map, {enrich: {use: [emial_domain]}}, deliver]\n    routes:"
    )
    result = run("check")
    assert result.exit_code == 1
    assert 'Did you mean "email_domain"?' in flat(result)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("from: [website, lists]", "from: [website]", "source lists: No flow takes it"),
        ("sinks:", "sinks:\n  spare: {connector: csv_file, path: out/x.csv}", "sink spare: No route names it"),
        ("flows:", "teams: {idle: {}}\nflows:", "team idle: No route assigns to it"),
        ("flows:", "teams: {idle: {}}\nflows:", "team idle: It has no members and no fallback"),
        ("- name: all", "- name: all\n        when: lead.grade == 'A'", "flow inbound: Every route has a `when`"),
    ],
)
def test_check_warns_of_what_is_probably_a_slip(workspace, old, new, said):
    change(workspace / "hub.yaml", old, new)
    result = run("check")
    assert result.exit_code == 0
    assert said in flat(result)


def test_check_warns_of_an_old_sqlite(workspace, monkeypatch):
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 40, 1))
    assert "warning SQLite:" in flat(run("check"))
    monkeypatch.setattr("sqlite3.sqlite_version_info", ground.SAFE_SQLITE)
    assert "SQLite" not in flat(run("check"))


def test_check_names_a_runner_that_cannot_work_with_the_database(workspace):
    change(workspace / "hub.yaml", "hub:", "hub:\n  runner: pgqueuer")
    result = run("check")
    assert result.exit_code == 1
    assert "error runner: hub.runner: pgqueuer shares work through PostgreSQL, but hub.database is SQLite." in flat(
        result
    )


def test_check_names_a_runner_that_is_not_installed(workspace, monkeypatch):
    monkeypatch.setitem(sys.modules, "pgqueuer", None)  # as import finds it where nobody installed it
    (workspace / "hub.yaml").write_text(DISTRIBUTED)
    result = run("check")
    assert result.exit_code == 1
    assert "error runner: hub.runner: pgqueuer is not installed. Install leadhub[distributed], or set" in flat(result)


DISTRIBUTED = """
hub: {database: "postgresql://nobody@127.0.0.1:1/hub", runner: pgqueuer}
sources: {website: {connector: web_form}}
sinks: {file: {connector: csv_file, path: out/leads.csv}}
flows: [{name: inbound, from: [website], routes: [{name: all, to: [file]}]}]
"""


def test_check_answers_in_json(workspace):
    change(workspace / "hub.yaml", "connector: web_form", "connector: web_from")
    result = run("check", "--json")
    said = json.loads(result.output)
    assert result.exit_code == 1
    assert said["ok"] is False
    assert [finding["what"] for finding in said["findings"] if finding["level"] == "error"] == ["configuration"]


def test_check_runs_the_kit_over_one_plugin(workspace):
    run("new", "sink", "acme")
    result = run("check", "plugins/acme.py")
    assert result.exit_code == 0
    assert "acme: response should keep the id" in result.output
    change(workspace / "plugins" / "acme.cases.yaml", '{sent: "42"}', '{sent: "43"}')
    result = run("check", "plugins/acme.py")
    assert result.exit_code == 1
    assert "acme: response should keep the id: It should keep the id, but the outcome is sent: '42'" in flat(result)


def test_check_of_a_plugin_without_cases_warns_and_passes(workspace):
    run("new", "sink", "acme")
    (workspace / "plugins" / "acme.cases.yaml").unlink()
    result = run("check", "plugins/acme.py")
    assert result.exit_code == 0
    assert "warning acme: has cases: acme.cases.yaml is missing." in flat(result)


def test_docs_check_says_whether_the_pages_are_current():
    result = run("docs", "--check", "--json")
    said = json.loads(result.output)
    assert result.exit_code == bool(said["stale"])
    assert said["pages"] > 20
