"""Forms of settings: what a part of hub.yaml looks like in inputs, and what was typed as a part of hub.yaml."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.web.editor.kinds import CHOSEN, SEVERAL, read, shown

Form = Mapping[str, Sequence[str]]
Choices = Mapping[str, Sequence[tuple[str, str]]]
"""Sets of options by their name: what is written, and what people read."""


@dataclass(frozen=True, slots=True)
class Input:
    """One setting: where it stands, what people call it, how it is typed.

    `kind` is one of `kinds`; `default` what counts where nothing is written, and then is not written either;
    `preset` what a new one begins with, and is always written.
    """

    path: str
    words: str
    kind: str = "text"
    hint: str = ""
    options: str = ""
    default: Any = None
    preset: Any = None


@dataclass(frozen=True, slots=True)
class Fields:
    """Inputs that stand together; `folded` away until somebody asks for them."""

    inputs: tuple[Input, ...]
    words: str = ""
    hint: str = ""
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Inset:
    """Settings that are there as a whole or not: once anything is typed, or where it has a `switch`, once that is on.

    With a switch, `true` stands for all its defaults.
    """

    path: str
    words: str
    inputs: tuple[Input, ...]
    hint: str = ""
    switch: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of settings that are alike; a row in which nothing is typed is none.

    `keyed`: they are a mapping, and `key` is the input with their names; `default` what counts where none is written.
    """

    path: str
    words: str
    key: str
    inputs: tuple[Input, ...]
    hint: str = ""
    keyed: bool = False
    default: tuple[Mapping[str, Any], ...] = ()


Piece = Fields | Inset | Rows
Pieces = tuple[Piece, ...]


def at(values: Any, path: str) -> Any:
    """Return the setting at a path such as `nurture.to`."""
    for part in path.split("."):
        values = values.get(part) if isinstance(values, Mapping) else None
    return values


def put(values: dict[str, Any], path: str, value: Any) -> None:
    """Put a setting at a path, or take it out where it is None; what holds nothing any more goes with it."""
    first, _, rest = path.partition(".")
    if rest:
        inner = values.get(first)
        inner = values[first] = inner if isinstance(inner, dict) else {}
        put(inner, rest, value)
        if not inner:
            del values[first]
    elif value is None:
        values.pop(first, None)
    else:
        values[first] = value


def page_of(
    pieces: Sequence[Piece], values: Mapping[str, Any], choices: Choices, more: str = ""
) -> list[dict[str, Any]]:
    """Return the pieces of a form as a page has them; `more` is the path of the list that is to have one more."""
    found = []
    for one in pieces:
        if isinstance(one, Rows):
            found.append(rowset(one, values, choices, more))
        elif isinstance(one, Fields):
            said = {"kind": "fields", "words": one.words, "hint": one.hint, "folded": one.folded}
            found.append({**said, "fields": fields(one.inputs, values, choices, more=more)})
        else:
            found.append(_inset(one, values, choices, more))
    return found


def _inset(one: Inset, values: Mapping[str, Any], choices: Choices, more: str) -> dict[str, Any]:
    held = at(values, one.path)
    inner = held if isinstance(held, Mapping) else {}
    return {
        "kind": "inset", "path": one.path, "words": one.words, "hint": one.hint, "switch": one.switch,
        "there": held not in (None, False), "fields": fields(one.inputs, inner, choices, f"{one.path}.", more),
    }  # fmt: skip


def fields(
    inputs: Sequence[Input], values: Mapping[str, Any], choices: Choices, prefix: str = "", more: str = ""
) -> list[dict[str, Any]]:
    """Return the inputs as a page has them, with what the settings say."""
    found = []
    for one in inputs:
        value = at(values, one.path)
        value = shown((one.default if one.preset is None else one.preset) if value is None else value, one.kind)
        options = [list(pair) for pair in choices.get(one.options, ())]
        known = [pair[0] for pair in options]
        options += [[said, said] for said in (value if one.kind in SEVERAL else [value]) if said not in known]
        if one.kind == "ordered" and (more == prefix + one.path or not value):
            value = [*value, ""]
        found.append(
            {"name": f"{prefix}{one.path}", "words": one.words, "kind": one.kind, "hint": one.hint, "value": value,
             "options": options if one.kind in (*CHOSEN, *SEVERAL) else []}
        )  # fmt: skip
    return found


def rowset(one: Rows, values: Mapping[str, Any], choices: Choices, more: str = "") -> dict[str, Any]:
    """Return a list as a page has it, with an empty row at its end where one is asked for, or it is empty."""
    items = items_of(one, values)
    blank: list[Mapping[str, Any]] = [{}] if more == one.path or not items else []
    sets = [
        {"number": number, "was": number if number < len(items) else "", "new": number >= len(items),
         "title": str(item.get(one.key) or ""), "brief": _brief(one, item, choices),
         "fields": fields(one.inputs, item, choices, f"{one.path}.{number}.", more)}
        for number, item in enumerate([*items, *blank])
    ]  # fmt: skip
    return {"kind": "rows", "path": one.path, "words": one.words, "hint": one.hint, "key": one.key, "rows": sets}


def _brief(one: Rows, item: Mapping[str, Any], choices: Choices) -> list[list[Any]]:
    """Return what a row says beside its name: words, and what was chosen or typed; true or false of a box."""
    found: list[list[Any]] = []
    for put_in in one.inputs:
        value = at(item, put_in.path)
        if value in (None, [], {}, "") or put_in.path == one.key:
            continue
        words = dict(choices.get(put_in.options, ()))
        said = shown(value, put_in.kind)
        if isinstance(said, list):
            said = ", ".join(str(words.get(name, name)) for name in said)
        found.append([put_in.words, words.get(said, said) if isinstance(said, str) else said])
    return found


