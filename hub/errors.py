"""The errors of leadhub, grouped by what happens next."""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Iterable


class LeadhubError(Exception):
    """Something went wrong in leadhub."""

    def __init__(self, reason: str | None = None) -> None:
        self.reason = reason or (type(self).__doc__ or "").strip()
        super().__init__(self.reason)


class Retry(LeadhubError):
    """The other side cannot take it now: try later, after `after` seconds when it said so."""

    def __init__(self, reason: str | None = None, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Unreached(Retry):
    """Nobody took the connection, so nothing was sent: refused, or no way to the host."""


class Unclear(LeadhubError):
    """It may have arrived: repeat only where the sink forgives a repeat or a search says it is not there."""


class Misconfigured(LeadhubError):
    """A person must fix the settings: the sink pauses, its leads wait, one alert goes out."""


class BadInput(LeadhubError):
    """What came in cannot be read; `status` is the HTTP status an API caller gets."""

    def __init__(self, reason: str | None = None, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


class Unverified(LeadhubError):
    """The sender did not prove who it is."""


class ConfigError(LeadhubError):
    """The configuration is wrong; the message names file, line and key, and what would be right.

    `bare` is the message without file and line, `at` the path of the setting, where it is known, such as
    ("teams", "north", "lead").
    """

    def __init__(
        self, reason: str, *, file: str | None = None, line: int | None = None, key: str | None = None,
        at: tuple[str | int, ...] = (),
    ) -> None:  # fmt: skip
        self.file, self.line, self.key, self.at, self.bare = file, line, key, at, reason
        where = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(f"{where}{reason}")


class UnsetSecret(ConfigError):
    """The configuration refers to a secret that is not there."""


class Broken(LeadhubError):
    """The database failed under us: nothing may be claimed any more, the process must end."""


class Conflict(LeadhubError):
    """Somebody else changed the same rows first: read again and redo."""


def suggest(wrong: str, known: Iterable[str]) -> str:
    """Return the sentence that offers what was probably meant, or all that is known."""
    names = sorted(known)
    close = difflib.get_close_matches(wrong, names, n=1, cutoff=0.6)
    if close:
        return f'Did you mean "{close[0]}"?'
    return f"Known: {', '.join(names[:40])}." if names else "None is defined."


def brief(error: BaseException) -> str:
    """Return what kind of error it is and where it was raised, for a log: never its words, which may hold a person."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    where = f" at {ours[-1].filename.rpartition('/')[2]}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{where}"
