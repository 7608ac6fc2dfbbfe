"""What takes long to load can be loaded before the first lead comes."""

from __future__ import annotations

import subprocess
import sys

PROBE = """
import sys
from hub.normal.warm import warm_up
numbers = ("phonenumbers.carrierdata", "phonenumbers.data.region_CN", "phonenumbers.data.region_JP")
slow = ("pypinyin", "nameparser", *numbers)
print(*(name in sys.modules for name in slow))
warm_up(("CN", "JP"))
print(*(name in sys.modules for name in slow))
"""


def test_warming_up_loads_the_slow_tables_and_importing_does_not():
    told = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["False"] * 5 + ["True"] * 5
