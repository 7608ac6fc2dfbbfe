"""Who may call what: every route says which role it needs, and nobody below that role gets through."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, cast

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from hub.api.access import ROLES, Masked, check_routes, declared, flat
from hub.app import Hub
from hub.testing.fakes import HandClock
from hub.web.app import create_app
from tests.api.calling import KEY, calling, calling_app, keys_of_all_roles, problem
from tests.conftest import MakeHub

APP = create_app(cast(Hub, None))
ROUTES = [route for route in flat(APP.routes) if isinstance(route, APIRoute)]
CALLS = [(method, route.path, route) for route in ROUTES for method in sorted(route.methods)]
DECLARED = [(m, path, declared(r)[0].role) for m, path, r in CALLS if declared(r)[0].role != "anybody"]
OPEN = {
    ("GET", "/health"), ("GET", "/health/live"), ("GET", "/health/ready"), ("GET", "/login"), ("POST", "/login"),
    ("POST", "/login/code"), ("POST", "/logout"), ("GET", "/setup"), ("POST", "/setup"), ("GET", "/unsubscribe/{token}"),
    ("POST", "/unsubscribe/{token}"), ("GET", "/reply/{token}"), ("POST", "/reply/{token}"), ("GET", "/preferences"), ("GET", "/static/{digest}/{name}"),
    ("GET", "/scorecard/{token}"), ("GET", "/api/scorecard/{token}"),
}  # fmt: skip
LIVE = "/live"  # a stream, which ends when the browser goes
HERE = "/api/openapi.json"  # asked from this machine it needs no key


def test_every_route_says_which_role_it_needs_and_the_open_ones_are_these():
    assert {(method, path) for method, path, route in CALLS if declared(route)[0].role == "anybody"} == OPEN
    assert all(len(declared(route)) == 1 for route in ROUTES)
    assert {role for _, _, role in DECLARED} <= set(ROLES)


def test_every_route_hides_people_from_who_may_not_know_them():
    assert [route.path for route in ROUTES if not isinstance(route, Masked)] == []


def test_a_route_that_says_nothing_is_not_served():
    router = APIRouter()
    router.get("/everything")(test_anybody_may_ask_for_the_health)
    with pytest.raises(AssertionError, match="/everything does not say which role it needs"):
        check_routes(router.routes)


def test_what_is_served_beside_the_api_is_known():
    others = {route.path for route in flat(APP.routes) if not isinstance(route, APIRoute)}
    assert others == {"/in/{source}", "/in/{source}/{key}", "/feedback/{sink}"}


SAMPLES = defaultdict(lambda: "1", {
    "lead": "lead_000001", "submission": "sub_000001", "delivery": "dlv_000001", "decision": "1", "key": "key_none",
    "imported": "imp_000001", "kind": "leads", "source": "website", "sink": "crm", "user": "usr_none",
    "suggestion": "1",
})  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, FastAPI, dict[str, str]]]:
    """Return what runs the calls of this module, a hub's application for all of them, and a key of each role."""
    folder = tmp_path_factory.mktemp("hub")
    with asyncio.Runner() as runner:
        make = MakeHub(folder, f"sqlite:///{folder}/hub.db", HandClock())
        hub = runner.run(make())
        yield runner, create_app(hub, local_key=KEY), runner.run(keys_of_all_roles(hub))
        runner.run(make.stop_all())


def called(served: Any, method: str, path: str, key: str | None) -> httpx.Response:
    runner, app, _ = served

    async def call() -> httpx.Response:
        async with calling_app(app, key) as http:
            return await http.request(method, path.format_map(SAMPLES))

    return cast(httpx.Response, runner.run(call()))


API = [one for one in DECLARED if one[1].startswith(("/api/", "/metrics", LIVE)) and one[1] != HERE]
PAGES = [one[:2] for one in DECLARED if one not in API and one[1] != HERE]


@pytest.mark.parametrize(("method", "path", "needed"), API)
def test_without_a_key_nobody_gets_in(served, method, path, needed):
    answer = called(served, method, path, None)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    problem(answer)


