"""A mapping as a person chooses it, column by column: what goes where now, and the text of what was chosen."""

from __future__ import annotations

import json
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from typing import Any

import yaml

from hub.mapping.files import TARGETS, Mapping
from hub.mapping.getters import getter

_MARK = "x"


def goes(mapping: Mapping, columns: Sequence[tuple[str, Any]]) -> dict[str, str]:
    """Return the field that each column (a path, and a value that stands in it) goes to; "" for none: it is kept."""
    return {column: _field_of(mapping, column, value) for column, value in columns}


def _field_of(mapping: Mapping, column: str, value: Any) -> str:
    """Look by itself where a column goes: the mapping's own code says it, whatever form the mapping has."""
    constants = {pick.field for pick in mapping.plan.others if not pick.getters}
    said = value if value not in (None, "") else _MARK
    for data in ({column: said}, _nested(column.split("."), said)):
        found = [field for field in mapping.apply(data).fields if field not in constants]
        if found:
            return found[0]
    return ""


def _nested(keys: Sequence[str], value: Any) -> dict[str, Any]:
    return {keys[0]: _nested(keys[1:], value) if len(keys) > 1 else value}


def written(mapping: Mapping, chosen: Dict[str, str], title: str) -> str:
    """Return the text of a mapping that puts each column where it was chosen to go; columns of "" are kept as extra.

    What a field went through before (`with:`) it goes through still, and constants stay. Of several columns for one
    field the first that holds something is taken.
    """
    functions = {pick.field: [name for name, _ in pick.functions] for pick in mapping.plan.others if pick.functions}
    fields: dict[str, Any] = {pick.field: {"const": pick.constant} for pick in mapping.plan.others if not pick.getters}
    for target in (name for name in TARGETS if name in chosen.values()):
        paths = [path_of(column) for column, field in chosen.items() if field == target]
        through = functions.get(target)
        if len(paths) == 1 and not through:
            fields[target] = paths[0]
            continue
        form: dict[str, Any] = {"from": paths[0]} if len(paths) == 1 else {"first_of": paths}
        fields[target] = {**form, "with": through} if through else form
    body = yaml.safe_dump({"fields": fields}, allow_unicode=True, sort_keys=False, width=1000)
    return f"# {' '.join(title.split())}\n{body}"


def path_of(column: str) -> str:
    """Return the path that means a column of that name and nothing else."""
    try:
        if getter(column)({column: _MARK})[0] == _MARK:
            return column
    except ValueError:
        pass
    return json.dumps(column, ensure_ascii=False)
