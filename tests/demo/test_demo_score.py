"""The score of deduplication: counted by hand on small examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.demo.score import Known, Score, read_truth, score

HEAD = "source,key,file,line,person,kind,damage\n"


def known(record: str, person: str, kind: str = "lead", *damage: str) -> Known:
    return Known(record, person, kind, damage)


THREE_AND_TWO = (
    known("website/1", "ann"),
    known("lists/a", "ann", "lead", "nickname"),
    known("expo/x", "ann", "lead", "phone_missing"),
    known("website/2", "bob"),
    known("google/9", "bob", "lead", "nickname"),
)


def shares(result: Score) -> tuple[float, float, float]:
    return round(result.precision, 4), round(result.recall, 4), round(result.f1, 4)


@pytest.mark.parametrize(
    ("leads", "expected"),
    [
        ("AAABB", (1.0, 1.0, 1.0)),
        ("ABCDE", (1.0, 0.0, 0.0)),
        ("AAAAA", (0.4, 1.0, 0.5714)),
        ("AABCC", (1.0, 0.5, 0.6667)),
        ("AABBB", (0.5, 0.5, 0.5)),
        ("ABCAB", (0.0, 0.0, 0.0)),
    ],
)
def test_precision_and_recall_count_pairs_of_records(leads: str, expected: tuple[float, float, float]) -> None:
    clusters = {one.record: lead for one, lead in zip(THREE_AND_TWO, leads, strict=True)}
    assert shares(score(THREE_AND_TWO, clusters)) == expected


def test_a_record_in_no_cluster_is_a_lead_of_its_own() -> None:
    result = score(THREE_AND_TWO, {"website/1": "A", "lists/a": "A"})
    assert (result.found, result.pairs, result.without_lead) == (1, 4, 3)
    assert result.precision == 1.0


def test_bots_tests_and_auto_replies_do_not_count() -> None:
    strangers = [known(f"website/{kind}", kind, kind) for kind in ("spam", "test", "noise")]
    clusters = {one.record: "A" for one in (*THREE_AND_TWO[:3], *strangers)}
    result = score([*THREE_AND_TWO[:3], *strangers], clusters)
    assert shares(result) == (1.0, 1.0, 1.0)
    assert result.records == 3


def test_people_nobody_can_reach_still_count_as_people() -> None:
    records = [known("lists/1", "ann"), known("lists/2", "eve", "unreachable")]
    result = score(records, {"lists/1": "A", "lists/2": "A"})
    assert (result.precision, result.invented) == (0.0, 1)


def test_nothing_claimed_and_nothing_to_find_is_perfect() -> None:
    assert shares(score([known("website/1", "ann")], {"website/1": "A"})) == (1.0, 1.0, 1.0)


def test_each_miss_says_what_went_wrong_and_between_whom() -> None:
    clusters = dict(zip((one.record for one in THREE_AND_TWO), "AABBC", strict=True))
    misses = {(m.what, m.first.record, m.second.record) for m in score(THREE_AND_TWO, clusters).misses}
    assert misses == {
        ("joined", "expo/x", "website/2"),
        ("split", "website/1", "expo/x"),
        ("split", "lists/a", "expo/x"),
        ("split", "website/2", "google/9"),
    }


def test_a_suggested_pair_is_counted_but_not_found() -> None:
    clusters = dict(zip((one.record for one in THREE_AND_TWO), "AAABC", strict=True))
    result = score(THREE_AND_TWO, clusters, [("C", "B"), ("A", "B")])
    assert (result.found, result.suggested, result.recall) == (3, 1, 0.75)


def test_recall_is_told_by_damage() -> None:
    clusters = dict(zip((one.record for one in THREE_AND_TWO), "AABCC", strict=True))
    assert score(THREE_AND_TWO, clusters).recall_by_damage == {"nickname": (2, 3), "phone_missing": (0, 2)}


def test_the_table_names_shares_damages_and_misses() -> None:
    clusters = dict(zip((one.record for one in THREE_AND_TWO), "AABCC", strict=True))
    text = score(THREE_AND_TWO, clusters).table()
    lines = text.splitlines()
    assert lines[0].startswith("precision 1.000   recall 0.500   F1 0.667   2 of 4 pairs found")
    assert any(line.split() == ["phone_missing", "0", "2", "0.00"] for line in lines)
    assert any(line.split()[:3] == ["split", "ann", "website/1"] for line in lines)


def test_the_table_shows_no_more_misses_than_asked_for() -> None:
    text = score(THREE_AND_TWO, {}).table(limit=1)
    assert "1 of 4 shown" in text
    assert text.count("split") == 1


def test_truth_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(f"{HEAD}expo,scan-1,inbox/expo/scans.csv,2,p0001,lead,pinyin phone_00\n", "utf-8")
    assert read_truth(path.read_text("utf-8")) == (known("expo/scan-1", "p0001", "lead", "pinyin", "phone_00"),)
    assert score(path, {"expo/scan-1": "A"}).records == 1


def test_a_file_that_is_no_truth_is_refused() -> None:
    with pytest.raises(ValueError, match="must have the columns source, key, file"):
        read_truth("id,name\n1,Ann\n")
