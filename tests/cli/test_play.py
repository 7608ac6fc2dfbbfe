"""leadhub sandbox post: what a vendor sends reaches a hub that really runs."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.cli.conftest import Run, in_workspace


def test_sample_leads_reach_the_source_of_the_running_hub(
    hub_beside: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, leadhub: Run
) -> None:
    in_workspace(hub_beside[0], monkeypatch)
    said = leadhub("sandbox", "post", "web_form", "--to", "website", "--number", 2, "--field", "city=Ulm", "--json")
    assert said.code == 0
    assert [answer["status"] for answer in said.json] == [200, 200]
    kept = leadhub("export", "leads", "--to", "kept.csv")
    assert kept.code == 0
    with (hub_beside[0] / "kept.csv").open(encoding="utf-8-sig", newline="") as file:
        emails = {row["email"] for row in csv.DictReader(file)}
    assert emails >= {"ada1@example.com", "ada2@example.com"}
    assert leadhub("sandbox", "post", "web_form", "--to", "nowhere").code == 1


def test_a_vendor_nobody_plays_is_named_with_those_that_are(workspace: Path, leadhub: Run) -> None:
    said = leadhub("sandbox", "post", "tpyeform")
    assert said.code == 1
    assert "typeform" in said.err


def test_where_nobody_listens_it_says_what_to_do(workspace: Path, leadhub: Run) -> None:
    said = leadhub("sandbox", "post", "typeform", "--to", "http://127.0.0.1:1/in/typeform")
    assert said.code == 1
    assert "leadhub run" in said.err


def test_a_field_without_a_sign_is_told(workspace: Path, leadhub: Run) -> None:
    said = leadhub("sandbox", "post", "typeform", "--field", "city")
    assert said.code == 1
    assert "NAME=VALUE" in said.err
