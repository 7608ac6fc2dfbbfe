"""Takes secrets out of what is shown: by their value wherever they stand, and by the name they stand behind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

MASK = "***"
SHORTEST = 4  # what is shorter stands in every other word

_NAMES = (
    r"[\w-]*(?:passwo?r?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|authorization|cookie"
    r"|credential|signature)[\w-]*"
)
_NAMED = re.compile(
    rf"""(?ix)\b({_NAMES}["']?\s*[=:]\s*) ("[^"]*"|'[^']*'|(?:bearer|basic)\s+[^\s,;&"']+|[^\s,;&"'}})\]]+)"""
)
_PROOF = re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}")
_NAME = re.compile(f"(?i){_NAMES}")

Secrets = Callable[[], Iterable[str]]


class Redaction:
    """Masks secrets; what is secret is asked for each time, because a reload brings other ones."""

    def __init__(self, secrets: Secrets = tuple) -> None:
        self.secrets = secrets
        self._known: tuple[str, ...] = ()
        self._values: re.Pattern[str] | None = None

    def text(self, said: str) -> str:
        """Return a text without secrets."""
        return self.values(_PROOF.sub(rf"\1 {MASK}", _NAMED.sub(rf"\1{MASK}", said)))

    def values(self, said: str) -> str:
        """Return a text without the values of the loaded secrets, however they are escaped in it."""
        known = tuple(self.secrets())
        if known != self._known:
            self._known, self._values = known, _pattern(known)
        return self._values.sub(MASK, said) if self._values else said

    def thing(self, value: Any) -> Any:
        """Return a value of a log line, or what is inside it, without what stands behind a secret's name."""
        if isinstance(value, Mapping):
            return {str(k): MASK if _NAME.fullmatch(str(k)) else self.thing(v) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.thing(one) for one in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.text(str(value))

    def field(self, name: str, value: Any) -> Any:
        """Return what a field of a log line holds, without secrets."""
        return MASK if _NAME.fullmatch(name) else self.thing(value)


def _pattern(secrets: Iterable[str]) -> re.Pattern[str] | None:
    forms = {form for secret in secrets for form in _forms(secret) if len(form) >= SHORTEST}
    return re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))) if forms else None


def _forms(secret: str) -> Iterable[str]:
    """Yield a secret as it is, and as it is written inside other texts, also twice; of several lines, each line."""
    for part in {secret, *secret.splitlines()}:
        once = {escape(part) for escape in _ESCAPES}
        yield from (part, *once, *(escape(form) for form in once for escape in _ESCAPES))


_ESCAPES: tuple[Callable[[str], str], ...] = (
    lambda text: repr(text)[1:-1],
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: quote(text, safe=""),
    quote,
)
