"""What a database stands on: file systems and settings that could lose a lead are refused, old libraries are told of."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from hub.errors import ConfigError
from hub.store import ground
from tests.conftest import BASIC, MakeHub, Postgres

MOUNTS = r"""
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:5 / /proc rw - proc proc rw
30 21 0:40 / /srv/leads rw,relatime - KIND server:/export rw
31 30 8:2 / /srv/leads/fast rw - xfs /dev/sdb rw
32 21 0:41 / /srv/with\040space rw - KIND server:/other rw
33 21 8:3 / /over rw - ext4 /dev/sdc rw
34 33 0:42 / /over rw - KIND server:/late rw
"""

REMOTE = ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "fuse.s3fs", "fuse.glusterfs", "fuse", "ceph"]
LOCAL = ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk", "fuse.mergerfs", "apfs", ""]


def mounted(folder: Path, kind: str, point: str | None = None) -> Path:
    """Return a list of what is mounted, with one kind of file system where the text says KIND."""
    text = MOUNTS.replace("KIND", kind or "unheard-of")
    extra = f"40 21 0:50 / {point} rw - {kind} there rw\n" if point else ""
    path = folder / "mountinfo"
    path.write_text(text + extra)
    return path


@pytest.mark.parametrize("kind", REMOTE)
@pytest.mark.parametrize("path", ["/srv/leads/hub.db", "/srv/with space/data/hub.db", "/over/hub.db"])
def test_a_database_on_a_network_file_system_is_refused_with_what_to_do(tmp_path, kind, path):
    with pytest.raises(ConfigError) as refused:
        ground.check_file_system(Path(path), mounted(tmp_path, kind))
    for words in (path, f"({kind})", "PostgreSQL", "a disk of this machine", "unsafe_storage: true"):
        assert words in str(refused.value)


@pytest.mark.parametrize("kind", LOCAL)
def test_a_database_on_a_disk_of_this_machine_is_fine(tmp_path, kind):
    ground.check_file_system(Path("/srv/leads/hub.db"), mounted(tmp_path, kind))


@pytest.mark.parametrize("path", ["/var/hub.db", "/srv/leads/fast/hub.db", "/srv/leadsother/hub.db"])
def test_only_the_mount_that_the_file_is_on_counts(tmp_path, path):
    ground.check_file_system(Path(path), mounted(tmp_path, "nfs4"))


def test_a_machine_that_does_not_say_what_is_mounted_is_believed(tmp_path):
    ground.check_file_system(tmp_path / "hub.db", tmp_path / "no such file")
    (tmp_path / "odd").write_text("odd\n1 2 - \n - ext4\n")
    ground.check_file_system(tmp_path / "hub.db", tmp_path / "odd")


class TestOnSqlite:
    """A hub that opens a file."""

    @pytest.fixture
    def database(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/hub.db"

    async def test_a_hub_whose_file_lies_on_a_network_disk_does_not_start(self, make_hub: MakeHub, tmp_path):
        with pytest.raises(ConfigError, match="network file system \\(nfs4\\)"):
            await make_hub(mounts=mounted(tmp_path, "nfs4", str(tmp_path)))
        assert not (tmp_path / "hub.db").exists()

    async def test_an_operator_may_want_it_all_the_same(self, make_hub: MakeHub, tmp_path):
        config = BASIC.replace("hub: {", "hub: {unsafe_storage: true, ")
        assert await make_hub(config, mounts=mounted(tmp_path, "nfs4", str(tmp_path)))


@pytest.mark.parametrize("version", [(3, 40, 1), (3, 51, 2)])
def test_an_old_sqlite_is_told_of_with_the_reason(monkeypatch, version):
    monkeypatch.setattr("sqlite3.sqlite_version_info", version)
    said = ground.old_sqlite()
    assert said is not None
    assert "before 3.51.3 two connections that reset the write-ahead log at once can damage it" in said


@pytest.mark.parametrize("version", [(3, 51, 3), (3, 53, 0), (4, 0, 0)])
def test_a_mended_sqlite_is_not(monkeypatch, version):
    monkeypatch.setattr("sqlite3.sqlite_version_info", version)
    assert ground.old_sqlite() is None


async def test_a_hub_that_runs_warns_once_of_an_old_sqlite(make_hub: MakeHub, caplog):
    hub = await make_hub(bells=True)
    await make_hub.stop(hub)
    told = [record for record in caplog.records if "event=database.old" in record.getMessage()]
    assert len(told) == (hub.db.sqlite and sqlite3.sqlite_version_info < ground.SAFE_SQLITE)


GOOD = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


@pytest.mark.parametrize("name", GOOD)
def test_a_postgres_that_does_not_write_what_it_commits_is_refused(name):
    with pytest.raises(ConfigError, match=rf"PostgreSQL runs with {name} = off: .*ALTER SYSTEM SET {name} = on"):
        ground.check_postgres({**GOOD, name: "off"})


@pytest.mark.parametrize("level", ["on", "local", "remote_write", "remote_apply"])
def test_every_way_of_committing_that_writes_first_is_fine(level):
    ground.check_postgres({**GOOD, "synchronous_commit": level})


class TestOnPostgres:
    """A hub that opens a real one."""

    pytestmark = pytest.mark.postgres

    @pytest.fixture
    def database(self, postgres: Postgres) -> Iterator[str]:
        address = postgres.take()
        name = address.split("?")[0].rpartition("/")[2]
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
            yield address
            connection.execute(f'ALTER DATABASE "{name}" RESET synchronous_commit')
        postgres.give_back(address)

    async def test_a_hub_refuses_to_start_on_it(self, make_hub: MakeHub):
        with pytest.raises(ConfigError, match=r"PostgreSQL runs with synchronous_commit = off: .*unsafe_storage: true"):
            await make_hub()

    async def test_an_operator_may_want_it_all_the_same(self, make_hub: MakeHub):
        assert await make_hub(BASIC.replace("hub: {", "hub: {unsafe_storage: true, "))
