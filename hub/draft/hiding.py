"""Hides secrets that somebody wrote into hub.yaml itself, and puts them back where nobody changed them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hub import yamlfile
from hub.draft.edit import put_all
from hub.draft.tree import found_at
from hub.errors import ConfigError
from hub.yamlfile import Where

HIDDEN = "••••••"
"""What stands in the place of a secret; written back, it means the one that is there."""


def hide(text: str, places: Iterable[Where]) -> str:
    """Return the text with the secrets at these places hidden; references to secrets stay. Not YAML: as it is."""
    try:
        data = yamlfile.loads(text, "hub.yaml").data
    except ConfigError:
        return text
    found = ((place, found_at(data, place)) for place in places)
    secret = [place for place, value in found if isinstance(value, str) and value and not value.startswith("${")]
    return put_all(text, dict.fromkeys(secret, HIDDEN))


def unhide(text: str, original: str) -> str:
    """Return the text with what is hidden in it put back from the original; raises ConfigError where nothing was."""
    if HIDDEN not in text:
        return text
    data, before = (yamlfile.loads(one, "hub.yaml").data for one in (text, original))
    values: dict[Where, Any] = {}
    for place in _hidden(data, ()):
        value = found_at(before, place)
        if value is None or value == HIDDEN:
            said = ".".join(map(str, place))
            raise ConfigError(f"{said} is hidden, and there is nothing to put back. Write ${{file:secrets/NAME}}.")
        values[place] = value
    return put_all(text, values)


def _hidden(data: Any, where: Where) -> Iterator[Where]:
    if data == HIDDEN:
        yield where
    parts = data.items() if isinstance(data, Mapping) else enumerate(data) if isinstance(data, list) else ()
    for key, value in parts:
        yield from _hidden(value, (*where, key))
