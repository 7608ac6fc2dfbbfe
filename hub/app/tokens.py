"""Access tokens that all nodes use: one node asks for a new one, and stores it encrypted before anybody uses it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from hub.clock import Clock
from hub.connector import Connector
from hub.errors import ConfigError, Conflict, LeadhubError, Misconfigured, Retry, brief
from hub.outgoing.caller import Caller
from hub.outgoing.credential import MARGIN, Ask, Kept, Token
from hub.settings.files import Secrets, secret_values
from hub.store import audit
from hub.store import tokens as store
from hub.store.audit import Actor
from hub.store.database import Database
from hub.store.tokens import Stored

if TYPE_CHECKING:
    from hub.app.hub import Hub

LEASE = timedelta(seconds=150)  # the longest a request for a token may take, and some
PATIENCE = 20.0  # seconds a send waits for another node's request, well within an attempt
LOOK_EVERY = 0.2
NOBODY_ELSE = 5.0  # seconds until a send is tried again after that

_GRANT = ("base_url", "token_url", "client_id", "account_id", "user", "username", "tenant")
_TROUBLE = {"retry": Retry, "misconfigured": Misconfigured}


def keep_tokens(hub: Hub) -> None:
    """Let the connectors of the plan in force keep their tokens in the database; without a key they stay in memory."""
    safe = open_safe(hub.plan.settings.hub.token_key, hub.plugins.secrets(hub.office.folder))
    if safe is None or not hub.office.roles:
        return
    for kind, connectors in (("source", hub.plan.sources), ("sink", hub.plan.sinks)):
        for name, connector in connectors.items():
            if isinstance(connector, Caller):
                keeper = DatabaseKeeper(place_of(kind, name, connector), safe, hub.db, hub.holder, hub.clock)
                connector.keep_token(keeper)


def place_of(kind: str, name: str, connector: Connector) -> Place:
    """Return where the token of a sink or source is kept."""
    return Place(f"{kind}:{name}", grant_of(connector))


def safe_of(hub: Hub) -> MultiFernet:
    """Return what encrypts stored tokens; raises ConfigError where there is no key, so that none can be stored."""
    safe = open_safe(hub.plan.settings.hub.token_key, hub.plugins.secrets(hub.office.folder))
    if safe is None:
        make = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
        raise ConfigError(
            f"There is no hub.token_key, so a refresh token cannot be kept. Make one with {make}, put it where secrets "
            'are, and name it: token_key: "${env:TOKEN_KEY}".'
        )
    return safe


async def put(hub: Hub, place: Place, token: Token) -> datetime:
    """Store a token that a person's consent gave, in place of the one before; return until when it is good."""
    safe, now = safe_of(hub), hub.clock.now()
    kept = Kept(token, now + timedelta(seconds=max(token.expires_in - MARGIN, 1.0)), token.refresh)
    stored = await hub.db.beside(store.load, place.name)
    if not await hub.db.beside(store.begin, place.name, stored.generation, hub.holder, now, now + LEASE):
        raise Retry(f"a node asks for a token of {place.name} right now; connect again in a few minutes")
    if not await hub.db.beside(store.keep, place.name, stored.generation, hub.holder, place.seal(kept, safe)):
        raise Retry(f"another node stored a token of {place.name} meanwhile; connect again")
    return kept.until


def open_safe(reference: str | None, secrets: Secrets) -> MultiFernet | None:
    """Return what encrypts with the key a reference stands for, or with the first of several; raises ConfigError."""
    if reference is None:
        return None
    try:
        return MultiFernet([Fernet(part.strip()) for part in (secrets(reference[2:-1]) or "").split(",")])
    except ValueError as error:
        said = f"hub: token_key: {reference} is not there, or no key. A key is 32 random bytes in base64"
        make = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
        raise ConfigError(f"{said}; make one with {make}. Several, newest first, are separated by commas.") from error


async def reseal(hub: Hub, by: Actor) -> dict[str, Any]:
    """Encrypt every stored token anew with the newest key, so that older ones may go; while the hub works."""
    if hub.plan.settings.hub.token_key is None:
        raise ConfigError("There is no hub.token_key, so no token is stored.")
    return await hub.db.write(_resealed, safe_of(hub), by, hub.clock.now())


def _resealed(safe: MultiFernet, by: Actor, at: datetime, *, session: Session) -> dict[str, Any]:
    done, closed = store.reseal(partial(_again, safe), session=session)
    audit.note("tokens.resealed", by=by, at=at, data={"tokens": done, "not_opened": len(closed)}, session=session)
    return {"resealed": done, "not_opened": closed}


