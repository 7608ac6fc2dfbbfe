"""S: several processes on one database."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.errors import ConfigError
from hub.store.ground import check_file_system
from tests.faults.bench import Bench, until
from tests.faults.nodes import RUNNERS, SLACK, TICKS, Node, Wall, behind, done, nodes, takers, twice_fired
from tests.faults.rows import Count, row
from tests.faults.world import world

NETWORK = "36 35 0:31 / {place} rw,relatime shared:1 - {kind} server:/leads rw"


@row("S1", "two nodes, one is killed while it sends", "the other one takes over within a lease and a sixth of it")
def s1(bench: Bench) -> Count:
    """Kill one of two nodes in the middle of its requests, under each runner."""
    return bench.each("S1", lambda runner: _killed(bench, runner), RUNNERS)


def _killed(bench: Bench, runner: str) -> Count:
    count, where = Count(faults=1), f"S1 {runner}"
    with nodes(bench, "S1", hub=f", runner: {runner}") as (hurt, other):
        bench.sandbox.script(f"/webhook/{hurt.name}-crm", {"delay": 0.3, "times": 40})
        hurt.start("deliver.all_sent:12=kill")
        other.start()
        holder = hurt.holder()
        hurt.posts(40, until_dead=True)
        count.must(until(lambda: hurt.ended() is not None, 30), f"{where}: it never came to the point")
        hurt.kills = 1
        left = hurt.held(holder)
        count.must(left > 0, f"{where}: it held nothing when it died, which proves nothing")
        began = datetime.now(UTC)
        other.posts(10)
        most = other.lease * 7 / 6 + SLACK
        freed = until(lambda: not hurt.held(holder), most, 0.1)
        count.recovered.append((datetime.now(UTC) - began).total_seconds())
        count.must(freed, f"I6 {where}: {hurt.held(holder)} deliveries are still the dead node's after {most:.0f} s")
        hurt.free_submissions()
        done(other, count, where)
        count.must(other.ended() is None, f"{where}: the other one ended as well")
        count.must(_rescued(other) >= 1, f"{where}: nothing was taken over")
        hurt.judge(count, where=where)
        count.notes.append(f"{where}: {left} deliveries in its hands")
    return count


def _rescued(node: Node) -> int:
    return int(node.ask("SELECT count(*) AS n FROM delivery WHERE rescues > 0")[0]["n"])


@row(
    "S2",
    "one of two nodes loses the database, not the sinks",
    "it begins no send; what was under way goes twice at most",
)
def s2(bench: Bench) -> Count:
    """Cut a node off that is sending and has more to send: told so, and in silence."""
    trials = [(how, runner) for how in ("reset", "silent") for runner in (RUNNERS if bench.long else RUNNERS[:1])]
    return bench.each("S2", lambda trial: _cut_off(bench, *trial), trials)


def _cut_off(bench: Bench, how: str, runner: str) -> Count:
    count, where = Count(faults=1), f"S2 {how} {runner}"
    with nodes(bench, "S2", hub=f", runner: {runner}") as (hurt, other), Wall(hurt.database) as wall:
        behind(hurt, wall)
        slow = min(hurt.lease + 1.5, 40.0)  # so that a lease ends while its delivery is sent
        bench.sandbox.script(f"/webhook/{hurt.name}-crm", {"delay": slow, "times": 16})
        hurt.start()
        hurt.posts(24)
        until(lambda: len(hurt.requests()) >= 8 and hurt.held(hurt.holder()) > 8, 10, 0.05)
        holder, before = hurt.holder(), len(hurt.requests())
        held = hurt.held(holder)
        wall.part(how)
        cut = datetime.now(UTC)
        other.start()
        count.must(held > 8, f"{where}: it had no more to send than it was sending, which proves nothing: {held}")
        freed = until(lambda: not hurt.held(holder), hurt.lease * 7 / 6 + SLACK, 0.1)
        count.must(freed, f"I6 {where}: {hurt.held(holder)} deliveries are still held by the node that was cut off")
        bench.sandbox.script(f"/webhook/{hurt.name}-crm")
        hurt.free_submissions()
        done(other, count, where)
        until(lambda: datetime.now(UTC) - cut > timedelta(seconds=slow + 2), slow + SLACK, 0.2)
        _began_nothing(hurt, cut, count, where)
        count.must(hurt.ended() is None, f"{where}: it ended, which proves nothing: {hurt.said()[-300:]}")
        _comes_back(hurt, wall, how, count, where)
        done(other, count, where)
        hurt.judge(count, faults=1, where=where)
        count.notes.append(f"{where}: {before} requests under way or done, {held} deliveries in its hands")
    return count


def _began_nothing(node: Node, cut: datetime, count: Count, where: str) -> None:
    """See that a node that was cut off began nothing once a renewal was due."""
    latest = cut + timedelta(seconds=node.lease / 2 + 1)
    late = [when for when, _ in node.requests() if when > latest]
    count.must(not late, f"I5 {where}: it began {len(late)} sends after its leases could not be renewed")


def _comes_back(node: Node, wall: Wall, how: str, count: Count, where: str) -> None:
    """Open the wall; a node that was told of it goes on by itself, one that was not as soon as it notices."""
    wall.shut = False
    wall.cut()  # what fell silent ends at last, as a network's does
    before = len(node.requests())
    took = until(lambda: node.post(timeout=5).ok, 30, 0.5)
    count.must(took, f"I6 {where}: it takes no leads after the database came back")
    sent = until(lambda: node.post(timeout=5).ok and len(node.requests()) > before, 30, 0.5)
    count.must(sent, f"I6 {where}: it sends nothing after the database came back ({how})")


@row(
    "S3",
    "a scheduler stands still between two ticks, or in the middle of one",
    "each tick is taken once; the others go on",
)
def s3(bench: Bench) -> Count:
    """Stop one of two schedulers for a while, and let it go on."""
    return bench.each("S3", lambda when: _split(bench, when), ("between", "within"))


def _split(bench: Bench, when: str) -> Count:
    count, where, pause = Count(faults=1), f"S3 {when}", 20.0 if bench.long else 5.0
    with nodes(bench, "S3", poll=True) as pair:
        (pair[0].folder / "pages.json").write_text("[]")
        for node in pair:
            node.start(f"tick.taken:{FOURTH}=sleep:{pause}" if when == "within" else "")
            node.change(TICKS)
        leads, follows = _by_ticks(pair)
        if when == "between":
            leads.signal(signal.SIGSTOP)
        began, before = datetime.now(UTC), takers(follows)
        until(lambda: datetime.now(UTC) - began > timedelta(seconds=pause), pause + SLACK, 0.1)
        waits = follows.ask(f"SELECT 1 FROM tick WHERE done_at IS NULL AND node = '{leads.holder()}'")
        during = takers(follows)
        if when == "between" and not waits:  # else a tick was under way, and waits for its lease, as it must
            fresh = during[follows.holder()] - before[follows.holder()]
            count.must(fresh >= 2, f"{where}: the other one did the work {fresh} times while the leader stood still")
        leads.signal(signal.SIGCONT)
        back = until(lambda: takers(follows).total() >= during.total() + 3, 30, 0.1)
        count.must(back, f"{where}: no tick is taken any more")
        twice = twice_fired(follows)
        count.must(not twice, f"{where}: {twice[:3]}")
        leads.posts(5)
        done(follows, count, where)
        leads.judge(count, faults=0, where=where)
        total = takers(follows)
        count.notes.append(f"{where}: {total[leads.holder()]} and {total[follows.holder()]} ticks, {len(twice)} twice")
    return count


FOURTH = 4  # tick of a node: it stands still in the middle of that one


def _by_ticks(pair: tuple[Node, Node]) -> tuple[Node, Node]:
    """Return the node that takes the ticks, and the one that comes too late for them."""
    until(lambda: takers(pair[0], "pages").total() >= FOURTH, 30, 0.05)
    found = takers(pair[0])
    one, other = sorted(pair, key=lambda node: -found[node.holder()])
    return one, other


NEWER = "9999"  # a schema that no leadhub of today knows


@row(
    "S4", "a newer version changes the tables while old ones run; a migration is killed", "the old one refuses or works"
)
def s4(bench: Bench) -> Count:
    """Let the schema become a newer one under two running nodes, and kill a migration half-way."""
    return bench.each("S4", lambda trial: trial(bench), (_overtaken, _compatible, _half_migrated))


def _overtaken(bench: Bench) -> Count:
    count, where = Count(faults=1), "S4 overtaken"
    with nodes(bench, "S4") as pair:
        hurt = pair[0]
        for node in pair:
            node.start()
            node.posts(10)
        done(hurt, count, where)
        known = _schema(hurt, NEWER, NEWER)
        for node in pair:
            count.must(until(lambda node=node: node.ended() is not None, 30, 0.1), f"{where}: it did not end")
            count.must(f"schema {NEWER}" in node.said(), f"{where}: it does not say why: {node.said()[-300:]}")
        count.must(not hurt.comes_up(), f"{where}: an old version started on a schema it does not know")
        count.must(f"schema {NEWER}" in hurt.said()[-600:], f"{where}: it does not say why it refuses")
        _schema(hurt, *known)
        for node in pair:
            node.start()
            count.must(node.post().ok, f"{where}: it takes no leads after the way back")
        done(hurt, count, where)
        hurt.judge(count, faults=0, where=where)
    return count


def _compatible(bench: Bench) -> Count:
    count, where = Count(faults=1), "S4 compatible"
    with nodes(bench, "S4") as (hurt, other):
        hurt.start()
        known = _schema(hurt, NEWER, None)
        said = until(lambda: _goes_on(hurt), 20, 0.2)
        count.must(said, f"{where}: it does not say that it goes on on a newer schema")
        hurt.posts(10)
        done(hurt, count, where)
        count.must(hurt.ended() is None, f"{where}: it ended: {hurt.said()[-300:]}")
        _schema(hurt, *known)
        other.start()
        other.posts(5)
        done(hurt, count, where)
        hurt.judge(count, faults=0, where=where)
    return count


def _goes_on(node: Node) -> bool:
    return "This leadhub may go on" in str(node.call("GET", "/health")[1])


def _half_migrated(bench: Bench) -> Count:
    count, where = Count(faults=1), "S4 half a migration"
    with nodes(bench, "S4") as (hurt, other):
        hurt.launch(f"migrate.statement:{bench.rng('S4').randint(2, 30)}=kill")
        count.must(hurt.ended(30) == -signal.SIGKILL, f"{where}: it never came to the point: {hurt.said()[-200:]}")
        hurt.kills = 1
        hurt.launch()  # both at once: one of them migrates, the other one waits for it
        other.launch()
        for node in (hurt, other):
            node.wait_up()
            node.posts(5)
        done(hurt, count, where)
        hurt.judge(count, where=where)
    return count


def _schema(node: Node, version: str, floor: str | None) -> tuple[str, str]:
    """Say that the tables are of that version, and the oldest that goes on with them; returns what was said before."""
    before = str(node.ask("SELECT version_num FROM alembic_version")[0]["version_num"])
    lowest = str(node.ask("SELECT floor FROM schema_floor")[0]["floor"])
    node.change(
        f"UPDATE alembic_version SET version_num = '{version}'; UPDATE schema_floor SET floor = '{floor or lowest}'"
    )
    return before, lowest


@row(
    "S5", "a second process on the same SQLite file; a file on a network disk", "the second one ends with a clear word"
)
def s5(bench: Bench) -> Count:
    """Start a second hub beside the first; and show the check a table of mounts with a network disk."""
    count = Count(faults=1)
    with world(bench, "S5") as hurt:
        hurt.start()
        hurt.posts(5)
        first, hurt.pid = hurt.pid, None
        hurt.launch()
        code, said = hurt.ended(30), hurt.said()
        count.must(
            code == 1 and "in use by another leadhub process" in said, f"S5: it ended with {code}: {said[-300:]!r}"
        )
        hurt.pid = first
        count.must(hurt.post().ok, "S5: the first one does not take leads any more")
        hurt.drain()
        hurt.judge(count, where="S5")
    for kind in ("nfs4", "cifs", "fuse.sshfs"):
        count.faults += 1
        try:
            mounts = bench.folder / "mountinfo"
            mounts.write_text(NETWORK.format(place="/srv/leads", kind=kind))
            check_file_system(Path("/srv/leads/data/hub.db"), mounts)
        except ConfigError:
            continue
        count.broken.append(f"S5: a database on {kind} was not refused")
    count.notes.append("S5: network disks by a table of mounts; none can be mounted here")
    return count
