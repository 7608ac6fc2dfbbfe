"""The desk of leads: hands them on, takes them back, puts them into pools and lets reps claim them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import httpx
from sqlmodel import Session

from hub.clock import Clock
from hub.errors import BadInput, Conflict
from hub.events import Event
from hub.explain import why_moved
from hub.ids import Ids
from hub.labels import Language
from hub.lead import Lead, RawLead
from hub.people.pools import embargo, pools_of
from hub.pipeline.context import RunContext, StoredLeads
from hub.pipeline.turn import Place, Turns
from hub.plan import Plan
from hub.response import following
from hub.settings import FlowSettings
from hub.settings.people import UNASSIGNED, FallbackSettings
from hub.step import Work
from hub.steps.assign import give
from hub.store import care as care_store
from hub.store import leads as lead_store
from hub.store import ownership as store
from hub.store.audit import Actor, noted
from hub.store.database import Database
from hub.store.log import append
from hub.store.ownership import Move, Moved

REDO = 8  # times a move is decided again because somebody else was first

Row = Mapping[str, Any]


class Desk:
    """Moves leads; each move is one transaction with all that follows from it."""

    def __init__(
        self, db: Database, plan: Callable[[], Plan], turns: Turns, *, clock: Clock, ids: Ids, http: httpx.AsyncClient,
        emit: Callable[[Iterable[Event]], None],
    ) -> None:  # fmt: skip
        self.db, self.plan, self.turns = db, plan, turns
        self.clock, self.ids, self.http, self.emit = clock, ids, http, emit

    async def round_of(self, lead: str) -> dict[str, Any]:
        """Return the current round of a lead; raises BadInput when it has none."""
        found = (await self.db.read(care_store.current, [lead])).get(lead)
        if found is None:
            raise BadInput(
                f"The lead {lead[:64]!r} has no owner or pool to change: it is a test, joined or gone.", status=404
            )
        return found

    async def transfer(
        self, lead: str, owner: str, *, team: str | None = None, reason: str | None = None, by: Actor | None = None,
        act: str = "transferred", seen: Row | None = None,
    ) -> Moved:  # fmt: skip
        """Hand a lead to a rep, whoever has it now; `act` says in the log why."""
        seen = seen or await self.round_of(lead)
        if team is not None and team not in self.plan().settings.teams:
            raise BadInput(f"There is no team {team[:64]!r}.", status=422)
        step = Move(lead, act, owner, team or self._team_of(owner, seen["team"]), reason=reason, by=_name(by))
        return await self._move(step, seen, by)

    async def give_back(
        self, lead: str, reason: str, *, pool: str | None = None, by: Actor | None = None, act: str = "returned",
        seen: Row | None = None,
    ) -> Moved:  # fmt: skip
        """Put a lead of a rep into a pool, with the reason they give; it counts as theirs no more."""
        seen = seen or await self.round_of(lead)
        if seen["owner"] is None:
            raise BadInput(f"The lead {lead} has no owner.", status=409)
        place = self._pool(pool) if pool else self._fallback_pool(seen["team"])
        step = Move(lead, act, None, None, place, reason=reason, by=_name(by), undo=True)
        return await self._move(step, seen, by)

    async def recycle(
        self, lead: str, pool: str | None, reason: str, *, timer: int | None = None, seen: Row | None = None,
        by: Actor | None = None,
    ) -> Moved | None:  # fmt: skip
        """Take a lead from its owner and put it into a pool, or where its team falls back to."""
        seen = seen or await self.round_of(lead)
        if pool is None and (team := self._fallback(seen["team"]).team) is not None:
            return await self._dealt(Move(lead, "recycled", reason=reason, by=_name(by), timer=timer), by, team)
        if pool is None and (owner := self._fallback(seen["team"]).owner) not in (None, seen["owner"]):
            step = Move(lead, "recycled", owner, reason=reason, by=_name(by), timer=timer)
        else:
            place = self._pool(pool) if pool else self._fallback_pool(seen["team"])
            step = Move(lead, "recycled", None, None, place, reason=reason, by=_name(by), timer=timer)
        return await self._moved(step, seen, by)

    async def reassign(
        self, lead: str, reason: str, *, act: str = "reassigned", timer: int | None = None, by: Actor | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> Moved | None:  # fmt: skip
        """Deal a lead anew in its team: to nobody who had it before. None: its timer had fired already."""
        step = Move(lead, act, reason=reason, by=_name(by), timer=timer, changes=changes or {})
        return await self._dealt(step, by)

    async def _dealt(self, step: Move, by: Actor | None, team: str | None = None) -> Moved | None:
        """Deal a lead in a team, or its own; again while others are first."""
        for _ in range(REDO):
            seen = await self.round_of(step.lead)
            try:
                return await self._deal(seen, step, by, team or seen["team"])
            except Conflict:
                continue
        raise Conflict(f"The lead {step.lead} changed all the time. Try again.")

    async def _deal(self, seen: Row, step: Move, by: Actor | None, team: str) -> Moved | None:
        plan, lead = self.plan(), await self._lead(step.lead)
        if team not in plan.settings.teams:
            raise BadInput(f"The lead {step.lead} belongs to no team that is there. Transfer it to a rep.", status=409)
        had = dict.fromkeys([*(seen["former"] or {}), *filter(None, (seen["owner"],))], "had_it")
        async with self.turns.batch(plan) as turn:
            work = await give(self._work(lead, seen, had), self._context(plan, turn.place(), seen), team)
            found = work.assignment
            made = replace(
                step, owner=found.owner, team=found.team or team, pool=found.pool, deal=found.deal, turn=turn.number,
                strategy=found.strategy, revision=plan.revision,
            )  # fmt: skip
            return await self._moved(made, seen, by)

    def _work(self, lead: Lead, seen: Row, had: Mapping[str, str]) -> Work:
        bare = lead.with_fields(owner=None)
        raw = RawLead(None, {}, submitted_at=lead.submitted_at)
        return Work(
            raw=raw, lead=bare, submission="", source=seen["source"], flow=seen["flow"],
            received_at=seen["received_at"], merged=True, excluded=had,
        )  # fmt: skip

    def _context(self, plan: Plan, place: Place, seen: Row) -> RunContext:
        flow = plan.flows.get(seen["source"])
        settings = flow.settings if flow else FlowSettings.model_validate({"name": seen["flow"] or "gone", "from": []})
        source: Any = plan.settings.sources.get(seen["source"])
        return RunContext(self.clock, self.http, StoredLeads(self.db), place, plan, source, settings)

    async def claim(
        self, lead: str, rep: str, *, changes: Mapping[str, Any], check: Callable[..., None], seen: Row,
        by: Actor | None = None,
    ) -> Moved:  # fmt: skip
        """Let a rep take a lead out of its pool; `check(care, session=…)` raises when they may not after all."""
        step = Move(lead, "claimed", rep, self._team_of(rep, seen["team"]), reason=None, by=rep, changes=changes)
        moved = await self._moved(step, seen, by, check=check)
        assert moved is not None
        return moved

    async def _move(self, step: Move, seen: Row, by: Actor | None) -> Moved:
        moved = await self._moved(step, seen, by)
        assert moved is not None
        return moved

    async def _moved(
        self, step: Move, seen: Row, by: Actor | None, *, check: Callable[..., None] | None = None
    ) -> Moved | None:
        now = self.clock.now()
        if step.pool is not None:  # whatever brings a lead into a pool
            until = embargo(self.plan().settings, step.pool, now)
            step = replace(step, changes={"embargo_until": until, **step.changes})
        have = (await self.db.read(lead_store.sinks_of, [step.lead])).get(step.lead, frozenset())
        write: Callable[..., Moved | None] = partial(self._write, have=have, check=check)
        if by is not None:
            told = {"owner": step.owner, "pool": step.pool, "reason": step.reason}
            write = noted(write, f"lead.{step.act}", by=by, at=now, target=step.lead, told=lambda _: told)
        moved: Moved | None = await self.db.write(write, step, seen, now)
        if moved is not None:
            self.emit([self._event(step, moved)])
        return moved

    def _write(
        self, step: Move, seen: Row, now: Any, *, have: Iterable[str], check: Callable[..., None] | None,
        session: Session,
    ) -> Moved | None:  # fmt: skip
        if check is not None:
            check(seen, session=session)
        moved = store.move(step, seen, now, partial(self._followers, step, have), session=session)
        if moved is not None:
            append([self._event(step, moved)], session=session)
        return moved

    def _event(self, step: Move, moved: Moved) -> Event:
        before, after = moved.before, moved.care
        said = {
            "owner": after["owner"], "former": before["owner"], "team": after["team"], "pool": after["pool"],
            "by": step.by,
        }  # fmt: skip
        data = {name: value for name, value in said.items() if value is not None}
        return Event(f"lead.{step.act}", after["since"], lead=step.lead, source=after["source"], data=data)

    def _followers(
        self, step: Move, have: Iterable[str], moved: Moved
    ) -> tuple[Sequence[Row], Sequence[Row], Sequence[Row]]:
        """Return what follows a move: timers, the new owner for those who keep the lead, word for its readers."""
        plan = self.plan()
        sentence = _sentence(step, moved, plan.settings.hub.language)
        due = plan.timers(moved.care, moved.lead)
        owed = following.updates(moved, have, "", sentence, plan, self.ids)
        told = following.notices(
            step.act, moved.care, following.tellers(have, plan), moved.care["since"], self.ids,
            former=moved.before["owner"], pool=moved.care["pool"], reason=step.reason,
        )  # fmt: skip
        return due, owed, told

    async def _lead(self, lead: str) -> Lead:
        found = (await self.db.read(lead_store.load, [lead])).get(lead)
        if found is None:
            raise BadInput(f"There is no open lead {lead[:64]!r}.", status=404)
        return found

    def _team_of(self, owner: str, team: str | None) -> str | None:
        """Return the team a rep is in: the lead's own where they are, else the first that has them."""
        teams = self.plan().settings.teams
        if team is not None and team in teams and teams[team].member(owner):
            return team
        return next((name for name, settings in teams.items() if settings.member(owner)), team)

    def _pool(self, pool: str) -> str:
        if pool not in pools_of(self.plan().settings):
            raise BadInput(f"There is no pool {pool[:64]!r}.", status=422)
        return pool

    def _fallback(self, team: str | None) -> FallbackSettings:
        found = self.plan().settings.teams.get(team or "")
        return (found.fallback if found else None) or FallbackSettings(pool=UNASSIGNED)

    def _fallback_pool(self, team: str | None) -> str:
        return self._fallback(team).pool or UNASSIGNED


