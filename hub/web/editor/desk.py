"""Pages of the room Rules: each shows the reader's draft, says what is not published, and keeps what was typed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.responses import Response

from hub import yamlfile
from hub.api import drafts
from hub.api.access import Caller
from hub.app import Hub, drafting
from hub.app.drafting import Draft
from hub.errors import ConfigError, LeadhubError
from hub.store import configs, users
from hub.web.entry import Elsewhere
from hub.web.site import show, told, tongue_of
from hub.web.tongue import N_

KEPT = N_("Kept in your draft. It counts once you publish it.")


@dataclass(frozen=True, slots=True)
class Desk:
    """One person at work on the configuration: their draft, and what it says."""

    hub: Hub
    caller: Caller
    draft: Draft
    data: Mapping[str, Any]

    def section(self, name: str) -> dict[str, Any]:
        """Return a section that is a mapping."""
        found = self.data.get(name)
        return found if isinstance(found, dict) else {}

    def flows(self) -> list[dict[str, Any]]:
        """Return the flows."""
        found = self.data.get("flows")
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


async def desk_of(hub: Hub, caller: Caller) -> Desk:
    """Return the desk of a person; where the draft cannot be read, they are sent to its text."""
    draft = await drafting.draft_of(hub, caller.id)
    try:
        data = yamlfile.loads(draft.text, drafting.NAME).data
    except ConfigError as error:
        raise Elsewhere("/rules/text") from error
    return Desk(hub, caller, draft, data if isinstance(data, dict) else {})


async def ruled(
    request: Request, template: str, desk: Desk, /, *, tab: str, status: int = 200, **data: Any
) -> Response:
    """Return a page of the room."""
    return await show(request, template, status=status, tab=tab, draft=await banner(desk), **data)


async def banner(desk: Desk) -> dict[str, Any]:
    """Return what every page of the room says of the draft, and of who else has one."""
    draft = desk.draft
    others = [
        {"name": await name_of(desk.hub, who), "at": at}
        for who, at in (await desk.hub.db.read(configs.others, desk.caller.id))[:3]
    ]
    return {
        "changes": draft.changes, "stale": draft.stale, "others": others, "changed_at": draft.changed_at,
        "trouble": drafting.trouble(desk.hub, draft.text) if draft.changes else None,
    }  # fmt: skip


async def name_of(hub: Hub, who: str) -> str:
    """Return what people call whoever has an id."""
    kind, _, id_ = who.partition(":")
    row = await hub.db.read(users.find, id_) if kind == "user" else None
    return str(row["name"]) if row else who


Wrong = dict[str, Any]
"""What is wrong: what it `says`, the `line`, the `key` and the path `at` which the setting stands."""
Again = Callable[[Wrong], Awaitable[Response]]
"""Shows a form anew, with what is wrong."""


def checking(request: Request) -> bool:
    """Return whether a form only asks what is wrong with it, as somebody types."""
    return "check" in request.query_params


async def kept(
    request: Request, desk: Desk, edit: Callable[[str], str], to: str, again: Again,
    name: Callable[[Wrong], Wrong] = dict,
) -> Response:  # fmt: skip
    """Keep an edit in the draft and go on; what makes the draft wrong is told on the form, by `again`.

    `name` finds the input that a mistake is about.
    """
    text, wrong = tried(desk, edit)
    if checking(request):
        return await show(request, "rules/typed.html", wrong=name(wrong) if wrong else None)
    if wrong is None:
        try:
            await drafts.change(desk.hub, desk.caller, lambda _: text)
        except LeadhubError as error:
            wrong = _wrong(error)
    return await again(name(wrong)) if wrong else told(to, tongue_of(request).say(KEPT))


def tried(desk: Desk, edit: Callable[[str], str]) -> tuple[str, Wrong | None]:
    """Return the changed text, and what is wrong with it that was not wrong before."""
    try:
        text = edit(desk.draft.text)
        drafting.allowed(desk.draft.base_text, text, drafts.person_of(desk.caller))
    except LeadhubError as error:
        return desk.draft.text, _wrong(error)
    wrong = drafting.trouble(desk.hub, text)
    before = drafting.trouble(desk.hub, desk.draft.text) if wrong else None
    return text, wrong if wrong and (before is None or before["says"] != wrong["says"]) else None


def _wrong(error: LeadhubError) -> Wrong:
    if isinstance(error, ConfigError):
        return {"says": error.bare, "line": error.line, "key": error.key, "at": list(error.at)}
    return {"says": str(error), "line": None, "key": None, "at": []}
