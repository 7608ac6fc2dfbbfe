"""The audit log: one sealed entry for each event, and every way of tampering with it is seen, and where."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from hub.app import Hub
from hub.app.auditor import open_key, read_anchors
from hub.errors import ConfigError, LeadhubError
from hub.store import audit, guards
from hub.store.audit import AUDIT, Actor, note
from hub.store.database import Database
from tests.conftest import BASIC, MakeHub, post
from tests.core.looking import all_rows

ANN = Actor("user:usr_ann", "192.0.2.7", "req_1")


async def noted(hub: Hub, number: int = 5) -> int:
    """Append some entries, and return the number of the first."""
    ids = [
        await hub.db.write(note, "key.created", by=ANN, at=hub.clock.now(), target=f"key_{n}", after=n, data={"n": n})
        for n in range(number)
    ]
    return int(ids[0])


async def broken(hub: Hub) -> list[int]:
    """Return the numbers of the entries that are not as they were."""
    return [one["entry"] for one in (await hub.auditor.verify()).broken]


def tamper(hub: Hub, *statements: str | Callable[[sa.Connection], None], **values: Any) -> None:
    """Change the log as somebody with the database's own rights can, past its triggers."""
    with hub.db.writer.begin() as connection:
        if hub.db.sqlite:
            for name in guards._SQLITE:
                connection.execute(sa.text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        for one in statements:
            connection.execute(sa.text(one), values) if isinstance(one, str) else one(connection)
        guards.install(connection)


async def test_an_entry_says_who_did_what_to_what_from_where(make_hub: MakeHub, clock):
    hub = await make_hub()
    await noted(hub, 1)
    row = (await all_rows(hub, "audit"))[-1]
    assert (row["who"], row["what"], row["target"]) == ("user:usr_ann", "key.created", "key_0")
    assert (row["address"], row["request"], row["at"]) == ("192.0.2.7", "req_1", clock.now())
    assert row["data"] == {"n": 0}


async def test_an_untouched_log_is_whole(make_hub: MakeHub):
    hub = await make_hub()
    await noted(hub, 7)
    await hub.auditor.round()
    report = await hub.auditor.verify()
    assert (report.broken, report.anchors) == ([], 1)
    assert report.entries == len(await all_rows(hub, "audit"))


async def test_what_was_and_is_are_kept_as_hashes_that_tell_nothing_without_the_key(make_hub: MakeHub):
    hub = await make_hub()
    for value in ("ann@example.com", "ann@example.com", "bob@example.com"):
        await hub.db.write(note, "person.erased", at=hub.clock.now(), before={"email": value}, after=None)
    rows = (await all_rows(hub, "audit"))[-3:]
    assert rows[0]["before"] == rows[1]["before"] != rows[2]["before"]
    assert rows[0]["before"] == audit.fingerprint({"email": "ann@example.com"}, hub.db.info[audit.KEY])
    assert rows[0]["before"] != audit.fingerprint({"email": "ann@example.com"}, b"another key")
    assert "example.com" not in str(rows)


async def test_an_entry_is_written_with_the_change_or_not_at_all(make_hub: MakeHub):
    hub = await make_hub()
    before = len(await all_rows(hub, "audit"))

    def breaks(*, session: Session) -> None:
        note("key.revoked", at=hub.clock.now(), session=session)
        raise LeadhubError("it broke")

    writes = [hub.db.write(breaks), hub.db.write(note, "key.created", at=hub.clock.now())]
    await asyncio.gather(*writes, return_exceptions=True)
    assert [row["what"] for row in (await all_rows(hub, "audit"))[before:]] == ["key.created"]
    assert await broken(hub) == []


async def test_a_kind_of_entry_that_nobody_knows_is_refused(make_hub: MakeHub):
    hub = await make_hub()
    with pytest.raises(LeadhubError, match=r"'key.maed' is no kind of audit entry"):
        await hub.db.write(note, "key.maed", at=hub.clock.now())


EDITS: dict[str, Any] = {
    "at": "2026-05-04T07:00:00.000000+00:00", "who": "user:usr_bob", "what": "key.revoked", "target": "key_9",
    "address": "192.0.2.8", "request": "req_2", "before": "0" * 64, "after": "1" * 64, "data": '{"n": 7}',
    "key_id": "0" * 12, "seal": "2" * 64,
}  # fmt: skip


@pytest.mark.parametrize("column", EDITS)
async def test_an_edited_entry_is_seen_whatever_was_edited(make_hub: MakeHub, column):
    hub = await make_hub()
    third = await noted(hub) + 2
    tamper(hub, f"UPDATE audit SET {column} = :value WHERE id = :id", value=EDITS[column], id=third)
    assert (await broken(hub))[0] == third


async def test_an_entry_that_cannot_be_read_any_more_is_seen(make_hub: MakeHub):
    hub = await make_hub()
    third = await noted(hub) + 2
    tamper(hub, "UPDATE audit SET data = '{' WHERE id = :id", id=third)
    assert third in await broken(hub)


async def test_every_edited_entry_is_named(make_hub: MakeHub):
    hub = await make_hub()
    first = await noted(hub)
    tamper(hub, "UPDATE audit SET who = 'x' WHERE id IN (:one, :other)", one=first, other=first + 3)
    assert await broken(hub) == [first, first + 3]


async def test_a_deleted_entry_is_seen(make_hub: MakeHub):
    hub = await make_hub()
    third = await noted(hub) + 2
    tamper(hub, "DELETE FROM audit WHERE id = :id", id=third)
    assert await broken(hub) == [third + 1]


async def test_a_deleted_entry_is_seen_when_those_after_it_move_up(make_hub: MakeHub):
    hub = await make_hub()
    third = await noted(hub) + 2
    tamper(hub, "DELETE FROM audit WHERE id = :id", "UPDATE audit SET id = id - 1 WHERE id > :id", id=third)
    assert (await broken(hub))[0] == third


async def test_a_first_entry_that_is_gone_is_seen(make_hub: MakeHub):
    hub = await make_hub()
    await noted(hub)
    tamper(hub, "DELETE FROM audit WHERE id = 1")
    assert await broken(hub) == [2]


def _copy(connection: sa.Connection, of: int, to: int) -> None:
    row = dict(connection.execute(sa.select(AUDIT).where(AUDIT.c.id == of)).mappings().one())
    connection.execute(sa.insert(AUDIT).values(**{**row, "id": to}))


async def test_an_inserted_entry_is_seen_at_the_end(make_hub: MakeHub):
    hub = await make_hub()
    first = await noted(hub)
    tamper(hub, lambda connection: _copy(connection, first, first + 5))
    assert await broken(hub) == [first + 5]


async def test_an_inserted_entry_is_seen_in_the_middle(make_hub: MakeHub):
    hub = await make_hub()
    first = await noted(hub)
    moved = [f"UPDATE audit SET id = {id_ + 1} WHERE id = {id_}" for id_ in range(first + 4, first + 1, -1)]
    tamper(hub, *moved, lambda connection: _copy(connection, first, first + 2))
    assert (await broken(hub))[0] == first + 2


async def test_two_entries_that_changed_places_are_seen(make_hub: MakeHub):
    hub = await make_hub()
    first = await noted(hub)
    one, other = first + 1, first + 2
    swap = [f"UPDATE audit SET id = {to} WHERE id = {of}" for of, to in ((one, 0), (other, one), (0, other))]
    tamper(hub, *swap)
    assert (await broken(hub))[:2] == [one, other]


async def test_an_entry_put_in_the_place_of_a_later_one_of_its_number_is_seen(make_hub: MakeHub):
    """Its own seal is right: that it is another one shows in the seal after it."""
    hub = await make_hub()
    last = await noted(hub) + 4
    (old,) = [row for row in await all_rows(hub, "audit") if row["id"] == last]
    tamper(hub, "DELETE FROM audit WHERE id = :id", id=last)
    await hub.db.write(note, "key.revoked", by=ANN, at=hub.clock.now(), target="key_1")
    await noted(hub, 1)
    tamper(hub, "DELETE FROM audit WHERE id = :id", lambda c: c.execute(sa.insert(AUDIT).values(**old)), id=last)
    assert await broken(hub) == [last + 1]


async def test_an_end_that_was_cut_off_is_seen_by_the_anchor(make_hub: MakeHub):
    hub = await make_hub()
    last = await noted(hub) + 4
    await hub.auditor.round()
    tamper(hub, "DELETE FROM audit WHERE id > :id", id=last - 2)
    report = await hub.auditor.verify()
    assert [one["entry"] for one in report.broken] == [last]
    assert "the end was cut off" in report.broken[0]["says"]


def rewrite(hub: Hub, key: bytes) -> None:
    """Write the whole log anew as if key_2 had never been, with every seal right."""

    def anew(connection: sa.Connection) -> None:
        rows = [dict(row) for row in connection.execute(sa.select(AUDIT).order_by(AUDIT.c.id)).mappings()]
        connection.execute(sa.delete(AUDIT))
        before = audit.FIRST
        for number, row in enumerate((row for row in rows if row["target"] != "key_2"), 1):
            row |= {"id": number, "key_id": audit.key_id(key)}
            row["seal"] = before = audit.seal(row, before, key)
            connection.execute(sa.insert(AUDIT).values(**row))

    tamper(hub, anew)


async def test_a_log_rewritten_by_who_has_the_key_is_seen_by_the_anchor(make_hub: MakeHub):
    hub = await make_hub()
    await noted(hub)
    await hub.auditor.round()
    await noted(hub, 3)
    rewrite(hub, hub.db.info[audit.KEY])
    report = await hub.auditor.verify()
    assert len(report.broken) == 1
    assert "the log was rewritten" in report.broken[0]["says"]


async def test_without_the_anchor_such_a_log_looks_whole_which_is_why_it_lies_elsewhere(make_hub: MakeHub):
    hub = await make_hub()
    await noted(hub)
    rewrite(hub, hub.db.info[audit.KEY])
    report = await hub.auditor.verify()
    assert (report.broken, report.anchors) == ([], 0)


async def test_a_log_rewritten_with_another_key_is_seen(make_hub: MakeHub):
    hub = await make_hub()
    await noted(hub)
    rewrite(hub, b"a key that somebody made up" * 2)
    assert (await broken(hub))[0] == 1


async def test_an_anchor_that_was_changed_is_seen(make_hub: MakeHub):
    hub = await make_hub()
    await noted(hub)
    await hub.auditor.round()
    path = hub.office.folder / "logs" / "audit.anchor"
    path.write_text(path.read_text().replace('"seal":"', '"seal":"0', 1))
    assert len(await broken(hub)) == 1


async def test_triggers_that_are_gone_are_seen_and_put_back_at_the_next_start(make_hub: MakeHub):
    hub = await make_hub()
    name = "audit_not_updated" if hub.db.sqlite else "audit_not_changed"
    with hub.db.writer.begin() as connection:
        connection.execute(sa.text(f"DROP TRIGGER {name}{'' if hub.db.sqlite else ' ON audit'}"))
    assert name in (await hub.auditor.verify()).broken[0]["says"]
    await make_hub.stop(hub)
    assert await broken(await make_hub()) == []


FORBIDDEN = ("UPDATE audit SET who = 'x'", "DELETE FROM audit", "DELETE FROM audit WHERE id = 1")
INSTEAD = "INSERT OR REPLACE INTO audit (id, at, who, what, key_id, seal) VALUES (1, '2026', 'x', 'x', 'x', 'x')"


@pytest.mark.parametrize("statement", [*FORBIDDEN, INSTEAD, "TRUNCATE audit"])
async def test_the_database_itself_refuses_to_change_an_entry(make_hub: MakeHub, statement):
    hub = await make_hub()
    await noted(hub, 2)
    with pytest.raises(DBAPIError), hub.db.writer.begin() as connection:
        connection.execute(sa.text(statement))
    assert await broken(hub) == []


async def test_a_killed_process_leaves_a_log_that_is_whole(make_hub: MakeHub):
    hub = await make_hub()
    writes = [asyncio.ensure_future(hub.db.write(note, "key.created", at=hub.clock.now())) for _ in range(50)]
    await writes[0]
    await make_hub.crash(hub)
    assert await broken(await make_hub()) == []


@pytest.mark.parametrize("database", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
async def test_two_nodes_append_to_one_chain(make_hub: MakeHub):
    hub = await make_hub()
    other = Database(make_hub.database, make_hub.folder)
    other.info = hub.db.info
    before = len(await all_rows(hub, "audit"))
    writes = [db.write(note, "key.created", at=hub.clock.now()) for _ in range(40) for db in (hub.db, other)]
    ids = await asyncio.gather(*writes)
    other.close()
    assert sorted(ids) == list(range(before + 1, before + 81))
    assert await broken(hub) == []


async def test_the_newest_seal_is_anchored_once_and_again_when_there_is_a_newer_one(make_hub: MakeHub):
    hub = await make_hub()
    path = hub.office.folder / "logs" / "audit.anchor"
    await noted(hub)
    await hub.auditor.round()
    await hub.auditor.round()
    assert len(read_anchors(path)) == 1
    await noted(hub, 1)
    await hub.auditor.round()
    first, second = read_anchors(path)
    assert second.id == first.id + 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_the_anchor_lies_where_the_operator_says(make_hub: MakeHub, tmp_path):
    hub = await make_hub(BASIC.replace("hub: {", f"hub: {{audit_anchor: {tmp_path}/elsewhere/anchor, "))
    await hub.auditor.round()
    assert len(read_anchors(tmp_path / "elsewhere" / "anchor")) == 1


async def test_a_line_of_the_anchor_that_is_half_written_is_passed_over(make_hub: MakeHub):
    hub = await make_hub()
    await hub.auditor.round()
    with (hub.office.folder / "logs" / "audit.anchor").open("a") as file:
        file.write('{"at":"2026-05-0')
    assert await broken(hub) == []


async def test_the_key_is_the_owners_alone_and_not_in_the_database(make_hub: MakeHub):
    hub = await make_hub()
    path = hub.office.folder / "data" / "audit.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().strip() not in str([await all_rows(hub, table) for table in ("audit", "config_revision")])


def test_the_key_of_the_environment_goes_before_that_of_the_workspace(tmp_path, monkeypatch):
    own = open_key(tmp_path)
    assert open_key(tmp_path) == own
    (tmp_path / "key").write_text("k" * 40 + "\n")
    monkeypatch.setenv("LEADHUB_AUDIT_KEY_FILE", str(tmp_path / "key"))
    assert open_key(tmp_path) == b"k" * 40
    monkeypatch.setenv("LEADHUB_AUDIT_KEY", "e" * 40)
    assert open_key(tmp_path) == b"e" * 40


@pytest.mark.parametrize(("name", "value"), [("AUDIT_KEY", "short"), ("AUDIT_KEY_FILE", "missing")])
def test_a_key_that_is_no_use_is_said_at_the_start(tmp_path, monkeypatch, name, value):
    monkeypatch.setenv(f"LEADHUB_{name}", value)
    with pytest.raises(ConfigError, match="audit"):
        open_key(tmp_path)
    assert list(tmp_path.glob("data/*")) == []


async def test_another_key_is_noted_and_the_old_one_still_verifies(make_hub: MakeHub):
    hub = await make_hub()
    await noted(hub)
    await make_hub.stop(hub)
    path = make_hub.folder / "data" / "audit.key"
    path.rename(path.with_name("audit.key.old"))
    hub = await make_hub()
    assert (await all_rows(hub, "audit"))[-1]["what"] == "audit.key_changed"
    assert await broken(hub) == []
    path.with_name("audit.key.old").unlink()
    assert (await broken(hub))[0] == 1


async def test_senders_without_proof_are_one_entry_for_a_source_and_a_minute(make_hub: MakeHub, clock):
    config = BASIC.replace("{connector: open_source}", "{connector: open_source, needs_key: true}")
    config = config.replace("open_source, needs_key: true", f"json_webhook, secret: {'s' * 32}")
    hub = await make_hub(config)
    for _ in range(30):
        assert (await post(hub, "{}")).status_code == 401
    await hub.auditor.round()
    clock.turn(60)
    for _ in range(5):
        await post(hub, "{}")
    await hub.auditor.round()
    await hub.auditor.round()
    clock.turn(60)
    await hub.auditor.round()
    rows = [row for row in await all_rows(hub, "audit") if row["what"] == "signature.failed"]
    assert [(row["target"], row["data"]["requests"]) for row in rows] == [("website", 30), ("website", 5)]


async def test_the_failures_of_the_last_minute_are_kept_when_the_hub_stops(make_hub: MakeHub):
    hub = await make_hub(BASIC.replace("connector: open_source", f"connector: json_webhook, secret: {'s' * 32}"))
    await post(hub, "{}")
    await make_hub.stop(hub)
    hub = await make_hub()
    assert [row["what"] for row in await all_rows(hub, "audit")].count("signature.failed") == 1


PLUGIN = "from hub import hookimpl\n@hookimpl\ndef hub_event(event):\n    pass\n"


async def test_a_plugins_file_that_is_new_changed_or_gone_is_one_entry_each(make_hub: MakeHub):
    folder = make_hub.folder / "plugins"
    folder.mkdir()
    path = folder / "watcher.py"

    async def said() -> list[tuple[str, str]]:
        hub = await make_hub()
        rows = [row for row in await all_rows(hub, "audit") if row["what"] == "plugin.changed"]
        await make_hub.stop(hub)
        return [(row["target"], row["data"]["is"]) for row in rows]

    path.write_text(PLUGIN)
    assert await said() == [("watcher.py", "new")]
    assert await said() == [("watcher.py", "new")]
    path.write_text(PLUGIN + "\n")
    assert (await said())[1:] == [("watcher.py", "changed")]
    path.unlink()
    assert (await said())[2:] == [("watcher.py", "gone")]
    assert len(await said()) == 3


async def test_a_time_in_another_zone_seals_the_same(make_hub: MakeHub):
    hub = await make_hub()
    await hub.db.write(note, "key.created", at=hub.clock.now().astimezone(None) + timedelta(microseconds=1))
    assert await broken(hub) == []
