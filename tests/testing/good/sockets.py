"""sockets: an enricher, a strategy, a mapping function and a watcher."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hub import Candidate, Choice, Lead, Work, enricher, hookimpl, mapping_function, strategy


@enricher("sockets_find")
async def find(lead: Lead, ctx: Any) -> Mapping[str, Any]:
    """Ask for the industry of a company."""
    if not lead.company:
        return {}
    said = (await ctx.http.get("https://api.example.com/company")).json()
    return {"industry": said["industry"]}


@strategy("sockets_first")
def first(_work: Work, free: Sequence[Candidate], _settings: Any) -> Choice:
    """Give it to the first who is there."""
    return Choice(free[0].name)


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
