"""Keeps an access token fresh: one request for it however many sends wait, and one refusal for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hub.clock import Clock
from hub.errors import LeadhubError

MARGIN = 60.0  # seconds before its end from which a token is not used: a request takes time, and clocks differ


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; `base_url` where the vendor names the host to call with it."""

    value: str
    expires_in: float = 1800.0
    base_url: str | None = None


class Credential:
    """Holds the token of one sink."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._until = 0.0
        self._tries = 0
        self._error: LeadhubError | None = None

    def held(self) -> Token | None:
        """Return the token in use, None when a new one is needed."""
        return self._token if self._token is not None and self._clock.monotonic() < self._until else None

    async def current(self, ask: Callable[[], Awaitable[Token]]) -> Token:
        """Return the token in use, or the one `ask` gets; raises what `ask` raises."""
        tries = self._tries
        async with self._lock:
            held = self.held()
            if held is not None:
                return held
            if self._error is not None and self._tries != tries:
                raise self._error  # refused while this one waited: fifty refusals in a row would lock the account
            self._error = None
            try:
                self._token = await ask()
            except LeadhubError as error:
                self._error = error
                raise
            finally:
                self._tries += 1
            self._until = self._clock.monotonic() + max(self._token.expires_in - MARGIN, 1.0)
            return self._token

    def forget(self, token: Token) -> None:
        """Drop a token that was refused, unless another send has replaced it already."""
        if self._token is token:
            self._token = None
