"""The rooms of the dashboard in their order, and who may enter each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hub.api.access import REP, ROLES, Caller
from hub.web.tongue import N_


@dataclass(frozen=True, slots=True)
class Room:
    """A place in the navigation; `rep`: also for reps."""

    name: str
    path: str
    title: str
    role: str = "viewer"
    rep: bool = False


ROOMS = (
    Room("overview", "/", N_("Overview")),
    Room("leads", "/leads", N_("Leads")),
    Room("attention", "/attention", N_("Needs attention")),
    Room("response", "/response", N_("Response")),
    Room("mine", "/mine", N_("My leads"), rep=True),
    Room("pool", "/pool", N_("Pool"), rep=True),
    Room("campaigns", "/campaigns", N_("Campaigns")),
    Room("sources", "/sources", N_("Sources")),
    Room("sinks", "/sinks", N_("Sinks")),
    Room("rules", "/rules", N_("Rules"), role="admin"),
    Room("imports", "/imports", N_("Import"), role="admin"),
    Room("settings", "/settings", N_("Settings")),
)


def rooms_for(caller: Caller, path: str) -> list[dict[str, Any]]:
    """Return the rooms a caller may enter; the one the path lies in is `current`."""
    return [
        {"name": room.name, "path": room.path, "title": room.title, "current": _within(path, room.path)}
        for room in ROOMS
        if _open(room, caller.role)
    ]


def _open(room: Room, role: str) -> bool:
    return room.rep if role == REP else role in ROLES and ROLES.index(role) >= ROLES.index(room.role)


def _within(path: str, room: str) -> bool:
    return path == room or (room != "/" and path.startswith(f"{room}/"))
