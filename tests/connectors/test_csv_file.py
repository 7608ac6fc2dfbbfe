"""The CSV sink: rows that spreadsheets open safely, and a file that survives crashes, people and other processes."""

import asyncio
import csv
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.sheets.csv_file import CsvFile
from hub import Lead, Misconfigured, Retry, Sent
from hub.families.csvlog import CsvLog
from hub.testing.fakes import HandClock

FORMULAS = (
    "=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "；=1", ";=1", "＝1+1", "＋1", "－1",
    "＠A", " =1", "\u200b=1", "\ufeff=1", "-1+cmd|'/c calc'!A1", "+49 30 1=1",
)  # fmt: skip


def sink(path: Path, clock: HandClock | None = None, **settings: object) -> CsvFile:
    return CsvFile("sheet", CsvFile.Config(path=str(path), **settings), clock or HandClock())


def leads(*numbers: int, **fields: object) -> list[Lead]:
    return [Lead(id=f"lead_{number}", full_name=f"Name {number}", **fields) for number in numbers]


def rows(path: Path, encoding: str = "utf-8-sig", delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter, strict=True))


def keys(path: Path) -> list[tuple[str, str]]:
    return [(row["id"], row["version"]) for row in rows(path)]


async def test_a_new_file_starts_with_a_byte_order_mark_and_a_header(tmp_path):
    path = tmp_path / "out" / "leads.csv"
    outcomes = await sink(path, columns=("id", "name", "touch.utm_source")).send(leads(1), None)
    assert outcomes == [Sent(path.as_posix())]
    assert path.read_bytes() == (
        b'\xef\xbb\xbf"id","name","touch.utm_source","version"\r\n"lead_1","Name 1","","1"\r\n'
    )


async def test_people_outside_the_group_cannot_read_the_file(tmp_path):
    path = tmp_path / "leads.csv"
    await sink(path).send(leads(1), None)
    assert path.stat().st_mode & 0o007 == 0


async def test_a_repeat_adds_no_row_and_is_sent(tmp_path):
    path = tmp_path / "leads.csv"
    one = sink(path)
    await one.send(leads(1, 2), None)
    assert await one.send(leads(2, 1, 3, 3), None) == [Sent(path.as_posix())] * 4
    assert keys(path) == [("lead_1", "1"), ("lead_2", "1"), ("lead_3", "1")]


async def test_a_later_version_is_one_more_row(tmp_path):
    path = tmp_path / "leads.csv"
    one = sink(path)
    await one.send(leads(1), None)
    await one.send(leads(1, version=2, company="Acme"), None)
    assert [(row["version"], row["company"]) for row in rows(path)] == [("1", ""), ("2", "Acme")]


async def test_after_a_restart_the_file_tells_what_it_has(tmp_path):
    path = tmp_path / "leads.csv"
    await sink(path).send(leads(1, 2, message='two\r\nlines, "quoted"'), None)
    await sink(path).send(leads(2, 3), None)
    assert [key for key, _ in keys(path)] == ["lead_1", "lead_2", "lead_3"]


async def test_rows_another_process_wrote_are_seen(tmp_path):
    path = tmp_path / "leads.csv"
    one, other = sink(path), sink(path)
    await one.send(leads(1), None)
    await other.send(leads(1, 2), None)
    await one.send(leads(2, 3), None)
    assert [key for key, _ in keys(path)] == ["lead_1", "lead_2", "lead_3"]


async def test_sends_at_the_same_time_lose_and_double_nothing(tmp_path):
    path = tmp_path / "leads.csv"
    one, other = sink(path), sink(path)
    await asyncio.gather(*((one, other)[number % 2].send(leads(number, number + 1), None) for number in range(24)))
    assert sorted(key for key, _ in keys(path)) == sorted(f"lead_{number}" for number in range(25))


async def test_a_crash_at_any_byte_of_a_row_loses_and_doubles_nothing(tmp_path):
    path = tmp_path / "leads.csv"
    await sink(path).send(leads(1), None)
    before = path.stat().st_size
    await sink(path).send(leads(2, message='a "quoted"\r\n"word" 汉字'), None)
    whole = path.read_bytes()
    for size in range(before, len(whole)):
        path.write_bytes(whole[:size])
        await sink(path).send(leads(2, 3, message='a "quoted"\r\n"word" 汉字'), None)
        assert keys(path) == [("lead_1", "1"), ("lead_2", "1"), ("lead_3", "1")], size


async def test_a_crash_at_any_byte_of_the_header_leaves_a_whole_file(tmp_path):
    path = tmp_path / "leads.csv"
    await sink(path).send(leads(1), None)
    whole = path.read_bytes()
    for size in range(whole.index(b"\r\n") + 1):
        path.write_bytes(whole[:size])
        await sink(path).send(leads(1), None)
        assert path.read_bytes() == whole, size


