"""Polls lists whose entries are numbered in the order they came, and that are asked for what follows a number."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import httpx
from pydantic import Field

from hub.families.asking import Asking
from hub.lead import Page, RawLead
from hub.source import PollSource


class Following(NamedTuple):
    """The leads that follow a number in a list, and the numbers that the answer names, as it writes them."""

    leads: Sequence[RawLead]
    numbers: Sequence[object]

    @property
    def newest(self) -> int:
        """Return the highest number; 0 when there is none."""
        written = [str(number) for number in self.numbers]
        return max((int(one) for one in written if one.isascii() and one.isdigit() and len(one) < 20), default=0)


class FollowingSource(Asking, PollSource):
    """A poll that remembers the last number of each list; authors write `lists` and `after`."""

    class Config(Asking.Config):
        """How far back the first poll goes."""

        backfill_days: float = Field(7, ge=0, le=365, description="How many days back the first poll reads.")

    config: Config

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        """Return the names of the lists to read."""
        raise NotImplementedError

    async def after(self, name: str, number: int, http: httpx.AsyncClient) -> Following:
        """Return a page of what follows a number in a list, oldest first."""
        raise NotImplementedError

    def cursor_at(self, since: datetime) -> str | None:
        """Return a cursor that hands over what was submitted since then; the lists are read from their start."""
        return json.dumps({"since": int(since.timestamp()), "after": {}})

    async def fetch(self, cursor: str | None, http: httpx.AsyncClient) -> AsyncIterator[Page]:
        """Yield the pages of all lists, each until nothing follows."""
        first = self.clock.now() - timedelta(days=self.config.backfill_days)
        place: dict[str, Any] = json.loads(cursor or self.cursor_at(first) or "{}")
        for name in await self.lists(http):
            more = True
            while more:
                last = int(place["after"].get(name, 0))
                found = await self.after(name, last, http)
                more = found.newest > last
                place["after"][name] = max(found.newest, last)
                leads = tuple(one for one in found.leads if _at(one) >= place["since"])
                yield Page(leads, json.dumps(place, sort_keys=True))


def _at(lead: RawLead) -> float:
    return lead.submitted_at.timestamp() if lead.submitted_at else float("inf")
