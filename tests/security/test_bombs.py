"""Files made to fill the memory: leadhub's own process stays small, the import fails with a sentence, no child is left."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hub.files import sheet, workbook
from tests.files.filemaking import saved, with_part
from tests.files.filemaking import workbook as made

SHEET = "xl/worksheets/sheet1.xml"
HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
TAIL = b"</sheetData></worksheet>"
LOOK = """
import json, os, sys
from pathlib import Path
from hub.errors import BadInput
from hub.files import open_table

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

def read(path):
    try:
        with open_table(Path(path)) as table:
            return f"{sum(1 for _ in table.rows)} rows"
    except BadInput as error:
        return error.reason

read(sys.argv[1])  # what reading any workbook takes does not count
Path("/proc/self/clear_refs").write_text("5")  # forgets the peak, which a process has from whoever started it
before = peak()
said = read(sys.argv[2])
grown = peak() - before
try:
    left = os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    left = None
print(json.dumps({"said": said, "grown": grown, "left": left}))
"""


def good() -> bytes:
    return saved(made(["Id", "Name"], [1, "Mei"]))


def noisy(number: int) -> bytes:
    """Return rows that do not compress a hundredfold, so that the ratio alone does not give them away."""
    rows = (f'<row r="{n}"><c r="A{n}"><v>{n * 2654435761 % 10**9}</v></c></row>' for n in range(1, number + 1))
    return HEAD + "".join(rows).encode() + TAIL


def two_cells_far_apart() -> bytes:
    far = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="999999"><c r="XFD999999"><v>1</v></c></row>'
    return with_part(good(), SHEET, HEAD + far + TAIL)


def a_sheet_that_unpacks_a_thousandfold() -> bytes:
    return with_part(good(), SHEET, HEAD + b" " * 200_000_000 + TAIL)


def shared_strings_that_refer_to_one() -> bytes:
    cells = "".join(
        f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c><!-- {n * 2654435761 % 10**12} --></row>' for n in range(1, 5_001)
    )
    strings = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
        + b"x" * 30_000
        + b"</t></si></sst>"
    )
    return with_part(with_part(good(), SHEET, HEAD + cells.encode() + TAIL), "xl/sharedStrings.xml", strings)


def a_million_rows() -> bytes:
    return with_part(good(), SHEET, noisy(1_000_002))


def laughs() -> bytes:
    names = [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    return with_part(
        good(), SHEET, f'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a0 "ha">{"".join(names)}]><w>&a9;</w>'.encode()
    )


def a_password() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") * 9 + bytes(4096)


BOMBS = {
    two_cells_far_apart: "too much memory or time",
    a_sheet_that_unpacks_a_thousandfold: "times its size",
    shared_strings_that_refer_to_one: "rows",
    a_million_rows: "rows; at most 1,000,000",
    laughs: "declares entities",
    a_password: "password",
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("good") / "good.xlsx"
    path.write_bytes(good())
    return path


def looked(small: Path, path: Path) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(small), str(path)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_in_a_sentence_and_the_process_stays_small(small, tmp_path, bomb):
    path = tmp_path / "leads.xlsx"
    path.write_bytes(bomb())
    said = looked(small, path)
    assert BOMBS[bomb] in said["said"]
    assert said["grown"] < 100_000  # kB
    assert said["left"] is None


def test_the_measure_sees_memory_that_is_taken(small, tmp_path):
    """The same workbook read in this very process takes what the child takes: the limit above is not an empty one."""
    path = tmp_path / "leads.xlsx"
    path.write_bytes(with_part(good(), SHEET, noisy(400_000)))
    text = LOOK.replace("said = read(sys.argv[2])", "said = inside(sys.argv[2])").replace(
        "def read(path):",
        "from hub.files.workbook import Workbook\n"
        "def inside(path):\n    return f'{len(list(Workbook(open(path, \"rb\"), None).rows()))} rows'\n"
        "def read(path):",
    )
    done = subprocess.run(
        [sys.executable, "-c", text, str(small), str(path)], capture_output=True, text=True, check=True
    )
    said = json.loads(done.stdout)
    assert said["said"] == "400000 rows", said
    assert said["grown"] > 50_000


def test_a_child_has_limits_of_memory_time_and_core_and_no_secrets(monkeypatch):
    monkeypatch.setenv("HUBSPOT_TOKEN", "canary")
    text = (
        "import os, resource, json; from hub.files.workbook import _limit_this_process; _limit_this_process();"
        "print(json.dumps([resource.getrlimit(getattr(resource, f'RLIMIT_{n}'))[1] for n in ('AS', 'CPU', 'CORE')]))"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [workbook.MAX_MEMORY, workbook.MAX_CPU, 0]
    assert sheet.WALL_LIMIT <= 30
    assert "HUBSPOT_TOKEN" not in sheet._KEPT


def test_a_zip_in_a_zip_is_no_workbook(small, tmp_path):
    path = tmp_path / "leads.xlsx"
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"name\n" * 10_000_000)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(inner, "inner.zip")
    said = looked(small, path)
    assert "zip archive" in said["said"]
    assert said["grown"] < 100_000
