"""leadhub activities and leadhub tasks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

TABLE = """mail;at;kind;by;disposition;reason
ann@example.com;2026-05-04 10:00;call;li;contacted;
ann@example.com;2026-05-04 10:00;call;li;contacted;
nobody@example.com;2026-05-04 10:00;call;li;;
ann@example.com;;call;li;;
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "calls.csv"
    path.write_text(TABLE, "utf-8-sig")
    return path


def test_a_table_is_tried_imported_and_harmless_the_second_time(filled: Path, leadhub: Run, table: Path) -> None:
    tried = leadhub("activities", "import", table, "--through", "phones", "--dry-run", "--json").json
    done = leadhub("activities", "import", table, "--through", "phones", "--json").json
    assert done["counts"] == tried["counts"] == {"heard": 1, "known": 1, "skipped": 1, "wrong": 1}
    assert [(one["row"], one["code"]) for one in done["problems"]] == [(4, "not_ours"), (5, "wrong")]
    again = leadhub("activities", "import", table, "--through", "phones", "--json").json
    assert again["counts"] == {"heard": 0, "known": 2, "skipped": 1, "wrong": 1}
    said = leadhub("feedback").out
    assert "phones" in said
    assert "not_ours 2" in said


def test_tasks_are_written_down_listed_and_done(filled: Path, leadhub: Run) -> None:
    lead = leadhub("deliveries", "--json").json["items"][0]["lead"]
    made = leadhub("tasks", "add", lead, "Call again", "--due", "2026-05-04T14:30+08:00", "--json").json
    assert leadhub("tasks", "--overdue", "--json").json["items"][0]["text"] == "Call again"
    assert "is done" in leadhub("tasks", "done", made["id"]).out
    assert leadhub("tasks", "--json").json["items"] == []
    assert leadhub("tasks", "--done", "--json").json["items"][0]["done_by"] == "local"
    assert "open again" in leadhub("tasks", "undone", made["id"]).out
    assert leadhub("tasks", "done", 999).code == 1
