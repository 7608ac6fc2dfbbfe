"""What a person decides at the command line: quarantine, near matches, merges, held deliveries, paused sinks."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import CONFIG, Run, in_workspace

HEAD = "full name,email,phone,company\n"
TWIN = "Ann Ng,ann@acme.example.com,138 0013 8000,Acme\n"
OTHER = "Ann Ng,a.ng@acme.example.com,,Acme Ltd\n"
AGAIN = "full name,email,phone,job title\nAnn Ng,ann@example.com,,CEO\n"
UNSURE = '''
"""A sink that never knows whether a lead arrived."""

from hub import Sink, Unclear, hookimpl


class Unsure(Sink):
    """Nobody's sink."""

    name = "unsure"
    title = "Unsure"
    docs_url = "https://unsure.example.com"

    async def send(self, leads, http):
        return [Unclear("the line broke") for _ in leads]


@hookimpl
def hub_register():
    yield Unsure
'''


def imported(leadhub: Run, name: str, text: str) -> None:
    """Import what another list says."""
    Path(name).write_text(text, "utf-8")
    assert leadhub("import", name, "--source", "list").code == 0


def leads(leadhub: Run) -> dict[str, dict[str, Any]]:
    """Return the leads that are open by their address."""
    assert leadhub("export", "leads", "--to", "now.jsonl").code == 0
    rows = [json.loads(line) for line in Path("now.jsonl").read_text("utf-8").splitlines()]
    return {row["email"]: row for row in rows if row["state"] == "open"}


@pytest.fixture
def twins(workspace: Path, leadhub: Run) -> Path:
    """Return a workspace with two leads that may be one person."""
    imported(leadhub, "twin.csv", HEAD + TWIN)
    imported(leadhub, "other.csv", HEAD + OTHER)
    return workspace


def the_pair(leadhub: Run) -> dict[str, Any]:
    (pair,) = leadhub("suggestions", "--json").json["items"]
    return pair


def waiting(leadhub: Run) -> str:
    (row,) = leadhub("quarantine", "--json").json["items"]
    return str(row["id"])


def test_the_quarantine_is_listed_with_its_reasons(filled, leadhub):
    (row,) = leadhub("quarantine", "--json").json["items"]
    assert [problem["code"] for problem in row["problems"]] == ["unreachable"]
    table = leadhub("quarantine")
    assert all(text in table.out for text in (row["id"], "list", "unreachable"))
    assert leadhub("quarantine", "--source", "website").out == "Quarantine: none.\n"
    assert leadhub("quarantine", "--source", "list", "--limit", 1, "--json").json["items"] == [row]


def test_what_waits_is_waved_through(filled, leadhub):
    submission = waiting(leadhub)
    said = leadhub("quarantine", "accept", submission)
    assert (said.code, said.out.count("\n")) == (0, 1)
    assert said.out.startswith(f"{submission} goes on as lead lead_")
    assert leadhub("quarantine").out == "Quarantine: none.\n"
    assert leadhub("explain", submission).code == 0
    again = leadhub("quarantine", "accept", submission)
    assert (again.code, again.out) == (1, "")
    assert f"The submission {submission} is done; it does not wait in quarantine." in again.err


def test_a_problem_nobody_waved_through_holds_it_again(filled, leadhub):
    submission = waiting(leadhub)
    said = leadhub("quarantine", "accept", submission, "--code", "spam")
    assert said.code == 1
    assert said.out.startswith(f"{submission} still waits: ")
    assert leadhub("quarantine", "--json").json["items"][0]["reason"] in said.out
    accepted = leadhub("quarantine", "accept", submission, "--code", "unreachable", "--json")
    assert (accepted.code, accepted.json["status"]) == (0, "accepted")


def test_what_waits_is_refused_and_can_be_taken_up_after_all(filled, leadhub):
    submission = waiting(leadhub)
    said = leadhub("quarantine", "reject", submission, "--reason", "an entry of our own")
    assert (said.code, said.out) == (0, f"{submission} is rejected.\n")
    assert leadhub("quarantine", "--json").json["items"] == []
    assert leadhub("status", "--json").json["sources"]["list"]["rejected"] == 1
    again = leadhub("quarantine", "reject", submission)
    assert (again.code, "is rejected; it does not wait in quarantine." in again.err) == (1, True)
    assert leadhub("replay", submission, "--accept", "unreachable", "--json").json[0]["status"] == "accepted"


def test_a_refusal_answers_in_json(filled, leadhub):
    submission = waiting(leadhub)
    said = leadhub("quarantine", "reject", submission, "--json").json
    assert said == {"submission": submission, "status": "rejected", "reason": "a person refused it"}


def test_near_matches_are_listed_with_what_speaks_for_them(twins, leadhub):
    pair = the_pair(leadhub)
    assert {pair["lead"], pair["other"]} == {row["id"] for row in leads(leadhub).values()}
    table = leadhub("suggestions")
    assert all(str(pair[name]) in table.out for name in ("id", "lead", "other", "score"))
    assert pair["reasons"][0] in table.out
    assert leadhub("suggestions", "--state", "joined").out == "Suggestions: none.\n"


def test_a_near_match_is_joined_and_taken_apart_again(twins, leadhub):
    pair = the_pair(leadhub)
    before = leads(leadhub)
    said = leadhub("suggestions", "accept", pair["id"])
    assert (said.code, said.out) == (0, f"{pair['other']} is joined into {pair['lead']}.\n")
    assert {row["id"] for row in leads(leadhub).values()} == {pair["lead"]}
    assert leadhub("suggestions").out == "Suggestions: none.\n"
    again = leadhub("suggestions", "accept", pair["id"])
    assert (again.code, "is decided already: the leads were joined." in again.err) == (1, True)

    said = leadhub("unmerge", pair["other"])
    assert (said.code, said.out) == (0, f"{pair['other']} is out of {pair['lead']}, as lead {pair['other']}.\n")
    after = leads(leadhub)
    assert {email: (row["id"], row["phone"], row["score"]) for email, row in after.items()} == {
        email: (row["id"], row["phone"], row["score"]) for email, row in before.items()
    }
    assert [one["id"] for one in leadhub("suggestions", "--state", "separate", "--json").json["items"]] == [pair["id"]]


def test_a_near_match_is_dismissed_once(twins, leadhub):
    pair = the_pair(leadhub)
    said = leadhub("suggestions", "dismiss", pair["id"])
    assert (said.code, said.out) == (0, f"Suggestion {pair['id']} is dismissed; the leads stay two.\n")
    assert len(leads(leadhub)) == 2
    again = leadhub("suggestions", "dismiss", pair["id"])
    assert (again.code, "is decided already: they are two people." in again.err) == (1, True)
    assert leadhub("status", "--json").json["suggestions"] == 0


def test_both_answers_to_a_near_match_come_in_json(twins, leadhub):
    pair = the_pair(leadhub)
    dismissed = leadhub("suggestions", "dismiss", pair["id"], "--json").json
    joined = leadhub("suggestions", "accept", pair["id"], "--json").json
    assert dismissed == {"suggestion": pair["id"], "state": "separate"}
    assert joined == {"suggestion": pair["id"], "lead": pair["lead"], "joined": pair["other"]}


def test_a_submission_is_taken_out_of_its_lead(filled, leadhub):
    imported(leadhub, "again.csv", AGAIN)
    lead = leads(leadhub)["ann@example.com"]
    leadhub("export", "submissions", "--to", "subs.csv")
    rows = list(csv.DictReader(Path("subs.csv").read_text("utf-8-sig").splitlines()))
    submission = max(row["id"] for row in rows if row["lead"] == lead["id"])
    said = leadhub("unmerge", submission, "--json")
    assert (said.code, said.json["lead"]) == (0, lead["id"])
    assert leadhub("replay", submission, "--json").json[0]["lead"] == said.json["made"]
    alone = leadhub("unmerge", submission)
    assert (alone.code, f"Nothing else is in the lead {said.json['made']}." in alone.err) == (1, True)


def test_a_lead_that_was_never_joined_is_not_taken_apart(filled, leadhub):
    lead = leads(leadhub)["ann@example.com"]["id"]
    said = leadhub("unmerge", lead)
    assert (said.code, f"The lead {lead} has no lead '{lead}' joined into it." in said.err) == (1, True)


def test_a_sink_is_paused_and_resumed(filled, leadhub):
    said = leadhub("sinks", "pause", "book", "--reason", "the disk is full")
    assert (said.code, said.out) == (0, "book is paused; its leads wait.\n")
    imported(leadhub, "more.csv", "full name,email\nBo Li,bo@example.com\n")
    (sink,) = leadhub("sinks", "--json").json["items"]
    assert (sink["name"], sink["paused"], sink["deliveries"]) == ("book", "the disk is full", {"sent": 2, "ready": 1})
    assert "the disk is full" in leadhub("sinks").out
    resumed = leadhub("sinks", "resume", "book")
    assert (resumed.code, resumed.out) == (0, "book takes leads again.\n")
    assert leadhub("sinks", "--json").json["items"][0]["paused"] is None


def test_pausing_answers_in_json(workspace, leadhub):
    assert leadhub("sinks", "pause", "book", "--json").json == {"sink": "book", "paused": "paused by a person"}
    assert leadhub("sinks", "resume", "book", "--json").json == {"sink": "book", "paused": None}


@pytest.fixture
def held(workspace: Path, leadhub: Run) -> str:
    """Return the id of a delivery of which nobody knows whether it arrived."""
    (workspace / "plugins").mkdir()
    (workspace / "plugins" / "unsure.py").write_text(UNSURE, "utf-8")
    text = CONFIG.replace("sinks:", "sinks:\n  far: {connector: unsure, on_unclear: hold}").replace("[book]", "[far]")
    (workspace / "hub.yaml").write_text(text, "utf-8")
    imported(leadhub, "one.csv", "full name,email\nBo Li,bo@example.com\n")
    (row,) = leadhub("deliveries", "--state", "unclear", "--json").json["items"]
    return str(row["id"])


def test_a_held_delivery_that_arrived_is_settled_once(held, leadhub):
    said = leadhub("deliveries", "settle", held, "--arrived")
    assert (said.code, said.out) == (0, f"{held} arrived.\n")
    assert leadhub("deliveries", "--json").json["items"][0]["state"] == "sent"
    again = leadhub("deliveries", "settle", held, "--again")
    assert (again.code, f"The delivery {held} is not held." in again.err) == (1, True)


def test_a_held_delivery_that_did_not_arrive_is_sent_again(held, leadhub):
    assert leadhub("deliveries", "settle", held, "--again", "--json").json == {"arrived": False}
    assert leadhub("deliveries", "--json").json["items"][0]["state"] == "ready"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["quarantine", "accept", "sub_nonsense"], "There is no submission 'sub_nonsense'."),
        (["quarantine", "reject", "sub_nonsense"], "There is no submission 'sub_nonsense'."),
        (["suggestions", "accept", "77"], "There is no suggestion 77."),
        (["suggestions", "dismiss", "77"], "There is no suggestion 77."),
        (["unmerge", "sub_nonsense"], "There is no submission 'sub_nonsense' that belongs to a lead."),
        (["unmerge", "lead_nonsense"], "There is no lead 'lead_nonsense'."),
        (["unmerge", "ann@example.com"], "is neither a submission (sub_…) nor a lead that was joined (lead_…)."),
        (["sinks", "pause", "boook"], "There is no sink 'boook'. Known: book."),
        (["sinks", "resume", "boook"], "There is no sink 'boook'. Known: book."),
        (["deliveries", "settle", "dlv_nonsense", "--arrived"], "There is no delivery 'dlv_nonsense'."),
    ],
)
def test_what_is_not_there_is_named_in_one_sentence(filled, leadhub, arguments, says):
    said = leadhub(*arguments)
    assert (said.code, said.out) == (1, "")
    assert says in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["suggestions", "accept", "first"],
        ["suggestions", "accept"],
        ["quarantine", "keep", "sub_1"],
        ["unmerge"],
        ["sinks", "pause"],
        ["deliveries", "settle", "dlv_1"],
    ],
)
def test_a_mistyped_decision_is_refused_with_status_2(workspace, leadhub, arguments):
    assert leadhub(*arguments).code == 2


@pytest.mark.parametrize("command", ["quarantine", "suggestions", "unmerge", "sinks", "deliveries"])
def test_every_command_says_what_it_is_for(workspace, leadhub, command):
    said = leadhub(command, "--help")
    assert said.code == 0
    assert f"leadhub {command}" in said.out


def test_decisions_go_through_the_hub_that_runs(hub_beside, monkeypatch, leadhub):
    folder, url = hub_beside
    in_workspace(folder, monkeypatch)
    imported(leadhub, "twin.csv", HEAD + TWIN)
    imported(leadhub, "other.csv", HEAD + OTHER + "Nobody,,,\n")
    assert leadhub("quarantine", "reject", waiting(leadhub)).code == 0
    pair = the_pair(leadhub)
    assert leadhub("suggestions", "accept", pair["id"]).code == 0
    assert leadhub("unmerge", pair["other"]).code == 0
    assert leadhub("sinks", "pause", "book", "--reason", "for this test").code == 0
    answer = httpx.post(f"{url}/in/website", data={"full_name": "Bo Li", "email": "bo@example.com"}, trust_env=False)
    assert answer.is_success
    (sink,) = leadhub("sinks", "--json").json["items"]
    assert (sink["paused"], sink["breaker"], sink["deliveries"]["ready"]) == ("for this test", "closed", 1)
    assert leadhub("sinks", "resume", "book").out == "book takes leads again.\n"
