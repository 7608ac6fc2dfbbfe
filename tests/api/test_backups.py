"""Backups over the API: for owners alone, one at a time, with a passphrase that is written down nowhere."""

from __future__ import annotations

import logging
import stat

import pytest

from hub.app import Hub
from hub.backup import making
from hub.errors import LeadhubError
from tests.api.calling import calling, keys_of_all_roles, problem
from tests.conftest import MakeHub, post
from tests.core.inputs import person
from tests.core.looking import all_rows, rows

PHRASE = "canary words of a passphrase"


@pytest.fixture
def database(tmp_path):
    """Keep to SQLite: the other kind needs PostgreSQL's own programs."""
    return f"sqlite:///{tmp_path}/hub.db"


async def test_a_backup_is_made_listed_and_checked(hub: Hub, make_hub: MakeHub):
    await post(hub, person(1))
    async with calling(hub) as http:
        made = (await http.post("/api/backups", json={})).json()
        found = (await http.get("/api/backups")).json()
        checked = (await http.post(f"/api/backups/{made['name']}/check")).json()
    assert [(row["name"], row["encrypted"], row["checked"]) for row in found["items"]] == [(made["name"], False, None)]
    assert (checked["sound"], checked["reason"]) == (True, None)
    file = make_hub.folder / "backups" / made["name"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [(row["what"], row["target"]) for row in (await all_rows(hub, "audit"))[-2:]] == [
        ("backup.made", made["name"]), ("backup.checked", made["name"]),
    ]  # fmt: skip


async def test_the_passphrase_is_written_down_nowhere(hub: Hub, make_hub: MakeHub, caplog):
    caplog.set_level(logging.DEBUG)
    async with calling(hub) as http:
        made = await http.post("/api/backups", json={"passphrase": PHRASE})
        right = await http.post(f"/api/backups/{made.json()['name']}/check", json={"passphrase": PHRASE})
        wrong = await http.post(f"/api/backups/{made.json()['name']}/check", json={"passphrase": f"not the {PHRASE}"})
        none = await http.post(f"/api/backups/{made.json()['name']}/check")
        listed = await http.get("/api/backups")
    assert (right.json()["sound"], wrong.json()["sound"], none.json()["sound"]) == (True, False, False)
    assert "passphrase is wrong" in wrong.json()["reason"]
    said = caplog.text + "".join(one.text for one in (made, right, wrong, none, listed))
    kept = b"".join(path.read_bytes() for path in make_hub.folder.rglob("*") if path.is_file())
    assert PHRASE not in said
    assert PHRASE.encode() not in kept
    assert b"SQLite format 3" not in (make_hub.folder / "backups" / made.json()["name"]).read_bytes()


async def test_a_passphrase_that_can_be_guessed_is_refused(hub: Hub, make_hub: MakeHub):
    async with calling(hub) as http:
        answer = await http.post("/api/backups", json={"passphrase": "short"})
    assert (answer.status_code, "short" in problem(answer)["detail"].partition("passphrase")[0]) == (422, False)
    assert not (make_hub.folder / "backups").exists()


@pytest.mark.parametrize("name", ["nothing.backup", "..%2Fhub.db", "hub.yaml", ".backup", "a%00.backup"])
async def test_only_backups_of_the_folder_can_be_checked(hub: Hub, name):
    async with calling(hub) as http:
        assert (await http.post(f"/api/backups/{name}/check")).status_code == 404


async def test_a_damaged_backup_is_told(hub: Hub, make_hub: MakeHub):
    async with calling(hub) as http:
        made = (await http.post("/api/backups", json={})).json()
        file = make_hub.folder / "backups" / made["name"]
        content = bytearray(file.read_bytes())
        content[len(content) // 3 :] = b"\xff" * (len(content) - len(content) // 3)
        file.write_bytes(content)
        said = (await http.post(f"/api/backups/{made['name']}/check")).json()
    assert (said["sound"], bool(said["reason"])) == (False, True)


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
async def test_backups_are_for_owners_alone(hub: Hub, role):
    keys = await keys_of_all_roles(hub)
    async with calling(hub, keys[role]) as http:
        assert (await http.get("/api/backups")).status_code == 403
        assert (await http.post("/api/backups", json={})).status_code == 403
    assert await rows(hub, "audit", what="backup.made") == []


def test_what_is_no_backup_is_refused(tmp_path):
    file = tmp_path / "a.backup"
    file.write_bytes(b"nothing of ours")
    with pytest.raises(LeadhubError, match="is no backup of leadhub"):
        making.check(file, None)


async def test_what_leadhub_is_can_be_asked(hub: Hub):
    keys = await keys_of_all_roles(hub)
    async with calling(hub, keys["viewer"]) as http:
        said = (await http.get("/api/about")).json()
    assert (said["database"], said["licence"], said["time_zone"]) == ("SQLite", "Apache-2.0", "UTC")
    assert said["bytes"] > 0


async def test_erasures_are_listed_without_anybody_in_them(hub: Hub):
    await post(hub, person(1))
    async with calling(hub) as http:
        made = (await http.post("/api/erase", json={"email": "p1@example.com"})).json()
        found = (await http.get("/api/erasures")).json()
    assert [row["id"] for row in found["items"]] == [made["erasure"]]
    assert "example.com" not in str(found)
