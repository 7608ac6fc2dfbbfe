"""Imports a long list, from mapping to enqueued deliveries: rows a second and the most memory used."""

from __future__ import annotations

import csv
import random
import resource
import tempfile
import time
from pathlib import Path

from hub.app import Hub, Office
from tests.benchmarks import workspace


def write_list(path: Path, rows: int) -> None:
    """Write a list of leads as CSV; every row is a person of its own, as in a bought list."""
    rng = random.Random(2)
    with path.open("w", encoding="utf-8", newline="") as file:
        first = workspace.lead(0, rng)
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        for number in range(rows):
            lead = workspace.lead(number, rng)
            writer.writerow({**lead, "email": f"p{number}.{lead['email']}", "phone": f"+1{2012000000 + number * 7}"})


async def run(folder: Path, rows: int) -> None:
    """Import the list into an empty hub whose sink is switched off, and print the row of the table."""
    config = workspace.write(folder, "http://127.0.0.1:9")
    text = config.read_text("utf-8").replace("rate: 0,", "rate: 0, enabled: false,")
    config.write_text(text, "utf-8")
    path = folder / "list.csv"
    write_list(path, rows)
    hub = Hub.open(Office(folder, config))
    await hub.start(bells=False)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, cpu = time.perf_counter(), time.process_time()
    result = await hub.imports.import_file(path, "bought")
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{'rows':32} {rows:10} {dict(result.counts)}")
    print(
        f"{'import':32} {rows / took:10.0f} rows/s, {rows / cpu:.0f} rows/s of CPU time, {cpu / rows * 1e6:.0f} µs a row"
    )
    print(f"{'memory, most':32} {peak / 1024:10.0f} MB ({before / 1024:.0f} MB before)")
    await hub.stop()


def main(rows: int = 200_000) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="leadhub-bench-") as name:
        import uvloop

        uvloop.run(run(Path(name), rows))


if __name__ == "__main__":
    main()
