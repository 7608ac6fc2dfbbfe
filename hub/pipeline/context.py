"""What the steps of a run may reach; questions to the database are collected and asked once per batch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from hub.bids import Auctions
from hub.clock import Clock
from hub.consents import Said, said_in
from hub.lead import Lead
from hub.mapping import Mapping as Mapped
from hub.pipeline.erased import Erased
from hub.plan import Plan
from hub.settings import FlowSettings, Settings, SourceSettings
from hub.step import Teams, Work
from hub.store import auctions as auction_store
from hub.store import consent as consent_store
from hub.store import leads as lead_store
from hub.store.database import Database

NEAR_LIMIT = 20


class Collected:
    """Answers many small questions with one query: they wait for each other until the loop comes round."""

    def __init__(self, db: Database, query: Callable[..., dict[str, Any]], *args: Any) -> None:
        self._db, self._query, self._args = db, query, args
        self._asked: set[str] = set()
        self._answer: asyncio.Future[dict[str, Any]] | None = None

    async def __call__(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return what is known of each key; unknown keys are absent."""
        keys = list(keys)
        if not keys:
            return {}
        self._asked.update(keys)
        if self._answer is None:
            loop = asyncio.get_running_loop()
            self._answer = loop.create_future()
            loop.call_soon(lambda: loop.create_task(self._ask()))
        answer = await self._answer
        return {key: answer[key] for key in keys if key in answer}

    async def _ask(self) -> None:
        asked, self._asked = self._asked, set()
        future, self._answer = self._answer, None
        assert future is not None
        try:
            future.set_result(await self._db.read(self._query, asked, *self._args))
        except Exception as error:
            future.set_exception(error)


class StoredLeads:
    """The leads in the database, as steps may ask for them."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._owners = Collected(db, lead_store.owners)
        self._load = Collected(db, lead_store.load)
        self._near = Collected(db, lead_store.near, NEAR_LIMIT)
        self._sinks = Collected(db, lead_store.sinks_of)
        self._said = Collected(db, consent_store.said)
        self._sold = Collected(db, auction_store.sold)

    async def owners(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Return the lead id that owns each exact identity key; unknown keys are absent."""
        return await self._owners(keys)

    async def get(self, lead: str) -> Lead | None:
        """Return a lead by id, following merges to the one that survived."""
        return (await self._load([lead])).get(lead)

    async def said(self, lead: str) -> Mapping[str, Lead]:
        """Return what each submission of a lead said by itself, by submission, oldest first."""
        return dict(await self._db.read(lead_store.candidates, lead))

    async def near(self, keys: Sequence[str], limit: int = NEAR_LIMIT) -> Sequence[Lead]:
        """Return leads that share a blocking key, at most `limit`."""
        found = await self._near(keys)
        ids = list(dict.fromkeys(lead for leads in found.values() for lead in leads))[:limit]
        known = await self._load(ids)
        return [known[i] for i in ids if i in known]

    async def sinks_of(self, lead: str) -> frozenset[str]:
        """Return the sinks that have or are owed this lead already."""
        sinks: frozenset[str] = (await self._sinks([lead])).get(lead, frozenset())
        return sinks

    async def sold(self, leads: Sequence[str]) -> Mapping[str, str]:
        """Return which of these leads are in an auction now (open) or were sold in one (sold); others are absent."""
        return await self._sold(leads)

    async def seen_since(self, lead: str, source: str | None, since: datetime) -> bool:
        """Return whether that lead had a submission (of that source) since then."""
        return await self._db.read(lead_store.seen_since, lead, source, since)

    async def consents(self, lead: str) -> Sequence[Said]:
        """Return what the person said about being contacted, oldest first."""
        said: list[Said] = (await self._said([lead])).get(lead, [])
        return said


class PendingLeads(StoredLeads):
    """The leads in the database and those decided just now, which are stored together with the next one."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self._pending: dict[str, Lead] = {}
        self._parts: dict[str, dict[str, Lead]] = {}
        self._taken: dict[str, str] = {}
        self._owed: dict[str, frozenset[str]] = {}
        self._stated: dict[str, list[Said]] = {}
        self._selling: dict[str, str] = {}

    def note(self, work: Work) -> None:
        """Take in a run that ended well."""
        lead = work.lead
        for gone in work.joined:
            self._pending[gone] = lead
            self._taken.update({key: lead.id for key, owner in self._taken.items() if owner == gone})
        self._pending[lead.id] = lead
        self._parts.setdefault(lead.id, {})[work.submission] = work.candidate or lead
        self._taken.update({identity.key: lead.id for identity in work.identities if identity.exact})
        self._stated.setdefault(lead.id, []).extend(said_in(work.stated()))
        self._selling |= {lead.id: "open"} if work.sale else {}
        self._owed[lead.id] = self._owed.get(lead.id, frozenset()) | {target.sink for target in work.targets}

    async def owners(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Return the lead id that owns each exact identity key; unknown keys are absent."""
        return {**await super().owners(keys), **{key: self._taken[key] for key in keys if key in self._taken}}

    async def get(self, lead: str) -> Lead | None:
        """Return a lead by id, following merges to the one that survived."""
        return self._pending.get(lead) or await super().get(lead)

    async def said(self, lead: str) -> Mapping[str, Lead]:
        """Return what each submission of a lead said by itself, by submission, oldest first."""
        return dict(sorted({**await super().said(lead), **self._parts.get(lead, {})}.items()))

    async def sinks_of(self, lead: str) -> frozenset[str]:
        """Return the sinks that have or are owed this lead already."""
        return await super().sinks_of(lead) | self._owed.get(lead, frozenset())

    async def sold(self, leads: Sequence[str]) -> Mapping[str, str]:
        """Return which of these leads are in an auction now (open) or were sold in one (sold); others are absent."""
        return {**await super().sold(leads), **{lead: self._selling[lead] for lead in leads if lead in self._selling}}

    async def seen_since(self, lead: str, source: str | None, since: datetime) -> bool:
        """Return whether that lead had a submission (of that source) since then."""
        return lead in self._pending or await super().seen_since(lead, source, since)

    async def consents(self, lead: str) -> Sequence[Said]:
        """Return what the person said about being contacted, oldest first."""
        return [*await super().consents(lead), *self._stated.get(lead, ())]


@dataclass(slots=True)
class RunContext:
    """What the steps of one run may reach."""

    clock: Clock
    http: httpx.AsyncClient
    leads: StoredLeads
    teams: Teams
    plan: Plan
    source: SourceSettings
    flow: FlowSettings
    erased: Erased | None = None
    by_will: bool = False  # the person sent it now, by a form: it is no list, no poll and no replay
    auctions: Auctions | None = None  # who asks buyers
    own: Mapped | None = None  # the mapping of the import it is a row of, where that has one

    @property
    def settings(self) -> Settings:
        """Return the settings in force."""
        return self.plan.settings

    @property
    def registry(self) -> Any:
        """Return everything that plugins registered."""
        return self.plan.registry

    def mapping_of(self, source: str) -> Any:
        """Return the mapping of a source's fields."""
        return self.own if self.own is not None else self.plan.mappings[source]