async def test_what_was_torn_is_kept_beside_the_file(tmp_path):
    path = tmp_path / "leads.csv"
    await sink(path).send(leads(1), None)
    path.write_bytes(path.read_bytes() + b'"lead_2","2026')
    await sink(path).send(leads(2), None)
    assert (tmp_path / "leads.csv.torn").read_bytes() == b'"lead_2","2026\r\n'


async def test_a_quote_somebody_left_open_stops_the_sink_and_changes_nothing(tmp_path):
    path = tmp_path / "leads.csv"
    await sink(path).send(leads(1, 2, 3), None)
    path.write_bytes(path.read_bytes().replace(b'"Name 1"', b'"Name 1', 1))
    broken = path.read_bytes()
    outcomes = await sink(path).send(leads(4), None)
    assert isinstance(outcomes[0], Misconfigured)
    assert "quote left open" in outcomes[0].reason
    assert path.read_bytes() == broken


async def test_a_row_somebody_wrote_without_a_line_break_stays(tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text("id,version,name\nlead_7,1,Hand Made", encoding="utf-8")
    await sink(path, columns=("id", "version", "name")).send(leads(7, 8), None)
    assert [(row["id"], row["name"]) for row in rows(path)] == [("lead_7", "Hand Made"), ("lead_8", "Name 8")]


async def test_columns_that_people_moved_or_added_are_respected(tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text('"called","version","name","id"\r\n"yes","1","Name 1","lead_1"\r\n', encoding="utf-8")
    await sink(path, columns=("id", "name")).send(leads(1, 2), None)
    assert rows(path)[1] == {"called": "", "version": "1", "name": "Name 2", "id": "lead_2"}


async def test_a_column_the_file_lacks_is_named(tmp_path):
    path = tmp_path / "leads.csv"
    await sink(path, columns=("id", "name")).send(leads(1), None)
    [outcome] = await sink(path, columns=("id", "name", "budget")).send(leads(2), None)
    assert isinstance(outcome, Misconfigured)
    assert "no column 'budget'" in outcome.reason


@pytest.mark.parametrize("text", FORMULAS)
async def test_no_cell_is_a_formula(tmp_path, text):
    path = tmp_path / "leads.csv"
    lead = Lead(id="lead_1", full_name=text, phone=text, company=text, extra={"x": text})
    await sink(path, columns=("id", "name", "phone", "company", "extra.x")).send([lead], None)
    [row] = rows(path)
    assert {row["name"][:1], row["phone"][:1], row["company"][:1], row["extra.x"][:1]} == {"'"}


async def test_phone_numbers_and_numbers_stay_readable_in_their_columns(tmp_path):
    path = tmp_path / "leads.csv"
    lead = Lead(id="lead_1", phone="+8613800138000", score=-5.0, full_name="-5", postcode="01067")
    await sink(path, columns=("phone", "score", "name", "postcode")).send([lead], None)
    [row] = rows(path)
    assert (row["phone"], row["score"], row["name"], row["postcode"]) == ("+8613800138000", "-5", "'-5", "01067")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
async def test_delimiters_quotes_and_line_breaks_inside_come_back_as_they_were(tmp_path, delimiter):
    path = tmp_path / "leads.csv"
    message = 'a,"b";c\t|d\r\n",=1\n\'"'
    await sink(path, delimiter=delimiter, columns=("id", "message")).send(leads(1, message=message), None)
    assert rows(path, delimiter=delimiter)[0]["message"] == message


async def test_a_file_in_gb18030_holds_every_character(tmp_path):
    path = tmp_path / "leads.csv"
    name = "龘 é 👩‍👩‍👧 ﷽"
    await sink(path, encoding="gb18030", columns=("id", "name")).send([Lead(id="lead_1", full_name=name)], None)
    await sink(path, encoding="gb18030", columns=("id", "name")).send([Lead(id="lead_1", full_name=name)], None)
    assert [row["name"] for row in rows(path, "gb18030")] == [name]


async def test_controls_and_lone_surrogates_do_not_reach_the_file(tmp_path):
    path = tmp_path / "leads.csv"
    await sink(path, columns=("id", "name")).send([Lead(id="lead_1", full_name="a\x00b\ud800c\x1b[31m")], None)
    assert rows(path)[0]["name"] == "ab\ufffdc[31m"


async def test_the_day_in_the_path_is_the_leads_own_however_late_it_is_sent(tmp_path):
    came = datetime(2026, 5, 3, 20, 0, tzinfo=UTC)
    clock = HandClock(datetime(2026, 5, 9, tzinfo=UTC))
    one = sink(tmp_path / "leads-{date}.csv", clock, time_zone="Asia/Shanghai")
    first = await one.send(leads(1, created_at=came), None)
    clock.turn(24 * 3600)
    assert await one.send(leads(1, created_at=came), None) == first
    assert [file.name for file in tmp_path.iterdir()] == ["leads-2026-05-04.csv"]


async def test_one_send_may_fill_several_files(tmp_path):
    days = [datetime(2026, 5, day, tzinfo=UTC) for day in (1, 2, 1)]
    batch = [lead.with_fields(created_at=day) for lead, day in zip(leads(1, 2, 3), days, strict=True)]
    outcomes = await sink(tmp_path / "{date}.csv").send(batch, None)
    assert [Path(outcome.ref).name for outcome in outcomes] == ["2026-05-01.csv", "2026-05-02.csv", "2026-05-01.csv"]
    assert [key for key, _ in keys(tmp_path / "2026-05-01.csv")] == ["lead_1", "lead_3"]


async def test_a_path_that_is_no_file_stops_the_sink(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    [outcome] = await sink(tmp_path / "file" / "leads.csv").send(leads(1), None)
    assert isinstance(outcome, Misconfigured)


@pytest.mark.parametrize("path", ["", " ", "out/", "out/{day}.csv", "out/{date.csv", "a\0b"])
def test_a_path_that_cannot_be_is_refused_at_the_start(path):
    with pytest.raises(ValidationError, match="path"):
        CsvFile.Config(path=path)


@pytest.mark.parametrize("settings", [{"columns": ("nmae",)}, {"time_zone": "Mars/Olympus"}, {"encoding": "utf-16"}])
def test_settings_that_cannot_be_are_refused_at_the_start(settings):
    with pytest.raises(ValidationError):
        CsvFile.Config(path="leads.csv", **settings)


FULL_DISK = """
import asyncio, json, resource, sys
from connectors.sheets.csv_file import CsvFile
from hub import Lead
sink = CsvFile("sheet", CsvFile.Config(path=sys.argv[1], columns=("id", "name")))
asyncio.run(sink.send([Lead(id="lead_1")], None))
size = __import__("os").path.getsize(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, resource.RLIM_INFINITY))
many = [Lead(id=f"lead_{n}", full_name="x" * 50) for n in range(2, 9)]
[first, *rest] = asyncio.run(sink.send(many, None))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
asyncio.run(sink.send(many, None))
print(json.dumps([type(first).__name__, size]))
"""


def test_a_write_the_system_cuts_short_leaves_no_part_of_a_row(tmp_path):
    path = tmp_path / "leads.csv"
    run = subprocess.run([sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, check=True)
    outcome, _ = json.loads(run.stdout)
    assert outcome == "Misconfigured"
    assert [key for key, _ in keys(path)] == [f"lead_{number}" for number in range(1, 9)]
    assert not (tmp_path / "leads.csv.torn").exists()


KILLED = """
import asyncio, sys
from connectors.sheets.csv_file import CsvFile
from hub import Lead
sink = CsvFile("sheet", CsvFile.Config(path=sys.argv[1]))
for number in range(100_000):
    asyncio.run(sink.send([Lead(id=f"lead_{number}", message="word " * 200)], None))
    print(number, flush=True)
"""


def test_what_was_answered_before_a_kill_is_in_the_file_once(tmp_path):
    path = tmp_path / "leads.csv"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
    answered = [int(process.stdout.readline()) for _ in range(30)]
    process.kill()
    answered += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    process.wait()
    asyncio.run(sink(path).send(leads(*range(len(answered) + 3)), None))
    assert [key for key, _ in keys(path)] == [f"lead_{number}" for number in range(len(answered) + 3)]


def test_a_full_disk_is_tried_again(tmp_path):
    class FullDisk(CsvFile):
        """A sink whose disk is full."""

        def write(self, path, leads):
            raise OSError(28, "No space left on device")

    one = FullDisk("sheet", FullDisk.Config(path=str(tmp_path / "leads.csv")))
    [outcome] = asyncio.run(one.send(leads(1), None))
    assert isinstance(outcome, Retry)
    assert "No space left" in outcome.reason


def test_the_log_counts_what_it_added(tmp_path):
    log = CsvLog(tmp_path / "log.csv", ("id", "x"), ("id",), delimiter=",", encoding="utf-8")
    assert log.add([{"id": "1", "x": "a"}, {"id": "1", "x": "b"}, {"id": "2"}]) == 2
    assert log.add([{"id": "2", "x": "c"}]) == 0
