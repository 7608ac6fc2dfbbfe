"""Files into the hub: a dry run shows what the run does, twice is once, a crash loses nothing, undo takes it back."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hub.app import Hub
from hub.errors import BadInput, ConfigError, LeadhubError
from hub.intake import imports as module
from hub.store.columns import DECISION, DELIVERY, EVENT, IDENTITY, LEAD, SUBMISSION, TOUCH
from hub.testing.fakes import HandClock
from tests.conftest import MakeHub, post, settled
from tests.core.looking import all_rows, lead_of, rows, same

LISTS = """
hub: {region: CN, answer_within: 30s}
sources:
  website: {connector: open_source}
  list: {connector: list_file}
  keyed: {connector: list_file, key: id}
sinks:
  crm: {connector: updating_sink}
flows:
  - {name: inbound, from: [website, list, keyed], routes: [{name: all, to: [crm]}]}
"""

HEAD = "id,full name,email,phone,company"
PEOPLE = [f"{n},Person {n},person{n}@example.com,138 0013 80{n:02},Acme {n}" for n in range(40)]


def write(folder: Path, lines: list[str] | bytes, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_bytes(lines if isinstance(lines, bytes) else ("\n".join(lines) + "\n").encode())
    return path


async def dry_run(hub: Hub, path: Path, source: str = "list") -> dict[str, Any]:
    last: dict[str, Any] = {}
    async for line in hub.trials.dry_run(path, source):
        last = line
    return last


async def run(hub: Hub, path: Path, source: str = "list") -> dict[str, Any]:
    last: dict[str, Any] = {}
    async for line in hub.imports.steps(path, source):
        last = line
    return last


def reconciled(counts: dict[str, int]) -> bool:
    kept = Counter(counts)
    stored = kept["accepted"] + kept["duplicate"] + kept["quarantined"] + kept["waiting"]
    return kept["read"] == stored + kept["rejected"] + kept["known"] and min(kept.values()) >= 0


async def test_every_row_becomes_a_lead_and_is_delivered(make_hub: MakeHub, tmp_path):
    hub = await make_hub(LISTS)
    said = await run(hub, write(tmp_path, [HEAD, *PEOPLE]))
    await settled(hub)
    assert (said["state"], said["rows"]) == ("done", 40)
    assert said["counts"] == {"read": 40, "known": 0, "accepted": 40}
    assert len(await all_rows(hub, "lead")) == 40
    assert len(hub.plan.sinks["crm"].sent) == 40


async def test_a_file_that_was_read_before_is_known_and_nothing_happens_twice(make_hub: MakeHub, tmp_path):
    hub = await make_hub(LISTS)
    path = write(tmp_path, [HEAD, *PEOPLE[:5]])
    first = await run(hub, path)
    again = await run(hub, path)
    assert again["state"] == "known"
    assert again["reason"].startswith(f"This file was imported before, as {first['import']}.")
    assert len(await all_rows(hub, "submission")) == 5


async def test_the_same_rows_in_another_file_are_known(make_hub: MakeHub, tmp_path):
    hub = await make_hub(LISTS)
    await run(hub, write(tmp_path, [HEAD, *PEOPLE[:5]]))
    said = await run(hub, write(tmp_path, [HEAD, *reversed(PEOPLE[:8])], "other.csv"))
    assert said["counts"] == {"read": 8, "known": 5, "accepted": 3}
    assert len(await all_rows(hub, "lead")) == 8


async def test_a_row_that_stands_in_a_file_twice_counts_once(make_hub: MakeHub, tmp_path):
    hub = await make_hub(LISTS)
    said = await run(hub, write(tmp_path, [HEAD, PEOPLE[0], PEOPLE[1], PEOPLE[0]]))
    assert said["counts"] == {"read": 3, "known": 1, "accepted": 2}


async def test_a_changed_row_with_the_same_id_is_an_update_of_its_lead(make_hub: MakeHub, tmp_path, clock):
    hub = await make_hub(LISTS)
    await run(hub, write(tmp_path, [HEAD, *PEOPLE[:3]]), "keyed")
    clock.turn(60)
    changed = PEOPLE[1].replace("Acme 1", "Umbrella")
    said = await run(hub, write(tmp_path, [HEAD, PEOPLE[0], changed, PEOPLE[2]], "b.csv"), "keyed")
    assert said["counts"] == {"read": 3, "known": 2, "accepted": 1}
    assert sorted(row["company"] for row in await all_rows(hub, "lead")) == ["Acme 0", "Acme 2", "Umbrella"]


async def test_a_row_without_contact_waits_and_says_why(make_hub: MakeHub, tmp_path):
    hub = await make_hub(LISTS)
    said = await run(hub, write(tmp_path, [HEAD, PEOPLE[0], "9,Nobody,,,"]))
    assert said["counts"] == {"read": 2, "known": 0, "accepted": 1, "quarantined": 1}
    (problem,) = said["problems"]
    (waiting,) = await rows(hub, "submission", state="quarantined")
    assert problem == {"code": "unreachable", "rows": 1, "example": waiting["id"]}


async def test_a_source_that_reads_no_files_is_refused(make_hub: MakeHub, tmp_path):
    hub = await make_hub(LISTS)
    with pytest.raises(ConfigError, match=r'"website" is no source that reads files. Known: list, keyed.'):
        await run(hub, write(tmp_path, [HEAD]), "website")


@pytest.mark.parametrize("name", ["missing.csv", "."])
async def test_a_file_that_is_not_there_or_is_none_is_refused(make_hub: MakeHub, tmp_path, name):
    hub = await make_hub(LISTS)
    with pytest.raises(BadInput):
        await run(hub, tmp_path / name)
    assert await all_rows(hub, "file_import") == []


async def test_a_file_that_breaks_off_keeps_its_good_pieces_and_says_so(make_hub: MakeHub, tmp_path):
    hub = await make_hub(LISTS)
    many = [f"{n},P {n},p{n}@example.com,,Acme" for n in range(module.PIECE + 20)]
    path = write(tmp_path, ("\n".join([HEAD, *many]) + '\n9,"never closed,x@example.com,,').encode())
    tried = await dry_run(hub, path)
    said = await run(hub, path)
    assert said["counts"] == tried["counts"]
    assert (said["state"], said["reason"]) == (tried["state"], tried["reason"])
    assert reconciled(said["counts"])
    assert said["counts"]["accepted"] >= module.PIECE
    assert len(await all_rows(hub, "lead")) == said["counts"]["accepted"]


async def test_after_a_crash_between_pieces_an_import_goes_on_where_it_stopped(make_hub: MakeHub, tmp_path):
    hub = await make_hub(LISTS)
    number = module.PIECE * 3 + 7
    path = write(tmp_path, [HEAD, *(f"{n},P {n},p{n}@example.com,,Acme" for n in range(number))])
    async for line in hub.imports.steps(path, "list"):
        if line["rows"] >= module.PIECE:
            break
    await make_hub.crash(hub)
    hub = await make_hub(LISTS)
    (row,) = await all_rows(hub, "file_import")
    assert row["state"] == "running"
    assert module.PIECE <= row["rows"] < number
    said = await run(hub, path)
    assert (said["import"], said["state"], said["rows"]) == (row["id"], "done", number)
    assert reconciled(said["counts"])
    hub.clock.turn(91)
    while await hub.pipeline.sweep():
        await settled(hub)
    assert len(await all_rows(hub, "submission")) == number
    assert {one["state"] for one in await all_rows(hub, "submission")} == {"done"}
    assert len(await all_rows(hub, "lead")) == number


async def test_a_piece_is_never_kept_before_the_one_in_front_of_it(make_hub: MakeHub, tmp_path):
    hub = await make_hub(LISTS)
    path = write(tmp_path, [HEAD, *(f"{n},P {n},p{n}@example.com,,Acme" for n in range(module.PIECE * 2))])
    await hub.db.write(_refuse_first_piece)
    with pytest.raises(LeadhubError, match="refuse"):
        await run(hub, path)
    (row,) = await all_rows(hub, "file_import")
    assert (row["rows"], await all_rows(hub, "submission")) == (0, [])
    await hub.db.write(_refuse_no_more)
    said = await run(hub, path)
    assert said["counts"] == {"read": module.PIECE * 2, "known": 0, "accepted": module.PIECE * 2}


async def test_an_undone_import_leaves_no_trace_of_its_own_leads(make_hub: MakeHub, tmp_path):
    hub = await make_hub(LISTS)
    await hub.dispatcher.pause("crm", "for this test")
    said = await run(hub, write(tmp_path, [HEAD, *PEOPLE[:4]]))
    counts = await hub.lineage.undo_import(said["import"])
    assert counts == {"submissions": 4, "leads_removed": 4, "leads_rebuilt": 0, "deliveries_stopped": 4}
    assert {row["state"] for row in await all_rows(hub, "lead")} == {"undone"}
    assert await all_rows(hub, "identity") == []
    assert await all_rows(hub, "touch") == []
    assert (await all_rows(hub, "file_import"))[0]["state"] == "undone"
    await hub.dispatcher.resume("crm")
    await settled(hub)
    assert hub.plan.sinks["crm"].sent == []


async def test_an_undone_import_gives_known_leads_back_as_they_were(make_hub: MakeHub, tmp_path, clock):
    hub = await make_hub(LISTS)
    ann = {"id": "w1", "full_name": "Person 0", "email": "person0@example.com", "title": "CEO"}
    lead = (await post(hub, json.dumps(ann))).json()["lead"]
    before, keys = await lead_of(hub, lead), await rows(hub, "identity", lead=lead)
    clock.turn(60)
    said = await run(hub, write(tmp_path, [HEAD, *PEOPLE[:2]]))
    assert (await lead_of(hub, lead)).phone is not None
    counts = await hub.lineage.undo_import(said["import"])
    after = await lead_of(hub, lead)
    assert (counts["leads_removed"], counts["leads_rebuilt"]) == (1, 1)
    assert same(after, before)
    assert (after.score, after.grade, after.owner) == (before.score, before.grade, before.owner)
    assert await rows(hub, "identity", lead=lead) == keys
    assert [row["submission"] for row in await all_rows(hub, "touch")] == ["sub_000001"]


async def test_undoing_an_import_does_not_take_away_what_was_owed_before_it(make_hub: MakeHub, tmp_path, clock):
    hub = await make_hub(LISTS)
    await hub.dispatcher.pause("crm", "for this test")
    await post(hub, json.dumps({"id": "w1", "full_name": "Person 0", "email": "person0@example.com"}))
    clock.turn(60)
    said = await run(hub, write(tmp_path, [HEAD, PEOPLE[0]]))
    await hub.lineage.undo_import(said["import"])
    await hub.dispatcher.resume("crm")
    await settled(hub)
    assert [(lead.email, lead.phone) for lead in hub.plan.sinks["crm"].sent] == [("person0@example.com", None)]


async def test_an_undone_file_can_be_imported_again(make_hub: MakeHub, tmp_path):
    hub = await make_hub(LISTS)
    path = write(tmp_path, [HEAD, *PEOPLE[:3]])
    await hub.lineage.undo_import((await run(hub, path))["import"])
    said = await run(hub, path)
    assert (said["state"], said["counts"]["accepted"]) == ("done", 3)
    open_leads = await rows(hub, "lead", state="open")
    assert len(open_leads) == 3


@pytest.mark.parametrize("name", ["imp_nonsense", "imp_000001"])
async def test_only_a_known_import_can_be_undone_and_only_once(make_hub: MakeHub, tmp_path, name):
    hub = await make_hub(LISTS)
    await hub.lineage.undo_import((await run(hub, write(tmp_path, [HEAD, PEOPLE[0]])))["import"])
    with pytest.raises(BadInput, match="There is no import"):
        await hub.lineage.undo_import(name)


async def test_a_dry_run_writes_nothing(make_hub: MakeHub, tmp_path):
    hub = await make_hub(LISTS)
    await post(hub, json.dumps({"id": "w1", "full_name": "Person 0", "email": "person0@example.com"}))
    await settled(hub)
    before = await hub.db.read(_everything)
    said = await dry_run(hub, write(tmp_path, [HEAD, *PEOPLE]))
    assert said["counts"]["accepted"] == 40
    await hub.flush()
    assert await hub.db.read(_everything) == before
    assert len(hub.plan.sinks["crm"].sent) == 1


async def test_a_dry_run_of_a_known_file_says_so(make_hub: MakeHub, tmp_path):
    hub = await make_hub(LISTS)
    path = write(tmp_path, [HEAD, *PEOPLE[:3]])
    await run(hub, path)
    assert (await dry_run(hub, path))["state"] == "known"


Runs = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def running(database: str, tmp_path: Path) -> Iterator[tuple[Hub, Runs]]:
    """Return one hub for many examples, and what runs a coroutine on its loop."""
    with asyncio.Runner() as runner:
        make = MakeHub(tmp_path, database, HandClock())
        yield runner.run(make(LISTS)), runner.run
        runner.run(make.stop_all())


cells = st.sampled_from(
    ["", "Ann Ng", "张伟", "ann@example.com", "b@example.com", "138 0013 8000", "not a phone", "'=1+1", '"', '"x', "\0",
     "a" * 300, "x@y@z", " ", "1e400", "Acme, Inc", "\u202eevil"]
)  # fmt: skip
lines = st.lists(cells, min_size=0, max_size=7).map(",".join)
damage = st.tuples(st.integers(0, 400), st.sampled_from([b"", b"\xff", b"\0", b'"', b"\r", b"\xef\xbb\xbf", b"\n\n"]))


@settings(
    max_examples=12, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    st.sampled_from(["list", "keyed"]), st.lists(lines | st.sampled_from(PEOPLE), max_size=12), damage, st.booleans()
)
@example("list", [], (0, b""), False)
@example("keyed", PEOPLE[:3] * 2, (0, b""), True)
@example("list", ['9,"never closed', *PEOPLE[:3]], (0, b""), True)
@example("list", PEOPLE[:3], (60, b"\xff"), True)
def test_what_a_dry_run_of_a_damaged_file_shows_is_what_the_run_does(running, tmp_path, source, body, hurt, headed):
    hub, run_now = running
    whole = "\n".join([HEAD, *body] if headed else body).encode("utf-8", "replace")
    at, what = hurt
    path = write(tmp_path, whole[:at] + what + whole[at:])

    async def both() -> tuple[dict[str, Any], dict[str, Any]]:
        return await dry_run(hub, path, source), await run(hub, path, source)

    tried, done = run_now(both())
    assert (tried["state"], tried["reason"]) == (done["state"], done["reason"])
    assert tried["counts"] == done["counts"]
    assert {p["code"]: p["rows"] for p in tried.get("problems", ())} == {
        p["code"]: p["rows"] for p in done.get("problems", ())
    }
    assert reconciled(done["counts"])


def _everything(*, session) -> dict[str, list[Any]]:
    tables = (SUBMISSION, LEAD, IDENTITY, TOUCH, DECISION, DELIVERY, EVENT)
    return {t.name: [tuple(row) for row in session.execute(sa.select(t).order_by(*t.primary_key))] for t in tables}


def _refuse_first_piece(*, session) -> None:
    if session.bind.dialect.name == "sqlite":
        session.execute(
            sa.text(
                "CREATE TRIGGER refuse BEFORE INSERT ON submission WHEN instr(CAST(NEW.body AS TEXT), 'p0@') > 0 "
                "BEGIN SELECT RAISE(ABORT, 'refused'); END"
            )
        )
        return
    session.execute(sa.text("ALTER TABLE submission ADD CONSTRAINT refuse CHECK (position('p0@'::bytea in body) = 0)"))


def _refuse_no_more(*, session) -> None:
    sqlite = session.bind.dialect.name == "sqlite"
    session.execute(sa.text("DROP TRIGGER refuse" if sqlite else "ALTER TABLE submission DROP CONSTRAINT refuse"))