def _name(by: Actor | None) -> str | None:
    return by.who if by is not None else None


def _sentence(step: Move, moved: Moved, language: Language) -> str:
    """Return what those who keep the lead are told of the move; one to the other kind of place has its own words."""
    known, key = SENTENCES[language], f"{step.act} {'owner' if moved.care['owner'] else 'pool'}"
    return known.get(key, known[step.act]).format(
        owner=moved.care["owner"] or "-", pool=moved.care["pool"] or "-", former=moved.before["owner"] or "-",
        reason=why_moved(step.reason, language) if step.reason else "-",
    )  # fmt: skip


SENTENCES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "transferred": "{owner} has it now; before, {former} had it.",
        "returned": "{former} gave it back: {reason}. It waits in pool {pool}.",
        "recycled": "It was taken from {former} ({reason}) and waits in pool {pool}.",
        "recycled owner": "{owner} has it now: it was taken from {former} ({reason}).",
        "reassigned": "{owner} has it now; before, {former} had it ({reason}).",
        "reassigned pool": "It was taken from {former} ({reason}) and waits in pool {pool}.",
        "inherited": "{owner} has it now: {former} has left.",
        "inherited pool": "{former} has left. It waits in pool {pool}.",
        "claimed": "{owner} took it from the pool.",
    },
    "zh": {
        "transferred": "现由 {owner} 负责，此前为 {former}。",
        "returned": "{former} 已退回：{reason}。现在公海 {pool}。",
        "recycled": "已从 {former} 收回（{reason}），现在公海 {pool}。",
        "recycled owner": "现由 {owner} 负责，已从 {former} 收回（{reason}）。",
        "reassigned": "现由 {owner} 负责，此前为 {former}（{reason}）。",
        "reassigned pool": "已从 {former} 收回（{reason}），现在公海 {pool}。",
        "inherited": "现由 {owner} 负责：{former} 已离职。",
        "inherited pool": "{former} 已离职，现在公海 {pool}。",
        "claimed": "{owner} 已从公海领取。",
    },
}
