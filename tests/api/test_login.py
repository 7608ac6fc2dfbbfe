"""Signing in: sessions that end, cannot be fixed in advance or used by another site, and tries that run out."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest

from hub.app import Hub
from hub.passwords import LANES, MEMORY_KIB, ROUNDS
from hub.store.tables import LoginRow, UserRow
from tests.api.calling import KEY, calling, problem
from tests.conftest import BASIC, MakeHub
from tests.core.looking import all_rows

PASSWORD = "three words in a row"
OWN = {"sec-fetch-site": "same-origin"}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def database(sqlite: str) -> str:
    """Keep to SQLite: nothing here differs between the two."""
    return sqlite


async def make_user(hub: Hub, name: str = "ann@example.com", role: str = "operator") -> str:
    """Make a user and return the id."""
    async with calling(hub) as http:
        said = await http.post("/api/users", json={"name": name, "role": role, "password": PASSWORD})
        return str(said.json()["id"])


async def sign_in(http: httpx.AsyncClient, name: str = "ann@example.com", password: str = PASSWORD, **more: str):
    return await http.post("/login", data={"name": name, "password": password, **more}, headers=OWN)


@contextlib.asynccontextmanager
async def signed_in(hub: Hub, name: str = "ann@example.com") -> AsyncIterator[httpx.AsyncClient]:
    """Yield a browser in which somebody has signed in."""
    async with calling(hub, None) as http:
        assert (await sign_in(http, name)).status_code == 303
        yield http


@pytest.fixture
async def hub(make_hub: MakeHub) -> Hub:
    """Return a hub with one user, an operator."""
    hub = await make_hub()
    await make_user(hub)
    return hub


async def audited(hub: Hub, what: str) -> list[dict]:
    return [row for row in await all_rows(hub, "audit") if row["what"] == what]


async def test_the_right_password_opens_the_pages_and_what_the_role_may(hub):
    async with signed_in(hub) as http:
        assert (await http.get("/")).status_code == 200
        me = (await http.get("/api/me")).json()
        assert (me["role"], me["user"], me["session"]) == ("operator", "ann@example.com", True)
        assert (await http.post("/api/sinks/crm/resume", headers=OWN)).status_code == 200
        assert (await http.get("/api/users")).status_code == 403


async def test_a_name_is_typed_in_any_case(hub):
    async with calling(hub, None) as http:
        assert (await sign_in(http, " Ann@Example.COM ")).status_code == 303


WRONG = [
    ("ann@example.com", "four words in a row"),
    ("nobody@example.com", PASSWORD),
    ("", ""),
    ("ann@example.com", ""),
]


@pytest.mark.parametrize(
    ("name", "password"), [*WRONG, ("ann\x00", "\x00 words in a row"), ("ann@example.com", "é" * 2000)]
)
async def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(hub, name, password):
    async with calling(hub, None) as http:
        answer = await sign_in(http, name, password)
        assert answer.status_code == 401
        assert "Name or password is not right. Check both and try again." in answer.text
        assert "set-cookie" not in answer.headers
        assert "words in a row" not in answer.text


async def test_an_unknown_user_costs_the_same_work(hub, monkeypatch):
    """Counted, not timed: both are checked against one hash of the same parameters."""
    from argon2 import PasswordHasher

    checked = []
    verify = PasswordHasher.verify
    monkeypatch.setattr(
        PasswordHasher, "verify", lambda self, kept, said: checked.append(kept) or verify(self, kept, said)
    )
    async with calling(hub, None) as http:
        await sign_in(http, "ann@example.com", "wrong words in a row")
        await sign_in(http, "nobody@example.com", "wrong words in a row")
    assert len(checked) == 2
    head = f"$argon2id$v=19$m={MEMORY_KIB},t={ROUNDS},p={LANES}$"
    assert (MEMORY_KIB, ROUNDS, LANES) >= (19_456, 2, 1)
    assert all(kept.startswith(head) for kept in checked)


async def test_the_database_holds_neither_password_nor_session(hub):
    async with signed_in(hub) as http:
        token = http.cookies["leadhub"]
    kept = str([await all_rows(hub, row.__tablename__) for row in (UserRow, LoginRow)])
    assert "$argon2id$" in kept
    assert PASSWORD not in kept
    assert token not in kept
    assert len(token) >= 22


async def test_the_cookie_is_the_browsers_alone(hub):
    async with calling(hub, None) as http:
        said = (await sign_in(http)).headers["set-cookie"].lower()
    assert said.startswith("leadhub=")
    assert "httponly" in said
    assert "samesite=lax" in said
    assert "path=/" in said
    assert "domain" not in said


@pytest.mark.parametrize(
    ("proxies", "forwarded", "name", "secure"),
    [
        ("[127.0.0.1]", "https", "__host-leadhub", True),
        ("[127.0.0.1]", "http", "leadhub", False),
        ("[]", "https", "leadhub", False),
    ],
)
async def test_over_tls_the_cookie_can_be_set_by_no_other_host(make_hub: MakeHub, proxies, forwarded, name, secure):
    hub = await make_hub(BASIC.replace("hub: {", f"hub: {{trusted_proxies: {proxies}, "))
    await make_user(hub)
    async with calling(hub, None) as http:
        http.headers["x-forwarded-proto"] = forwarded
        said = (await sign_in(http)).headers["set-cookie"].lower()
    assert said.startswith(f"{name}=")
    assert ("secure" in said) is secure


async def test_a_session_that_a_stranger_set_beforehand_is_worth_nothing(hub):
    async with calling(hub, None) as http:
        http.cookies.set("leadhub", "set-by-a-stranger")
        answer = await sign_in(http)
        assert "set-by-a-stranger" not in answer.headers["set-cookie"]
    async with calling(hub, None) as http:
        http.cookies.set("leadhub", "set-by-a-stranger")
        assert (await http.get("/api/me")).status_code == 401


async def test_signing_in_again_ends_the_session_before(hub):
    async with signed_in(hub) as http:
        before = http.cookies["leadhub"]
        await sign_in(http)
        assert http.cookies["leadhub"] != before
        assert len(await all_rows(hub, "login")) == 1
    async with calling(hub, None) as http:
        http.cookies.set("leadhub", before)
        assert (await http.get("/api/me")).status_code == 401


async def test_a_session_ends_when_it_is_not_used(hub, clock):
    async with signed_in(hub) as http:
        for _ in range(4):
            clock.turn(29 * 60)
            assert (await http.get("/api/me")).status_code == 200
        clock.turn(30 * 60)
        assert (await http.get("/api/me")).status_code == 401


async def test_a_session_ends_after_twelve_hours_however_much_it_is_used(hub, clock):
    async with signed_in(hub) as http:
        for _ in range(35):
            clock.turn(20 * 60)
            assert (await http.get("/api/me")).status_code == 200
        clock.turn(20 * 60)
        assert (await http.get("/api/me")).status_code == 401


async def test_signing_out_ends_the_session_in_the_database_too(hub):
    async with signed_in(hub) as http:
        token = http.cookies["leadhub"]
        assert (await http.post("/logout", headers=OWN)).status_code == 303
        assert "leadhub" not in http.cookies
        http.cookies.set("leadhub", token)
        assert (await http.get("/api/me")).status_code == 401
    assert len(await audited(hub, "login.ended")) == 1


async def test_signing_out_everywhere_ends_every_session_at_once(hub):
    async with signed_in(hub) as one, signed_in(hub) as other:
        assert (await one.post("/api/me/logout-everywhere", headers=OWN)).json() == {"sessions_ended": 2}
        assert (await one.get("/api/me")).status_code == 401
        assert (await other.get("/api/me")).status_code == 401
    assert len(await audited(hub, "login.ended_everywhere")) == 1


CHANGES = [
    ("role", {"role": "viewer"}),
    ("disable", None),
    ("logout", None),
    ("password", {"password": "new words in a row"}),
]


@pytest.mark.parametrize(("what", "body"), CHANGES)
async def test_a_user_whose_rights_change_is_out_at_once(hub, what, body):
    async with signed_in(hub) as http, calling(hub) as owner:
        assert (await owner.post(f"/api/users/ann@example.com/{what}", json=body)).status_code == 200
        assert (await http.get("/api/me")).status_code == 401
    assert await all_rows(hub, "login") == []


async def test_a_user_who_is_shut_out_cannot_sign_in_until_let_in_again(hub):
    async with calling(hub) as owner, calling(hub, None) as http:
        await owner.post("/api/users/ann@example.com/disable")
        assert (await sign_in(http)).status_code == 401
        await owner.post("/api/users/ann@example.com/enable")
        assert (await sign_in(http)).status_code == 303


async def test_ones_own_password_needs_the_old_one_and_ends_all_other_sessions(hub):
    async with signed_in(hub) as here, signed_in(hub) as there:
        body = {"password": "five words in a row now", "old": "wrong words in a row"}
        assert (await here.post("/api/me/password", json=body, headers=OWN)).status_code == 403
        body["old"] = PASSWORD
        assert (await here.post("/api/me/password", json=body, headers=OWN)).status_code == 200
        assert (await here.get("/api/me")).status_code == 200
        assert (await there.get("/api/me")).status_code == 401
        assert (await sign_in(there, password=body["password"])).status_code == 303


@pytest.mark.parametrize("password", ["short", "a" * 20, "x" * 1025, "ann@example.com"])
async def test_a_password_that_is_too_easy_is_refused(hub, password):
    async with calling(hub) as http:
        body = {"name": "Ann@example.com ", "role": "viewer", "password": password}
        answer = await http.post("/api/users", json=body | {"name": "ann@example.com" if "@" in password else "bob"})
    assert answer.status_code in (409, 422)
    assert "password" in problem(answer)["detail"].lower()


async def test_the_last_owner_stays(hub):
    await make_user(hub, "only@example.com", "owner")
    async with calling(hub) as http:
        assert (await http.post("/api/users/only@example.com/disable")).status_code == 409
        assert (await http.post("/api/users/only@example.com/role", json={"role": "viewer"})).status_code == 409
        await make_user(hub, "other@example.com", "owner")
        assert (await http.post("/api/users/only@example.com/disable")).status_code == 200


FOREIGN = [
    {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"},
    {"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "http://hub.evil.example"}, {},
    {"sec-fetch-site": "cross-site", "origin": "http://hub"},
]  # fmt: skip


@pytest.mark.parametrize("headers", FOREIGN)
async def test_another_sites_page_cannot_write_with_the_session(hub, headers):
    async with signed_in(hub) as http:
        answer = await http.post("/api/sinks/crm/pause", json={}, headers=headers)
        assert answer.status_code == 403
        assert (await http.get("/api/summary", headers=headers)).status_code == 200
    assert await audited(hub, "sink.paused") == []


@pytest.mark.parametrize("headers", [OWN, {"origin": "http://hub"}])
async def test_our_own_page_can(hub, headers):
    async with signed_in(hub) as http:
        assert (await http.post("/api/sinks/crm/pause", json={}, headers=headers)).status_code == 200


async def test_a_key_needs_no_page(hub):
    async with calling(hub) as http:
        answer = await http.post("/api/sinks/crm/pause", json={}, headers={"origin": "https://evil.example"})
        assert answer.status_code == 200
        assert not any(name.startswith("access-control") for name in answer.headers)


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
async def test_another_site_cannot_sign_a_visitor_in_or_out(hub, headers):
    async with calling(hub, None) as http:
        data = {"name": "ann@example.com", "password": PASSWORD}
        assert (await http.post("/login", data=data, headers=headers)).status_code == 403
    async with signed_in(hub) as http:
        assert (await http.post("/logout", headers=headers)).status_code == 403
        assert (await http.get("/api/me")).status_code == 200


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb"]
)
async def test_after_signing_in_one_stays_here(hub, to):
    async with calling(hub, None) as http:
        assert (await sign_in(http, next=to)).headers["location"] == "/"


async def test_after_signing_in_one_is_where_one_wanted_to_be(hub):
    async with calling(hub, None) as http:
        assert 'value="/leads/lead_1"' in (await http.get("/leads/lead_1")).text
        assert (await sign_in(http, next="/leads/lead_1")).headers["location"] == "/leads/lead_1"


async def tried(http: httpx.AsyncClient, name: str, number: int) -> list[int]:
    return [(await sign_in(http, name, "wrong words in a row")).status_code for _ in range(number)]


@pytest.mark.parametrize("name", ["ann@example.com", "nobody@example.com"])
async def test_the_tries_at_an_account_run_out_whether_it_is_there_or_not(hub, clock, name):
    async with calling(hub, None) as http:
        assert await tried(http, name, 7) == [401] * 5 + [429] * 2
        late = await sign_in(http, name)
        assert (late.status_code, late.headers["retry-after"]) == (429, "30")
        assert "Too many tries. Wait 30 s" in late.text
        clock.turn(30)
        assert await tried(http, name, 2) == [401, 429]


async def test_the_right_password_does_not_pass_when_the_tries_have_run_out(hub, clock):
    async with calling(hub, None) as http:
        await tried(http, "ann@example.com", 5)
        assert (await sign_in(http)).status_code == 429
        clock.turn(60)
        assert (await sign_in(http)).status_code == 303


async def test_the_tries_of_an_address_run_out_over_all_accounts(hub):
    async with calling(hub, None) as http:
        answers = [(await tried(http, f"user{n}@example.com", 1))[0] for n in range(22)]
    assert answers == [401] * 20 + [429] * 2


EACH = [f"192.0.2.{n + 1}" for n in range(21)]


@pytest.mark.parametrize(
    ("proxies", "last", "addresses"), [("[]", 429, {"127.0.0.1"}), ("[127.0.0.1]", 401, set(EACH))]
)
async def test_a_made_up_forwarded_for_does_not_give_more_tries(make_hub: MakeHub, proxies, last, addresses):
    hub = await make_hub(BASIC.replace("hub: {", f"hub: {{trusted_proxies: {proxies}, "))
    async with calling(hub, None) as http:
        for address in EACH:
            http.headers["x-forwarded-for"] = address
            answer = await sign_in(http, f"user of {address}", "wrong words in a row")
    assert answer.status_code == last
    rows = await audited(hub, "login.failed")
    assert {row["address"] for row in rows} == addresses


async def test_what_was_typed_is_not_in_the_audit_log(hub):
    async with calling(hub, None) as http:
        await sign_in(http, "my own secret password", "wrong words in a row")
        await sign_in(http, "ann@example.com", "wrong words in a row")
    rows = await audited(hub, "login.failed")
    assert "secret" not in str(rows)
    assert "words" not in str(rows)
    assert [row["target"] is None for row in rows] == [True, False]


@pytest.mark.parametrize(
    "more", [{"content": b"x" * 20_000, "headers": {**OWN, "content-type": FORM}}, {"json": {}, "headers": OWN}]
)
async def test_what_is_no_form_is_refused(hub, more):
    async with calling(hub, None) as http:
        assert (await http.post("/login", **more)).status_code in (413, 415)


@pytest.mark.parametrize(("language", "words"), [("en", "Sign in"), ("zh-CN,zh;q=0.9", "登录")])
async def test_the_form_speaks_the_readers_language_and_needs_no_script(hub, language, words):
    async with calling(hub, None) as http:
        answer = await http.get("/login", headers={"accept-language": language})
    assert words in answer.text
    assert "<script" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy


async def test_text_of_strangers_is_text_on_the_form(hub):
    async with calling(hub, None) as http:
        answer = await sign_in(http, '"><script>alert(1)</script>')
    assert "<script" not in answer.text


TOKEN = "the-token-of-this-start"
FIRST = {"name": "Owner@example.com", "password": PASSWORD, "token": TOKEN}


async def test_the_set_up_token_makes_the_first_user_an_owner_and_signs_them_in(make_hub: MakeHub):
    hub = await make_hub()
    async with calling(hub, None, setup_token=TOKEN) as http:
        assert "No user has a password yet." in (await http.get("/login")).text
        assert (await http.get("/setup")).status_code == 200
        assert (await http.post("/setup", data=FIRST, headers=OWN)).status_code == 303
        assert (await http.get("/api/me")).json()["role"] == "owner"
        assert (await http.get("/setup")).headers["location"] == "/login"
        second = await http.post("/setup", data={**FIRST, "name": "second"}, headers=OWN)
        assert second.status_code == 401
    assert [row["what"] for row in await all_rows(hub, "audit")][-2:] == ["setup.done", "login.ok"]
    assert len(await all_rows(hub, "hub_user")) == 1


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], "é"])
async def test_without_the_token_nobody_is_made(make_hub: MakeHub, token):
    hub = await make_hub()
    async with calling(hub, None, setup_token=TOKEN) as http:
        assert (await http.post("/setup", data={**FIRST, "token": token}, headers=OWN)).status_code == 401
    async with calling(hub, None, setup_token=None) as http:
        assert (await http.post("/setup", data={**FIRST, "token": token}, headers=OWN)).status_code == 401
    assert await all_rows(hub, "hub_user") == []


async def test_the_token_makes_nobody_once_there_is_a_user(hub):
    async with calling(hub, None, setup_token=TOKEN) as http:
        answer = await http.post("/setup", data=FIRST, headers=OWN)
    assert answer.status_code == 422
    assert "There is a user already" in answer.text
    assert len(await all_rows(hub, "hub_user")) == 1


async def test_a_mistake_on_the_set_up_page_is_said_and_the_token_stays_good(make_hub: MakeHub):
    hub = await make_hub()
    async with calling(hub, None, setup_token=TOKEN) as http:
        answer = await http.post("/setup", data={**FIRST, "password": "short"}, headers=OWN)
        assert "not of 12 to 1024 characters" in answer.text
        assert (await http.post("/setup", data=FIRST, headers=OWN)).status_code == 303


async def test_guesses_at_the_token_run_out(make_hub: MakeHub):
    hub = await make_hub()
    async with calling(hub, None, setup_token=TOKEN) as http:
        guesses = [
            (await http.post("/setup", data={**FIRST, "token": f"{n}"}, headers=OWN)).status_code for n in range(12)
        ]
    assert guesses == [401] * 10 + [429] * 2


async def test_the_address_with_this_machines_key_opens_a_session_that_may_write(make_hub: MakeHub):
    hub = await make_hub()
    async with calling(hub, None) as http:
        answer = await http.get("/", params={"key": KEY})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert KEY not in answer.headers["set-cookie"]
        assert (await http.get("/api/me")).json()["role"] == "owner"
        assert (await http.post("/api/sinks/crm/resume", headers=OWN)).status_code == 200


async def test_a_session_of_this_machines_key_ends_with_the_process(make_hub: MakeHub):
    from hub.web.app import create_app

    hub = await make_hub()
    async with calling(hub, None) as http:
        await http.get("/", params={"key": KEY})
        token = http.cookies["leadhub"]
    transport = httpx.ASGITransport(create_app(hub, local_key="the key of the next start"))
    async with httpx.AsyncClient(transport=transport, base_url="http://hub", cookies={"leadhub": token}) as http:
        assert (await http.get("/api/me")).status_code == 401


async def test_a_session_opened_with_a_key_ends_when_the_key_is_revoked(make_hub: MakeHub):
    hub = await make_hub()
    async with calling(hub) as owner, calling(hub, None) as http:
        made = (await owner.post("/api/keys", json={"role": "viewer"})).json()
        await http.get("/", params={"key": made["key"]})
        assert (await http.get("/api/me")).json()["role"] == "viewer"
        await owner.delete(f"/api/keys/{made['id']}")
        assert (await http.get("/api/me")).status_code == 401


async def test_a_wrong_key_in_the_address_opens_nothing(hub):
    async with calling(hub, None) as http:
        answer = await http.get("/", params={"key": "lh_wrong"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "lh_wrong" not in answer.text
    assert len(await audited(hub, "login.failed")) == 1


async def test_a_key_itself_is_no_session(hub):
    async with calling(hub, None) as http:
        http.cookies.set("leadhub", KEY)
        assert (await http.get("/api/me")).status_code == 401
