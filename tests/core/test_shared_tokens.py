"""Access tokens that several nodes use: one of them asks for a new one, and it is stored before anybody uses it."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qs

import httpx
import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet, MultiFernet
from pydantic import Field, SecretStr

from hub.app.tokens import LEASE, NOBODY_ELSE, Place, open_safe
from hub.errors import ConfigError
from hub.http import Request, Response
from hub.lead import Lead
from hub.outgoing.credential import Kept, Token
from hub.sink import HttpSink
from hub.store import tokens as store
from hub.store.columns import TOKEN
from hub.testing.fakes import START
from tests.conftest import MakeHub, post, settled, until
from tests.core.inputs import one_sink, person
from tests.core.looking import all_rows
from tests.core.together import OnPostgres

KEY = Fernet.generate_key().decode()


class Rotating(HttpSink):
    """A sink whose vendor gives a new refresh token with each access token."""

    name = "rotating"
    title = "Rotating"
    docs_url = "https://vendor.example/docs"
    rate = None
    repeatable = True
    concurrency = 25

    class Config(HttpSink.Config):
        base_url: str = Field("https://vendor.example", description="Address.")
        client_id: str = Field("me", description="Client.")
        refresh_token: SecretStr = Field(description="First refresh token.")

    config: Config

    def token_request(self) -> Request:
        """Trade the newest refresh token."""
        refresh = self.refresh_token or self.config.refresh_token.get_secret_value()
        return Request("POST", "/token", form={"grant_type": "refresh_token", "refresh_token": refresh})

    def token(self, response: Response) -> Token:
        """Read both tokens."""
        said = response.json()
        return Token(said["access_token"], said["expires_in"], refresh=said["refresh_token"])

    def request(self, lead: Lead) -> Request:
        """Send the id."""
        return Request("POST", "/leads", json={"id": lead.id})


class Vendor:
    """An OAuth vendor that rotates: a refresh token that is used twice ends everything it ever gave."""

    def __init__(self) -> None:
        self.refresh, self.access = "refresh-0", ""
        self.refreshes = self.refused = self.taken = 0
        self.locked = False
        self.go = asyncio.Event()
        self.go.set()
        self.asked_with: list[str] = []
        self.held_when_used: list[str] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        return await self._token(request) if request.url.path == "/token" else self._lead(request)

    async def _token(self, request: httpx.Request) -> httpx.Response:
        (refresh,) = parse_qs(request.content.decode())["refresh_token"]
        self.asked_with.append(refresh)
        await self.go.wait()
        self.locked = self.locked or refresh != self.refresh
        if self.locked:
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.refreshes += 1
        self.refresh, self.access = f"refresh-{self.refreshes}", f"access-{self.refreshes}"
        said = {"access_token": self.access, "refresh_token": self.refresh, "expires_in": 3600}
        return httpx.Response(200, json=said)

    def _lead(self, request: httpx.Request) -> httpx.Response:
        good = bool(self.access) and request.headers["authorization"] == f"Bearer {self.access}" and not self.locked
        self.taken, self.refused = self.taken + good, self.refused + (not good)
        return httpx.Response(201 if good else 401, json={"id": json.loads(request.content)["id"]})

    def expire(self) -> None:
        """End the access token, as a vendor may at any time."""
        self.access = "nobody-knows-it"


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    """Set the key as an operator does: in the environment."""
    monkeypatch.setenv("TOKEN_KEY", KEY)
    return KEY


WITH_KEY = 'hub: {token_key: "${env:TOKEN_KEY}", '
KEPT = one_sink("rotating", refresh_token="refresh-0").replace("hub: {", WITH_KEY)
IN_MEMORY = one_sink("rotating", refresh_token="refresh-0")


async def start(make_hub: MakeHub, vendor: Vendor, config: str = KEPT):
    return await make_hub(config, things=[Rotating], transport=httpx.MockTransport(vendor))


class TestOnPostgres(OnPostgres):
    """What takes two processes on one database."""

    async def test_fifty_sends_of_two_nodes_that_are_all_refused_ask_for_one_token(self, make_hub, vendor, clock):
        one, other = await start(make_hub, vendor), await start(make_hub, vendor)
        for number, hub in enumerate((one, other)):
            await post(hub, person(number))
            await settled(hub)
        assert vendor.refreshes == 1  # the second node took what the first had stored
        vendor.expire()
        vendor.go.clear()
        leads = [post((one, other)[number % 2], person(100 + number)) for number in range(50)]
        await asyncio.gather(*leads)
        await until(lambda: vendor.refused == 50)
        vendor.go.set()
        for hub in (one, other, one, other):
            await settled(hub)
            clock.turn(NOBODY_ELSE + 1)  # for a send that waited so long that it was put off
        assert (vendor.refreshes, vendor.locked, vendor.taken) == (2, False, 52)
        assert vendor.asked_with == ["refresh-0", "refresh-1"]
        assert {row["state"] for row in await all_rows(one, "delivery")} == {"sent"}

    async def test_nodes_that_wait_hear_of_a_refusal_and_do_not_ask_too(self, make_hub: MakeHub, vendor, clock):
        one, other = await start(make_hub, vendor), await start(make_hub, vendor)
        vendor.locked = True
        vendor.go.clear()
        await asyncio.gather(*(post((one, other)[number % 2], person(number)) for number in range(10)))
        await until(lambda: vendor.asked_with)
        await until(lambda: clock.monotonic() > 1)  # only a send that waits for the other node's token turns it
        vendor.go.set()
        await until(lambda: not any(hub.dispatcher.lanes["crm"].held for hub in (one, other)))
        assert vendor.asked_with == ["refresh-0"]
        for hub in (one, other):
            assert "no token" in hub.dispatcher.lanes["crm"].gate.paused

    async def test_a_node_that_died_while_it_asked_is_not_waited_for_for_ever(self, make_hub: MakeHub, vendor, clock):
        one, other = await start(make_hub, vendor), await start(make_hub, vendor)
        now = clock.now()
        assert await one.db.beside(store.begin, "sink:crm", 0, "dead", now, now + LEASE)
        await post(other, person(1))
        await settled(other)
        assert vendor.refreshes == 0
        clock.turn(LEASE.total_seconds())
        await settled(other)
        assert (vendor.refreshes, vendor.taken) == (1, 1)

    async def test_without_a_key_each_node_asks_for_itself_and_nothing_is_stored(self, make_hub: MakeHub, vendor):
        hub = await start(make_hub, vendor, IN_MEMORY)
        await post(hub, person(1))
        await settled(hub)
        assert vendor.taken == 1
        assert await all_rows(hub, "access_token") == []


async def test_a_rotated_refresh_token_outlasts_the_process(make_hub: MakeHub, vendor, clock):
    hub = await start(make_hub, vendor)
    await post(hub, person(1))
    await settled(hub)
    await make_hub.stop(hub)
    clock.turn(4000)
    hub = await start(make_hub, vendor)
    await post(hub, person(2))
    await settled(hub)
    assert (vendor.asked_with, vendor.taken) == (["refresh-0", "refresh-1"], 2)


async def test_a_token_that_is_still_good_is_not_asked_for_again_by_the_next_process(make_hub: MakeHub, vendor):
    for number in range(2):
        hub = await start(make_hub, vendor)
        await post(hub, person(number))
        await settled(hub)
        await make_hub.stop(hub)
    assert (vendor.refreshes, vendor.taken) == (1, 2)


async def test_a_token_is_stored_before_it_is_used(make_hub: MakeHub, vendor):
    hub = await start(make_hub, vendor)
    await hub.db.write(rename, "access_token", "away")
    await post(hub, person(1))
    await until(lambda: not hub.dispatcher.lanes["crm"].held)
    assert (vendor.taken, vendor.refused) == (0, 0)
    await hub.db.write(rename, "away", "access_token")


async def test_nothing_of_a_token_can_be_read_in_the_database(make_hub: MakeHub, vendor):
    hub = await start(make_hub, vendor)
    await post(hub, person(1))
    await settled(hub)
    (row,) = await all_rows(hub, "access_token")
    said = repr(row)
    assert "access-1" not in said
    assert "refresh-1" not in said
    assert b"access-1" in MultiFernet([Fernet(KEY)]).decrypt(row["sealed"])


async def test_a_row_put_in_the_place_of_another_is_not_used(make_hub: MakeHub, vendor):
    hub = await start(make_hub, vendor)
    foreign = Place("sink:other", "grant").seal(kept("stolen"), open_it())
    await hub.db.write(put, "sink:crm", foreign)
    await post(hub, person(1))
    await settled(hub)
    assert (vendor.refreshes, vendor.taken, vendor.refused) == (1, 1, 0)


async def test_a_new_grant_in_the_settings_replaces_what_was_stored(make_hub: MakeHub, vendor):
    hub = await start(make_hub, vendor)
    await post(hub, person(1))
    await settled(hub)
    await make_hub.stop(hub)
    vendor.refresh = "given-anew"
    hub = await start(make_hub, vendor, KEPT.replace("refresh-0", "given-anew"))
    await post(hub, person(2))
    await settled(hub)
    assert (vendor.asked_with, vendor.taken) == (["refresh-0", "given-anew"], 2)


def kept(value: str) -> Kept:
    return Kept(Token(value), START, "r")


def open_it(key: str = KEY) -> MultiFernet:
    safe = open_safe("${env:K}", lambda reference: key)
    assert safe is not None
    return safe


def test_a_sealed_token_opens_only_for_its_own_sink_grant_and_key():
    sealed = Place("sink:crm", "g").seal(kept("a"), open_it())
    assert Place("sink:crm", "g").open(sealed, open_it()).token.value == "a"
    assert Place("sink:erp", "g").open(sealed, open_it()) is None
    assert Place("sink:crm", "h").open(sealed, open_it()) is None
    assert Place("sink:crm", "g").open(sealed, open_it(Fernet.generate_key().decode())) is None
    assert Place("sink:crm", "g").open(sealed[:-9], open_it()) is None
    assert Place("sink:crm", "g").open(None, open_it()) is None


def test_a_new_key_still_opens_what_the_old_one_sealed():
    sealed = Place("sink:crm", "g").seal(kept("a"), open_it())
    both = open_it(f"{Fernet.generate_key().decode()}, {KEY}")
    assert Place("sink:crm", "g").open(sealed, both).token.value == "a"


@pytest.mark.parametrize("key", ["", "short", None, "x" * 44, "é"])
def test_a_key_that_is_none_is_refused_with_how_to_make_one(key):
    with pytest.raises(ConfigError, match=r"token_key: \$\{env:K\} is not there, or no key.*Fernet.generate_key"):
        open_safe("${env:K}", lambda reference: key)


async def test_a_hub_with_a_wrong_key_does_not_start(make_hub: MakeHub, vendor, monkeypatch):
    monkeypatch.setenv("TOKEN_KEY", "no key")
    with pytest.raises(ConfigError, match="token_key"):
        await start(make_hub, vendor)


async def test_the_key_itself_in_the_configuration_is_refused(make_hub: MakeHub, vendor):
    with pytest.raises(ConfigError, match="token_key"):
        await start(make_hub, vendor, KEPT.replace("${env:TOKEN_KEY}", KEY))


def rename(table: str, name: str, *, session) -> None:
    session.connection().exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")


def put(name: str, sealed: bytes, *, session) -> None:
    session.execute(sa.insert(TOKEN).values(name=name, sealed=sealed, generation=3, failures=0))
