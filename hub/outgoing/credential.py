"""Keeps an access token fresh: one request for it however many sends wait, and one refusal for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from hub.clock import Clock
from hub.errors import LeadhubError

MARGIN = 60.0  # seconds before its end from which a token is not used: a request takes time, and clocks differ


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; `base_url` where the vendor names the host to call with it.

    `refresh` is the refresh token that came with it, where the vendor gives a new one each time.
    """

    value: str
    expires_in: float = 1800.0
    base_url: str | None = None
    refresh: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A token in use: until when, and the newest refresh token the vendor gave."""

    token: Token
    until: datetime
    refresh: str | None = None


Ask = Callable[[str | None], Awaitable[Kept]]
"""Asks the vendor for a new token; takes the newest refresh token it gave, None before the first."""


class Keeper(Protocol):
    """Keeps one connector's token where other processes find it, and lets one of them ask for a new one."""

    async def current(self, refused: str | None, ask: Ask) -> Kept:
        """Return the token all processes use, or the one `ask` gets; never one of the value `refused`."""
        ...


class Credential:
    """Holds the token of one connector; with a keeper, the one that all processes use."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = asyncio.Lock()
        self._kept: Kept | None = None
        self._until = 0.0
        self._refused: str | None = None
        self._tries = 0
        self._error: LeadhubError | None = None
        self.refresh: str | None = None  # the newest refresh token the vendor gave
        self.keeper: Keeper | None = None

    def held(self) -> Token | None:
        """Return the token in use, None when a new one is needed."""
        return self._kept.token if self._kept is not None and self._clock.monotonic() < self._until else None

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
                kept = await self._new(ask)
            except LeadhubError as error:
                self._error = error
                raise
            finally:
                self._tries += 1
            self._kept, self.refresh, self._refused = kept, kept.refresh, None
            self._until = self._clock.monotonic() + max((kept.until - self._clock.now()).total_seconds(), 1.0)
            return kept.token

    async def _new(self, ask: Callable[[], Awaitable[Token]]) -> Kept:
        async def asked(refresh: str | None) -> Kept:
            self.refresh = refresh or self.refresh
            token = await ask()
            until = self._clock.now() + timedelta(seconds=max(token.expires_in - MARGIN, 1.0))
            return Kept(token, until, token.refresh or self.refresh)

        return await self.keeper.current(self._refused, asked) if self.keeper else await asked(None)

    def forget(self, token: Token) -> None:
        """Drop a token that was refused, unless another send has replaced it already."""
        if self._kept is not None and self._kept.token is token:
            self._kept, self._refused = None, token.value
