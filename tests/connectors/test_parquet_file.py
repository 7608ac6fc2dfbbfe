"""The Parquet sink: typed columns that stay, one row for each lead, and never half a file."""

import asyncio
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pytest
from pyarrow import parquet

from connectors.sheets.parquet_file import ParquetFile
from hub import Lead, Misconfigured, Sent
from hub.testing.fakes import HandClock

AT = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)
ENDLESS = """
import asyncio, sys
from connectors.sheets.parquet_file import ParquetFile
from hub import Lead
async def work():
    sink = ParquetFile("files", ParquetFile.Config(path=sys.argv[1], columns=("id", "message")))
    for number in range(1_000_000):
        await sink.send([Lead(id=f"lead_{number}", message="x" * 10_000)], None)
        print(f"lead_{number}", flush=True)
asyncio.run(work())
"""


def sink(path: Path, **settings: Any) -> ParquetFile:
    return ParquetFile("files", ParquetFile.Config(path=str(path), **settings), HandClock())


def rows(path: Path) -> list[dict[str, Any]]:
    return parquet.read_table(path).to_pylist()


def lead(number: int, **fields: Any) -> Lead:
    return Lead(id=f"lead_{number}", full_name=f"Name {number}", **fields)


async def test_values_have_the_types_of_their_columns(tmp_path):
    path = tmp_path / "out" / "leads.parquet"
    one = lead(1, submitted_at=AT, score=12.5, consent=False, phone="+49151", extra={"size": [10, 50]})
    columns = ("id", "version", "submitted_at", "name", "phone", "score", "consent", "extra.size", "touch.utm_source")
    assert await sink(path, columns=columns).send([one], None) == [Sent(path.as_posix())]
    assert [(field.name, str(field.type)) for field in parquet.read_schema(path)] == [
        ("id", "string"), ("version", "int64"), ("submitted_at", "timestamp[us, tz=UTC]"), ("name", "string"),
        ("phone", "string"), ("score", "double"), ("consent", "bool"), ("extra.size", "string"),
        ("touch.utm_source", "string"),
    ]  # fmt: skip
    assert list(rows(path)[0].values()) == ["lead_1", 1, AT, "Name 1", "+49151", 12.5, False, "10, 50", None]


async def test_a_repeat_adds_no_row_and_a_later_version_takes_its_place(tmp_path):
    path = tmp_path / "leads.parquet"
    one = sink(path, columns=("id", "company"))
    await one.send([lead(1), lead(2), lead(1)], None)
    await one.send([lead(1), lead(2)], None)
    await one.send([lead(1, version=2, company="Acme")], None)
    assert rows(path) == [{"id": "lead_2", "company": None}, {"id": "lead_1", "company": "Acme"}]


async def test_a_column_that_is_new_in_the_settings_is_added_at_the_end_and_none_goes_away(tmp_path):
    path = tmp_path / "leads.parquet"
    await sink(path, columns=("id", "name", "score")).send([lead(1, score=1.0)], None)
    before = parquet.read_schema(path)
    await sink(path, columns=("id", "company", "name")).send([lead(2, company="Acme")], None)
    assert list(parquet.read_schema(path))[:3] == list(before)
    assert rows(path) == [
        {"id": "lead_1", "name": "Name 1", "score": 1.0, "company": None},
        {"id": "lead_2", "name": "Name 2", "score": None, "company": "Acme"},
    ]


async def test_a_column_keeps_the_type_that_somebody_gave_it(tmp_path):
    path = tmp_path / "leads.parquet"
    given = arrow.table({"id": ["lead_0"], "score": ["low"], "rank": arrow.array([7], arrow.int8())})
    parquet.write_table(given, path)
    await sink(path, columns=("id", "score")).send([lead(1, score=12.5)], None)
    assert rows(path) == [{"id": "lead_0", "score": "low", "rank": 7}, {"id": "lead_1", "score": "12.5", "rank": None}]


