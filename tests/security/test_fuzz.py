"""Whatever arrives, parsers and checks of signatures say an error they declare, and no route breaks; see `make fuzz`."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hub import rules, strictjson, yamlfile
from hub.api.access import flat
from hub.errors import BadInput, ConfigError, LeadhubError, Unverified
from hub.files.mail import mail_lead
from hub.inbound import Inbound
from hub.secondfactor import Safe, step_of
from hub.source import FileSource, WebhookSource
from hub.testing.contract import load_plug
from hub.testing.contract.samples import HOSTILE_TEXTS, ODD_FILES, ODD_POSTS
from hub.testing.contract.subject import Subject, subject_of
from hub.testing.fakes import START, HandClock
from hub.web.app import create_app
from tests.api.calling import KEY, calling_app
from tests.conftest import MakeHub

ROOT = Path(__file__).parents[2]
EXAMPLES = int(os.environ.get("FUZZ", "20"))
LOOK = settings(
    max_examples=EXAMPLES, deadline=None, derandomize="FUZZ" not in os.environ, database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck),
)  # fmt: skip


def subjects(kind: type) -> dict[str, Subject]:
    """Return the shipped connectors of a kind with the settings of their cases."""
    plugs = [load_plug(path) for path in sorted(ROOT.glob("connectors/*/*.py"))]
    found = [subject_of(plug, cls) for plug in plugs for cls in plug.things if isinstance(cls, type)]
    return {subject.name: subject for subject in found if issubclass(subject.cls, kind)}


WEBHOOKS, FILES = subjects(WebhookSource), subjects(FileSource)
POSTS = [
    (subject.name, case.given.inbound(subject.name, subject.cases.now))
    for subject in WEBHOOKS.values()
    for case in (*subject.cases.verify, *subject.cases.parse)
]

texts = st.one_of(st.sampled_from(HOSTILE_TEXTS), st.text(max_size=60))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda inside: st.one_of(st.lists(inside, max_size=4), st.dictionaries(texts, inside, max_size=4)),
    max_leaves=12,
)


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


bodies = st.one_of(
    st.binary(max_size=300),
    values.map(dumped),
    st.dictionaries(texts, texts, max_size=5).map(lambda form: urlencode(form, errors="replace").encode()),
    st.sampled_from([body for _, body in ODD_POSTS]),
)


@st.composite
def damaged(draw: Callable[..., Any], whole: bytes) -> bytes:
    """Draw bytes that were good once: cut, doubled, or with something else in the middle."""
    start = draw(st.integers(0, len(whole)))
    end = draw(st.integers(start, len(whole)))
    return (
        whole[:start]
        + draw(st.sampled_from([b"", whole[start:end] * 2, b"\xff", b"null", b'"', b"[" * 50]))
        + whole[end:]
    )


@st.composite
def posts(draw: Callable[..., Any]) -> Inbound:
    """Draw a post: a good one of some connector with something changed, or none that anybody would send."""
    _, good = draw(st.sampled_from(POSTS))
    body = draw(st.one_of(bodies, damaged(good.body)))
    headers = {name: draw(st.one_of(st.just(value), texts)) for name, value in good.headers.items()}
    query = {name: draw(st.one_of(st.just(value), texts)) for name, value in good.query.items()}
    url = good.url if draw(st.booleans()) else draw(texts)
    return Inbound(draw(st.sampled_from(["POST", "GET"])), url, headers, query, body, good.received_at, "192.0.2.1")


def only(allowed: tuple[type[BaseException], ...], work: Callable[[], Any], what: str) -> None:
    """Run something that may raise only what it declares."""
    try:
        work()
    except allowed:
        pass
    except Exception as error:
        raise AssertionError(f"{what} raised {type(error).__name__}: {error}") from error


MADE = {name: subject.make() for name, subject in WEBHOOKS.items()}


def test_there_is_something_to_break():
    assert len(MADE) > 5
    assert len(FILES) > 1
    assert len(POSTS) > 40


@LOOK
@given(posts())
def test_a_check_of_a_signature_believes_or_says_unverified(post):
    for name, connector in MADE.items():
        only((Unverified, BadInput), lambda c=connector: c.verify(post), f"{name}: verify")


@LOOK
@given(posts())
def test_a_parser_of_posts_yields_leads_or_says_what_is_wrong(post):
    for name, connector in MADE.items():
        only((BadInput,), lambda c=connector: list(c.parse(post)), f"{name}: parse")
        only((BadInput, Unverified), lambda c=connector: c.handshake(post), f"{name}: handshake")


@LOOK
@given(
    st.sampled_from([name.rpartition(".")[2] for name, _ in ODD_FILES] + ["eml"]),
    st.one_of(st.binary(max_size=400), bodies, st.sampled_from([body for _, body in ODD_FILES])),
)
def test_a_reader_of_files_yields_leads_or_says_what_is_wrong(tmp_path_factory, kind, content):
    path = tmp_path_factory.mktemp("fuzz") / f"leads.{kind}"
    path.write_bytes(content)
    for name, subject in FILES.items():
        only((BadInput,), lambda s=subject: list(s.make().read(path)), f"{name}: read")


READERS: dict[str, tuple[Callable[[bytes], Any], tuple[type[BaseException], ...]]] = {
    "json": (strictjson.loads, (BadInput,)),
    "a body of JSON": (lambda raw: Inbound(body=raw).json(), (BadInput,)),
    "a form": (
        lambda raw: Inbound(body=raw, headers={"content-type": "application/x-www-form-urlencoded"}).form(),
        (BadInput,),
    ),
    "a multipart form": (
        lambda raw: Inbound(body=raw, headers={"content-type": 'multipart/form-data; boundary="--x"'}).form(),
        (BadInput,),
    ),
    "a mail": (mail_lead, ()),
    "hub.yaml": (lambda raw: yamlfile.loads(raw.decode("utf-8", "replace")), (ConfigError,)),
    "a rule": (lambda raw: rules.compile(raw.decode("utf-8", "surrogateescape")), (ConfigError,)),
    "a code": (lambda raw: step_of(b"x" * 20, raw.decode("latin-1"), START), ()),
    "a sealed step": (lambda raw: Safe(b"k" * 32).open("step", raw.decode("latin-1"), datetime.now(UTC)), ()),
}
STARTS = [
    b'{"a": [1, "x"]}', b"a=1&b=%20", b'----x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n----x--\r\n',
    b"From: a@b.example\r\nSubject: =?utf-8?q?x?=\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\nName: x\r\n--y--",
    b"hub: {name: x}\nsources: &a {b: [*a]}\n", b'lead.country in ["CN"] && lead.email.matches("^a+$")', b"123456",
]  # fmt: skip


@pytest.mark.parametrize("what", READERS)
@LOOK
@given(st.one_of(bodies, st.sampled_from(STARTS).flatmap(damaged)))
def test_a_reader_says_one_of_its_errors(what, raw):
    read, allowed = READERS[what]
    only(allowed, lambda: read(raw), what)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, FastAPI]]:
    """Return what runs calls, and an application whose owner calls."""
    folder = tmp_path_factory.mktemp("hub")
    with asyncio.Runner() as runner:
        make = MakeHub(folder, f"sqlite:///{folder}/hub.db", HandClock())
        yield runner, create_app(runner.run(make()), local_key=KEY)
        runner.run(make.stop_all())


ROUTES = sorted(
    (method, route.path, tuple(getattr(route.body_field.field_info.annotation, "model_fields", ())) if route.body_field else ())
    for route in flat(create_app(None).routes)  # type: ignore[arg-type]
    if isinstance(route, APIRoute) and route.path != "/live"  # a stream, which ends when the browser goes
    for method in route.methods
)  # fmt: skip


@st.composite
def calls(draw: Callable[..., Any], path: str, fields: tuple[str, ...]) -> tuple[str, dict[str, str], bytes]:
    """Draw an address, a query and a body for a route; the body mostly has the route's own fields."""
    parts = [
        quote(draw(texts)[:200] or "x", safe="", errors="replace") if p.startswith("{") else p for p in path.split("/")
    ]
    query = draw(st.dictionaries(st.sampled_from(["limit", "after", "state", "since", "lang", "x"]), texts, max_size=3))
    own = st.fixed_dictionaries({}, optional=dict.fromkeys(fields, values)).map(dumped)
    return (
        "/".join(parts),
        {k: v.encode("utf-8", "replace").decode()[:500] for k, v in query.items()},
        draw(st.one_of(own, bodies)),
    )


TYPES = ["application/json", "application/x-www-form-urlencoded", "text/plain", ""]


@pytest.mark.parametrize(("method", "path", "fields"), ROUTES, ids=[f"{method} {path}" for method, path, _ in ROUTES])
def test_no_route_breaks(served, method, path, fields):
    runner, app = served

    @settings(LOOK, max_examples=max(4, EXAMPLES // 5))
    @given(calls(path, fields), st.sampled_from(TYPES))
    def look(call: tuple[str, dict[str, str], bytes], kind: str) -> None:
        address, query, body = call
        answer = runner.run(_asked(app, method, address, query, body, kind))
        assert answer.status_code < 500 or answer.status_code == 503, answer.text

    look()


async def _asked(
    app: FastAPI, method: str, address: str, query: dict[str, str], body: bytes, kind: str
) -> httpx.Response:
    async with calling_app(app, KEY) as http:
        return await http.request(method, address, params=query, content=body, headers={"content-type": kind})


def test_an_error_that_is_not_declared_would_be_seen():
    with pytest.raises(AssertionError, match="x raised KeyError"):
        only((LeadhubError,), lambda: {}["a"], "x")
