"""The demo's data: every source, every kind of damage, the promised encodings, and a truth that leaves nothing out."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import phonenumbers
import pytest

from hub.demo import damage
from hub.demo.entry import SOURCES
from hub.demo.generate import Summary, generate

NOW = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)
LISTS, EXPO = "inbox/lists", "inbox/expo"
ROW_DAMAGE = {
    *("no_contact", "honeypot", "test_lead", "duplicate_row", "second_sync", "redelivered", "double_click"),
    *("forwarded", "auto_submitted", "shared_phone", "shared_mailbox", "badge_id_only"),
}
FILE_DAMAGE = {
    "gb18030",
    "utf16",
    "utf8_bom",
    "semicolon",
    "tab",
    "xlsx",
    "jsonl",
    "vcard",
    "gb18030_mail",
    "html_mail",
}
FIELD_DAMAGE = {
    kind.name
    for deck in (
        *(damage.NAMES, damage.HOSTILE, damage.COMPANIES, damage.SAME_EMAIL, damage.OTHER_EMAIL),
        *(damage.SAME_PHONE, damage.OTHER_PHONE, damage.SPREADSHEET),
    )
    for kind in deck
}


class Demo(NamedTuple):
    """A generated folder and its summary."""

    folder: Path
    summary: Summary


@pytest.fixture(scope="module", name="demo")
def _demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Generate the data once; no test changes it."""
    folder = tmp_path_factory.mktemp("demo")
    return Demo(folder, generate(folder, 7, NOW))


def truth(demo: Demo) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((demo.folder / "truth.csv").read_text("utf-8"))))


def pushes(demo: Demo) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (demo.folder / "pushes.jsonl").read_text("utf-8").splitlines()]


def cells(demo: Demo, path: str, encoding: str, delimiter: str = ",") -> list[dict[str, str]]:
    text = (demo.folder / path).read_bytes().decode(encoding)
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_and_time_give_the_same_bytes(demo: Demo, tmp_path: Path) -> None:
    generate(tmp_path, 7, NOW)
    assert contents(tmp_path) == contents(demo.folder)


@pytest.mark.parametrize(("seed", "now"), [(8, NOW), (7, NOW + timedelta(days=1))])
def test_another_seed_or_time_gives_other_data(demo: Demo, tmp_path: Path, seed: int, now: datetime) -> None:
    generate(tmp_path, seed, now)
    assert contents(tmp_path)["pushes.jsonl"] != contents(demo.folder)["pushes.jsonl"]


def test_a_time_without_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no zone"):
        generate(tmp_path, 7, datetime(2026, 5, 4))


def test_the_summary_names_every_file(demo: Demo) -> None:
    assert set(demo.summary.files) == set(contents(demo.folder))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_seed_keeps_the_promised_numbers(tmp_path: Path, seed: int) -> None:
    summary = generate(tmp_path, seed, NOW)
    in_sources = Counter(summary.in_sources)
    assert summary.records >= 300
    assert sum(people for sources, people in in_sources.items() if sources >= 2) >= 60
    assert sum(people for sources, people in in_sources.items() if sources >= 3) >= 15
    assert set(summary.per_source) == set(SOURCES)
    assert min(summary.per_source.values()) >= 20


@pytest.mark.parametrize("kind", sorted(ROW_DAMAGE | FILE_DAMAGE | FIELD_DAMAGE))
def test_every_kind_of_damage_is_there(demo: Demo, kind: str) -> None:
    assert demo.summary.per_damage.get(kind, 0) >= 2


def test_the_summary_counts_what_truth_says(demo: Demo) -> None:
    rows = truth(demo)
    assert demo.summary.records == len(rows)
    assert demo.summary.per_source == Counter(row["source"] for row in rows)
    assert demo.summary.per_kind == Counter(row["kind"] for row in rows)
    assert demo.summary.per_damage == Counter(name for row in rows for name in row["damage"].split())


def test_a_record_stands_in_truth_once(demo: Demo) -> None:
    rows = truth(demo)
    assert len({(row["source"], row["key"]) for row in rows}) == len(rows)


def test_truth_covers_every_pushed_line(demo: Demo) -> None:
    lines = {(line["source"], line["id"], line["truth"]) for line in pushes(demo)}
    known = {(r["source"], r["key"], r["person"]) for r in truth(demo) if r["file"] == "pushes.jsonl"}
    assert lines == known


def test_a_redelivered_push_is_the_same_line_again(demo: Demo) -> None:
    lines = [json.dumps(line) for line in pushes(demo)]
    twice = {json.loads(line)["id"] for line, count in Counter(lines).items() if count == 2}
    assert twice == {row["key"] for row in truth(demo) if "redelivered" in row["damage"].split()}


