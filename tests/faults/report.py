"""The table of a run, its result as JSON, and docs/reliability.md out of the last kept one."""

from __future__ import annotations

import json
import platform
import statistics
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.faults.rows import Count, Row

ROOT = Path(__file__).parents[2]
RESULT = Path(__file__).with_name("last-run.json")
PAGE = ROOT / "docs" / "reliability.md"
HEADS = ("", "fault", "put in", "accepted", "lost", "doubled", "fenced", "recovered p50 / max", "")


def table(rows: Mapping[str, Row], counts: Mapping[str, Count]) -> str:
    """Return the table as a terminal shows it."""
    lines = [HEADS, *(_cells(rows[name], count) for name, count in counts.items())]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _cells(row: Row, count: Count) -> tuple[str, ...]:
    if count.not_run:
        return row.name, row.fault, *("-",) * 6, f"not run: {count.not_run}"
    numbers = (count.faults, count.accepted, count.lost, count.doubled, count.fenced)
    state = f"{len(count.broken)} BROKEN" if count.broken else "holds"
    return row.name, row.fault, *map(str, numbers), recovered(count), f"{state} ({count.seconds:.0f} s)"


def recovered(count: Count) -> str:
    """Return how long recoveries took, in words."""
    if not count.recovered:
        return "-"
    return f"{statistics.median(count.recovered):.1f} / {max(count.recovered):.1f} s"


def result(rows: Mapping[str, Row], counts: Mapping[str, Count], *, seed: int, long: bool) -> dict[str, Any]:
    """Return a run as JSON: what was counted, on what."""
    import sqlite3

    machine = {
        "python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "system": platform.system(),
        "machine": platform.machine(),
    }  # fmt: skip
    how = {"seed": seed, "set": "long" if long else "short"}
    told = {
        name: {**asdict(count), **how, "fault": rows[name].fault, "proves": rows[name].proves}
        for name, count in counts.items()
    }
    return {"on": machine, "rows": told}


def keep(said: Mapping[str, Any], path: Path = RESULT) -> None:
    """Write a result down for the page; rows that did not run this time stay as they were."""
    before = json.loads(path.read_text("utf-8"))["rows"] if path.exists() else {}
    rows = dict(sorted({**before, **said["rows"]}.items()))
    path.write_text(json.dumps({**said, "rows": rows}, indent=1, ensure_ascii=False) + "\n", "utf-8")


def page(said: Mapping[str, Any]) -> str:
    """Return docs/reliability.md."""
    words = (Path(__file__).with_name("page.md")).read_text("utf-8")
    on = said["on"]
    return words.format(
        table="\n".join(_line(name, one) for name, one in said["rows"].items()),
        on=f"Python {on['python']}, SQLite {on['sqlite']}, {on['system']} {on['machine']}",
        images=sum(one["faults"] for name, one in said["rows"].items() if name in ("P1", "P2", "P3")),
        faults=sum(one["faults"] for one in said["rows"].values()),
        accepted=sum(one["accepted"] for one in said["rows"].values()),
        lost=sum(one["lost"] for one in said["rows"].values()),
    )  # fmt: skip


def _line(name: str, one: Mapping[str, Any]) -> str:
    repeat = f"`make {'faults-long' if one['set'] == 'long' else 'faults'} ONLY={name} SEED={one['seed']}`"
    if one["not_run"]:
        return f"| {name} | {one['fault']} | {one['proves']} | not run: {one['not_run']} | | | | | {repeat} |"
    times = recovered(Count(recovered=one["recovered"]))
    numbers = f"{one['faults']} | {one['accepted']} | {one['lost']} | {one['doubled']} | {times}"
    return f"| {name} | {one['fault']} | {one['proves']} | {numbers} | {repeat} |"


def write_page() -> None:
    """Write docs/reliability.md from the last kept run."""
    if not RESULT.exists():
        sys.exit("No run was kept yet. Run: make faults-long.")
    PAGE.write_text(page(json.loads(RESULT.read_text("utf-8"))), "utf-8")
    sys.stdout.write(f"Written: {PAGE.relative_to(ROOT)}\n")