def _again(safe: MultiFernet, sealed: bytes) -> bytes | None:
    try:
        return safe.rotate(sealed)
    except InvalidToken:
        return None


class Place:
    """Whose token it is; it is part of what is encrypted, so that no row can be put in another's place."""

    def __init__(self, name: str, grant: str) -> None:
        self.name, self.grant = name, grant

    def seal(self, kept: Kept, safe: MultiFernet) -> bytes:
        """Return a token, encrypted for this place."""
        token = kept.token
        said = {
            "for": self.name, "grant": self.grant, "value": token.value, "base_url": token.base_url,
            "until": kept.until.isoformat(), "refresh": kept.refresh,
        }  # fmt: skip
        return safe.encrypt(json.dumps(said).encode())

    def open(self, sealed: bytes | None, safe: MultiFernet) -> Kept | None:
        """Return the token that was sealed for this place; None when there is none, or another key or grant made it."""
        try:
            said: dict[str, Any] = json.loads(safe.decrypt(sealed or b""))
        except (InvalidToken, ValueError):
            return None
        if (said["for"], said["grant"]) != (self.name, self.grant):
            return None
        token = Token(said["value"], base_url=said["base_url"], refresh=said["refresh"])
        return Kept(token, datetime.fromisoformat(said["until"]), said["refresh"])


def grant_of(connector: Connector) -> str:
    """Return a digest of the settings that a token was got with; with others it is not used any more."""
    config = connector.config
    refresh = getattr(config, "refresh_token", None)
    secrets: Iterable[str] = secret_values(config) if refresh is None else (refresh.get_secret_value(),)
    named = [str(getattr(config, name, None)) for name in _GRANT]
    return hashlib.sha256("\0".join([connector.name, *named, *secrets]).encode()).hexdigest()


class DatabaseKeeper:
    """Keeps one connector's token in the database."""

    def __init__(self, place: Place, safe: MultiFernet, db: Database, holder: str, clock: Clock) -> None:
        self.place, self.safe, self.db, self.holder, self.clock = place, safe, db, holder, clock
        self._unstored: tuple[Stored, Kept] | None = None  # got: the vendor may have ended the one before

    async def current(self, refused: str | None, ask: Ask) -> Kept:
        """Return the token all nodes use, or the one `ask` gets; raises what `ask` raised, here or on another node."""
        try:
            return await self._current(refused, ask)
        except DBAPIError as error:
            raise Retry(f"the token cannot be shared: the database does not answer ({brief(error)})") from error

    async def _current(self, refused: str | None, ask: Ask) -> Kept:
        ends = self.clock.monotonic() + PATIENCE
        failures: int | None = None
        while True:
            if self._unstored is not None:
                return await self._keep(*self._unstored)
            stored = await self.db.beside(store.load, self.place.name)
            kept = self.place.open(stored.sealed, self.safe)
            now = self.clock.now()
            if kept is not None and kept.token.value != refused and kept.until > now:
                return kept
            if failures is not None and stored.failures != failures:
                raise _TROUBLE.get(stored.trouble or "", Retry)(stored.reason)
            failures = stored.failures
            if await self._begin(stored, now):
                return await self._ask(stored, kept, ask)
            if self.clock.monotonic() >= ends:
                raise Retry("another node asks for the token, and has none yet", after=NOBODY_ELSE)
            await self.clock.sleep(LOOK_EVERY)

    async def _begin(self, stored: Stored, now: datetime) -> bool:
        if stored.asked_until is not None and stored.asked_until >= now:
            return False
        try:
            args = (self.place.name, stored.generation, self.holder, now, now + LEASE)
            return await self.db.beside(store.begin, *args)
        except Conflict:
            return False

    async def _ask(self, stored: Stored, kept: Kept | None, ask: Ask) -> Kept:
        mine = (self.place.name, stored.generation, self.holder)
        try:
            new = await ask(kept.refresh if kept else None)
        except LeadhubError as error:
            trouble = "misconfigured" if isinstance(error, Misconfigured) else "retry"
            await self.db.beside(store.fail, *mine, trouble, error.reason)
            raise
        except BaseException:
            await self.db.beside(store.let_go, *mine)
            raise
        self._unstored = stored, new
        return await self._keep(stored, new)

    async def _keep(self, stored: Stored, new: Kept) -> Kept:
        """Store a token; only then may it be used."""
        mine = (self.place.name, stored.generation, self.holder)
        ours = await self.db.beside(store.keep, *mine, self.place.seal(new, self.safe))
        self._unstored = None
        if not ours:
            raise Retry("another node asked for a token too", after=1.0)
        return new
