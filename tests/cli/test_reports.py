"""`leadhub report` at the command line: a table with its time basis, a CSV file, JSON, and what it refuses."""

from __future__ import annotations

import csv
from pathlib import Path


def test_a_report_is_a_table_with_its_time_basis(workspace, leadhub):
    assert leadhub("import", "list.csv", "--source", "list").code == 0
    said = leadhub("report", "unassigned", "--since", "1d", "--by", "source,grade")
    words = " ".join(said.out.split())
    assert said.code == 0
    assert "How many leads have no owner." in words
    assert "Leads count by when the prospect submitted" in words
    assert "in the time zone UTC." in words


def test_a_report_goes_into_a_file_that_a_spreadsheet_opens(workspace, leadhub):
    leadhub("import", "list.csv", "--source", "list")
    said = leadhub("report", "speed", "--csv", "speed.csv")
    assert (said.code, said.out.strip()) == (0, "Written: speed.csv")
    raw = Path("speed.csv").read_bytes()
    lines = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    assert raw.startswith(b"\xef\xbb\xbf")
    assert [(line["source"], line["leads"], line["open"]) for line in lines] == [("list", "2", "2"), ("", "2", "2")]


def test_a_report_as_json_is_what_the_api_says(workspace, leadhub):
    leadhub("import", "list.csv", "--source", "list")
    said = leadhub("report", "board", "--json", "--without-held").json
    assert (said["report"], said["by"], said["without_held"]) == ("board", ["rep"], True)
    assert said["total"]["assigned"] == sum(line["assigned"] for line in said["rows"]) > 0


def test_the_reports_are_listed(workspace, leadhub):
    said = leadhub("report", "list", "--json").json
    assert [one["report"] for one in said["items"]][:3] == ["speed", "target", "lateness"]


def test_a_report_that_is_not_there_is_said_in_one_sentence(workspace, leadhub):
    said = leadhub("report", "nonsense")
    assert said.code == 1
    assert "There is no report 'nonsense'. There are: speed," in said.err


def test_a_file_that_cannot_be_written_is_said_in_one_sentence(workspace, leadhub):
    said = leadhub("report", "speed", "--csv", "nowhere/speed.csv")
    assert said.code == 1
    assert "nowhere/speed.csv cannot be written: No such file or directory." in said.err


def test_a_report_is_narrowed_on_the_command_line(workspace, leadhub):
    said = leadhub("report", "survival", "--only", "team=north", "--only", "hour=9", "--json").json
    assert said["only"] == {"team": "north", "hour": "9"}
    assert "narrows nothing" in leadhub("report", "speed", "--only", "colour=red").err
