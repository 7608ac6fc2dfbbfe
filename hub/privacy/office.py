"""Puts together what serves people's rights, and rings when it is time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import httpx

from hub.clock import Clock
from hub.delivery.clearance import Clearance
from hub.events import Event
from hub.ids import Ids
from hub.pipeline.erased import Erased
from hub.plan import Plan
from hub.privacy.consenting import Consenting
from hub.privacy.dossier import Dossier
from hub.privacy.eraser import Eraser
from hub.privacy.keeper import Keeper
from hub.privacy.person import person_of
from hub.privacy.places import Places
from hub.privacy.retention import Retention
from hub.privacy.returns import Returns
from hub.store.audit import HUB, Actor
from hub.store.database import Database


class Privacy:
    """What people may ask of their data, and what becomes of it in time."""

    def __init__(
        self,
        db: Database,
        plan: Callable[[], Plan],
        folder: Path,
        *,
        key: str | None,
        erased: Erased,
        clearance: Clearance,
        clock: Clock,
        ids: Ids,
        http: httpx.AsyncClient,
        emit: Callable[[Iterable[Event]], None],
        flush: Callable[[], Awaitable[None]],
    ) -> None:
        self.plan, self.erased = plan, erased
        self.keeper = Keeper(folder, key)
        places = Places(db, plan, folder, http=http, clock=clock)
        self.eraser = Eraser(
            db, plan, keeper=self.keeper, erased=erased, places=places, clock=clock, ids=ids, emit=emit, flush=flush,
            stop=clearance.stop,
        )  # fmt: skip
        self.returns = Returns(db, plan, self.eraser, self.keeper, erased, clock=clock)
        self.consents = Consenting(
            db, plan, self.keeper, clock=clock, emit=emit, stop=clearance.stop, go=clearance.go
        )  # fmt: skip
        self.dossier = Dossier(db, plan, clock=clock)
        self.retention = Retention(db, plan, self.keeper, clock=clock, emit=emit)

    async def start(self) -> None:
        """Take over who was erased, before anything is run."""
        await self.returns.start()

    def ring(self, every: Callable[..., None], once: Callable[..., None], roles: frozenset[str]) -> None:
        """Let bells be rung, some of them by one process of several; one that died left its erasures to the others."""
        every(5.0, "erased", self.returns.agree)
        if "scheduler" in roles:
            once(10.0, "erasures", self.eraser.go_on, soon=True)
            once(900.0, "retention", self.retention.look)

    async def erase(
        self, *, email: str | None = None, phone: str | None = None, key: str | None = None, by: Actor = HUB,
        dry_run: bool = False,
    ) -> dict[str, Any]:  # fmt: skip
        """Erase a person and return the certificate, or what would go; `leads` and `counts` are empty for nobody."""
        person = person_of(self.plan(), email=email, phone=phone, key=key)
        return await (self.eraser.preview(person) if dry_run else self.eraser.erase(person, by))

    async def export(self, key: str, by: Actor = HUB) -> dict[str, Any]:
        """Return everything that is known of a person."""
        return await self.dossier.of(person_of(self.plan(), key=key), by)
