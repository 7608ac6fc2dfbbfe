"""The key that access tokens are stored with can be changed while the hub works."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet, MultiFernet

from hub.app.tokens import Place
from hub.store.audit import KINDS
from hub.store.columns import TOKEN
from tests.api.calling import calling, problem
from tests.conftest import MakeHub, post, settled
from tests.core.inputs import person
from tests.core.looking import all_rows
from tests.core.test_shared_tokens import IN_MEMORY, KEY, Vendor, key, start, vendor  # noqa: F401 (fixtures)

NEW = Fernet.generate_key().decode()


async def reseal(hub):
    async with calling(hub) as http:
        return await http.post("/api/tokens/reseal")


def opens(sealed: bytes, text: str) -> bool:
    try:
        MultiFernet([Fernet(text)]).decrypt(sealed)
    except Exception:
        return False
    return True


@pytest.fixture
def database(sqlite: str) -> str:
    """Keep to SQLite: nothing here differs between the two."""
    return sqlite


async def test_after_the_command_the_old_key_may_go_and_the_token_is_still_used(make_hub: MakeHub, vendor, monkeypatch):  # noqa: F811
    hub = await start(make_hub, vendor)
    await post(hub, person(1))
    await settled(hub)
    monkeypatch.setenv("TOKEN_KEY", f"{NEW},{KEY}")
    (row,) = await all_rows(hub, "access_token")
    assert (opens(row["sealed"], KEY), opens(row["sealed"], NEW)) == (True, False)
    assert (await reseal(hub)).json() == {"resealed": 1, "not_opened": []}
    (row,) = await all_rows(hub, "access_token")
    assert (opens(row["sealed"], KEY), opens(row["sealed"], NEW)) == (False, True)
    assert [one["data"] for one in await all_rows(hub, "audit") if one["what"] == "tokens.resealed"] == [
        {"tokens": 1, "not_opened": 0}
    ]
    await make_hub.stop(hub)
    monkeypatch.setenv("TOKEN_KEY", NEW)
    hub = await start(make_hub, vendor)
    await post(hub, person(2))
    await settled(hub)
    assert (vendor.taken, vendor.refreshes) == (2, 1)


async def test_a_token_that_no_key_opens_is_named_and_left(make_hub: MakeHub, vendor):  # noqa: F811
    hub = await start(make_hub, vendor)
    await post(hub, person(1))
    await settled(hub)
    strange = Fernet(NEW).encrypt(b"x")
    await hub.db.write(lambda session: session.execute(TOKEN.update().values(sealed=strange)))
    assert (await reseal(hub)).json() == {"resealed": 0, "not_opened": ["sink:crm"]}
    assert [row["sealed"] for row in await all_rows(hub, "access_token")] == [strange]


async def test_without_a_key_it_says_so(make_hub: MakeHub, vendor):  # noqa: F811
    hub = await start(make_hub, vendor, IN_MEMORY)
    assert problem(await reseal(hub))["detail"] == "There is no hub.token_key, so no token is stored."


def test_a_sealed_token_swapped_into_another_row_does_not_open():
    from datetime import UTC, datetime

    from hub.outgoing.credential import Kept, Token

    safe = MultiFernet([Fernet(KEY)])
    sealed = Place("sink:crm", "grant").seal(Kept(Token("t"), datetime(2026, 5, 4, tzinfo=UTC), None), safe)
    assert Place("sink:crm", "grant").open(sealed, safe) is not None
    assert Place("sink:other", "grant").open(sealed, safe) is None


def test_it_is_a_kind_of_the_audit_log():
    assert "tokens.resealed" in KINDS
