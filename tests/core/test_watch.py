"""Watched folders: a file is read once nobody writes to it, whole files only, and only files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from tests.conftest import MakeHub
from tests.core.looking import all_rows, rows

WATCHED = """
hub: {region: CN, answer_within: 30s}
sources:
  expo: {connector: list_file, path: "inbox/*.csv"}
sinks:
  crm: {connector: updating_sink}
flows:
  - {name: inbound, from: [expo], routes: [{name: all, to: [crm]}]}
"""

HEAD = b"full name,email\n"
ANN = b"Ann Ng,ann@example.com\n"
BEN = b"Ben Ma,ben@example.com\n"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


async def look(hub) -> list[dict[str, int]]:
    """Look into the folder once; return the counts of what was read."""
    return [dict(done.counts) for done in await hub.imports.watch("expo", hub.office.folder)]


async def test_a_file_is_read_when_it_has_not_changed_since_the_last_look(make_hub: MakeHub, inbox):
    hub = await make_hub(WATCHED)
    (inbox / "a.csv").write_bytes(HEAD + ANN)
    assert await look(hub) == []
    assert await look(hub) == [{"read": 1, "known": 0, "accepted": 1}]


async def test_a_file_that_is_still_being_written_is_left_alone(make_hub: MakeHub, inbox):
    hub = await make_hub(WATCHED)
    file = inbox / "a.csv"
    file.write_bytes(HEAD)
    for more in (b"Ann Ng,ann@exa", b"mple.com\n", BEN):
        assert await look(hub) == []
        with file.open("ab") as growing:
            growing.write(more)
    assert await look(hub) == []
    assert await look(hub) == [{"read": 2, "known": 0, "accepted": 2}]
    assert sorted(row["email"] for row in await all_rows(hub, "lead")) == ["ann@example.com", "ben@example.com"]


async def test_a_file_that_was_read_is_not_read_again(make_hub: MakeHub, inbox):
    hub = await make_hub(WATCHED)
    (inbox / "a.csv").write_bytes(HEAD + ANN)
    await look(hub)
    await look(hub)
    assert [await look(hub) for _ in range(6)] == [[]] * 6
    await hub.flush()
    assert len(await rows(hub, "event", kind="import.finished")) == 1


async def test_a_file_is_known_after_a_restart_too(make_hub: MakeHub, inbox):
    hub = await make_hub(WATCHED)
    (inbox / "a.csv").write_bytes(HEAD + ANN)
    await look(hub)
    await look(hub)
    await make_hub.stop(hub)
    hub = await make_hub(WATCHED)
    assert [await look(hub) for _ in range(4)] == [[]] * 4
    assert len(await all_rows(hub, "file_import")) == 1


async def test_a_file_that_grew_later_brings_its_new_rows_only(make_hub: MakeHub, inbox):
    hub = await make_hub(WATCHED)
    file = inbox / "a.csv"
    file.write_bytes(HEAD + ANN)
    await look(hub)
    await look(hub)
    file.write_bytes(HEAD + ANN + BEN)
    await look(hub)
    assert await look(hub) == [{"read": 2, "known": 1, "accepted": 1}]


@pytest.mark.parametrize("name", ["a.csv.part", ".a.csv", "~$a.csv", "a.txt"])
async def test_names_that_are_unfinished_or_do_not_match_are_ignored(make_hub: MakeHub, inbox, name):
    hub = await make_hub(WATCHED)
    (inbox / name).write_bytes(HEAD + ANN)
    assert [await look(hub) for _ in range(3)] == [[]] * 3


async def test_a_symbolic_link_is_ignored_and_told_once(make_hub: MakeHub, inbox, tmp_path):
    hub = await make_hub(WATCHED)
    (tmp_path / "secret.csv").write_bytes(HEAD + ANN)
    (inbox / "link.csv").symlink_to(tmp_path / "secret.csv")
    assert [await look(hub) for _ in range(4)] == [[]] * 4
    assert await all_rows(hub, "submission") == []
    await hub.flush()
    (event,) = await rows(hub, "event", kind="source.failed")
    assert "symbolic link" in event["data"]["reason"]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
async def test_what_is_no_file_is_ignored(make_hub: MakeHub, inbox, make):
    hub = await make_hub(WATCHED)
    make(inbox / "odd.csv")
    assert [await look(hub) for _ in range(3)] == [[]] * 3


async def test_an_unreadable_file_does_not_hold_up_the_next_one_and_is_told_once(make_hub: MakeHub, inbox):
    hub = await make_hub(WATCHED.replace("list_file,", "list_file, key: id,"))
    (inbox / "a.csv").write_bytes(HEAD + ANN)
    (inbox / "b.csv").write_bytes(b"id,email\n1,ben@example.com\n")
    found = [counts for _ in range(5) for counts in await look(hub)]
    assert [counts["read"] for counts in found] == [0, 1]
    assert [row["email"] for row in await all_rows(hub, "lead")] == ["ben@example.com"]


async def test_a_file_that_could_not_be_kept_is_tried_again(make_hub: MakeHub, inbox):
    hub = await make_hub(WATCHED)
    (inbox / "a.csv").write_bytes(HEAD + ANN)
    await look(hub)
    await hub.db.write(_rename, "file_import", "file_import_gone")
    with pytest.raises(SQLAlchemyError):
        await look(hub)
    await hub.db.write(_rename, "file_import_gone", "file_import")
    await look(hub)
    assert await look(hub) == [{"read": 1, "known": 0, "accepted": 1}]


async def test_a_source_without_a_folder_watches_nothing(make_hub: MakeHub, inbox):
    hub = await make_hub(WATCHED.replace(', path: "inbox/*.csv"', ""))
    assert await look(hub) == []


def _rename(old: str, new: str, *, session) -> None:
    session.execute(sa.text(f"ALTER TABLE {old} RENAME TO {new}"))