def items_of(one: Rows, values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the items of a list as mappings: of a keyed one with its names, of a plain text under its key."""
    held = at(values, one.path)
    if held is None:
        return list(one.default)
    if one.keyed:
        pairs = held.items() if isinstance(held, Mapping) else ()
        return [{one.key: key, **(item if isinstance(item, Mapping) else {})} for key, item in pairs]
    items = held if isinstance(held, list) else []
    return [item if isinstance(item, Mapping) else {one.key: item} for item in items]


def taken_form(pieces: Sequence[Piece], form: Form, old: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with what was typed into all pieces of a form; what has no input stays."""
    new = copy.deepcopy(dict(old))
    for one in pieces:
        if isinstance(one, Fields):
            new = taken(one.inputs, form, new)
        elif isinstance(one, Inset):
            put(new, one.path, _inset_taken(one, form, at(old, one.path)))
        else:
            put(new, one.path, _rows_taken(one, form, old))
    return new


def _inset_taken(one: Inset, form: Form, before: Any) -> Any:
    inner = before if isinstance(before, Mapping) else {}
    new = taken(one.inputs, form, inner, f"{one.path}.")
    if one.switch:
        on = "".join(form.get(f"{one.path}.on", ())) == "yes"
        same = new == inner and before not in (None, False)
        return None if not on else before if same else new or True
    return None if not new or "".join(form.get(f"{one.path}.gone", ())) == "yes" else new


def _rows_taken(one: Rows, form: Form, old: Mapping[str, Any]) -> Any:
    """Return a list or mapping with what was typed into its rows; None where there are none and none were written."""
    before = items_of(one, old)
    rows = taken_rows(one, form, before)
    written = at(old, one.path)
    if rows == [dict(item) for item in before]:
        return written
    if not rows and not one.default:
        return None
    if one.keyed:
        return dict(_named(one, rows))
    plain = [item for item in written or () if isinstance(item, str)] if isinstance(written, list) else []
    return [row[one.key] if set(row) == {one.key} and row[one.key] in plain else row for row in rows]


def _named(one: Rows, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield rows by their names; a name that is there twice is made another, so that both are kept and one refused."""
    names: list[str] = []
    for row in rows:
        name = str(row.get(one.key) or "?")
        names.append(name if name not in names else f"{name} ({names.count(name) + 1})")
        yield names[-1], {key: value for key, value in row.items() if key != one.key}


def taken(inputs: Sequence[Input], form: Form, old: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the settings with what was typed; what has no input stays, and a default is written only where it was."""
    values = copy.deepcopy(dict(old))
    for one in inputs:
        given, before = form.get(prefix + one.path, ()), at(old, one.path)
        value = _read(one, given, before)
        if before is not None and (shown(value, one.kind) == shown(before, one.kind) or _as_it_was(one, given, before)):
            continue  # in whatever way it is written
        put(values, one.path, None if before is None and value == _plain(one.default) else value)
    return values


def _read(one: Input, given: Sequence[str], before: Any) -> Any:
    value = read(one.kind, given)
    if one.kind in SEVERAL and one.default and value is None:
        return [] if given else before  # nothing is chosen; or nobody asked
    return _in_order(value, before if isinstance(before, list) else one.default) if one.kind == "many" else value


def _as_it_was(one: Input, given: Sequence[str], before: Any) -> bool:
    return bool(given) and given[-1].replace("\r\n", "\n") == shown(before, one.kind)


def _in_order(value: list[str] | None, before: Any) -> list[str] | None:
    """Return what is ticked in the order in which it stood."""
    known = [str(name) for name in before or ()]
    return value and [name for name in known if name in value] + [name for name in value if name not in known]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def acted(form: Form, act: str) -> Form:
    """Return a form after a button beside one of several names was pressed: up:PATH:2, down:PATH:2 or drop:PATH:2."""
    verb, _, rest = act.partition(":")
    path, _, which = rest.rpartition(":")
    names = list(form.get(path, ()))
    if verb not in ("up", "down", "drop") or not which.isdigit() or int(which) >= len(names):
        return form
    number = int(which)
    name = names.pop(number)
    if verb != "drop":
        names.insert(max(0, number - 1) if verb == "up" else number + 1, name)
    return {**form, path: names}


def taken_rows(rows: Rows, form: Form, old: Sequence[Any]) -> list[dict[str, Any]]:
    """Return a list with what was typed into its rows; a row in which nothing stands, or that was marked, is gone."""
    named = re.compile(rf"{re.escape(rows.path)}\.([0-9]{{1,4}})\.")
    numbers = sorted({int(held[1]) for name in form if (held := named.match(name))})
    blank = {one.path: one.preset for one in rows.inputs if one.preset is not None}
    found = []
    for number in numbers:
        prefix = f"{rows.path}.{number}."
        was = "".join(form.get(f"{prefix}was", ()))
        before = old[int(was)] if was.isdigit() and int(was) < len(old) else {}
        row = taken(rows.inputs, form, before if isinstance(before, Mapping) else {}, prefix)
        if row not in ({}, blank) and "".join(form.get(f"{prefix}gone", ())) != "yes":
            found.append(row)
    return found
