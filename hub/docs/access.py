"""The page on who may call what: every route with every role, the rights of their own, and what is audited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from fastapi.routing import APIRoute

from hub.api.access import RIGHTS, ROLES, declared, flat
from hub.api.limits import RATES
from hub.app import Hub
from hub.docs.markdown import code, page, table
from hub.store.audit import KINDS

_ROLES = {
    "rep": "A user only, who is a member of a team: sees and moves their own leads, looks into the pools they may take "
    "leads out of, and says when they are away. Nothing else.",
    "viewer": "Reads, and cannot recognise anybody: e-mail addresses, phone numbers and names are shown in part, free "
    "text and unknown fields not at all.",
    "operator": "Reads everything, and does the daily work: replays, pauses, un-merges, settles.",
    "admin": "Also imports, exports whole tables, tries configurations, and reads the audit log.",
    "owner": "Also makes users and keys, and erases people. The key that `leadhub run` prints is one.",
    "source": "A key only: it may post to the address of its own source, and nothing else.",
}


def access_page() -> str:
    """Return docs/access.md."""
    from hub.web.app import create_app  # late, as in hub.cli.office

    app = create_app(cast(Hub, None))
    routes = [route for route in flat(app.routes) if isinstance(route, APIRoute)]
    calls = sorted((route.path, method, declared(route)[0]) for route in routes for method in route.methods or ())
    limits = [(what, f"{60 * rate:g}", f"{rate * saved:g}") for what, (rate, saved) in RATES.items()]
    return page(
        "access",
        roles=table(("role", "what it is for"), _coded(_ROLES)),
        rights=table(("right", "what it is for"), _coded(RIGHTS)),
        routes=table(("route", "rep", *ROLES, "right", "remark"), [_row(*call) for call in calls]),
        limits=table(("what", "a minute", "in one go"), limits),
        kinds=table(("entry", "what it says"), _coded(KINDS)),
    )


def _coded(words: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(code(name), said) for name, said in words.items()]


def _row(path: str, method: str, said: object) -> tuple[str, ...]:
    role, right, why = (getattr(said, name, None) for name in ("role", "right", "why"))
    least = ROLES.index(role) if role in ROLES else 0
    allowed = ["yes" if number >= least else "" for number in range(len(ROLES))]
    remark = f"Anybody. {why}" if role == "anybody" else why or ""
    rep = "" if not getattr(said, "rep", False) else "yes" if role == "anybody" else "own"
    return (code(f"{method} {path}"), rep, *allowed, code(right) if right else "", remark)
