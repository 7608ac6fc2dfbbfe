"""Forms of the room Rules: shown with what the draft says, read, checked as somebody types, and kept in the draft."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.responses import Response

from hub import draft as edits
from hub.web.editor import wording
from hub.web.editor.desk import Desk, Wrong, checking, kept
from hub.web.editor.faults import placed
from hub.web.editor.forms import Choices, Form, Pieces, acted, page_of, taken_form
from hub.web.site import tongue_of
from hub.yamlfile import Where

Page = Callable[[dict[str, Any], Wrong | None, str], Awaitable[Response]]
"""Shows a form with values, with what is wrong, and the list that is to have one more."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One form: what it asks, where its settings stand in the draft, and where people go once it is kept."""

    pieces: Pieces
    where: Where
    to: str
    write: Callable[[str, dict[str, Any]], str] | None = None  # else the settings are put where they stand


def act_of(form: Form) -> tuple[Form, str, bool]:
    """Return the form after the button that was pressed, the list that gets one more, and whether it is to be kept."""
    act = "".join(form.get("act", ()))[:200]
    more = act.removeprefix("more:") if act.startswith("more:") else ""
    lists = bool(more) or act.partition(":")[0] in ("up", "down", "drop")
    return acted(form, act), more, not lists


def pieces_of(
    request: Request, desk: Desk, pieces: Pieces, values: Mapping[str, Any], more: str = "", own: Choices | None = None
) -> list[dict[str, Any]]:
    """Return the pieces of a form as its page has them; `own` are options that only this form offers."""
    return page_of(pieces, values, {**wording.choices(desk, tongue_of(request)), **(own or {})}, more)


def namer(sheet: Sheet, new: Mapping[str, Any]) -> Callable[[Wrong], Wrong]:
    """Return what adds to a mistake the input that it is about, and its words."""

    def named(wrong: Wrong) -> Wrong:
        place = list(wrong.get("at") or ())
        inside = place[: len(sheet.where)] == list(sheet.where)
        return {**wrong, **(placed(sheet.pieces, new, place[len(sheet.where) :]) if inside else {})}

    return named


async def posted(
    request: Request, desk: Desk, sheet: Sheet, form: Form, old: Mapping[str, Any], page: Page
) -> Response:
    """Keep what was typed into a form; or show it anew, with one row more, in another order, or with what is wrong."""
    form, more, keeps = act_of(form)
    new = taken_form(sheet.pieces, form, old)
    if not keeps and not checking(request):
        return await page(new, None, more)
    write = sheet.write or (lambda text, values: edits.put(text, sheet.where, values))

    async def again(wrong: Wrong) -> Response:
        return await page(new, wrong, "")

    return await kept(request, desk, lambda text: write(text, new), sheet.to, again, namer(sheet, new))
