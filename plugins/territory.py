"""territory: gives a lead to the reps who are there for its country, language or industry, in turn among them."""

from collections.abc import Iterable, Sequence
from typing import Any

from hub import Assignment, Lead, Work, hookimpl, strategy


@strategy("territory")
def territory(work: Work, ctx: Any, team: str, settings: Any) -> Assignment:
    """Ask those whose `takes` fits the lead, then those who take anything, then everybody; in turn within each."""
    in_turn = ctx.registry.strategy("round_robin").run
    told: dict[str, Any] = {}
    owner = None
    for group in _groups(work.lead, settings.members):
        found: Assignment = in_turn(work, ctx, team, settings.model_copy(update={"members": group}))
        told |= {entry["name"]: entry for entry in found.considered}
        owner = found.owner
        if owner:
            break
    other = "another territory, or somebody nearer is free"
    considered = [told.get(member.name) or {"name": member.name, "reason": other} for member in settings.members]
    return Assignment(team, owner, "territory", tuple(considered))


def _groups(lead: Lead, members: Sequence[Any]) -> tuple[tuple[Any, ...], ...]:
    """Return the members in the order they are asked: specialists for this lead, those for anything, the rest."""
    fit = tuple(member for member in members if member.takes and _fits(lead, member))
    anything = tuple(member for member in members if not member.takes)
    return fit, anything, tuple(member for member in members if member not in fit and member not in anything)


def _fits(lead: Lead, member: Any) -> bool:
    return all(_has(lead, field, wanted) for field, wanted in member.takes.items())


def _has(lead: Lead, field: str, wanted: Sequence[str]) -> bool:
    """Return whether a field, or an extra one, has one of the wanted values; `zh` also fits `zh-Hans`."""
    held = str(getattr(lead, field, None) or lead.extra.get(field) or "").casefold()
    return any(held == one.casefold() or held.startswith(f"{one.casefold()}-") for one in wanted)


@hookimpl
def hub_register() -> Iterable[Any]:
    yield territory
