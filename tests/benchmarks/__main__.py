"""`python -m tests.benchmarks [steps|import|end-to-end|runners]` prints the tables; without a word, all of them."""

from __future__ import annotations

import os
import sys

from tests.benchmarks import end_to_end, importing, runners, steps

PARTS = {"steps": steps.main, "import": importing.main, "end-to-end": end_to_end.main, "runners": runners.main}

if __name__ == "__main__":
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name in sys.argv[1:] or PARTS:
        print(f"\n{name}")
        PARTS[name]()
