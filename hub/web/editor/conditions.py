"""A condition as a form: rows to choose from, or the expression itself where it says more than rows can."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from hub.draft import apart
from hub.draft.conditions import BARE, LISTS, Condition, Row, Unwritable, written
from hub.web.editor.forms import Form
from hub.web.editor.kinds import split
from hub.web.editor.wording import field_for, field_of

_BETWEEN = re.compile(r"[,，、;；\n]")
MOST_ROWS = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form says: the expression (None: every lead), or what is wrong with which row, and what was typed."""

    expression: str | None
    form: dict[str, Any]
    error: str = ""


def shown(expression: str | None) -> dict[str, Any]:
    """Return a condition as its form shows it."""
    if expression is None:
        return {"mode": "rows", "join": "all", "rows": [], "text": "", "splits": True}
    condition = apart.read(expression)
    if condition is None or not _splits(condition):
        return {"mode": "text", "join": "all", "rows": [], "text": expression, "splits": False}
    rows = [
        {
            "field": field_of(row.field, row.operator),
            "operator": row.operator,
            "value": ", ".join(row.values),
            "error": "",
        }
        for row in condition.rows
    ]
    return {"mode": "rows", "join": condition.join, "rows": rows, "text": expression, "splits": True}


def _splits(condition: Condition) -> bool:
    """Return whether lists can be typed with commas between: none of their texts holds one."""
    return not any(
        row.operator in LISTS and any(_BETWEEN.search(value) or value != value.strip() for value in row.values)
        for row in condition.rows
    )


def asked(form: Form) -> Asked:
    """Return what was typed and which button was pressed: rows more, rows less, the other way of writing."""
    act = "".join(form.get("act", ()))[-20:]
    if "".join(form.get("c.mode", ())) == "text":
        text = "".join(form.get("c.text", ())).replace("\r\n", "\n").strip()
        state = {"mode": "text", "join": "all", "rows": [], "text": text, "splits": apart.read(text) is not None}
        if act == "rows":
            state = shown(text or None)
        return Asked(text or None, state)
    return _rows_asked(form, act)


def _rows_asked(form: Form, act: str) -> Asked:
    rows = []
    for number in range(MOST_ROWS):
        field, operator, value = (
            "".join(form.get(f"c.{number}.{part}", ())) for part in ("field", "operator", "value")
        )
        if field and act != f"drop:{number}":
            rows.append({"field": field, "operator": operator, "value": value, "error": ""})
    join = "any" if "".join(form.get("c.join", ())) == "any" else "all"
    if act == "more":
        rows.append({"field": "", "operator": "is", "value": "", "error": ""})
    state: dict[str, Any] = {"mode": "rows", "join": join, "rows": rows, "text": "", "splits": True}
    whole = [row for row in rows if row["field"]]
    try:
        expression = written(Condition(tuple(map(_row, whole)), "any" if join == "any" else "all")) or None
    except Unwritable as error:
        whole[error.row]["error"] = error.reason
        return Asked(None, state, error.reason)
    if act == "text":
        state = {**state, "mode": "text", "text": expression or ""}
    return Asked(expression, state)


def _row(row: dict[str, Any]) -> Row:
    operator, value = row["operator"], row["value"].strip()
    values = () if operator in BARE else tuple(split(value)) if operator in LISTS else (value,)
    return Row(field_for(row["field"], operator), operator, values)
