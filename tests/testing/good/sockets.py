"""sockets: an enricher, a strategy, a mapping function and a watcher."""

from collections.abc import Iterable, Mapping
from typing import Any

from hub import Assignment, Lead, Work, enricher, hookimpl, mapping_function, strategy


@enricher("sockets_find")
async def find(lead: Lead, ctx: Any) -> Mapping[str, Any]:
    """Ask for the industry of a company."""
    if not lead.company:
        return {}
    said = (await ctx.http.get("https://api.example.com/company")).json()
    return {"industry": said["industry"]}


@strategy("sockets_first")
def first(_work: Work, ctx: Any, team: str, settings: Any) -> Assignment:
    """Give it to the first who is there."""
    today = ctx.rotations.given(team, "today")
    free = [m for m in settings.members if m.active and (not m.daily_cap or today.get(m.name, 0) < m.daily_cap)]
    told = tuple({"name": m.name, "reason": "next" if m in free else "away"} for m in settings.members)
    return Assignment(team, free[0].name if free else None, "sockets_first", told)


@mapping_function("sockets_reverse")
def reverse(value: Any) -> str:
    """Write it backwards."""
    if not isinstance(value, str):
        raise ValueError("it takes text")
    return value[::-1]


@hookimpl
def hub_event(event: Any) -> None:
    """Look."""
    assert event.kind


@hookimpl
def hub_register() -> Iterable[Any]:
    yield from (find, first, reverse)
