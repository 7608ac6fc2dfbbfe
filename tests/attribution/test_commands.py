"""`leadhub costs` and `leadhub report attribution`: a file counts once, says what is wrong, and can be taken out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.cli.conftest import leadhub, workspace  # noqa: F401 - the workspace of the commands' tests

TODAY = datetime.now(UTC).date().isoformat()
TABLE = f"日期,活动,花费,币种\n{TODAY},spring,120.50,CNY\n{TODAY},spring,many,CNY\n合计,,120.50,\n"


def test_costs_are_tried_kept_once_listed_and_taken_out(workspace, leadhub):  # noqa: F811
    Path("costs.csv").write_text(TABLE, "gb18030")
    tried = leadhub("costs", "import", "costs.csv", "--dry-run", "--json").json
    assert (tried["counts"], tried["ids"]) == ({"new": 1, "known": 0, "wrong": 2}, [])
    kept = leadhub("costs", "import", "costs.csv")
    assert kept.code == 0
    assert "The cost 'many' is no number" in " ".join(kept.out.split())
    assert leadhub("costs", "import", "costs.csv", "--json").json["counts"] == {"new": 0, "known": 1, "wrong": 2}
    (batch,) = leadhub("costs", "--json").json["items"]
    assert (batch["name"], batch["rows"]) == ("costs.csv", 1)
    report = leadhub("report", "attribution", "--model", "first", "--json").json
    assert report["total"]["cost"] == {"CNY": 120.5}
    assert "taken out" in leadhub("costs", "undo", batch["id"]).out
    assert leadhub("report", "attribution", "--json").json["total"]["cost"] is None


def test_a_report_on_attribution_is_a_table_with_its_basis(workspace, leadhub):  # noqa: F811
    leadhub("import", "list.csv", "--source", "list")
    said = leadhub("report", "attribution", "--by", "source", "--against", "last")
    words = " ".join(said.out.split())
    assert said.code == 0, said.err
    assert "What each campaign brought and cost." in words
    assert "Leads count by when the prospect first submitted" in words


def test_what_is_no_table_of_costs_is_one_sentence(workspace, leadhub):  # noqa: F811
    Path("costs.csv").write_text("a,b\n1,2\n", "utf-8")
    said = leadhub("costs", "import", "costs.csv")
    assert (said.code, said.err.strip()) == (1, "No column is the cost. Name one cost, spend or 花费.")
