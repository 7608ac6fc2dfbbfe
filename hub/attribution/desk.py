"""Takes costs in and out again, and makes the scorecards of vendors with the links to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hub.attribution import costs
from hub.attribution.frame import Frame
from hub.attribution.reports import Attribution
from hub.attribution.spread import spread
from hub.attribution.vendors import Card
from hub.clock import Clock
from hub.errors import BadInput
from hub.ids import Ids
from hub.plan import Plan
from hub.signing import read_token, token_of
from hub.store import attribution as store
from hub.store import costs as cost_store
from hub.store import scorecards
from hub.store.audit import Actor, noted
from hub.store.database import Database

LASTS = 90  # days a link is good where nobody says
LONGEST = 366
_PURPOSE = "scorecard"


class Costs:
    """Takes costs in: rows of a table, each once."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self.db, self.clock, self.ids = db, clock, ids

    async def take(
        self, table: Iterable[tuple[int, Mapping[str, Any]]], name: str, *, by: Actor, source: str | None = None,
        dry_run: bool = False,
    ) -> dict[str, Any]:  # fmt: skip
        """Keep the costs in numbered rows as one batch, or say what would be kept; raises BadInput for no costs."""
        found = costs.read(table, source)
        rows = [{key: value for key, value in row.items() if key != "row"} for row in found.rows]
        batch: str | None = None
        if dry_run:
            new = len(await self.db.read(cost_store.new_of, rows))
        else:
            batch, new = await self._keep(name[:200], rows, by)
        counts = {"new": new, "known": len(rows) - new, "wrong": len(found.problems)}
        return {
            "id": batch, "counts": counts, "columns": dict(found.columns), "problems": found.problems,
            "items": [{**row, "day": str(row["day"]), "last": str(row["last"])} for row in found.rows],
        }  # fmt: skip

    async def _keep(self, name: str, rows: list[dict[str, Any]], by: Actor) -> tuple[str | None, int]:
        batch, now = self.ids("cost"), self.clock.now()
        keep = noted(
            cost_store.keep, "costs.imported", by=by, at=now, target=batch,
            told=lambda number: {"rows": number} if number else None,
        )  # fmt: skip
        held = await self.db.alone("costs")  # two of one file at once are one
        try:
            new = await self.db.write(keep, batch, name, rows, by.who, now)
        finally:
            await held.release()
        return (batch if new else None), new

    async def undo(self, batch: str, *, by: Actor) -> int:
        """Take the costs of a batch out; raises BadInput where there is none, or it is undone already."""
        now = self.clock.now()
        undo = noted(
            cost_store.undo, "costs.undone", by=by, at=now, target=batch,
            told=lambda number: {"rows": number} if number is not None else None,
        )  # fmt: skip
        number = await self.db.write(undo, batch, now)
        if number is None:
            raise BadInput(f"There are no costs {batch[:64]!r}, or they were undone already.", status=404)
        return number


class Vendors:
    """Makes scorecards, and the links by which vendors see their own."""

    def __init__(self, db: Database, plan: Plan, clock: Clock, ids: Ids, secret: Callable[[], bytes]) -> None:
        self.db, self.plan, self.clock, self.ids, self._secret = db, plan, clock, ids, secret

    async def card(self, source: str, since: str | None = None, until: str | None = None) -> dict[str, Any]:
        """Return the scorecard of a source, by default of the last year; raises BadInput where there is none."""
        self._known(source)
        frame = self._frame(source, since, until)
        card = Card(source, frame, self.plan.settings.lost_reasons)
        span = (frame.since, frame.until)
        await self.db.read(store.entries, source, span, card.entries)
        await self.db.read(store.over_ways, span, frame.upto, card.ways, source=source)
        card.costs(spread(await self.db.read(cost_store.spent, *frame.days), frame))
        return card.told()

    def _frame(self, source: str, since: str | None, until: str | None) -> Frame:
        frame = Attribution(self.db, self.plan, self.clock).frame(since or "365d", until, None, "source", ("first",))
        return replace(frame, only=(source,), stepped="month")

    def _known(self, source: str) -> None:
        if source not in self.plan.settings.sources:
            raise BadInput(f"There is no source {source[:64]!r}.", status=404)

    async def share(self, source: str, days: int, *, by: Actor) -> dict[str, Any]:
        """Make a link that shows the scorecard of a source for so many days; returns it with its token."""
        self._known(source)
        now = self.clock.now()
        row = {
            "id": self.ids("card"), "source": source, "by": by.who, "at": now, "until": now + timedelta(days=days),
            "revoked_at": None,
        }  # fmt: skip
        add = noted(
            scorecards.add, "scorecard.shared", by=by, at=now, target=source,
            told=lambda _: {"link": row["id"], "days": days},
        )  # fmt: skip
        await self.db.write(add, row)
        return {**row, "token": self.token(row)}

    def token(self, row: Mapping[str, Any]) -> str:
        """Return the token of a link: signed, and good until the link ends."""
        return token_of(self._secret(), _PURPOSE, f"{row['id']}~{int(row['until'].timestamp())}".encode())

    async def links(self, source: str) -> list[dict[str, Any]]:
        """Return the links of a source, newest first, with their tokens while they are good."""
        self._known(source)
        now = self.clock.now()
        rows = await self.db.read(scorecards.of_source, source)
        return [{**row, "token": self.token(row) if good(row, now) else None} for row in rows]

    async def revoke(self, link: str, *, by: Actor, anyone: bool) -> str:
        """End a link, and return its source; raises BadInput for one that is not there, or somebody else's."""
        row = await self.db.read(scorecards.find, link)
        if row is None or (row["by"] != by.who and not anyone):
            raise BadInput(
                f"There is no link {link[:64]!r} of yours. Whoever made it ends it, or an admin.", status=404
            )
        now = self.clock.now()
        revoke = noted(
            scorecards.revoke, "scorecard.revoked", by=by, at=now, target=row["source"],
            told=lambda done: {"link": link} if done else None,
        )  # fmt: skip
        await self.db.write(revoke, link, now)
        return str(row["source"])

    async def opened(self, token: str) -> str | None:
        """Return the source a token shows now; None for one that is not ours, has ended or was revoked."""
        raw = read_token(self._secret(), _PURPOSE, token)
        if raw is None:
            return None
        link, _, until = raw.decode("utf-8", "replace").partition("~")
        now = self.clock.now()
        if not until.isdigit() or now.timestamp() >= int(until):
            return None
        row = await self.db.read(scorecards.find, link)
        return str(row["source"]) if row and good(row, now) and row["source"] in self.plan.settings.sources else None


def good(row: Mapping[str, Any], now: datetime) -> bool:
    """Return whether a link still opens."""
    return row["revoked_at"] is None and bool(now < row["until"])
