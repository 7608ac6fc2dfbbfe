"""`python -m tests.faults [short|long|report] [--seed N] [--only K1,P1]`: break hubs on purpose and count what is lost."""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tests.faults import report
from tests.faults.bench import Bench, opened
from tests.faults.rows import Count, NotRun, Row, rows

SIDE_BY_SIDE = 2  # rows of the short set: most of their time they wait
AGAIN = 2


def main() -> int:
    """Run the rows, print the table; 1 when a promise is broken."""
    options = _options()
    if options.what == "report":
        report.write_page()
        return 0
    known = rows()
    parts = dict(name.partition(":")[::2] for name in (options.only or "").split(",") if name)
    only = list(parts)
    unknown = [name for name in only if name not in known]
    if unknown:
        sys.exit(f"There is no row {unknown[0]!r}. There are: {', '.join(known)}.")
    long = options.what == "long"
    chosen = {n: row for n, row in known.items() if (n in only if only else long or row.short)}
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    print(
        f"seed {seed}, {options.what} set, load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores",
        flush=True,
    )
    with opened(
        seed=seed, long=long, keep=options.keep, verbose=options.verbose, parts=parts, minutes=options.minutes
    ) as bench:
        bench.warm()
        counts = dict(_all(chosen, bench, known))
    counts = {name: counts[name] for name in chosen}
    return _told(known, counts, seed, options, only)


def _all(chosen: Mapping[str, Row], bench: Bench, known: Mapping[str, Row]) -> Iterator[tuple[str, Count]]:
    """Yield what each row counted: two rows at a time where that spoils nothing, the others one by one."""
    together = [name for name, row in chosen.items() if not row.alone]
    apart = [name for name, row in chosen.items() if row.alone]
    doubtful: dict[str, Count] = {}
    with ThreadPoolExecutor(1 if bench.long else SIDE_BY_SIDE) as pool:
        begun = {pool.submit(_counted, chosen[name], bench): name for name in together}
        for done in as_completed(begun):
            name, count = begun[done], done.result()
            if _may_be_the_machine(count, bench):
                doubtful[name] = count
            else:
                yield _kept(name, count, bench, known)
    for name in [*apart, *doubtful]:
        count = doubtful.get(name) or _counted(chosen[name], bench)
        if _may_be_the_machine(count, bench):
            count = _again(chosen[name], count, bench)
        yield _kept(name, count, bench, known)


def _may_be_the_machine(count: Count, bench: Bench) -> bool:
    """Return whether a row is tried again: only what was late or sent twice, never a lead that was lost."""
    return bool(count.broken) and not count.lost and not bench.long


def _again(row: Row, first: Count, bench: Bench) -> Count:
    """Return what a row counts that runs alone with the same seed; it holds only if it does so each time."""
    for _ in range(AGAIN):
        count = _counted(row, bench)
        if count.broken:
            first.broken += count.broken
            return first
    count.notes.append(f"{row.name} broke on a busy machine and held {AGAIN} times alone after that: {first.broken[0]}")
    return count


def _kept(name: str, count: Count, bench: Bench, known: Mapping[str, Row]) -> tuple[str, Count]:
    if bench.long:  # a run that is broken off keeps what it has
        report.keep(report.result(known, {name: count}, seed=bench.seed, long=True))
    return name, count


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("short", "long", "report"), default="short")
    parser.add_argument("--seed", type=int, help="repeat the run of that seed")
    parser.add_argument("--only", help="rows, such as K1,P1; K1:poll is what of K1 has that in its name")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long X1 goes on in the long set")
    parser.add_argument("--keep", type=Path, help="folder to work in, which stays")
    parser.add_argument("--json", type=Path, help="write the result there too")
    parser.add_argument("--verbose", action="store_true", help="name each trial")
    return parser.parse_args()


def _counted(row: Row, bench: Bench) -> Count:
    began = time.monotonic()
    try:
        count = row.run(bench)
    except NotRun as error:
        count = Count(not_run=str(error))
    count.seconds = round(time.monotonic() - began, 1)
    state = f"not run: {count.not_run}" if count.not_run else "BROKEN" if count.broken else "holds"
    print(f"{row.name:3} {state:8} {count.seconds:6.1f} s  {row.fault}", flush=True)
    return count


def _told(
    known: dict[str, Row], counts: dict[str, Count], seed: int, options: argparse.Namespace, only: list[str]
) -> int:
    print(f"\n{report.table(known, counts)}\n")
    for name, count in counts.items():
        for note in count.notes:
            print(f"{name}: {note}")
    left = [name for name in known if name not in counts]
    if left:
        print(
            f"Not in this set: {', '.join(left)} (make faults-long)." if not only else f"Left out: {', '.join(left)}."
        )
    if options.json:
        report.keep(report.result(known, counts, seed=seed, long=options.what == "long"), options.json)
    wrong = [name for name, count in counts.items() if count.broken]
    for name in wrong:
        print(f"\n{name} is broken. Repeat it: python -m tests.faults {options.what} --seed {seed} --only {name}")
        print("\n".join(f"  {line}" for line in counts[name].broken[:20]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
