"""Events, webinars and fairs whose platform lists who comes, page by page: the list of each event is polled."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import httpx
from pydantic import Field

from hub.errors import Retry
from hub.families.asking import Asking
from hub.families.formlist import recent
from hub.families.polling import Sweep, SweepSource, Window
from hub.http import Request
from hub.lead import RawLead
from hub.strictjson import objects


class Guests(NamedTuple):
    """The people on one page of a list, and the platform's mark of the next page; None: this was the last."""

    leads: list[RawLead]
    following: str | None


_SETTLING = timedelta(minutes=10)


class Version(NamedTuple):
    """Under which key, and at which time, a version of a record is handed over."""

    key: str
    at: datetime | None


def version_of(id_: str, created: datetime | None, changed: datetime | None) -> Version:
    """Return the key and time of a record that may change: first its own id, so that a push and a poll are one.

    A change more than ten minutes after the making is a version of its own, with its time in the key: it is handed
    over although the record is known.
    """
    if created and changed and changed > created + _SETTLING:
        return Version(f"{id_}:{int(changed.timestamp())}", changed)
    return Version(id_, created or changed)


class EventPoll(Asking, SweepSource):
    """A poll of events, each a list of people; authors write `guests`, by means of `rows`."""

    class Config(Asking.Config, Window):
        """The events to read."""

        events: list[str] = Field([], description="Ids of the events to poll; none: no poll.")

    config: Config

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        """Return the events of the settings."""
        return list(self.config.events)

    async def guests(self, http: httpx.AsyncClient, name: str, since: datetime, mark: str | None) -> Guests:
        """Return the page of a list that a mark names (None: the first), of what came since then if it can be asked."""
        raise NotImplementedError

    async def page(self, http: httpx.AsyncClient, name: str, sweep: Sweep) -> tuple[list[RawLead], str | None]:
        """Return a page of a list; pages of what is older are passed over, as most platforms list all there is."""
        mark, passed = sweep.after, set[str | None]()
        while mark not in passed:
            passed.add(mark)
            found = await self.guests(http, name, sweep.since, mark)
            leads = recent(found.leads, sweep)
            if leads or found.following is None:
                return leads, found.following
            mark = found.following
        raise Retry("The pages of a list go round in circles. The next poll tries again.")

    async def count(self, since: datetime, until: datetime, http: httpx.AsyncClient) -> int | None:
        """Return how many people the polled lists hold for that time; None when none is polled."""
        return await self.counted(since, until, http)

    async def rows(
        self, request: Request, http: httpx.AsyncClient, key: str
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Ask for a page and return the objects in its list of that name, and the whole answer; Retry without one."""
        said = await self.ask(request, http)
        if not isinstance(said.get(key), list):
            raise Retry(f"The answer has no list {key!r}; it has {', '.join(said)[:200]!r}.")
        return objects(said[key]), said
