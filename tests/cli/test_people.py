"""Who has which lead, at the command line: pools, claims, absences and the ledger."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import CONFIG, Run

POOLED = CONFIG.replace("teams:", "pools: {sea: {}}\nteams:").replace(
    "{name: rest, to: [book]}", "{name: rest, to: [book], assign: {pool: sea}}"
)
ROWS = "full name,email,phone,company,country\n" + "".join(
    f"P{number},p{number}@example.com,1380013800{number},Firm {number},{'CN' if number < 4 else 'DE'}\n"
    for number in range(6)
)


@pytest.fixture
def people(workspace: Path, leadhub: Run) -> dict[str, list[str]]:
    """Return the leads of a workspace, by owner or pool."""
    (workspace / "hub.yaml").write_text(POOLED, "utf-8")
    (workspace / "people.csv").write_text(ROWS, "utf-8")
    assert leadhub("import", "people.csv", "--source", "list").code == 0
    found: dict[str, list[str]] = {}
    with contextlib.closing(sqlite3.connect(workspace / "data" / "hub.db")) as database:
        for id_, owner in database.execute("SELECT id, owner FROM lead ORDER BY id"):
            found.setdefault(owner or "sea", []).append(id_)
    return found


def test_a_lead_is_taken_handed_on_and_given_back(leadhub: Run, people: dict[str, list[str]]):
    assert {name: len(ids) for name, ids in people.items()} == {"li": 2, "wang": 2, "sea": 2}
    pools = {row["pool"]: row["leads"] for row in leadhub("pools", "--json").json["items"]}
    assert pools == {"unassigned": 0, "sea": 2}
    one = people["sea"][0]
    assert one in leadhub("pools", "sea").out
    assert leadhub("claim", one, "--rep", "li").out.strip() == f"li has {one}."
    assert "li took the lead" in leadhub("claim", one, "--rep", "wang").err
    assert leadhub("transfer", one, "--to", "wang").out.strip() == "1 of 1 leads went to wang."
    said = leadhub("return", one, "--reason", "wrong number", "--pool", "sea")
    assert said.out.strip() == f"{one} waits in pool sea."
    tried = leadhub("transfer", "--owner", "li", "--to", "wang", "--dry-run")
    assert tried.out.strip() == "2 of 2 leads would go to wang."
    gone = leadhub("transfer", "lead_none", "--to", "wang")
    assert (gone.code, "no owner or pool" in gone.out) == (1, True)


def test_who_is_away_comes_back_and_who_leaves_hands_on(leadhub: Run, people: dict[str, list[str]]):
    said: Any = leadhub("away", "li", "--cover", "wang", "--json").json
    assert (said["member"], said["cover"], said["until"]) == ("li", "wang", None)
    assert "is away already" in leadhub("away", "li").err
    assert leadhub("back", "li").out.strip() == "li takes leads again."
    assert leadhub("back", "li").out.strip() == "li was not away."
    assert "is no moment" in leadhub("away", "li", "--until", "soon").err
    assert leadhub("leave", "li", "--dry-run").out.strip() == "li has 2 open leads."
    assert leadhub("leave", "li").out.strip() == "2 of 2 leads of li were handed on: wang 2."


def test_the_ledger_shows_everybody_and_one_by_one(leadhub: Run, people: dict[str, list[str]]):
    members = {row["member"]: row["received"] for row in leadhub("ledger", "north", "--json").json["members"]}
    assert members == {"li": 2, "wang": 2}
    assert "wang" in leadhub("ledger", "north").out
    assert "who was entitled to 0.5 of it" in leadhub("ledger", "north", "li").out
    assert "There is no team 'west'." in leadhub("ledger", "west").err
