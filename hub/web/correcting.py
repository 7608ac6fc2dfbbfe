"""The form by which values are corrected by hand: what it shows, and what was changed in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hub.api import correcting as api
from hub.app import Hub
from hub.attention.reading import alike
from hub.attention.words import problems
from hub.corrections import FIELDS, OWN
from hub.labels import Language, label
from hub.lead import TOUCH_FIELDS
from hub.store.actors import called
from hub.web.tongue import N_, Tongue

GIVEN = "v."
"""How the names of the form's fields begin, before that of the field of the lead."""

_LONG = frozenset(("message", "notes", "need", "timeline", "authority"))


async def form_for(
    hub: Hub, submission: str, language: Language, *, typed: Mapping[str, str] | None = None, wrong: str = ""
) -> dict[str, Any]:
    """Return what the form of a submission shows: fields with problems first, the others by what they are of.

    `typed` is what was typed in a form that was not taken, and `wrong` says why.
    """
    found = await api.correctable(hub, submission)
    names = await hub.db.read(called, {one["by"] for one in found["fields"] if one["by"]})
    fields = [_field(one, names, typed or {}, language) for one in found["fields"]]
    rest = [one for one in fields if not one["says"] and not one["value"]]
    return {
        "submission": found["submission"], "readable": found["readable"], "wrong": wrong,
        "first": [one for one in fields if one["says"] or one["value"]],
        "rest": [one for one in rest if one["field"] not in TOUCH_FIELDS],
        "touch": [one for one in rest if one["field"] in TOUCH_FIELDS],
    }  # fmt: skip


def _field(
    one: Mapping[str, Any], names: Mapping[str, str], typed: Mapping[str, str], language: Language
) -> dict[str, Any]:
    shown = typed.get(GIVEN + one["field"], one["value"] or one["read"] or "")
    long, says = one["field"] in _LONG or "\n" in shown, [_says(problem, language) for problem in one["problems"]]
    return {**one, "shown": shown, "name": names.get(one["by"] or "", one["by"] or ""), "long": long, "says": says}


def _says(problem: Mapping[str, Any], language: Language) -> str:
    return problems([{"field": "", "code": problem["code"], "message": problem["message"]}], language).strip()


def changed(found: Iterable[Mapping[str, Any]], typed: Mapping[str, str]) -> dict[str, str | None]:
    """Return what a form asks for, by field: another value, or None to take a correction back."""
    asked: dict[str, str | None] = {}
    for one in found:
        said = typed.get(GIVEN + one["field"])
        if said is None or _plain(said) == _plain(one["value"] or one["read"] or ""):
            continue
        if _plain(said) not in ("", _plain(one["read"] or "")):
            asked[one["field"]] = said.strip()
        elif one["value"] is not None:
            asked[one["field"]] = None
    return asked


def _plain(text: str) -> str:
    """Return a text as it is compared: a browser may take line breaks out, or write them in another way."""
    return "".join(character for character in text if character.isprintable() and not character.isspace())


def for_all(about: Iterable[Mapping[str, Any]], tongue: Tongue) -> list[tuple[str, str]]:
    """Return the fields that can be corrected for a whole group, those that its problems are about first.

    Without such a one a person chooses, so that none is taken unseen.
    """
    language = tongue.language
    meant = [name for name in alike(about) if name not in OWN]
    said = {name: _about(name, about, language) for name in meant}
    rest = [(name, label(name, language)) for name in FIELDS if name not in OWN and name not in said]
    first = [] if said else [("", tongue.say(N_("Choose …")))]
    return [*first, *said.items(), *rest]


def _about(name: str, about: Iterable[Mapping[str, Any]], language: Language) -> str:
    """Return what a field is called, with what is wrong with it."""
    mine = [one for one in about if name in alike([one])]
    wrong = " ".join(_says(one, language) for one in mine)
    return f"{label(name, language)}{'：' if language == 'zh' else ': '}{wrong}"
