"""What takes a process with it: run alone after the second time, set aside after the fifth; a hub that stands still ends."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.pipeline.reading import LEASE
from hub.step import Options, Work, step
from hub.store import submissions as store
from hub.store.columns import SUBMISSION
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import one_sink, person
from tests.core.looking import all_rows, rows

ROOT = Path(__file__).parents[2]


async def left_behind(make_hub: MakeHub, *tries: int) -> Any:
    """Return a hub whose former process left a submission for each number of times that processes died with it."""
    hub = await make_hub(one_sink())
    hub.pipeline._loop.cancel()  # nobody runs anything
    hub.plan.settings.hub.__dict__["answer_within"] = 0.01
    for number in range(len(tries)):
        await post(hub, person(number))
    await hub.db.write(_tried, tries, hub.clock.now())
    await make_hub.crash(hub)
    return await make_hub(one_sink())


def _tried(tries: tuple[int, ...], now: Any, *, session: Any) -> None:
    ids = session.execute(sa.select(SUBMISSION.c.id).order_by(SUBMISSION.c.id)).scalars().all()
    for id_, number in zip(ids, tries, strict=True):
        session.execute(sa.update(SUBMISSION).where(SUBMISSION.c.id == id_).values(tries=number, due_at=now))


async def test_what_processes_died_with_twice_is_claimed_alone(make_hub: MakeHub):
    hub = await left_behind(make_hub, 0, 2, 1, 3)
    hub.pipeline._loop.cancel()
    now = hub.clock.now()
    claim = (store.claim, now, now + LEASE, 100)
    bulk = await hub.db.write(*claim, sqlite=hub.db.sqlite)
    assert sorted(row.tries for row in bulk) == [1, 2]
    assert await hub.pipeline.sweep() == 1
    assert await hub.pipeline.sweep() == 0  # one at a time: the first is not done
    assert sorted(row["tries"] for row in await all_rows(hub, "submission")) == [1, 2, 3, 3]


async def test_one_after_the_other_they_are_all_run(make_hub: MakeHub):
    hub = await left_behind(make_hub, 2, 3, 4, 0)
    assert await hub.pipeline.sweep() == 2
    await settled(hub)
    assert {row["state"] for row in await all_rows(hub, "submission")} == {"done"}


async def test_what_five_processes_died_with_waits_for_a_person_and_its_neighbours_do_not(make_hub: MakeHub):
    hub = await left_behind(make_hub, 5, 4, 1)
    await hub.pipeline.sweep()
    await settled(hub)
    (poisoned,) = await rows(hub, "submission", state="quarantined")
    assert poisoned["reason"].startswith("Running it ended the process 5 times.")
    assert len(await rows(hub, "submission", state="done")) == 2


async def test_stopping_does_not_wait_for_what_is_run_alone(make_hub: MakeHub):
    hub = await left_behind(make_hub, 2, 2)
    hub.pipeline._loop.cancel()
    await hub.pipeline.sweep()
    await make_hub.stop(hub)


@step("hang")
async def hang(work: Work, ctx: Any, options: Options) -> Work:
    """Never come back for one person."""
    if work.lead.full_name == "P 2":
        await asyncio.get_running_loop().create_future()
    return work


async def test_a_step_of_others_that_never_comes_back_is_given_up(make_hub: MakeHub):
    config = one_sink().replace("answer_within: 30s", "answer_within: 30s, step_within: 50ms")
    config = config.replace("routes:", "steps: [map, normalize, hang, dedupe, route, deliver], routes:")
    hub = await make_hub(config, things=(hang,))
    answers = await asyncio.gather(*(post(hub, person(number)) for number in (1, 2, 3)))
    assert [answer.json()["status"] for answer in answers] == ["accepted", "quarantined", "accepted"]
    await settled(hub)


STALLED = """
import asyncio, time
from hub.app.stall import StallWatch
async def main():
    StallWatch(0.3).start(asyncio.get_running_loop())
    await asyncio.sleep({well})
    print("well", flush=True)
    time.sleep({bad})
asyncio.run(main())
"""


def run(well: float, bad: float) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    program = STALLED.format(well=well, bad=bad)
    return subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_process_that_stands_still_ends_and_says_where_it_stood():
    stalled = run(well=1.0, bad=60.0)
    assert (stalled.returncode, stalled.stdout) == (-9, "well\n")
    assert "event=process.stalled" in stalled.stderr
    assert 'File "<string>"' in stalled.stderr


def test_a_process_that_goes_on_is_left_alone():
    assert run(well=1.0, bad=0.0).returncode == 0


async def test_a_vendor_that_keeps_us_waiting_is_no_death(make_hub: MakeHub, clock):
    hub = await left_behind(make_hub, 1)
    hub.pipeline._loop.cancel()
    (row,) = await all_rows(hub, "submission")
    await hub.db.write(store.postpone, row["id"], clock.now() + timedelta(seconds=5), "the vendor rests")
    assert (await all_rows(hub, "submission"))[0]["tries"] == 0
