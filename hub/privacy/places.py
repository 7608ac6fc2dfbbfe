"""Sees to the places outside the database that hold an erased person: sinks, the files we wrote, files that came in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlmodel import Session

from hub.clock import Clock
from hub.errors import LeadhubError, UnsetSecret
from hub.families.filesink import FileSink
from hub.lead import Lead, Rejected
from hub.plan import Plan
from hub.sink import Sink
from hub.store import places as store
from hub.store.database import Database
from hub.store.erasure import Person

TELL_SECONDS = 45.0
TRIES = 8
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=10), timedelta(days=1)

Place = dict[str, Any]
"""One place: kind (sink, import, export), state (waiting, told, by_hand), and what a person needs to find it."""


def places_of(
    leads: Collection[str], submissions: Collection[str], person: Person, plan: Plan, *, session: Session
) -> list[Place]:
    """Return every place that holds the person beside the database, before anything is blanked."""
    found: list[Place] = []
    for one in store.sinks_of(leads, session=session):
        settings = plan.settings.sinks.get(one["sink"])
        named = bool(one["ref"] and person.spellings.search(one["ref"]))
        told = {"connector": settings.connector if settings else None, "region": settings.region if settings else None}
        place = {"kind": "sink", **one, **told, "state": "waiting", "note": None}
        found.append({**place, "ref": None, "note": "ref_named"} if named else place)
    for file in store.imports_of(submissions, session=session):
        name = "***" if person.spellings.search(file["file"]) else file["file"]
        found.append({"kind": "import", **file, "file": name, "state": "by_hand", "note": None})
    exports = store.exports_since(submissions, session=session)
    found += [{"kind": "export", **one, "state": "by_hand", "note": None} for one in exports]
    return found


class Places:
    """Tells the sinks, takes rows out of our own files, and leaves the rest to a person."""

    def __init__(
        self, db: Database, plan: Callable[[], Plan], folder: Path, *, http: httpx.AsyncClient, clock: Clock
    ) -> None:
        self.db, self.plan, self.folder, self.http, self.clock = db, plan, folder.resolve(), http, clock

    async def tell(self, erasure: dict[str, Any]) -> dict[str, Any]:
        """Try every place that waits; returns how the erasure stands now."""
        places: list[Place] = erasure["places"] or []
        await self._refresh(places, erasure["leads"] or [])
        for place in places:
            if place["state"] == "waiting":
                place.update(await self._tell(place))
        now, tries = self.clock.now(), erasure["tries"] + 1
        waiting = [place for place in places if place["state"] == "waiting"]
        if tries >= TRIES:
            for place in waiting:
                place["state"] = "by_hand"
            waiting = []
        if waiting:
            wait = min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT)
            return {"places": places, "tries": tries, "due_at": now + wait}
        return {"places": places, "tries": tries, "due_at": None, "state": "done", "done_at": now}

    async def _refresh(self, places: list[Place], leads: list[str]) -> None:
        """Take over what became of the deliveries that were under way."""
        if not any(place.get("delivery") == "sending" for place in places):
            return
        now = {(one["sink"], one["lead"]): one for one in await self.db.read(store.sinks_of, leads)}
        for place in places:
            if place.get("delivery") == "sending":
                found = now.get((place["sink"], place["lead"]))
                place.update(found if found else {"state": "told", "note": "never_sent", "delivery": None})

    async def _tell(self, place: Place) -> dict[str, Any]:
        if place["delivery"] == "sending":
            return {"note": "under_way"}
        try:
            sink = self.plan().sinks.get(place["sink"])
        except UnsetSecret:
            return {"note": "no_secret"}
        if sink is None:
            return {"state": "by_hand", "note": "not_configured"}
        if isinstance(sink, FileSink) and not self._inside(place["ref"]):
            return {"state": "by_hand", "note": "outside"}
        return await self._ask(sink, place)

    def _inside(self, ref: str | None) -> bool:
        return bool(ref) and self.folder in Path(str(ref)).resolve().parents

    async def _ask(self, sink: Sink, place: Place) -> dict[str, Any]:
        try:
            async with asyncio.timeout(TELL_SECONDS):
                said = await sink.forget(Lead.blank(id=place["lead"]), place["ref"], self.http)
        except Exception as error:  # whatever it is: it is tried again, and then a person does it
            kind = type(error).__name__ if isinstance(error, LeadhubError | OSError | TimeoutError) else "broken"
            return {"note": f"not_now:{kind}"}
        if said is None:
            return {"state": "by_hand", "note": place["note"]}
        if isinstance(said, Rejected):
            return {"state": "by_hand", "note": f"refused:{said.code or ''}"}
        return {"state": "told", "note": None, "told_at": self.clock.now().isoformat()}
