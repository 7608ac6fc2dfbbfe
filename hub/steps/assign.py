"""assign: who in the team gets the lead, by the team's strategy; everybody who was considered is on record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.lead import Lead
from hub.settings.models import MemberSettings, TeamSettings
from hub.step import Assignment, Context, Options, Work, step, strategy

KEPT = "keep"  # the strategy on record when nobody had to be chosen


class AssignOptions(Options):
    """No options: the route names the team, the team its members and strategy."""


@step("assign")
async def assign(work: Work, ctx: Context, options: AssignOptions) -> Work:
    """Give the lead to a member of the route's team; who has it already keeps it."""
    lead = work.lead
    if lead.owner:
        team = lead.team or work.assign
        return _keep(work, Assignment(team, lead.owner, KEPT), reason="kept", lead=lead.with_fields(team=team))
    if work.assign is None:
        return _keep(work, Assignment(lead.team, None, ""), reason="no_team", lead=lead)
    settings: TeamSettings = ctx.settings.teams[work.assign]
    found: Assignment = ctx.registry.strategy(settings.strategy).run(work, ctx, work.assign, settings)
    if lead.test:
        # a test shows what would happen, and changes neither owner nor counter
        shown = Assignment(found.team, None, found.strategy, found.considered)
        return _keep(work, shown, reason="test", lead=lead.with_fields(team=found.team), would_be=found.owner)
    reason = "chosen" if found.owner else "nobody"
    return _keep(work, found, reason=reason, lead=lead.with_fields(team=found.team, owner=found.owner))


def _keep(work: Work, found: Assignment, *, reason: str, lead: Lead, **more: Any) -> Work:
    note = {"team": found.team, "owner": found.owner, "strategy": found.strategy, "reason": reason, **more}
    return work.change(lead=lead, assignment=found).note("assign", **note)


@strategy("round_robin")
def round_robin(work: Work, ctx: Context, team: str, settings: TeamSettings) -> Assignment:
    """In turn, by weight: nobody is ever a whole lead ahead of or behind their share; caps count by the hub's day."""
    day = ctx.clock.now().astimezone(ctx.settings.hub.zone).date().isoformat()
    given, today = ctx.rotations.given(team), ctx.rotations.given(team, day)
    reasons = {member.name: _hindrance(member, today) for member in settings.members}
    free = [member for member in settings.members if reasons[member.name] is None]
    chosen = _next(_paced(free, today), given)
    considered = []
    for member in settings.members:
        reason = reasons[member.name] or ("next" if member is chosen else "later")
        said: dict[str, Any] = {"name": member.name, "reason": reason, "weight": member.weight}
        said |= {"given": given.get(member.name, 0), "today": today.get(member.name, 0)}
        if member.daily_cap:
            said["daily_cap"] = member.daily_cap
        considered.append(said)
    return Assignment(team, chosen.name if chosen else None, "round_robin", tuple(considered))


def _hindrance(member: MemberSettings, today: Mapping[str, int]) -> str | None:
    if not member.active:
        return "inactive"
    if member.daily_cap and today.get(member.name, 0) >= member.daily_cap:
        return "daily_cap"
    return None


def _paced(free: list[MemberSettings], today: Mapping[str, int]) -> list[MemberSettings]:
    """Leave out who had over twice their share of today's leads.

    Somebody new, or back from a holiday, is far behind and would get every lead; this way they catch up at double pace.
    """
    total = sum(member.weight for member in free)
    dealt = sum(today.get(member.name, 0) for member in free) + 1
    return [m for m in free if today.get(m.name, 0) * total <= 2 * (m.weight * dealt + total)] or free


def _next(free: list[MemberSettings], given: Mapping[str, int]) -> MemberSettings | None:
    """Return whose turn it is: the lowest (given + 1) / weight among those who are not past their share.

    Without the second half the heavier members would come in bursts and end up more than a lead ahead; with it
    the share-out is the quota method of Balinski and Young, which keeps everybody within one lead of their share.
    """
    if not free:
        return None
    total = sum(member.weight for member in free)
    dealt = sum(given.get(member.name, 0) for member in free) + 1
    due = [m for m in free if given.get(m.name, 0) * total < m.weight * dealt * (1 - 1e-12)]
    return min(due or free, key=lambda member: (given.get(member.name, 0) + 1) / member.weight)
