"""Arithmetic of working time against an oracle that looks at the wall clock every minute: mismatches, and how fast."""

from __future__ import annotations

import random
import time
from datetime import date

from tests.worktime.cases import STRETCHES, Stretch, Tally, compare

DAYS = 730
CASES = 2_500  # of each calendar


def main(cases: int = 1_000_000, days: int = DAYS, seed: int = 11) -> None:
    """Print the table."""
    rng, tally = random.Random(seed), Tally()
    each = -(-cases // (len(STRETCHES) * CASES))
    for zone, year in STRETCHES:
        began = time.perf_counter()
        stretch = Stretch.of(zone, date(year, rng.randint(1, 12), 1), days)
        tally.theirs += time.perf_counter() - began
        compare(rng, stretch, each, CASES, tally)
    print(f"{tally.cases:,} cases, {each * len(STRETCHES)} calendars in {len(STRETCHES)} zones and years, seed {seed}")
    print(f"mismatches  {len(tally.wrong)}")
    print(f"calendar    {tally.cases / tally.ours:12,.0f} cases/s, the layout of its years included")
    print(f"oracle      {tally.cases / tally.theirs:12,.0f} cases/s, a look at each minute's wall clock included")
    print(f"ratio       {tally.theirs / tally.ours:12.1f}")
    for one in tally.wrong[:5]:
        print(one)


if __name__ == "__main__":
    main()
