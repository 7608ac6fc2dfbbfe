"""How often one caller may do a thing: token buckets in this process, answered with 429 and Retry-After."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping

from hub.api.problems import ApiError
from hub.delivery.gate import Bucket

MOST = 20_000  # buckets kept; the one used longest ago goes first

RATES: Mapping[str, tuple[float, float]] = {
    "call": (50.0, 20.0),
    "export": (1 / 10, 60.0),
    "replay": (5.0, 60.0),
    "send_test": (1 / 6, 60.0),
    "login of an account": (1 / 30, 150.0),
    "login from an address": (1 / 3, 60.0),
    "code of an account": (1 / 60, 300.0),
    "set-up": (1 / 6, 60.0),
}
"""What is limited: how often a second, and the seconds that may be saved up."""


class Limits:
    """The buckets of one web application."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[tuple[str, str], Bucket] = OrderedDict()

    def take(self, what: str, who: str, now: float) -> None:
        """Count one more; raises ApiError 429 when it is one too many, which then does not count."""
        wait = self.wait(what, who, now)
        if wait > 0:
            said = f"Too many: {what.partition(' ')[0]} is limited. Try again in {math.ceil(wait)} s."
            raise ApiError(429, said, {"retry-after": str(math.ceil(wait))})

    def wait(self, what: str, who: str, now: float) -> float:
        """Count one more and return 0, or return the seconds until one may be counted."""
        bucket = self._buckets.get((what, who))
        if bucket is None:
            bucket = self._buckets[what, who] = Bucket(*RATES[what])
            if len(self._buckets) > MOST:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end((what, who))
        wait = bucket.wait(now)
        if wait > 0:
            bucket.give_back()
        return wait
