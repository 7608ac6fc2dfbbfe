"""The commands of an ops person, through the real entry point: alone in a workspace, and beside a running hub."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from hub.cli.office import RUNNING
from tests.cli.conftest import CONFIG, in_workspace


def test_a_new_workspace_is_right_and_a_slip_in_it_is_found_with_its_line(tmp_path, monkeypatch, leadhub):
    in_workspace(tmp_path, monkeypatch)
    assert leadhub("init", "acme").code == 0
    monkeypatch.chdir(tmp_path / "acme")
    assert leadhub("check").code == 0
    text = Path("hub.yaml").read_text("utf-8")
    line = next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith("sources:"))
    Path("hub.yaml").write_text(text.replace("sources:", "sorces:"), "utf-8")
    said = leadhub("check")
    assert said.code == 1
    whole = " ".join((said.out + said.err).split())
    assert f"hub.yaml:{line}" in whole
    assert 'Did you mean "sources"?' in whole


def test_without_a_configuration_a_command_says_how_to_make_one(tmp_path, monkeypatch, leadhub):
    in_workspace(tmp_path, monkeypatch)
    said = leadhub("status")
    assert (said.code, said.out) == (1, "")
    assert "There is no hub.yaml here. Run `leadhub init .`" in said.err


@pytest.mark.parametrize("arguments", [["nonsense"], ["import", "--nonsense"], ["deliveries", "--limit", "0"]])
def test_a_mistyped_command_is_refused_with_status_2(workspace, leadhub, arguments):
    assert leadhub(*arguments).code == 2


def test_an_import_is_tried_and_then_done_with_the_same_numbers(workspace, leadhub):
    tried = leadhub("import", "list.csv", "--source", "list", "--dry-run", "--json")
    assert leadhub("status", "--json").json["received"] == 0
    done = leadhub("import", "list.csv", "--source", "list", "--json")
    assert tried.code == done.code == 0
    assert tried.json["counts"] == done.json["counts"] == {"read": 3, "known": 0, "accepted": 2, "quarantined": 1}
    assert [problem["code"] for problem in done.json["problems"]] == ["unreachable"]
    assert leadhub("import", "list.csv", "--source", "list", "--json").json["state"] == "known"


def test_an_import_in_words_shows_counts_and_problems(workspace, leadhub):
    said = leadhub("import", "list.csv", "--source", "list", "--dry-run")
    assert "Would happen" in said.out
    assert "unreachable" in said.out


def test_an_import_is_taken_back(filled, leadhub):
    imported = leadhub("import", "list.csv", "--source", "list", "--json").json["import"]
    said = leadhub("import", "--undo", imported, "--json")
    assert said.json["leads_removed"] == 2
    assert leadhub("import", "--undo", imported).err.startswith(f"There is no import '{imported}' to undo.")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["import", "missing.csv", "--source", "list"], "cannot be read"),
        (["import", "list.csv", "--source", "website"], "is no source that reads files. Known: list."),
        (["import", "list.csv"], "Name a file and --source NAME."),
        (["explain", "nobody@example.com"], "There is no lead 'nobody@example.com'."),
        (["replay"], "Name one lead or submission"),
        (["replay", "--filter", "colour=red"], "--filter takes state="),
        (["replay", "sub_1", "--correct", "phone"], "--correct takes FIELD=VALUE"),
        (["replay", "--filter", "state=quarantined", "--correct", "phone=1"], "Correct it one by one"),
        (["erase"], "Name --email, --phone or --person."),
        (["key", "create", "--role", "god"], "role: "),
        (["key", "revoke", "key_nonsense"], "There is no key"),
        (["export", "nonsense", "--to", "x.csv"], "kind: "),
        (["simulate", "--config", "missing.yaml"], "missing.yaml cannot be read"),
        (["deliveries", "--retry"], "Name ids, or a state"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_status_1(workspace, leadhub, arguments, says):
    said = leadhub(*arguments)
    assert said.code == 1
    assert says in said.err
    assert "Traceback" not in said.err


def test_a_lead_is_explained_in_both_languages_or_one(filled, leadhub):
    both = leadhub("explain", "ann@example.com", "--json").json
    assert [any("\u4e00" <= c <= "\u9fff" for c in one["sentence"]) for one in both] == [False, True]
    english = leadhub("explain", "+8613800138000", "--language", "en")
    assert english.code == 0
    assert english.out.startswith(both[0]["sentence"])
    assert leadhub("explain", both[0]["lead"], "--language", "zh").out.startswith(both[1]["sentence"])


def test_deliveries_are_listed_as_a_table_and_as_json(filled, leadhub):
    listed = leadhub("deliveries", "--json").json
    assert {(row["sink"], row["state"]) for row in listed["items"]} == {("book", "sent")}
    assert leadhub("deliveries", "--state", "dead", "--json").json == {"items": [], "next": None}
    table = leadhub("deliveries")
    assert all(row["id"] in table.out for row in listed["items"])


def test_held_deliveries_are_sent_again_on_request(filled, leadhub):
    assert leadhub("deliveries", "--state", "dead", "--retry", "--json").json == {"retried": 0}


def test_a_key_is_printed_as_the_last_line(workspace, leadhub):
    said = leadhub("key", "create", "--role", "viewer")
    assert said.code == 0
    assert said.out.splitlines()[-1].startswith("lh_")
    listed = leadhub("key", "list", "--json").json["items"]
    assert [row["role"] for row in listed] == ["viewer"]
    assert said.out.splitlines()[-1] not in str(listed)
    assert leadhub("key", "revoke", listed[0]["id"]).code == 0
    assert leadhub("key", "list", "--json").json["items"][0]["revoked_at"]


def test_an_export_in_csv_opens_safely_in_a_spreadsheet(filled, leadhub):
    said = leadhub("export", "leads", "--to", "out.csv")
    raw = Path("out.csv").read_bytes()
    assert (said.code, raw[:3]) == (0, b"\xef\xbb\xbf")
    assert f"Wrote {len(raw)} bytes to out.csv." in said.out
    table = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    assert {row["company"] for row in table} == {"'=1+1", "宏图"}
    assert [cell for row in table for cell in row.values() if cell.startswith(("=", "+", "-", "@"))] == []


def test_an_export_in_jsonl_holds_what_is_stored(filled, leadhub):
    leadhub("export", "leads", "--to", "out.jsonl")
    rows = [json.loads(line) for line in Path("out.jsonl").read_text("utf-8").splitlines()]
    assert {row["email"] for row in rows} == {"ann@example.com", "wei@example.com"}


@pytest.fixture
def unset(filled: Path) -> Path:
    """Return a filled workspace whose configuration names secrets that are not there any more."""
    text = CONFIG.replace("sinks:", 'sinks:\n  hook: {connector: webhook, url: "${env:LEADHUB_NOBODY_SETS_THIS}/hook"}')
    text = text.replace("{connector: web_form}", '{connector: typeform, secret: "${credential:survey}"}')
    (filled / "hub.yaml").write_text(text, "utf-8")
    return filled


LOOKS = [
    (["status"], "Received 3"),
    (["explain", "ann@example.com"], "Went to book"),
    (["deliveries"], "book"),
    (["export", "leads", "--to", "leads.csv"], "Wrote"),
    (["key", "list"], "Keys"),
    (["key", "create", "--role", "viewer"], "It is not shown again"),
    (["deliveries", "--state", "dead", "--retry"], "0 deliveries are due again"),
    (["erase", "--email", "ann@example.com", "--yes"], "Certificate of erasure"),
]


@pytest.mark.parametrize(("arguments", "says"), LOOKS)
def test_a_command_that_sends_nothing_needs_no_secrets(unset, leadhub, arguments, says):
    said = leadhub(*arguments)
    assert (said.code, said.err) == (0, "")
    assert says in said.out


@pytest.mark.parametrize(
    "arguments", [["import", "list.csv", "--source", "list"], ["replay", "ann@example.com"], ["run", "--port", "0"]]
)
def test_a_command_that_may_send_names_the_secret_that_is_not_there(unset, leadhub, arguments):
    said = leadhub(*arguments)
    assert said.code == 1
    assert "'credential:survey' is not there" in said.err


def test_check_names_every_secret_that_is_not_there_and_looks_at_the_rest(unset, leadhub):
    said = leadhub("check", "--json")
    wrong = [finding["said"] for finding in said.json["findings"] if finding["level"] == "error"]
    assert said.code == 1
    assert [("credential:survey" in text, "LEADHUB_NOBODY_SETS_THIS" in text) for text in wrong] == [
        (True, False),
        (False, True),
    ]
    assert "sink hook" in {finding["what"] for finding in said.json["findings"] if finding["level"] == "warning"}


def test_a_person_is_erased_after_a_question(filled, leadhub, monkeypatch):
    monkeypatch.setattr(sys, "stdin", open(os.devnull))  # noqa: SIM115, PTH123 - nobody answers
    assert leadhub("erase", "--email", "ann@example.com").code == 1
    assert leadhub("explain", "ann@example.com").code == 0
    said = leadhub("erase", "--email", "ann@example.com", "--yes", "--json")
    assert len(said.json["leads"]) == 1
    assert leadhub("explain", "ann@example.com").code == 1
    assert "Nobody with that address" in leadhub("erase", "--email", "ann@example.com", "--yes").out


def test_what_waits_in_quarantine_is_replayed_once_accepted(filled, leadhub):
    refused = leadhub("replay", "--filter", "state=quarantined", "--json").json
    assert [row["status"] for row in refused] == ["quarantined"]
    accepted = leadhub("replay", refused[0]["submission"], "--accept", "unreachable", "--json").json
    assert accepted[0]["status"] == "accepted"
    again = leadhub("replay", accepted[0]["lead"], "--json").json
    assert again[0]["lead"] == accepted[0]["lead"]
    assert leadhub("replay", "--filter", "state=quarantined", "--json").json == []


def test_what_waits_goes_on_once_it_is_corrected_and_can_be_corrected_again(filled, leadhub):
    (held,) = leadhub("quarantine", "--json").json["items"]
    corrected = leadhub("replay", held["id"], "--correct", "phone=13700137000", "--correct", "title=CEO", "--json").json
    assert corrected[0]["status"] == "accepted"
    again = leadhub("replay", "+8613700137000", "--correct", "title=", "--correct", "city=Shanghai", "--json").json
    assert (again[0]["submission"], again[0]["lead"]) == (held["id"], corrected[0]["lead"])
    assert leadhub("export", "leads", "--to", "now.jsonl").code == 0
    rows = [json.loads(line) for line in Path("now.jsonl").read_text("utf-8").splitlines()]
    lead = next(json.loads(row["body"]) for row in rows if row["id"] == corrected[0]["lead"])
    assert (lead["phone"], lead["city"], lead.get("title")) == ("+8613700137000", "Shanghai", None)


def test_one_value_is_corrected_in_all_that_a_filter_finds(filled, leadhub):
    said = leadhub("replay", "--filter", "state=done", "--correct", "company=Acme", "--json").json
    assert [one["status"] for one in said] == ["accepted", "accepted"]
    assert leadhub("export", "leads", "--to", "now.jsonl").code == 0
    rows = [json.loads(line) for line in Path("now.jsonl").read_text("utf-8").splitlines()]
    assert {row["company"] for row in rows} == {"Acme"}


def test_replay_says_which_sinks_are_told_again(leadhub):
    said = " ".join(leadhub("replay", "--help").out.replace("│", " ").split())
    assert "A sink that has the lead already is told again only if it takes updates." in said


def test_a_changed_configuration_is_simulated(filled, leadhub):
    Path("new.yaml").write_text(CONFIG.replace("when: 'lead.country == \"CN\"', ", ""), "utf-8")
    said = leadhub("simulate", "--config", "new.yaml", "--days", "7", "--json").json
    assert (said["leads"], said["not_decided"]) == (2, 0)
    words = leadhub("simulate", "--config", "new.yaml")
    assert words.out.startswith("2 leads of the last 30 days:")


def test_the_summary_tells_what_came_and_went(filled, leadhub):
    said = leadhub("status")
    assert "Received 3, test leads 0, leads 2, merged 0" in said.out


def test_commands_go_through_the_hub_that_runs_in_the_workspace(hub_beside, monkeypatch, leadhub):
    folder, url = hub_beside
    in_workspace(folder, monkeypatch)
    answer = httpx.post(f"{url}/in/website", data={"full_name": "Bo Li", "email": "bo@example.com"}, trust_env=False)
    assert answer.is_success
    assert leadhub("explain", "bo@example.com").code == 0
    tried = leadhub("import", "list.csv", "--source", "list", "--dry-run", "--json").json
    done = leadhub("import", "list.csv", "--source", "list", "--json").json
    assert tried["counts"] == done["counts"]
    key = leadhub("key", "create", "--role", "viewer").out.splitlines()[-1]
    headers = {"authorization": f"Bearer {key}"}
    assert httpx.get(f"{url}/api/summary", headers=headers, trust_env=False).json()["leads"] == 3
    assert leadhub("deliveries", "--json").code == 0
    assert leadhub("replay", "--filter", "state=quarantined", "--accept", "unreachable", "--json").json[0]["lead"]
    assert leadhub("export", "leads", "--to", "out.csv").code == 0
    assert leadhub("simulate", "--config", "hub.yaml", "--json").json["moved"] == 0
    assert leadhub("erase", "--email", "bo@example.com", "--yes", "--json").json["leads"]


def test_a_second_hub_on_the_same_database_is_refused(hub_beside, monkeypatch, leadhub):
    folder, _ = hub_beside
    in_workspace(folder, monkeypatch)
    said = leadhub("run", "--port", "0")
    assert said.code == 1
    assert "is in use by another leadhub process" in said.err


def test_a_hub_elsewhere_is_named_by_the_environment(hub_beside, workspace, monkeypatch, leadhub):
    folder, url = hub_beside
    monkeypatch.setenv("LEADHUB_URL", url)
    monkeypatch.setenv("LEADHUB_KEY", json.loads((folder / RUNNING).read_text())["key"])
    summary = httpx.get(
        f"{url}/api/summary", headers={"authorization": f"Bearer {os.environ['LEADHUB_KEY']}"}, trust_env=False
    ).json()  # fmt: skip
    said = leadhub("status", "--json").json
    assert {name: said[name] for name in summary} == summary
    monkeypatch.setenv("LEADHUB_KEY", "lh_wrong")
    said = leadhub("status")
    assert (said.code, "not known" in said.err) == (1, True)


def test_the_word_of_a_hub_that_was_killed_is_not_believed(workspace, leadhub):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    Path("data").mkdir()
    Path(RUNNING).write_text(json.dumps({"url": "http://127.0.0.1:1", "key": "x", "pid": gone.pid}))
    assert leadhub("status", "--json").json["received"] == 0
