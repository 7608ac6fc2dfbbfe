"""Reps: all that hub.yaml names, their teams, and which user of the hub is which rep."""

from __future__ import annotations

from hub.settings import Settings


def members(settings: Settings) -> dict[str, frozenset[str]]:
    """Return the teams of every member, by name."""
    found: dict[str, set[str]] = {}
    for name, team in settings.teams.items():
        for member in team.members:
            found.setdefault(member.name, set()).add(name)
    return {name: frozenset(teams) for name, teams in found.items()}


def known(settings: Settings) -> frozenset[str]:
    """Return everybody who may be handed a lead: members, those who lead a team, those it falls back to."""
    others = {team.lead for team in settings.teams.values()}
    others |= {team.fallback.owner for team in settings.teams.values() if team.fallback}
    return frozenset(members(settings)) | {name for name in others if name}


def reps_of(settings: Settings, user: str, name: str) -> list[str]:
    """Return the reps that a user, known by id and by name, is; most are one, and some none."""
    mine = {user.casefold(), name.casefold()} - {""}
    every = (member for team in settings.teams.values() for member in team.members)
    return list(dict.fromkeys(one.name for one in every if (one.user or one.name).casefold() in mine))
