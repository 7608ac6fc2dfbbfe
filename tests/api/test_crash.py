"""Whatever breaks behind a route, the answer is a problem: no stack, no SQL, no path, no secret."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from hub.app import Hub
from hub.errors import LeadhubError
from tests.api.calling import KEY, calling
from tests.api.test_access import API, CALLS, SAMPLES
from tests.conftest import MakeHub

SECRET = "hunter2-canary"
ERRORS = [
    RuntimeError(f"password={SECRET} at /srv/leadhub/hub.py"),
    sa.exc.OperationalError(f"SELECT secret FROM api_key WHERE digest = '{SECRET}'", {"x": SECRET}, Exception(SECRET)),
    sa.exc.ProgrammingError(f"SELECT {SECRET}", {}, Exception(SECRET)),
    KeyError(SECRET),
    RecursionError(SECRET),
    MemoryError(SECRET),
    UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, SECRET),
]
TRACES = (SECRET, "Traceback", 'File "', ".py", "SELECT", "sqlalchemy", "/srv/", "site-packages", KEY)


@pytest.fixture
def database(sqlite: str) -> str:
    """Keep to SQLite: nothing here differs between the two."""
    return sqlite


class Broken:
    """A database in which everything fails."""

    def __init__(self, hub: Hub, error: Exception) -> None:
        self.hub, self.error, self.sqlite, self.info = hub, error, hub.db.sqlite, hub.db.info

    async def read(self, *_: Any, **__: Any) -> Any:
        raise self.error.with_traceback(None)  # else it grows with each call

    write = read

    def __getattr__(self, name: str) -> Any:
        return getattr(self.hub.db, name)


class Falling:
    """A hub of which every part but its clock, ids and settings is broken."""

    def __init__(self, hub: Hub, error: Exception) -> None:
        self.clock, self.ids, self.plan, self.office = hub.clock, hub.ids, hub.plan, hub.office
        self.plugins, self.publisher = hub.plugins, hub.publisher
        self.db, self._error = Broken(hub, error), error

    def __getattr__(self, name: str) -> Any:
        raise self._error.with_traceback(None)


BODIES: dict[str, Any] = {
    "/api/keys": {"role": "viewer"}, "/api/users": {"name": "bob", "role": "viewer", "password": "three words in a row"},
    "/api/imports": {"path": "x.csv", "source": "list"}, "/api/erase": {"email": "a@example.com"},
    "/api/deliveries/retry": {"ids": ["dlv_1"]}, "/api/deliveries/{delivery}/decide": {"arrived": True},
    "/api/leads/{lead}/unmerge": {"submission": "sub_1"}, "/api/users/{user}/role": {"role": "viewer"},
    "/api/users/{user}/password": {"password": "three words in a row"},
}  # fmt: skip


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
async def test_a_broken_part_is_never_shown(make_hub: MakeHub, error):
    hub = await make_hub()
    falling: Any = Falling(hub, error)
    async with calling(falling) as http:
        answers = [await http.request(m, path.format_map(SAMPLES), json=BODIES.get(path, {})) for m, path, _ in CALLS]
    for (_, path, _), answer in zip(CALLS, answers, strict=True):
        assert answer.status_code in (200, 303, 401, 403, 404, 409, 415, 422, 500, 503), path
        said = f"{answer.headers}{answer.text}".replace("capture.js", "")
        assert [trace for trace in TRACES if trace in said] == [], path
    broke = [answer for answer in answers if answer.status_code in (500, 503)]
    assert len(broke) > 30


@pytest.mark.parametrize("error", [LeadhubError("The thing is not there. Look again."), *ERRORS[:1]])
async def test_what_breaks_is_said_as_a_problem(make_hub: MakeHub, error):
    hub = await make_hub()
    falling: Any = Falling(hub, error)
    paths = [path for method, path, _ in API if method == "GET"]
    async with calling(falling) as http:
        answers = [await http.get(path.format_map(SAMPLES)) for path in paths]
    for path, answer in zip(paths, answers, strict=True):
        assert answer.status_code == 200 or answer.headers["content-type"] == "application/problem+json", path


@pytest.mark.parametrize("path", ["/api/leads", "/api/submissions", "/api/audit", "/api/keys", "/api/imports"])
@pytest.mark.parametrize(
    "query", ["limit=0", "limit=-1", "limit=201", "limit=1000000000", "limit=x", "after=" + "1" * 201]
)
async def test_a_page_has_a_size(make_hub: MakeHub, path, query):
    hub = await make_hub()
    async with calling(hub) as http:
        answer: httpx.Response = await http.get(f"{path}?{query}")
    assert answer.status_code == 422