@pytest.mark.parametrize(("method", "path", "needed"), API)
@pytest.mark.parametrize("key", ["lh_wrong", KEY[:-1], "é" * 20])
def test_a_wrong_key_is_no_key(served, method, path, needed, key):
    assert called(served, method, path, key).status_code == 401


ALLOWED = [(m, p, role) for m, p, needed in DECLARED if p not in (HERE, LIVE) for role in ROLES[ROLES.index(needed) :]]
REFUSED = [(m, p, role) for m, p, needed in DECLARED if p != HERE for role in ROLES[: ROLES.index(needed)]]


@pytest.mark.parametrize(("method", "path", "role"), REFUSED)
def test_a_role_below_what_a_route_needs_is_refused(served, method, path, role):
    answer = called(served, method, path, served[2][role])
    assert answer.status_code == 403
    assert f"the key has {role}" in answer.text


@pytest.mark.parametrize(("method", "path", "role"), ALLOWED)
def test_a_role_that_a_route_needs_gets_through(served, method, path, role):
    answer = called(served, method, path, served[2][role])
    assert answer.status_code in (200, 303, 404, 409, 415, 422)


SOURCE_ONLY = [one for one in DECLARED if one[1] != HERE]


@pytest.mark.parametrize(("method", "path", "needed"), SOURCE_ONLY)
def test_a_key_of_a_source_opens_none_of_it(served, method, path, needed):
    assert called(served, method, path, served[2]["source"]).status_code == 403


@pytest.mark.parametrize(("method", "path"), PAGES)
def test_the_pages_show_nothing_but_the_way_in_without_a_key(served, method, path):
    answer = called(served, method, path, None)
    assert answer.status_code == 401
    assert 'action="/login"' in answer.text


def test_the_reference_is_for_this_machine_and_for_callers_with_a_key(served):
    runner, app, keys = served

    async def ask(key: str | None, address: str, **headers: str) -> int:
        async with calling_app(app, key, address) as http:
            return (await http.get(HERE, headers=headers)).status_code

    assert runner.run(ask(None, "127.0.0.1")) == runner.run(ask(None, "::1")) == 200
    assert runner.run(ask(None, "192.0.2.7")) == 401
    assert runner.run(ask(None, "127.0.0.1", **{"x-forwarded-for": "127.0.0.1"})) == 401
    assert runner.run(ask(keys["viewer"], "192.0.2.7")) == 200


def test_strangers_do_not_learn_the_version(served):
    runner, app, _ = served

    async def ask(method: str, path: str) -> str:
        async with calling_app(app, None, "192.0.2.7") as http:
            answer = await http.request(method, path.format_map(SAMPLES))
            return f"{answer.headers}{answer.text}".lower()

    for method, path, _ in CALLS:
        said = runner.run(ask(method, path))
        assert not any(word in said for word in (version("leadhub"), "uvicorn", "fastapi", "starlette"))


def test_anybody_may_ask_for_the_health(served):
    assert called(served, "GET", "/health", None).status_code == 200


async def test_a_revoked_key_is_worthless_within_ten_seconds(make_hub: MakeHub, clock):
    hub = await make_hub()
    async with calling(hub) as http:
        made = (await http.post("/api/keys", json={"role": "viewer"})).json()
        as_viewer = {"authorization": f"Bearer {made['key']}"}
        assert (await http.get("/api/summary", headers=as_viewer)).status_code == 200
        assert (await http.delete(f"/api/keys/{made['id']}")).json() == {"revoked": made["id"]}
        clock.turn(10)
        assert (await http.get("/api/summary", headers=as_viewer)).status_code == 401
        assert (await http.delete(f"/api/keys/{made['id']}")).status_code == 404


async def test_the_database_holds_no_usable_key(make_hub: MakeHub):
    from tests.core.looking import all_rows

    hub = await make_hub()
    keys = await keys_of_all_roles(hub)
    kept = str(await all_rows(hub, "api_key"))
    assert len(keys) == len(ROLES) + 1
    assert not any(key in kept or key.removeprefix("lh_") in kept for key in keys.values())
    async with calling(hub) as http:
        listed = (await http.get("/api/keys")).text
    assert not any(key in listed for key in keys.values())
    assert "digest" not in listed
