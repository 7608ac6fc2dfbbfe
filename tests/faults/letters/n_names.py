"""N5: names that are none, broken, slow, or turn from a public address to a private one."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.faults import facts
from tests.faults.bench import Bench, can_unshare, need
from tests.faults.letters.n import ended, webhook
from tests.faults.names import BROKEN, NOBODY, PLACE, NameServer, Said, Trap
from tests.faults.rows import Count, NotRun, row
from tests.faults.world import World, world


@row(
    "N5",
    "names: none, broken, slow, and one that turns from a public address to a private one",
    "nothing connects there",
)
def n5(bench: Bench) -> Count:
    """Answer the hub's questions for names; and, for control, allow what it must not reach."""
    need(can_unshare())
    try:
        with NameServer({}):
            pass
    except OSError as error:
        raise NotRun(f"port 53 cannot be had: {error.strerror}") from error
    return bench.each("N5", lambda guarded: _named(bench, guarded), (True, False), 1)


NAMES: dict[str, Callable[[int], Said]] = {
    "fine": lambda _: ("127.0.0.1",),
    "flip": lambda times: ("127.0.0.1",) if times == 0 else ("127.0.0.2",),
    "mixed": lambda _: ("127.0.0.1", "127.0.0.2"),
    "none": lambda _: NOBODY,
    "broken": lambda _: BROKEN,
    "slow": lambda _: None,
}
RESOLVER = "nameserver {place}\noptions timeout:10 attempts:1\n"


def _named(bench: Bench, guarded: bool) -> Count:
    count, where = Count(faults=len(NAMES) - 1), f"N5 {'guarded' if guarded else 'control'}"
    port = int(bench.sandbox.url.rpartition(":")[2])
    with world(bench, "N5") as hurt, Trap("127.0.0.2", port) as trap:
        table = {f"{name}.{hurt.name}.example": said for name, said in NAMES.items()}
        sinks = "\n".join(
            webhook(name, f"http://{name}.{hurt.name}.example:{port}/webhook/{hurt.name}-{name}", "retry: [60s]", 8)
            for name in NAMES
        )
        path = f"/webhook/{hurt.name}-flip"
        bench.sandbox.script(path, {"status": 200, "headers": {"connection": "close"}, "body": {}, "times": "always"})
        hurt.configure(sinks=sinks, routes=f"      - {{name: all, to: [{', '.join(NAMES)}]}}")
        _allow(hurt, "127.0.0.1/32" if guarded else "127.0.0.0/8")
        resolver = hurt.folder / "resolv.conf"
        resolver.write_text(RESOLVER.format(place=PLACE))
        with NameServer(table) as server:
            hurt.start(env={"FAULTS_MOUNT": f"instead|/etc/resolv.conf|{resolver}"})
            _asked(hurt, server, guarded, count, where)
        if guarded:
            count.must(trap.connections == 0, f"{where}: {trap.connections} connections to an address that is blocked")
            count.accepted += sum(answer.ok for answer in hurt.answers)
        else:
            count.must(trap.connections > 0, f"{where}: nothing connects although it may, so the row shows nothing")
        count.notes.append(
            f"{where}: {trap.connections} connections to the private address, {server.asked.total()} questions"
        )
        bench.sandbox.script(path)
    return count


def _allow(hurt: World, network: str) -> None:
    config = hurt.folder / "hub.yaml"
    config.write_text(config.read_text().replace("allow_networks: [127.0.0.0/8]", f"allow_networks: [{network}]"))


def _asked(hurt: World, server: NameServer, guarded: bool, count: Count, where: str) -> None:
    hurt.post(0)
    count.must(ended(hurt, "flip", 1), f"{where}: the name that turns was not called while it was public")
    began = time.monotonic()
    for number in range(5, 40, 5):
        hurt.post(number)
    count.must(ended(hurt, "fine", 8), f"I11 {where}: the sink whose name is known waits for those whose are not")
    count.must(ended(hurt, "flip", 2) and ended(hurt, "mixed", 1), f"{where}: nothing was tried again")
    waited = time.monotonic() - began
    count.must(waited < 3.0, f"I11 {where}: the sink whose name is known waited {waited:.1f} s for those whose are not")
    count.notes.append(f"{where}: eight leads to a name that is known took {waited:.1f} s while another was silent")
    for sink, words in {"none": "retry", "broken": "retry", "slow": "retry"}.items() if guarded else ():
        count.must(ended(hurt, sink, 1), f"{where} {sink}: the attempt does not end")
        rows = facts.ask(hurt.database, _TRIED.format(sink=sink))
        count.must({one["outcome"] for one in rows} == {words}, f"{where} {sink}: {rows}")
    if guarded:
        paused = {one["sink"] for one in facts.ask(hurt.database, _PAUSED)}
        count.must(paused == {"flip", "mixed"}, f"{where}: paused because of a blocked address: {paused}")
        count.must(server.asked.total() > len(NAMES), f"{where}: the names were hardly asked for: {server.asked}")


_PAUSED = "SELECT sink FROM sink_state WHERE paused_at IS NOT NULL AND reason LIKE '%blocked address%'"
_TRIED = (
    "SELECT attempt.outcome, attempt.reason FROM attempt JOIN delivery ON delivery.id = attempt.delivery "
    "WHERE sink = '{sink}' AND ended_at IS NOT NULL"
)
