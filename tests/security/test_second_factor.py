"""Signing in with a second factor: codes that are good once, recovery codes, and nothing to steal in the database."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from html import unescape

import httpx
import pytest

from hub.app import Hub
from hub.secondfactor import Safe, address, plain, recovery_codes, step_of
from hub.store.audit import KINDS
from tests.api.calling import calling
from tests.api.test_login import OWN, PASSWORD, make_user, sign_in, signed_in
from tests.conftest import MakeHub
from tests.core.looking import all_rows


@pytest.fixture
def database(sqlite: str) -> str:
    """Keep to SQLite: nothing here differs between the two."""
    return sqlite


@pytest.fixture
async def hub(make_hub: MakeHub) -> Hub:
    """Return a hub with one user, an operator."""
    hub = await make_hub()
    await make_user(hub)
    return hub


RFC_SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("second", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_rfc_6238(second, code):
    now = datetime.fromtimestamp(second, UTC)
    assert step_of(RFC_SECRET, code, now) == second // 30
    assert step_of(RFC_SECRET, f"{code[:3]} {code[3:]}", now) == second // 30


@pytest.mark.parametrize(("late", "good"), [(-60, False), (-30, True), (30, True), (60, False)])
def test_a_clock_may_be_half_a_minute_off_and_no_more(late, good):
    found = step_of(RFC_SECRET, "050471", datetime.fromtimestamp(1111111111 + late, UTC))
    assert (found == 1111111111 // 30) is good


@pytest.mark.parametrize("code", ["", "05047", "0504711", "０５０４７１", "05047x", "٠٥٠٤٧١", "\ud800" * 6])
def test_what_is_no_code_is_refused(code):
    assert step_of(RFC_SECRET, code, datetime.fromtimestamp(1111111111, UTC)) is None


def test_the_address_is_one_an_app_can_read():
    said = address(RFC_SECRET, "ann@example.com", "leadhub Acme")
    assert said.startswith("otpauth://totp/leadhub%20Acme:ann%40example.com?")
    assert "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" in said


def test_recovery_codes_are_long_and_read_however_they_are_typed():
    made = recovery_codes()
    assert len({plain(one) for one in made}) == 10
    assert all(len(plain(one)) == 16 for one in made)
    assert plain(f" {made[0].upper().replace('-', ' ')} ") == plain(made[0])


def test_what_is_sealed_opens_for_its_own_purpose_key_and_time():
    safe, now = Safe(b"k" * 32), datetime(2026, 5, 4, tzinfo=UTC)
    sealed = safe.seal("secret", "usr_1", "value", now)
    assert safe.open("secret", sealed, now) == ("usr_1", "value")
    assert safe.open("step", sealed, now) is None
    assert Safe(b"j" * 32).open("secret", sealed, now) is None
    assert safe.open("secret", sealed[:-4] + "AAA=", now) is None
    assert safe.open("secret", "\ud800", now) is None
    assert safe.open("secret", sealed, now.replace(minute=6), within=300) is None


def code_of(hub: Hub, secret: bytes, *, later: int = 0) -> str:
    """Return what the app shows, that many steps of time from now."""
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.twofactor.totp import TOTP

    return TOTP(secret, 6, SHA1(), 30).generate(hub.clock.now().timestamp() + 30 * later).decode()


async def post(http: httpx.AsyncClient, path: str, **said: str) -> httpx.Response:
    return await http.post(path, data=said, headers=OWN)


async def enrolled(hub: Hub) -> tuple[bytes, list[str]]:
    """Set up a second factor for the user; return its secret and the recovery codes."""
    import base64

    async with signed_in(hub) as http:
        shown = await post(http, "/account/second-factor", password=PASSWORD)
        secret = base64.b32decode(re.search(r"<code>([A-Z2-7 ]+)</code>", shown.text)[1].replace(" ", ""))
        answer = await post(http, "/account/second-factor/confirm", code=code_of(hub, secret))
        assert answer.status_code == 200, answer.text
    return secret, re.findall(r"<code>([a-z2-7-]{19})</code>", answer.text)


@contextlib.asynccontextmanager
async def halfway(hub: Hub) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """Yield a browser whose user has given the password, and what its form carries."""
    async with calling(hub, None) as http:
        answer = await sign_in(http)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        yield http, unescape(re.search(r'name="step" value="([^"]+)"', answer.text)[1])


async def audited(hub: Hub, what: str) -> list[dict]:
    return [row for row in await all_rows(hub, "audit") if row["what"] == what]


async def test_without_a_second_factor_the_password_is_enough(hub):
    async with signed_in(hub) as http:
        assert "password only" in (await http.get("/account")).text


async def test_a_code_opens_the_session_that_the_password_alone_does_not(hub, clock):
    secret, _ = await enrolled(hub)
    clock.turn(30)
    async with halfway(hub) as (http, step):
        assert (await http.get("/")).status_code == 401
        answer = await post(http, "/login/code", step=step, code=code_of(hub, secret))
        assert answer.status_code == 303
        assert (await http.get("/")).status_code == 200
    assert [row["data"]["with"] for row in await audited(hub, "login.ok")] == ["password", "password and code"]


async def test_a_code_is_good_once_also_the_one_it_was_set_up_with(hub, clock):
    secret, _ = await enrolled(hub)
    code = code_of(hub, secret)
    async with halfway(hub) as (http, step):
        assert (await post(http, "/login/code", step=step, code=code)).status_code == 401
    clock.turn(30)
    code = code_of(hub, secret)
    async with halfway(hub) as (http, step):
        assert (await post(http, "/login/code", step=step, code=code)).status_code == 303
    async with halfway(hub) as (http, step):
        answer = await post(http, "/login/code", step=step, code=code)
        assert answer.status_code == 401
        assert "used already" in answer.text
        assert "set-cookie" not in answer.headers


async def test_an_older_code_than_the_last_one_is_refused(hub, clock):
    secret, _ = await enrolled(hub)
    old = code_of(hub, secret, later=1)
    clock.turn(60)
    async with halfway(hub) as (http, step):
        assert (await post(http, "/login/code", step=step, code=code_of(hub, secret))).status_code == 303
    async with halfway(hub) as (http, step):
        assert (await post(http, "/login/code", step=step, code=old)).status_code == 401


async def test_a_recovery_code_is_good_once(hub):
    _, recovery = await enrolled(hub)
    assert len(recovery) == 10
    async with halfway(hub) as (http, step):
        assert (await post(http, "/login/code", step=step, code=recovery[3].upper())).status_code == 303
        assert "Recovery codes left: 9" in (await http.get("/account")).text
    async with halfway(hub) as (http, step):
        assert (await post(http, "/login/code", step=step, code=recovery[3])).status_code == 401


async def test_tries_of_codes_run_out(hub):
    secret, _ = await enrolled(hub)
    async with halfway(hub) as (http, step):
        said = [(await post(http, "/login/code", step=step, code="000000")).status_code for _ in range(8)]
        assert set(said) == {401, 429}
        assert said[-1] == 429
        assert (await post(http, "/login/code", step=step, code=code_of(hub, secret, later=1))).status_code == 429
    assert {row["data"]["with"] for row in await audited(hub, "login.failed")} == {"code"}


async def test_the_step_between_password_and_code_ends(hub, clock):
    secret, _ = await enrolled(hub)
    async with halfway(hub) as (http, step):
        clock.turn(301)
        answer = await post(http, "/login/code", step=step, code=code_of(hub, secret))
    assert answer.status_code == 401
    assert "took too long" in answer.text


@pytest.mark.parametrize(("path", "body"), [("disable", None), ("password", {"password": "x" + PASSWORD})])
async def test_what_an_owner_does_meanwhile_counts(hub, clock, path, body):
    secret, _ = await enrolled(hub)
    async with halfway(hub) as (http, step):
        clock.turn(30)
        async with calling(hub) as owner:
            assert (await owner.post("/api/users/usr_000001/" + path, json=body)).status_code == 200
        assert (await post(http, "/login/code", step=step, code=code_of(hub, secret))).status_code == 401


@pytest.mark.parametrize("step", ["", "x", "gAAAAA", "é"])
async def test_a_code_without_the_password_before_it_is_worth_nothing(hub, clock, step):
    secret, _ = await enrolled(hub)
    clock.turn(30)
    async with calling(hub, None) as http:
        assert (await post(http, "/login/code", step=step, code=code_of(hub, secret))).status_code == 401


async def test_setting_up_wants_the_password_and_a_right_code(hub):
    async with signed_in(hub) as http:
        assert (await post(http, "/account/second-factor", password="x" + PASSWORD)).status_code == 401
        assert (await post(http, "/account/second-factor/confirm", code="000000")).status_code == 409
        assert (await post(http, "/account/second-factor", password=PASSWORD)).status_code == 200
        assert (await post(http, "/account/second-factor/confirm", code="000000")).status_code == 401
    async with signed_in(hub) as http:  # what is not confirmed locks nobody out
        assert (await http.get("/")).status_code == 200


async def test_setting_up_ends_the_users_other_sessions(hub):
    async with signed_in(hub) as other:
        await enrolled(hub)
        assert (await other.get("/")).status_code == 401
    assert [row["target"] for row in await audited(hub, "user.second_factor_set")] == ["usr_000001"]


async def test_removing_wants_the_password_and_a_code(hub, clock):
    secret, recovery = await enrolled(hub)
    async with halfway(hub) as (http, step):
        await post(http, "/login/code", step=step, code=recovery[0])
        path = "/account/second-factor/remove"
        assert (await post(http, path, password=PASSWORD, code="000000")).status_code == 401
        assert (await post(http, path, password="x" + PASSWORD, code=recovery[1])).status_code == 401
        clock.turn(30)
        assert (await post(http, path, password=PASSWORD, code=code_of(hub, secret))).status_code == 200
    async with signed_in(hub) as http:
        assert (await http.get("/")).status_code == 200
    assert len(await audited(hub, "user.second_factor_removed")) == 1
    assert await all_rows(hub, "recovery_code") == []


async def test_an_owner_can_take_it_from_another_and_nobody_below_can(hub):
    _, recovery = await enrolled(hub)
    async with calling(hub) as owner:
        admin = (await owner.post("/api/keys", json={"role": "admin"})).json()["key"]
        assert [one["second_factor"] for one in (await owner.get("/api/users")).json()["items"]] == [True]
    path = "/api/users/ann@example.com/second-factor"
    async with halfway(hub) as (browser, step), calling(hub, admin) as other, calling(hub) as owner:
        await post(browser, "/login/code", step=step, code=recovery[0])
        assert (await other.delete(path)).status_code == 403
        assert (await owner.delete(path)).status_code == 200
        assert (await owner.delete(path)).status_code == 409
        assert (await browser.get("/")).status_code == 401
    async with signed_in(hub) as http:
        assert (await http.get("/")).status_code == 200


async def test_the_database_holds_neither_secret_nor_recovery_codes(hub):
    secret, recovery = await enrolled(hub)
    kept = str([await all_rows(hub, table) for table in ("second_factor", "recovery_code", "audit", "event")])
    assert not any(said in kept for said in (secret.hex(), secret.decode("latin-1"), *recovery, *map(plain, recovery)))


async def test_a_secret_put_in_another_users_row_is_not_used(hub, clock):
    from hub.store.secondfactors import FACTOR

    secret, _ = await enrolled(hub)
    other = await make_user(hub, "eve@example.com")
    row = (await all_rows(hub, "second_factor"))[0]
    await hub.db.write(lambda session: session.execute(FACTOR.insert().values(**{**row, "user_id": other})))
    clock.turn(30)
    async with calling(hub, None) as http:
        shown = await sign_in(http, "eve@example.com")
        step = unescape(re.search(r'name="step" value="([^"]+)"', shown.text)[1])
        assert (await post(http, "/login/code", step=step, code=code_of(hub, secret))).status_code == 401


async def test_a_viewer_sees_the_own_key_whole(make_hub: MakeHub):
    hub = await make_hub()
    await make_user(hub, role="viewer")
    secret, recovery = await enrolled(hub)
    assert (len(secret), len(recovery)) == (20, 10)


async def test_the_forms_are_in_chinese_too(hub):
    async with signed_in(hub) as http:
        assert "登录只需要密码" in (await http.get("/account?lang=zh")).text


async def test_another_site_can_post_none_of_it(hub):
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    async with signed_in(hub) as http:
        for path in ("/account/second-factor", "/account/second-factor/confirm", "/account/second-factor/remove"):
            answer = await http.post(path, data={"password": PASSWORD}, headers=foreign)
            assert answer.status_code == 403
    async with calling(hub, None) as http:
        assert (await http.post("/login/code", data={"step": "x"}, headers=foreign)).status_code == 403


def test_both_changes_are_kinds_of_the_audit_log():
    assert {"user.second_factor_set", "user.second_factor_removed"} <= KINDS.keys()
