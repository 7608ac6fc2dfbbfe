"""One process among the others on its database: says that it is there, and knows who else is and what they run."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlmodel import Session

from hub.app import revisions
from hub.app.watching import own_version
from hub.clock import SharedClock
from hub.store import migrations
from hub.store import nodes as store
from hub.store import ticks as tick_store
from hub.store.ground import old_sqlite

if TYPE_CHECKING:
    from hub.app.hub import Hub

BEAT_EVERY = 5.0
AGREE_EVERY = 1.0

log = logging.getLogger("leadhub")


class Node:
    """One process that runs a hub."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._made_for = migrations.head()
        self._others: list[dict[str, Any]] = []
        self._overtaken: str | None = None  # the schema that a newer leadhub gave the database
        self.retired: str | None = None
        self.ended = asyncio.Event()  # set when it must end, because the database is not one it knows any more

    async def start(self) -> None:
        """Take a place among the nodes; the only process of a database takes over what a former one left."""
        db = self._hub.db
        if "intake" not in self._hub.office.roles:
            self._hub.door.shut = "This node takes no leads: it runs without the role intake."
        if db.sqlite:
            await db.write(store.leave_others, self._hub.holder)
            await db.write(tick_store.free_leases)
        await self.beat()

    def ring(self) -> None:
        """Say every few seconds that it is there, and take over what the others changed."""
        hub = self._hub
        hub.schedule.every(BEAT_EVERY, "node", self.beat)
        if hub.db.sqlite:
            if flaw := old_sqlite():
                log.warning("event=database.old detail=%r", flaw)
            return
        if hub.dispatcher.limits is not None and "worker" in hub.office.roles:
            hub.schedule.every(AGREE_EVERY, "limits", hub.dispatcher.limits.agree)

    async def beat(self) -> None:
        """Say that it is there, look who else is, and set the clock by the database's."""
        hub = self._hub
        if not hub.db.sqlite:
            await self._agree()
        now = hub.clock.now()
        await hub.db.write(store.beat, self._self(), now)
        self._others = [row for row in await hub.db.read(store.listed) if row["id"] != hub.holder]
        if not hub.db.sqlite:
            await self._look_at_schema()

    async def _look_at_schema(self) -> None:
        found, goes_on = await self._hub.db.read(_schema, self._made_for)
        self._overtaken = found if found != self._made_for else None
        if not goes_on:
            self._retire(migrations.newer(str(found)))

    async def _agree(self) -> None:
        clock = self._hub.clock
        if isinstance(clock, SharedClock):
            asked = clock.monotonic()
            said = await self._hub.db.read(_time)
            clock.agree(said, asked, clock.monotonic())

    def _retire(self, why: str) -> None:
        """Take nothing more: what this leadhub does not know it may damage."""
        if self.retired is None:
            self.retired = why
            log.error("event=node.retired detail=%r", why)
            self._hub.door.shut = why
            self._hub.wind_down()
            self.ended.set()

    async def leave(self) -> None:
        """Go off the list."""
        if self._hub.office.roles:
            await self._hub.db.write(store.leave, self._hub.holder)

    def _self(self) -> dict[str, Any]:
        hub = self._hub
        return {
            "id": hub.holder, "host": socket.gethostname(), "pid": os.getpid(), "version": own_version(),
            "migration": self._made_for, "roles": ",".join(sorted(hub.office.roles)), "revision": hub.plan.revision,
            "digest": revisions.digest_of(hub.plan.text), "file_digest": hub.publisher.file,
        }  # fmt: skip

    def reasons(self) -> list[str]:
        """Return what a person should look at, a sentence each."""
        if self.retired:
            return [self.retired]
        overtaken = f"The database has the newer schema {self._overtaken}. This leadhub may go on; replace it soon."
        return [*([overtaken] if self._overtaken else []), *self._of_configuration(), *self._of_roles()]

    def _of_configuration(self) -> list[str]:
        publisher, newest = self._hub.publisher, self._hub.publisher.newest
        if newest is None:
            return []
        reasons = []
        mine = publisher.plan.revision or 0
        if mine < newest.id:
            why = publisher.unusable[1] if publisher.unusable else "It is about to be taken over."
            reasons.append(f"This node runs revision {mine} of the configuration; {newest.id} is the newest. {why}")
        if publisher.file != newest.digest and publisher.refused is None:
            said = f"{self._hub.office.config.name} on this node ({socket.gethostname()}) is not the newest"
            when = f"{newest.at:%Y-%m-%d %H:%M:%S} UTC"
            what = f"{newest.by} was published as revision {newest.id} at {when}, and all nodes run that"
            reasons.append(f"{said}: {what}. Copy that file here, or change the one here once more to publish it.")
        return reasons

    def _of_roles(self) -> list[str]:
        """Return which roles nobody has: what they do waits."""
        now = self._hub.clock.now()
        there = {role for row in self._others if row["seen_at"] >= now - store.GONE for role in row["roles"].split(",")}
        missing = {"worker": "no lead is sent", "scheduler": "nothing is polled", "intake": "no push is taken"}
        missing = {role: what for role, what in missing.items() if role not in there | self._hub.office.roles}
        return [f"No node has the role {role}: {what}." for role, what in missing.items()]

    async def listed(self) -> list[dict[str, Any]]:
        """Return the nodes that were heard of within a day, with what is to be known of each."""
        hub = self._hub
        now, newest = hub.clock.now(), await hub.db.read(revisions.newest)
        return [_shown(row, newest, row["seen_at"] >= now - store.GONE) for row in await hub.db.read(store.listed)]


def _shown(row: dict[str, Any], newest: revisions.Newest | None, there: bool) -> dict[str, Any]:
    notes = []
    if newest is not None and (row["revision"] or 0) < newest.id:
        notes.append(f"runs revision {row['revision']}, {newest.id} is the newest")
    if newest is not None and row["file_digest"] != newest.digest:
        notes.append(f"its hub.yaml is not revision {newest.id}")
    return {**row, "roles": row["roles"].split(","), "state": "there" if there else "gone", "note": ", ".join(notes)}


def _schema(made_for: str, *, session: Session) -> tuple[str | None, bool]:
    """Return the schema of the database, and whether this leadhub may go on with it."""
    found = migrations.current(session.connection())
    return found, found == made_for or migrations.goes_on(session.connection())


def _time(*, session: Session) -> Any:
    return session.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