def test_pushes_come_in_order_and_the_live_ones_within_five_minutes(demo: Demo) -> None:
    offsets = [line["at"] for line in pushes(demo)]
    assert offsets == sorted(offsets)
    assert offsets[0] == 0
    assert 200 <= offsets[-1] <= 300
    assert 20 <= sum(offset > 0 for offset in offsets) <= 60


def test_submit_times_lie_in_the_last_fourteen_days(demo: Demo) -> None:
    texts = [line["payload"]["submitted_at"] for line in pushes(demo) if line["kind"] == "json_webhook"]
    texts += [line["payload"]["timestamp"] for line in pushes(demo) if line["kind"] == "standard_webhooks"]
    texts += [line["payload"]["lead_submit_time"] for line in pushes(demo) if line["kind"] == "google_ads_form"]
    texts += [line["payload"]["form_response"]["submitted_at"] for line in pushes(demo) if line["kind"] == "typeform"]
    times = [datetime.fromisoformat(text) for text in texts]
    times += [datetime.fromtimestamp(value["created_time"], UTC) for value in meta_values(demo)]
    assert NOW - timedelta(days=14) <= min(times)
    assert max(times) <= NOW


def meta_values(demo: Demo) -> list[dict[str, Any]]:
    bodies = [line["payload"] for line in pushes(demo) if line["kind"] == "meta_lead_ads"]
    return [change["value"] for body in bodies for entry in body["entry"] for change in entry["changes"]]


def test_each_kind_of_push_carries_its_own_id(demo: Demo) -> None:
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for line in pushes(demo):
        by_kind.setdefault(line["kind"], []).append(line)
    assert {line["payload"]["submission_id"] == line["id"] for line in by_kind["web_form"]} == {True}
    assert {line["payload"]["id"] == line["id"] for line in by_kind["json_webhook"]} == {True}
    assert {line["payload"]["form_response"]["token"] == line["id"] for line in by_kind["typeform"]} == {True}
    assert {line["payload"]["lead_id"] == line["id"] for line in by_kind["google_ads_form"]} == {True}
    assert [value["leadgen_id"] for value in meta_values(demo)] == [line["id"] for line in by_kind["meta_lead_ads"]]
    assert {line["id"].startswith("msg_") and "." not in line["id"] for line in by_kind["standard_webhooks"]} == {True}


def test_meta_posts_ids_only_and_the_graph_has_the_lead(demo: Demo) -> None:
    lines = [line for line in pushes(demo) if line["kind"] == "meta_lead_ads"]
    assert {line["graph"]["id"] == line["id"] for line in lines} == {True}
    assert {"@" in json.dumps(line["payload"]) for line in lines} == {False}
    assert {"field_data" in line["graph"] for line in lines} == {True}


def test_bots_fill_in_the_field_nobody_sees(demo: Demo) -> None:
    forms = [line for line in pushes(demo) if line["kind"] == "web_form"]
    filled = {line["id"] for line in forms if line["payload"]["website2"]}
    assert filled == {row["key"] for row in truth(demo) if row["kind"] == "spam"}


def test_test_leads_are_marked_the_way_each_vendor_does(demo: Demo) -> None:
    marked = {line["id"]: line for line in pushes(demo) if line["truth"].startswith("test")}
    assert set(marked) == {row["key"] for row in truth(demo) if row["kind"] == "test"}
    by_kind = {line["kind"]: json.dumps(line) for line in marked.values()}
    assert '"is_test": true' in by_kind["google_ads_form"]
    assert "<test lead: dummy data for" in by_kind["meta_lead_ads"]
    assert "an_account@example.com" in by_kind["typeform"]
    assert '"is_test": true' in by_kind["json_webhook"]


def test_hostile_addresses_stay_in_the_bodies_as_they_were(demo: Demo) -> None:
    injected = [json.dumps(line) for line in pushes(demo) if "\\r\\nBcc: everybody@example.net" in json.dumps(line)]
    assert len(injected) >= 2


def test_numbers_written_differently_are_still_the_same_number(demo: Demo) -> None:
    rows = {row["key"]: row["damage"].split() for row in truth(demo)}
    written = [line["payload"].get("mobile") for line in pushes(demo) if "phone_full_width" in rows[line["id"]]]
    phones = [phonenumbers.parse(text, "CN") for text in written if text]
    assert phones
    assert [phone for phone in phones if not phonenumbers.is_valid_number(phone)] == []
