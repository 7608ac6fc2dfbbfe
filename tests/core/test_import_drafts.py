"""Files before they are imports: what lies about is cleared away, and several processes do not do a thing twice."""

from __future__ import annotations

import os

import pytest

from hub.app import Hub
from hub.intake.uploads import Uploads, safe_name
from hub.store import drafts as store
from tests.conftest import MakeHub
from tests.core.looking import all_rows


@pytest.fixture
def database(sqlite: str) -> str:
    """Keep to SQLite: nothing here differs between the two."""
    return sqlite


def row(hub: Hub, **more: object) -> dict[str, object]:
    now = hub.clock.now()
    return {
        "id": "upl_1", "name": "a.csv", "place": "upload", "path": "data/uploads/upl_1/a.csv", "size": 1, "source": "list",
        "host": hub.importing.host, "by": "local", "created_at": now, "changed_at": now, "state": "new", "rows": 0,
        "began_rows": 0, **more,
    }  # fmt: skip


async def test_what_a_process_that_died_had_half_uploaded_goes_after_a_day(make_hub: MakeHub, clock):
    hub = await make_hub()
    half, fresh = (hub.importing.uploads.new(name, "a.csv").parent for name in ("upl_a", "upl_b"))
    now = clock.now().timestamp()
    os.utime(half, (now - 90_000, now - 90_000))
    os.utime(fresh, (now, now))
    await hub.importing.round()
    assert (half.exists(), fresh.exists()) == (False, True)


async def test_what_was_being_tried_by_a_process_that_is_gone_can_be_tried_again(make_hub: MakeHub):
    hub = await make_hub()
    await hub.db.write(store.add, row(hub, state="trying", holder="node_of_before"))
    await hub.importing.round()
    assert [one["state"] for one in await all_rows(hub, "import_draft")] == ["new"]


async def test_what_a_living_process_works_on_is_left_to_it(make_hub: MakeHub):
    hub = await make_hub()
    await hub.db.write(store.add, row(hub, state="running", holder=hub.holder))
    await hub.db.write(store.add, row(hub, id="upl_2", state="running", holder="elsewhere", host="another machine"))
    await hub.importing.round()
    assert [one["holder"] for one in await all_rows(hub, "import_draft")] == [hub.holder, "elsewhere"]


async def test_only_one_takes_a_file_and_only_one_takes_it_over(make_hub: MakeHub):
    hub = await make_hub()
    await hub.db.write(store.add, row(hub))
    took = [await hub.db.write(store.take, "upl_1", {"state": "running", "holder": name}) for name in ("a", "b")]
    over = [await hub.db.write(store.take_over, "upl_1", "a", {"holder": name}) for name in ("c", "d")]
    assert (took, over) == ([True, False], [True, False])
    assert await hub.db.write(store.drop, "upl_1") is False


@pytest.mark.parametrize("name", ["../x", "upl_../../x", "", ".", "upl_/x"])
def test_only_the_folder_of_an_upload_is_ever_removed(tmp_path, name):
    (tmp_path / "data" / "uploads" / "upl_1").mkdir(parents=True)
    (tmp_path / "data" / "x").mkdir()
    Uploads(tmp_path).remove(name)
    assert sorted(path.name for path in (tmp_path / "data").rglob("*")) == ["upl_1", "uploads", "x"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [("list.csv", "list.csv"), ("a/b.csv", "b.csv"), ("", "file"), ("\ud800.csv", "_.csv"), ("~.csv", "csv"), ("x" * 200, "x" * 120)],
)  # fmt: skip
def test_a_name_becomes_a_plain_one(name, kept):
    assert safe_name(name) == kept
