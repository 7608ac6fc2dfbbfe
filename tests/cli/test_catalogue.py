"""leadhub connectors and leadhub feedback."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Run


def test_connectors_say_what_they_can_do_and_how_far_they_were_confirmed(workspace: Path, leadhub: Run) -> None:
    rows = {row["name"]: row for row in leadhub("connectors", "--json").json}
    assert rows["meta_lead_ads"]["can"] == "push, poll, reconcile"
    assert (rows["hubspot"]["kind"], rows["hubspot"]["family"]) == ("sink", "crm")
    assert rows["list_file"]["facts_confirmed"] == "2 of 2"
    assert "tell" in rows["slack"]["can"]


def test_a_word_narrows_the_list(workspace: Path, leadhub: Run) -> None:
    assert [row["name"] for row in leadhub("connectors", "SLACK", "--json").json] == ["slack"]


def test_a_drop_in_is_listed_too(workspace: Path, leadhub: Run) -> None:
    assert leadhub("new", "source", "acme").code == 0
    (row,) = leadhub("connectors", "acme", "--json").json
    assert (row["family"], row["kind"]) == ("plugins", "source")


def test_feedback_lists_the_sinks_that_can_be_heard(filled: Path, leadhub: Run) -> None:
    assert leadhub("feedback", "--json").json["items"] == []
