"""Joining truth and database: rows without ids are found by their content, all others by their key."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from hub.demo.generate import generate
from hub.demo.records import clusters
from hub.demo.score import score
from hub.loader import load
from hub.pipeline.reading import content_key
from hub.source import FileSource

NOW = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    generate(folder, 7, NOW)
    return folder


def sources() -> dict[str, FileSource]:
    registry = load().registry
    lists, badges = registry.connector("list_file"), registry.connector("badge_file")
    made = {
        "lists": lists("lists", lists.Config.model_validate({"key": ["编号", "id", "Record ID"]})),
        "expo": badges("expo", badges.Config.model_validate({"time_zone": "Asia/Shanghai"})),
    }
    return {name: source for name, source in made.items() if isinstance(source, FileSource)}


def truth(folder: Path) -> list[dict[str, str]]:
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def stored(folder: Path) -> dict[tuple[str, str], str]:
    """Return what a hub that merges nothing would have: every key of every file a lead of its own."""
    numbers = count(1)
    found: dict[tuple[str, str], str] = {}
    for name, source in sources().items():
        for path in sorted((folder / "inbox" / name).iterdir()):
            for raw in source.read(path):
                found.setdefault((name, raw.key or content_key(raw)), f"lead_{next(numbers)}")
    return found


def test_every_row_of_every_file_finds_its_lead(folder: Path) -> None:
    joined = clusters(folder, sources(), stored(folder))
    wanted = {f"{row['source']}/{row['key']}" for row in truth(folder) if row["file"].startswith("inbox/")}
    assert wanted <= set(joined)


def test_equal_rows_without_ids_are_one_lead(folder: Path) -> None:
    joined = clusters(folder, sources(), stored(folder))
    result = score(folder / "truth.csv", joined)
    assert result.precision == 1.0
    assert result.found == 4  # two rows stand twice in each of the two lists without ids


def test_a_row_the_hub_never_saw_is_in_no_cluster(folder: Path) -> None:
    assert clusters(folder, sources(), {("website", "1"): "lead_1"}) == {"website/1": "lead_1"}
