"""Files in a watched folder: only regular ones of a sane name, size and age (reliability 79)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hub.errors import BadInput
from hub.files import Layout, open_table
from hub.files.opening import inside, look, open_file, refused_name, settled, unfinished_name

CSV = b"Name,Email\nMei,mei@example.com\n"


def test_a_symbolic_link_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_bytes(CSV)
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    with pytest.raises(BadInput, match=r"'link\.csv' is a symbolic link; only regular files are read"):
        look(tmp_path / "link.csv")


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(BadInput, match="is a pipe"), open_table(tmp_path / "pipe.csv"):
        pytest.fail("it was opened")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(BadInput, match="is a folder"), open_table(tmp_path / "folder.csv"):
        pytest.fail("it was opened")


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"'none\.csv' cannot be read: No such file"):
        look(tmp_path / "none.csv")


def test_a_file_past_the_size_limit_is_refused_with_both_sizes(tmp_path: Path) -> None:
    (tmp_path / "big.csv").write_bytes(b"x" * 1_500_000)
    with (
        pytest.raises(BadInput, match=r"has 1\.5 MB, more than the 1 MB allowed"),
        open_table(tmp_path / "big.csv", Layout(max_mb=1)),
    ):
        pytest.fail("it was opened")


def test_a_file_that_grows_while_it_is_read_is_read_again_later(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes(CSV)
    with pytest.raises(BadInput, match="changed while it was read"), open_file(path, 1000):
        path.write_bytes(CSV + b"Ann,ann@example.com\n")


def test_a_file_has_settled_when_two_looks_see_the_same(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes(CSV)
    first = look(path)
    assert not settled(None, first)
    assert settled(first, look(path))
    path.write_bytes(CSV * 2)
    assert not settled(first, look(path))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../../etc/x", "slash"),
        ("a\\b.csv", "slash"),
        ("a\nb.csv", "control character"),
        ("..", "slash"),
        ("", "slash"),
        ("con", "device"),
        ("CON.csv", "device"),
        ("lpt1.txt", "device"),
        ("x" * 256, "longer than 255 bytes"),
        ("线" * 86, "longer than 255 bytes"),
        (os.fsdecode(b"caf\xe9.csv"), "not UTF-8"),
    ],
)
def test_odd_names_are_refused(name: str, words: str) -> None:
    assert words in str(refused_name(name))


@pytest.mark.parametrize("name", ["leads.csv", "名单 2026.xlsx", "console.csv", "a..b.csv", "线" * 85])
def test_usual_names_are_taken(name: str) -> None:
    assert refused_name(name) is None


@pytest.mark.parametrize("name", ["leads.csv.part", ".leads.csv", "~$leads.xlsx", "leads.csv.filepart", "leads.TMP"])
def test_names_of_unfinished_files_are_told(name: str) -> None:
    assert unfinished_name(name)
    assert not unfinished_name("leads.csv")


def test_a_path_that_leaves_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    assert inside(tmp_path / "inbox", tmp_path / "inbox" / "a.csv")
    assert not inside(tmp_path / "inbox", tmp_path / "inbox" / ".." / "a.csv")
    assert not inside(tmp_path / "inbox", Path("/etc/passwd"))


def test_a_name_that_is_not_utf8_is_refused_in_a_folder(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.csv"))
    path.write_bytes(CSV)
    with pytest.raises(BadInput, match="its name is not UTF-8"):
        look(path)