async def test_a_column_of_a_type_that_no_value_fits_stops_the_sink_and_keeps_the_file(tmp_path):
    path = tmp_path / "leads.parquet"
    parquet.write_table(arrow.table({"id": ["lead_0"], "name": [7]}), path)
    before = path.read_bytes()
    [outcome] = await sink(path, columns=("id", "name")).send([lead(1)], None)
    assert isinstance(outcome, Misconfigured)
    assert "'name' as int64" in outcome.reason
    assert "Name 1" not in outcome.reason
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("given", "read"), [("a\ud800b", "a?b"), ("=1+1", "=1+1"), ("a\0b", "a\0b"), ("龘👩‍👩‍👧", "龘👩‍👩‍👧")]
)
async def test_any_text_can_be_kept(tmp_path, given, read):
    path = tmp_path / "leads.parquet"
    await sink(path, columns=("id", "message")).send([lead(1, message=given)], None)
    assert rows(path) == [{"id": "lead_1", "message": read}]


async def test_sends_at_the_same_time_lose_and_double_nothing(tmp_path):
    path = tmp_path / "leads.parquet"
    one, other = sink(path), sink(path)
    await asyncio.gather(*((one, other)[n % 2].send([lead(n), lead(n + 1)], None) for n in range(10)))
    assert sorted(row["id"] for row in rows(path)) == sorted(f"lead_{n}" for n in range(11))


async def test_an_erased_person_has_no_row(tmp_path):
    path = tmp_path / "leads.parquet"
    one = sink(path)
    await one.send([lead(1), lead(2)], None)
    assert await one.forget(Lead.blank(id="lead_1"), path.as_posix(), None) == Sent(path.as_posix())
    assert await one.forget(Lead.blank(id="lead_1"), path.as_posix(), None) == Sent(path.as_posix())
    assert [row["id"] for row in rows(path)] == ["lead_2"]


@pytest.mark.parametrize("content", [b"PAR1 broken PAR1", b"id,name\r\nlead_1,Max\r\n"])
async def test_a_file_that_is_no_parquet_stops_the_sink_and_is_left_alone(tmp_path, content):
    path = tmp_path / "leads.parquet"
    path.write_bytes(content)
    [outcome] = await sink(path).send([lead(1)], None)
    assert isinstance(outcome, Misconfigured)
    assert path.read_bytes() == content


async def test_a_full_file_keeps_what_it_has(tmp_path):
    path = tmp_path / "leads.parquet"
    one = sink(path, max_rows=2, columns=("id",))
    await one.send([lead(1), lead(2)], None)
    [outcome] = await one.send([lead(3)], None)
    assert isinstance(outcome, Misconfigured)
    assert [row["id"] for row in rows(path)] == ["lead_1", "lead_2"]


async def test_what_a_crash_left_beside_the_file_does_no_harm(tmp_path):
    path = tmp_path / "leads.parquet"
    (tmp_path / ".leads.parquet.part").write_bytes(b"PAR1 half a file" * 10_000)
    await sink(path).send([lead(1)], None)
    assert [file.name for file in tmp_path.iterdir()] == ["leads.parquet"]


async def test_strangers_cannot_read_a_new_file(tmp_path):
    await sink(tmp_path / "leads.parquet").send([lead(1)], None)
    assert (tmp_path / "leads.parquet").stat().st_mode & 0o007 == 0


def test_whoever_is_killed_has_lost_nothing_that_was_said_to_be_sent(tmp_path):
    path = tmp_path / "leads.parquet"
    command = [sys.executable, "-c", ENDLESS, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().strip() for _ in range(20)]
        process.send_signal(signal.SIGKILL)
        told += process.stdout.read().split()
    assert len(told) >= 20
    assert set(told) <= {row["id"] for row in rows(path)}


@pytest.mark.parametrize("settings", [{"path": "leads.csv"}, {"path": "a.parquet", "compression": "rar"}])
def test_settings_that_make_no_parquet_are_refused_at_the_start(settings):
    with pytest.raises(ValueError, match=r"path|compression"):
        ParquetFile.Config(**settings)
