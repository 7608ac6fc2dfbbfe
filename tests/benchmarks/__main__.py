"""`python -m tests.benchmarks [--short] [NAME …]` prints the tables; without a name, all of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

from tests.benchmarks import (
    claim,
    dead_sink,
    end_to_end,
    importing,
    overload,
    pages,
    people,
    recovery,
    reports,
    runners,
    steps,
    worktime,
)

SHORT = "--short"  # a try of seconds, whose figures mean little

PARTS: Mapping[str, tuple[Callable[..., None], Mapping[str, Any]]] = {
    "steps": (steps.main, {"leads": 200}),
    "import": (importing.main, {"rows": 2_000}),
    "end-to-end": (end_to_end.main, {"seconds": 3.0}),
    "runners": (runners.main, {"seconds": 1.0, "sites": runners.SHORT}),
    "recovery": (recovery.main, {"lease": 6.0, "seconds": 2.0, "patience": 0.0}),
    "claim": (claim.main, {"rows": 20_000, "number": 30}),
    "dead-sink": (dead_sink.main, {"seconds": 2.0, "beside": dead_sink.SHORT}),
    "overload": (overload.main, {"seconds": 5.0, "probe": 1.0}),
    "reports": (reports.main, {"rows": 20_000}),
    "people": (
        people.main,
        {"rows": 600, "leads": 60, "clicks": 50, "rounds": 2, "pending": 2_000, "due": 100, "over": 3.0},
    ),
    "pages": (pages.main, {"leads": 3_000, "kinds": ("sqlite",), "paths": pages.SHORT}),
    "worktime": (worktime.main, {"cases": 50_000, "days": 90}),
}
"""What prints each table, and what makes it short."""


def main(words: list[str]) -> None:
    """Print the tables that are named."""
    names = [word for word in words if word != SHORT] or list(PARTS)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.exit(f"There is no table {unknown[0]!r}. There are: {', '.join(PARTS)}.")
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name in names:
        print(f"\n{name}", flush=True)
        measure, short = PARTS[name]
        measure(**(short if SHORT in words else {}))


if __name__ == "__main__":
    main(sys.argv[1:])
