"""assign: who in the team gets the lead, by the team's strategy; everybody who was considered is on record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hub.errors import ConfigError
from hub.lead import Lead
from hub.people.book import Book, Seat
from hub.roster import FALLBACK, Choice, Deal
from hub.settings.people import UNASSIGNED, FallbackSettings, TeamSettings
from hub.step import Assignment, Context, Options, Work, step

KEPT = "keep"  # the strategy on record when nobody had to be chosen
MOST_FALLBACKS = 5  # teams that are asked one after the other
_GONE = frozenset({"inactive", "away", "cover_away"})


class AssignOptions(Options):
    """No options: the route names the team or pool, the team its members and strategy."""


@step("assign")
async def assign(work: Work, ctx: Context, options: AssignOptions) -> Work:
    """Give the lead to a member of the route's team, or to its pool; who has it already keeps it."""
    lead = work.lead
    if lead.owner and not await _gone(work, ctx):
        team = lead.team or work.assign
        if not work.merged and not lead.test:  # its source says whose it is
            ctx.teams.given(lead.with_fields(team=team), lead.owner, "kept")
        return _noted(work, Assignment(team, lead.owner, KEPT), lead.with_fields(team=team), reason="kept")
    if work.assign is not None:
        return await give(work, ctx, work.assign)
    if work.pool is not None:
        return _noted(work, Assignment(lead.team, None, "", pool=work.pool), lead, reason="pool", pool=work.pool)
    return _noted(work, Assignment(lead.team, None, ""), lead, reason="no_team")


async def _gone(work: Work, ctx: Context) -> bool:
    """Return whether the rep of a person with new interest is away, or has left: then somebody else answers them."""
    team = work.lead.team
    if team is None or work.again or not (work.merged and work.anew and work.assign) or team not in ctx.settings.teams:
        return False
    book: Book = await ctx.teams.book(team)
    seat = next((one for one in book.seats() if one.member.name == work.lead.owner), None)
    return seat is None or seat.hindrance in _GONE


async def give(work: Work, ctx: Context, team: str) -> Work:
    """Let a team's strategy choose who gets the lead; where nobody can take it, the team's fallback has it."""
    tried: list[dict[str, Any]] = []
    asked = team
    for _ in range(MOST_FALLBACKS):
        book: Book = await ctx.teams.book(asked)
        known = await ctx.teams.account(work.lead) if book.team.account else None
        seats = book.seats(work.excluded)
        choice = _account(known, seats) or _choose(work, ctx, book.team, seats)
        if choice.name is not None:
            return _given(work, ctx, book, choice, seats, tried)
        tried.append({"team": asked, "considered": _considered(seats, choice)})
        fallback = book.team.fallback or FallbackSettings(pool=UNASSIGNED)
        if fallback.team is None or fallback.team in {entry["team"] for entry in tried}:
            break
        asked = fallback.team
    return _nobody(work, ctx, team, tried, fallback)


def _choose(work: Work, ctx: Context, team: TeamSettings, seats: Sequence[Seat]) -> Choice:
    free = [seat.candidate for seat in seats if seat.hindrance is None]
    if not free:
        return Choice(None)
    choice: Choice = ctx.registry.strategy(team.strategy).run(work, free, team)
    if choice.name is not None and choice.name not in {one.name for one in free}:
        said = f'The strategy "{team.strategy}" chose {choice.name!r:.80}, who is none of those who are free.'
        raise ConfigError(f"{said} Let it choose one of them, or None.")
    return choice


def _account(known: tuple[str, str] | None, seats: Iterable[Seat]) -> Choice | None:
    """Return the rep who has this company already; only somebody who is away, or not in the team, does not get it."""
    if known is None:
        return None
    stays = next((seat for seat in seats if seat.member.name == known[0]), None)
    if stays is None or stays.hindrance in _GONE:
        return None
    return Choice(known[0], "account", note={"account_of": known[1]})


def _given(
    work: Work, ctx: Context, book: Book, choice: Choice, seats: Sequence[Seat], tried: list[dict[str, Any]]
) -> Work:
    seat = next(one for one in seats if one.member.name == choice.name)
    owner, member = seat.cover or seat.member.name, seat.member.name
    strategy = "account" if choice.why == "account" else book.team.strategy
    note: dict[str, Any] = {**choice.note, "tried": tried, "before": _counters(book, member)}
    if seat.cover:
        note["cover_of"] = member
    considered = tuple(_considered(seats, choice))
    if work.lead.test:
        # a test shows what would happen, and changes neither owner nor counter
        shown, lead = Assignment(book.name, None, strategy, considered), work.lead.with_fields(team=book.name)
        return _noted(work, shown, lead, reason="test", would_be=owner, **note)
    deal = Deal(book.name, member, dict(choice.shares)) if choice.shares is not None else None
    lead = work.lead.with_fields(team=book.name, owner=owner)
    book.give(owner, deal)
    ctx.teams.given(lead, owner, "dealt", deal)
    note["after"] = _counters(book, member)
    return _noted(work, Assignment(book.name, owner, strategy, considered, deal=deal), lead, reason=choice.why, **note)


def _nobody(
    work: Work, ctx: Context, team: str, tried: list[dict[str, Any]], fallback: FallbackSettings
) -> Work:  # fmt: skip
    """Hand a lead that nobody can take to the fallback: it is never lost from sight."""
    considered = tuple(entry for one in tried[:1] for entry in one["considered"])
    lead, rest = work.lead.with_fields(team=team), tried[1:]
    if work.lead.test:
        shown = Assignment(team, None, FALLBACK, considered)
        return _noted(work, shown, lead, reason="test", would_be=fallback.owner, tried=rest)
    if fallback.owner is not None:
        found, lead = Assignment(team, fallback.owner, FALLBACK, considered), lead.with_fields(owner=fallback.owner)
        ctx.teams.given(lead, fallback.owner, "fallback")
        return _noted(work, found, lead, reason="fallback", tried=rest)
    pool = fallback.pool or UNASSIGNED
    found = Assignment(team, None, FALLBACK, considered, pool=pool)
    return _noted(work, found, lead, reason="nobody", pool=pool, tried=rest)


def _noted(work: Work, found: Assignment, lead: Lead, *, reason: str, **more: Any) -> Work:
    said = {name: value for name, value in more.items() if value not in (None, [], {})}
    note = {"team": found.team, "owner": found.owner, "strategy": found.strategy, "reason": reason, **said}
    return work.change(lead=lead, assignment=found).note("assign", **note)


def _why(choice: Choice) -> str:
    return "account" if choice.why == "account" else "next"


def _counters(book: Book, member: str) -> dict[str, Any]:
    known = book.figures(member)
    return {"received": known.received, "entitled": round(known.entitled, 3), "today": known.today}


def _considered(seats: Iterable[Seat], choice: Choice) -> list[dict[str, Any]]:
    """Return everybody in the team: who is next, who comes later, and why the others were passed over."""
    said = []
    for seat in seats:
        name, known = seat.member.name, seat.figures
        reason = seat.hindrance or choice.passed.get(name) or (_why(choice) if name == choice.name else "later")
        entry: dict[str, Any] = {"name": name, "reason": reason, "weight": seat.member.weight}
        entry |= {"given": known.received, "today": known.today, "owed": round(known.balance, 3), **seat.told}
        if seat.cover:
            entry["cover"] = seat.cover
        if choice.shares is not None and name in choice.shares:
            entry["share"] = round(choice.shares[name], 4)
        said.append(entry)
    return said
