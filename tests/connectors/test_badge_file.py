"""Badge scanners: keys, times, cards on badges and syncs that come twice."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.events.badge_file import BadgeFile
from hub import RawLead

SCAN = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)


def scans(folder: Path, content: str, **settings: Any) -> list[RawLead]:
    path = folder / "scans.csv"
    path.write_text(content, encoding="utf-8", newline="")
    return list(BadgeFile("expo", BadgeFile.Config(**settings)).read(path))


def codes(lead: RawLead) -> list[str]:
    return [problem.code for problem in lead.problems]


@pytest.mark.parametrize(
    ("header", "row", "key"),
    [
        ("Scan ID,Badge ID,Name", "s1,A1,Mei", "s1"),
        ("Badge ID,Name", "A1,Mei", "A1"),
        ("Badge Number,Event Name,Name", "A1,Expo 26,Mei", "Expo 26/A1"),
        ("胸卡编号,展会,姓名", "A1,广交会,张伟", "广交会/A1"),
        ("badge_id,event_id,name", "A1,E9,Mei", "E9/A1"),
        ("Badge ID,Name", ",Mei", None),
        ("Name,City", "Mei,Bonn", None),
    ],
)
def test_a_scan_is_known_by_its_own_id_or_the_badges(tmp_path: Path, header: str, row: str, key: str | None) -> None:
    assert scans(tmp_path, f"{header}\n{row}\n")[0].key == key


def test_an_event_named_above_the_header_counts_for_every_scan(tmp_path: Path) -> None:
    found = scans(tmp_path, "Event: Expo 26\n\nBadge ID,Name,City\nA1,Mei,Bonn\nA2,Ann,Rome\n")
    assert [(lead.key, lead.data["Event"]) for lead in found] == [("Expo 26/A1", "Expo 26"), ("Expo 26/A2", "Expo 26")]


def test_columns_can_be_named(tmp_path: Path) -> None:
    found = scans(
        tmp_path, "No,Fair,Seen,Name\n7,F,2026-05-04 08:09:41,Mei\n", badge_id="No", event="Fair", scanned_at="Seen"
    )
    assert (found[0].key, found[0].submitted_at) == ("F/7", SCAN.replace(tzinfo=None))


def test_a_second_sync_says_exactly_the_same(tmp_path: Path) -> None:
    content = "Scan ID,Scan Time,Name\ns1,2026-05-04 16:09:41,Mei\ns2,2026-05-04 16:10:00,Ann\n"
    assert scans(tmp_path, content) == scans(tmp_path, content)


def test_a_scan_that_comes_again_with_more_keeps_its_key(tmp_path: Path) -> None:
    bare = scans(tmp_path, "Scan ID,Badge,Notes\ns1,A10293,\n")[0]
    told = scans(tmp_path, 'Scan ID,Badge,Notes\ns1,"MECARD:N:Lin,Mei;EMAIL:m@x.com;;",VIP\n')[0]
    assert bare.key == told.key == "s1"
    assert bare.data == {"Scan ID": "s1", "Badge": "A10293", "Notes": ""}
    assert told.data == {"Scan ID": "s1", "Notes": "VIP", "last_name": "Lin", "first_name": "Mei", "email": "m@x.com"}


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Scan Time", "2026-05-04 16:09:41"),
        ("Scan Time", "2026-05-04T08:09:41Z"),
        ("扫码时间", "2026年5月4日 16:09:41"),
        ("Scan Date,Scan Time", "2026-05-04,16:09:41"),
        ("Scan Date,Scan Time", "May 4 2026,4:09:41 PM"),
        ("Scan Date,Scan Time", "2026-05-04T00:00:00,16:09:41"),
        ("Date,Scan Time", "2026-05-04,2026-05-04 16:09:41"),
        ("Captured At", "1777882181"),
    ],
)
def test_the_time_of_the_scan_is_read_in_the_events_zone(tmp_path: Path, header: str, row: str) -> None:
    found = scans(tmp_path, f"Badge,{header},Name\nA1,{row},Mei\n", time_zone="Asia/Shanghai")[0]
    assert found.submitted_at == SCAN
    assert codes(found) == []


def test_without_a_zone_the_hubs_own_is_left_to_count(tmp_path: Path) -> None:
    found = scans(tmp_path, "Badge,Scan Time\nA1,2026-05-04 16:09:41\n")[0]
    assert found.submitted_at == datetime(2026, 5, 4, 16, 9, 41)


def test_a_time_that_is_not_sure_is_told_and_the_receipt_counts(tmp_path: Path) -> None:
    content = "Badge,Scan Time\nA1,01/02/2026 10:00\nA2,someday\nA3,\n"
    found = scans(tmp_path, content)
    assert [(lead.submitted_at, codes(lead)) for lead in found] == [
        (None, ["time_unclear"]),
        (None, ["time_unclear"]),
        (None, []),
    ]
    assert scans(tmp_path, content, day_first=True)[0].submitted_at == datetime(2026, 2, 1, 10)


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="not a time zone"):
        BadgeFile.Config(time_zone="Mars/Olympus")


def test_what_the_row_says_counts_before_what_its_card_says(tmp_path: Path) -> None:
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Old Name\r\nTITLE:Buyer\r\nEND:VCARD"
    found = scans(tmp_path, f'Badge,Full Name,Title\n"{card}",New Name,\n')[0]
    assert found.data == {"Full Name": "New Name", "Title": "", "title": "Buyer"}


def test_a_card_that_cannot_be_read_is_kept_and_told(tmp_path: Path) -> None:
    found = scans(tmp_path, "Scan ID,Badge\ns1,MECARD:;;\n")[0]
    assert (found.data["Badge"], codes(found)) == ("MECARD:;;", ["bad_card"])


def test_a_masked_contact_is_a_scan_all_the_same(tmp_path: Path) -> None:
    found = scans(tmp_path, "Badge ID,Name,Email\nA1,Opted out,\nA2,,\n")
    assert [lead.key for lead in found] == ["A1", "A2"]


def test_a_file_of_cards_is_known_by_their_ids(tmp_path: Path) -> None:
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:{}\nUID:{}\nEND:VCARD\n"
    found = scans(tmp_path, card.format("Mei", "u1") + card.format("Ann", "u2"))
    assert [(lead.key, lead.data["full_name"]) for lead in found] == [("u1", "Mei"), ("u2", "Ann")]
