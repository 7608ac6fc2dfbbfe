"""Who may call what: every route says which role it needs, and nobody below that role gets through."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, cast

import httpx
import pytest
from fastapi.routing import APIRoute

from hub.api.access import ROLES
from hub.app import Hub
from hub.testing.fakes import HandClock
from hub.web.app import create_app
from tests.api.calling import KEY, calling, keys_of_all_roles, problem
from tests.conftest import MakeHub

PUBLIC = {("GET", "/health")}  # for whoever watches the machine; it names no lead
BY_THEMSELVES = {("GET", "/"), ("GET", "/leads/{lead}")}  # pages, which ask for the key in their own way

APP = create_app(cast(Hub, None))


def flat(routes: Iterable[Any]) -> Iterator[Any]:
    """Yield every route, also those of routers that were put into others."""
    for route in routes:
        inner = getattr(route, "original_router", route)
        yield from flat(inner.routes) if hasattr(inner, "routes") else (route,)


ROUTES = [route for route in flat(APP.routes) if isinstance(route, APIRoute)]
CALLS = [(method, route.path, route) for route in ROUTES for method in sorted(route.methods)]


def roles(route: APIRoute) -> list[str]:
    """Return the roles a route says it needs."""
    asked = (getattr(depends.dependency, "role", None) for depends in route.dependencies)
    return [role for role in asked if role]


DECLARED = [(method, path, roles(route)[0]) for method, path, route in CALLS if roles(route)]


def test_every_route_says_which_role_it_needs_or_is_on_the_short_list_of_open_ones():
    without = {(method, path) for method, path, route in CALLS if not roles(route)}
    assert without == PUBLIC | BY_THEMSELVES
    assert all(len(roles(route)) == 1 for _, _, route in CALLS if roles(route))
    assert {role for _, _, role in DECLARED} <= set(ROLES)


def test_what_is_served_beside_the_api_is_known():
    others = {route.path for route in flat(APP.routes) if not isinstance(route, APIRoute)}
    assert others == {"/in/{source}", "/api/openapi.json"}


SAMPLES = {
    "lead": "lead_000001", "submission": "sub_000001", "delivery": "dlv_000001", "decision": "1", "key": "key_none",
    "imported": "imp_000001", "kind": "leads", "source": "website", "sink": "crm",
}  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Hub, dict[str, str]]]:
    """Return a hub for all calls of this module, what runs them, and a key of each role."""
    folder = tmp_path_factory.mktemp("hub")
    with asyncio.Runner() as runner:
        make = MakeHub(folder, f"sqlite:///{folder}/hub.db", HandClock())
        hub = runner.run(make())
        yield runner, hub, runner.run(keys_of_all_roles(hub))
        runner.run(make.stop_all())


def called(served: Any, method: str, path: str, key: str | None) -> httpx.Response:
    runner, hub, _ = served

    async def call() -> httpx.Response:
        async with calling(hub, key) as http:
            return await http.request(method, path.format(**SAMPLES))

    return cast(httpx.Response, runner.run(call()))


@pytest.mark.parametrize(("method", "path", "needed"), DECLARED)
def test_without_a_key_nobody_gets_in(served, method, path, needed):
    answer = called(served, method, path, None)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    problem(answer)


@pytest.mark.parametrize(("method", "path", "needed"), DECLARED)
@pytest.mark.parametrize("key", ["lh_wrong", KEY[:-1], "é" * 20])
def test_a_wrong_key_is_no_key(served, method, path, needed, key):
    assert called(served, method, path, key).status_code == 401


ALLOWED = [(m, p, role) for m, p, needed in DECLARED for role in ROLES[ROLES.index(needed) :]]
REFUSED = [(m, p, role) for m, p, needed in DECLARED for role in ROLES[: ROLES.index(needed)]]


@pytest.mark.parametrize(("method", "path", "role"), REFUSED)
def test_a_role_below_what_a_route_needs_is_refused(served, method, path, role):
    answer = called(served, method, path, served[2][role])
    assert answer.status_code == 403
    assert f"the key has {role}" in problem(answer)["detail"]


@pytest.mark.parametrize(("method", "path", "role"), ALLOWED)
def test_a_role_that_a_route_needs_gets_through(served, method, path, role):
    answer = called(served, method, path, served[2][role])
    assert answer.status_code in (200, 404, 409, 422)


@pytest.mark.parametrize(("method", "path"), sorted(BY_THEMSELVES))
def test_the_pages_show_nothing_without_a_key(served, method, path):
    assert called(served, method, path, None).status_code == 401


def test_anybody_may_ask_for_the_health(served):
    assert called(served, "GET", "/health", None).status_code == 200


def test_a_cookie_opens_reading_and_never_writing(served):
    runner, hub, keys = served

    async def call(method: str, path: str) -> int:
        async with calling(hub, None) as http:
            return (await http.request(method, path, headers={"cookie": f"leadhub={keys['owner']}"})).status_code

    assert runner.run(call("GET", "/api/summary")) == 200
    assert runner.run(call("POST", "/api/sinks/crm/resume")) == 401
    assert runner.run(call("DELETE", "/api/keys/key_none")) == 401


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
    assert len(keys) == len(ROLES)
    assert not any(key in kept or key.removeprefix("lh_") in kept for key in keys.values())
    async with calling(hub) as http:
        listed = (await http.get("/api/keys")).text
    assert not any(key in listed for key in keys.values())
    assert "digest" not in listed
