"""Takes a rule apart where `&&` and `||` join it, so that each part can be looked at by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from hub.errors import ConfigError
from hub.rules.syntax import Token, tokens
from hub.rules.words import chained, closing


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a rule: its own text, and what `sign` (&& or ||) joins in it; a part without a sign has no parts."""

    text: str
    sign: str = ""
    parts: tuple[Part, ...] = ()

    def leaves(self) -> Iterator[Part]:
        """Yield the parts that are not joined of others."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


@lru_cache(maxsize=1024)
def apart(expression: str) -> Part:
    """Return a rule with its parts; one that cannot be read is one part."""
    try:
        read = tokens(expression)
    except ConfigError:
        return Part(expression)
    return _part(expression, read) if read else Part(expression)


def _part(expression: str, read: Sequence[Token]) -> Part:
    text = expression[read[0].start : read[-1].end]
    for sign in ("||", "&&"):
        parts = chained(read, sign)
        if len(parts) > 1 and all(parts):
            return Part(text, sign, tuple(_part(expression, part) for part in parts))
    if len(read) > 2 and read[0].text == "(" and closing(read, 0) == len(read) - 1:
        return _part(expression, read[1:-1])
    return Part(text)
