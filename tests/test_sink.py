"""The base of HTTP sinks: what was never sent, what may have arrived, tokens, batches and records that exist."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

import httpx
import pytest
import respx
from httpx_aiohttp import AiohttpTransport
from pydantic import Field

from hub import HttpBatchSink, HttpSink, Lead, Misconfigured, Rejected, Request, Response, Retry, Sent, Unclear
from hub.lead import Delivery
from hub.outgoing.client import make_client
from hub.outgoing.transmit import MAX_RESPONSE, transmit
from hub.testing.fakes import HandClock

OUTCOMES = (Sent, Rejected, Retry, Unclear, Misconfigured)
ODD_BODIES = (
    b"", b"null", b"[]", b"{}", b'"text"', b"0", b"[null]", b'{"id": null}', b'{"id": {"a": []}}', b'{"error": 7}',
    b'{"error": {"message": []}}', b'[{"message": 3}]', b'{"message": null}', b"<html>login</html>", b"\xff\xfe\x00",
    b"\x00\x01", b'{"id": 1', b'{"results": [{}]}', b'{"results": null, "errors": 3}', b"[" * 100_000,
    b'{"a":' * 200 + b"1" + b"}" * 200, '{"id": "\ud800"}'.encode("utf-8", "surrogatepass"), b'{"id": 1e999}', b"NaN",
)  # fmt: skip
CLIENTS = {
    "httpx": partial(httpx.AsyncClient, follow_redirects=True),
    "aiohttp": lambda: httpx.AsyncClient(transport=AiohttpTransport(), follow_redirects=True),
    "leadhub": partial(make_client, lambda: ["127.0.0.0/8"]),
}


class Toy(HttpSink):
    """A vendor that takes leads one by one and can be searched."""

    name = "toy"

    class Config(HttpSink.Config):
        base_url: str = Field("https://toy.example", description="Address.")
        timeout: float = Field(5.0, description="Seconds.")

    def refuse(self, lead: Lead) -> Rejected | None:
        return Rejected("no phone") if lead.notes == "refuse" else None

    def request(self, lead: Lead) -> Request:
        return Request("POST", "/leads", json={"id": lead.id, "name": lead.full_name})

    def response(self, response: Response) -> Sent:
        return Sent(str(response.json()["id"]))

    def find(self, lead: Lead) -> Request:
        return Request("GET", "/search", params={"q": lead.id})

    def found(self, response: Response) -> Sent | None:
        hits = response.json()["hits"]
        return Sent(str(hits[0])) if hits else None

    def link(self, lead: Lead, refused: Rejected) -> tuple[str, Request] | None:
        known = refused.reason.removeprefix("exists ")
        return (known, Request("PATCH", f"/leads/{known}")) if known != refused.reason else None


class UpdatingToy(Toy):
    """The same, taking later versions by another address."""

    updates = True

    def update(self, lead: Lead, ref: str) -> Request:
        return Request("PUT", f"/leads/{ref}", json={"name": lead.full_name})


class TokenToy(Toy):
    """The same behind a token."""

    def token_request(self) -> Request:
        return Request("POST", "/token", form={"grant_type": "client_credentials"})


class BatchToy(HttpBatchSink):
    """A vendor that takes a hundred leads at once."""

    name = "batch_toy"
    batch = 100

    class Config(HttpBatchSink.Config):
        base_url: str = Field("https://toy.example", description="Address.")

    def refuse(self, lead: Lead) -> Rejected | None:
        return Rejected("no phone") if lead.notes == "refuse" else None

    def key(self, lead: Lead) -> str:
        return lead.email or lead.id

    def request(self, leads: Sequence[Lead]) -> Request:
        return Request("POST", "/batch", json=[lead.id for lead in leads])

    def response(self, response: Response, leads: Sequence[Lead]) -> list:
        rows = response.json()["results"]
        return [Sent(row["id"]) if "id" in row else Rejected(row["error"]) for row in rows]


def toy(kind: type = Toy, **settings: object) -> HttpSink:
    return kind("toy", kind.Config(**settings), HandClock())


def a_lead(number: int = 1, **delivery: object) -> Lead:
    return Lead(id=f"lead_{number}", delivery=Delivery(key=f"key-{number}", **delivery))


async def said_by(send: Awaitable[list]) -> list:
    """Return the outcomes, or the one error that holds for all."""
    try:
        return await send
    except OUTCOMES[2:] as error:
        return [error]


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(follow_redirects=True) as client:
        yield client


@pytest.fixture
def vendor():
    with respx.mock(using="httpx", assert_all_called=False) as router:
        yield router


@pytest.fixture(params=sorted(CLIENTS))
async def client(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    async with CLIENTS[request.param]() as client:
        yield client


@asynccontextmanager
async def server(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """Answer each connection by `talk` after its request has come, on a free port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with suppress(ConnectionError):
            await talk(reader, writer)
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()


def saying(*parts: bytes) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(parts))
        await writer.drain()

    return talk


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0)  # lets the other side read; it takes no time


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


def outcome_of(judge: Callable[[], object]) -> list:
    try:
        said = judge()
    except OUTCOMES[2:] as error:
        return [error]
    return said if isinstance(said, list) else [said]


@pytest.mark.parametrize("body", ODD_BODIES, ids=range(len(ODD_BODIES)))
def test_every_status_with_an_odd_body_gives_one_of_our_outcomes(body):
    one, many, leads = toy(), toy(BatchToy), [a_lead(1), a_lead(2)]
    answers = [Response(status, {"retry-after": "nan", "location": "\u2028"}, body) for status in range(200, 600)]
    single = [outcome_of(partial(one.outcome, answer)) for answer in answers]
    batch = [outcome_of(partial(many.outcome, answer, leads)) for answer in answers]
    assert all(said and all(isinstance(each, OUTCOMES) for each in said) for said in single + batch)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, Misconfigured), (302, Misconfigured), (307, Misconfigured), (400, Rejected), (401, Misconfigured),
        (403, Misconfigured), (404, Misconfigured), (408, Retry), (409, Rejected), (410, Misconfigured),
        (413, Rejected), (422, Rejected), (423, Retry), (425, Retry), (429, Retry), (500, Unclear),
        (501, Misconfigured), (502, Unclear), (503, Retry), (504, Unclear), (520, Unclear),
    ],
)  # fmt: skip
def test_a_status_means_one_thing(status, kind):
    assert isinstance(outcome_of(partial(toy().outcome, Response(status)))[0], kind)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"message": "plain"}', "plain"),
        (b'{"error": {"message": "inside"}}', "inside"),
        (b'[{"errorCode": "X", "message": "in a list"}]', "in a list"),
        (b'{"error": "code", "error_description": "described"}', "described"),
        (b"<html>", "answered 400: '<html>'"),
    ],
)
def test_a_refusal_is_in_the_vendors_words(body, words):
    assert toy().outcome(Response(400, {}, body)) == Rejected(words, code="400")


@pytest.mark.parametrize("method", ["verdict", "wait", "refusal"])
def test_an_authors_reader_that_trips_over_trouble_leaves_it_to_the_status(method):
    kind = type("Tripping", (Toy,), {method: lambda self, response: response.json()["no"]["such"]})
    said = outcome_of(partial(toy(kind).outcome, Response(429, {"retry-after": "7"}, b"{}")))[0]
    assert isinstance(said, Retry)
    assert said.after == 7


def test_a_batch_answered_for_fewer_leads_than_were_sent_is_unclear():
    with pytest.raises(Unclear, match="answered for 1 of 2 leads"):
        toy(BatchToy).outcome(Response(200, {}, b'{"results": [{"id": "1"}]}'), [a_lead(1), a_lead(2)])


def test_a_wait_given_as_a_date_is_counted_from_the_sinks_clock():
    said = outcome_of(partial(toy().outcome, Response(429, {"retry-after": "Mon, 04 May 2026 08:00:30 GMT"})))[0]
    assert said.after == 30


async def test_a_connection_that_cannot_be_made_is_a_retry(client, unused_tcp_port):
    said = await said_by(toy(base_url=f"http://127.0.0.1:{unused_tcp_port}").send([a_lead()], client))
    assert [isinstance(each, Retry) for each in said] == [True]


async def test_a_name_that_does_not_resolve_is_a_retry(client):
    said = await said_by(toy(base_url="http://no-such-host.invalid").send([a_lead()], client))
    assert [type(each) for each in said] == [Retry]


@pytest.mark.parametrize(
    "talk",
    [
        silence, saying(), resetting,
        saying(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"), saying(b"not http at all\r\n\r\n"),
        saying(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
    ],
    ids=["silence", "closed", "reset", "half a body", "no http", "bad chunk"],
)  # fmt: skip
async def test_what_breaks_after_sending_may_have_arrived(client, talk):
    async with server(talk) as address:
        said = await said_by(toy(base_url=address, timeout=0.2).send([a_lead()], client))
    assert [type(each) for each in said] == [Unclear]


async def test_a_refusal_whose_body_breaks_off_is_still_a_refusal(client):
    async with server(saying(b"HTTP/1.1 422 No\r\ncontent-length: 100\r\n\r\nhalf")) as address:
        said = await said_by(toy(base_url=address, timeout=0.5).send([a_lead()], client))
    assert [type(each) for each in said] == [Rejected]


async def test_a_redirect_is_never_followed(client):
    async with server(
        saying(b"HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:9/x\r\ncontent-length: 0\r\n\r\n")
    ) as address:
        said = await said_by(toy(base_url=address).send([a_lead()], client))
    assert [type(each) for each in said] == [Misconfigured]
    assert "redirects are never followed" in said[0].reason


async def test_an_answer_is_cut_at_one_mebibyte(client):
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n"

    async def never_done(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await saying(head, b"x" * 1_500_000)(reader, writer)
        await silence(reader, writer)

    async with server(never_done) as address:
        response = await transmit(Request("GET", address), {}, client, timeout=2.0)
    assert len(response.content) == MAX_RESPONSE


async def test_an_answer_that_drips_is_ended_by_the_clock(client):
    async with server(dripping) as address:
        said = await said_by(toy(base_url=address, timeout=0.2).send([a_lead()], client))
    assert [each.reason for each in said] == ["no answer after sending: TimeoutError."]


@pytest.mark.parametrize("address", ["ftp://toy.example", "no-scheme", "http://", "http://[::1"])
async def test_an_address_that_cannot_be_called_is_for_a_person(client, address):
    said = await said_by(toy(base_url=address).send([a_lead()], client))
    assert [type(each) for each in said] == [Misconfigured]


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://localhost:9", "http://169.254.169.254"])
async def test_an_address_that_is_not_public_is_for_a_person(address):
    async with make_client() as client:
        said = await said_by(toy(base_url=address).send([a_lead()], client))
    assert [type(each) for each in said] == [Misconfigured]
    assert "allow_networks" in said[0].reason


async def test_what_one_answer_asks_to_be_told_again_is_told_to_nobody():
    seen: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nset-cookie: who=first\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    address = f"http://localhost:{listening.sockets[0].getsockname()[1]}/"  # a name: jars keep no cookies of numbers
    async with listening, make_client(lambda: ["127.0.0.0/8", "::1/128"]) as client:
        for _ in range(2):
            await transmit(Request("GET", address), {}, client)
    assert len(seen) == 2
    assert b"cookie" not in seen[1].lower()


async def test_hostile_text_is_sent_rather_than_raised(http, vendor):
    route = vendor.post("https://toy.example/x").respond(200)
    odd = "a\ud800\x00\r\nX: y"
    await transmit(
        Request("POST", "https://toy.example/x", params={"q": odd}, json={"n": odd, "f": float("nan"), "i": 10**40}),
        {"X-Odd": odd + "ü"},
        http,
    )
    await transmit(Request("POST", "https://toy.example/x", form={"f": odd}), {}, http)
    sent = [call.request for call in route.calls]
    assert sent[0].headers["x-odd"] == "a?  X: y?"
    assert sent[0].content == b'{"n":"a\xef\xbf\xbd\\u0000\\r\\nX: y","f":null,"i":"' + b"1" + b"0" * 40 + b'"}'
    assert sent[1].content == b"f=a%EF%BF%BD%00%0D%0AX%3A+y"


async def test_the_delivery_key_is_equal_on_every_attempt(http, vendor):
    route = vendor.post("https://toy.example/leads").respond(200, json={"id": 1})
    await toy().send([a_lead(1, attempt=1)], http)
    await toy().send([a_lead(1, attempt=2)], http)
    assert [call.request.headers["idempotency-key"] for call in route.calls] == ["key-1", "key-1"]


async def test_a_batch_has_a_key_of_its_own_that_is_equal_for_the_same_leads(http, vendor):
    route = vendor.post("https://toy.example/batch").respond(200, json={"results": [{"id": "1"}, {"id": "2"}]})
    await toy(BatchToy).send([a_lead(1), a_lead(2)], http)
    await toy(BatchToy).send([a_lead(1), a_lead(2)], http)
    await toy(BatchToy).send([a_lead(1), a_lead(3)], http)
    keys = [call.request.headers["idempotency-key"] for call in route.calls]
    assert keys[0] == keys[1]
    assert len({"key-1", keys[0], keys[2]}) == 3


async def test_a_lead_that_is_refused_beforehand_is_not_sent(http, vendor):
    route = vendor.post("https://toy.example/leads").respond(200, json={"id": 1})
    said = await toy().send([Lead(notes="refuse"), a_lead()], http)
    assert said == [Rejected("no phone"), Sent("1")]
    assert len(route.calls) == 1


async def test_a_refused_lead_keeps_its_place_in_a_batch(http, vendor):
    vendor.post("https://toy.example/batch").respond(200, json={"results": [{"id": "1"}, {"id": "2"}]})
    said = await toy(BatchToy).send([a_lead(1), Lead(notes="refuse"), a_lead(2)], http)
    assert said == [Sent("1"), Rejected("no phone"), Sent("2")]


async def test_two_leads_with_one_key_never_share_a_request(http, vendor):
    route = vendor.post("https://toy.example/batch").respond(200, json={"results": [{"id": "1"}]})
    said = await toy(BatchToy).send([Lead(id="a", email="x@y.z"), Lead(id="b", email="x@y.z")], http)
    assert [type(each) for each in said] == [Sent, Retry]
    assert route.calls.last.request.content == b'["a"]'


def refuse_unless_alone(request: httpx.Request) -> httpx.Response:
    ids = json.loads(request.content)
    bad = {"lead_3": httpx.Response(413, json={"message": "too large"})}
    good = httpx.Response(200, json={"results": [{"id": each} for each in ids]})
    return next((bad[each] for each in ids if each in bad), good)


async def test_a_batch_that_is_refused_is_halved_until_the_guilty_lead_is_alone(http, vendor):
    vendor.post("https://toy.example/batch").mock(side_effect=refuse_unless_alone)
    said = await toy(BatchToy).send([a_lead(number) for number in range(1, 6)], http)
    assert said == [Sent("lead_1"), Sent("lead_2"), Rejected("too large", "413"), Sent("lead_4"), Sent("lead_5")]


async def test_rows_that_are_all_refused_one_by_one_are_not_sent_again(http, vendor):
    route = vendor.post("https://toy.example/batch").respond(200, json={"results": [{"error": "a"}, {"error": "b"}]})
    assert await toy(BatchToy).send([a_lead(1), a_lead(2)], http) == [Rejected("a"), Rejected("b")]
    assert len(route.calls) == 1


async def test_halving_keeps_what_was_told_and_stops_at_trouble(http, vendor):
    answers = [
        httpx.Response(413), httpx.Response(200, json={"results": [{"id": "1"}, {"id": "2"}]}),
        httpx.Response(429, headers={"retry-after": "9"}),
    ]  # fmt: skip
    vendor.post("https://toy.example/batch").mock(side_effect=answers)
    said = await toy(BatchToy).send([a_lead(number) for number in range(1, 5)], http)
    assert [type(each) for each in said] == [Sent, Sent, Retry, Retry]
    assert [each.after for each in said[2:]] == [9, 9]


async def test_after_trouble_in_the_first_half_the_second_is_not_sent(http, vendor):
    route = vendor.post("https://toy.example/batch").mock(side_effect=[httpx.Response(413), httpx.ReadTimeout("")])
    said = await toy(BatchToy).send([a_lead(1), a_lead(2)], http)
    assert [type(each) for each in said] == [Unclear, Retry]
    assert len(route.calls) == 2


async def test_a_refusal_because_the_record_exists_becomes_a_link(http, vendor):
    vendor.post("https://toy.example/leads").respond(409, json={"message": "exists 51"})
    vendor.patch("https://toy.example/leads/51").respond(200)
    assert await toy().send([a_lead()], http) == [Sent("51", note="written on a record that was there")]


@pytest.mark.parametrize(("status", "kind"), [(404, Misconfigured), (429, Retry), (400, Rejected), (500, Unclear)])
async def test_a_link_that_fails_is_judged_like_any_send(http, vendor, status, kind):
    vendor.post("https://toy.example/leads").respond(409, json={"message": "exists 51"})
    vendor.patch("https://toy.example/leads/51").respond(status)
    assert [type(each) for each in await said_by(toy().send([a_lead()], http))] == [kind]


async def test_a_later_version_changes_what_the_search_finds(http, vendor):
    vendor.get("https://toy.example/search", params={"q": "lead_1"}).respond(200, json={"hits": [51]})
    route = vendor.put("https://toy.example/leads/51").respond(200, json={"id": 51})
    assert await toy(UpdatingToy).send([a_lead(1, version=2)], http) == [Sent("51")]
    assert route.called


async def test_a_later_version_of_a_lead_that_is_not_there_is_created(http, vendor):
    vendor.get("https://toy.example/search").respond(200, json={"hits": []})
    vendor.post("https://toy.example/leads").respond(200, json={"id": 52})
    assert await toy(UpdatingToy).send([a_lead(1, version=2)], http) == [Sent("52")]


async def test_an_ambiguous_first_send_is_settled_by_the_search(http, vendor):
    vendor.get("https://toy.example/search").respond(200, json={"hits": [51]})
    assert await toy().lookup(a_lead(), http) == Sent("51")


async def test_an_ambiguous_change_is_sent_again_as_seeing_the_lead_proves_nothing(http, vendor):
    route = vendor.get("https://toy.example/search").respond(200, json={"hits": [51]})
    assert await toy(UpdatingToy).lookup(a_lead(1, version=2), http) is None
    assert not route.called


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500), httpx.Response(400), httpx.Response(429), httpx.Response(200, text="<html>"),
        httpx.Response(200, json={}), httpx.ReadTimeout(""), httpx.ConnectError(""),
    ],
)  # fmt: skip
async def test_a_search_that_fails_is_asked_again(http, vendor, answer):
    vendor.get("https://toy.example/search").mock(side_effect=[answer])
    with pytest.raises(Retry):
        await toy().lookup(a_lead(), http)


def after_others(response: httpx.Response) -> Callable[[httpx.Request], Awaitable[httpx.Response]]:
    """Answer only when every task that can run has run as far as it gets."""

    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        return response

    return answer


async def test_fifty_sends_ask_for_one_token(http, vendor):
    token = after_others(httpx.Response(200, json={"access_token": "t1", "expires_in": 600}))
    tokens = vendor.post("https://toy.example/token").mock(side_effect=token)
    leads = vendor.post("https://toy.example/leads").respond(200, json={"id": 1})
    sink = toy(TokenToy)
    said = await asyncio.gather(*(sink.send([a_lead(number)], http) for number in range(50)))
    assert said == [[Sent("1")]] * 50
    assert len(tokens.calls) == 1
    assert {call.request.headers["authorization"] for call in leads.calls} == {"Bearer t1"}


async def test_fifty_sends_that_wait_for_a_token_share_one_refusal(http, vendor):
    refusal = after_others(httpx.Response(400, json={"error_description": "wrong secret"}))
    tokens = vendor.post("https://toy.example/token").mock(side_effect=refusal)
    sink = toy(TokenToy)
    said = await asyncio.gather(*(said_by(sink.send([a_lead(number)], http)) for number in range(50)))
    assert {each.reason for (each,) in said} == {"no token: wrong secret"}
    assert len(tokens.calls) == 1


async def test_after_a_refusal_the_next_send_asks_for_a_token_again(http, vendor):
    answers = [httpx.Response(503), httpx.Response(200, json={"access_token": "t1"})]
    vendor.post("https://toy.example/token").mock(side_effect=answers)
    vendor.post("https://toy.example/leads").respond(200, json={"id": 1})
    sink = toy(TokenToy)
    assert [type(each) for each in await said_by(sink.send([a_lead()], http))] == [Retry]
    assert await sink.send([a_lead()], http) == [Sent("1")]


async def test_a_token_is_renewed_before_it_ends(http, vendor):
    tokens = vendor.post("https://toy.example/token").respond(200, json={"access_token": "t1", "expires_in": 600})
    vendor.post("https://toy.example/leads").respond(200, json={"id": 1})
    sink = toy(TokenToy)
    await sink.send([a_lead()], http)
    sink.clock.turn(539)
    await sink.send([a_lead()], http)
    assert len(tokens.calls) == 1
    sink.clock.turn(2)
    await sink.send([a_lead()], http)
    assert len(tokens.calls) == 2


async def test_a_401_renews_the_token_once_and_sends_again(http, vendor):
    given = [httpx.Response(200, json={"access_token": name}) for name in ("old", "new")]
    vendor.post("https://toy.example/token").mock(side_effect=given)
    vendor.post("https://toy.example/leads", headers={"authorization": "Bearer old"}).respond(401)
    vendor.post("https://toy.example/leads", headers={"authorization": "Bearer new"}).respond(200, json={"id": 1})
    assert await toy(TokenToy).send([a_lead()], http) == [Sent("1")]


async def test_a_second_401_is_for_a_person(http, vendor):
    tokens = vendor.post("https://toy.example/token").respond(200, json={"access_token": "t"})
    leads = vendor.post("https://toy.example/leads").respond(401)
    assert [type(each) for each in await said_by(toy(TokenToy).send([a_lead()], http))] == [Misconfigured]
    assert (len(tokens.calls), len(leads.calls)) == (2, 2)


@pytest.mark.parametrize(
    "answer", [httpx.ReadTimeout(""), httpx.ConnectError(""), httpx.Response(500), httpx.Response(200, text="{}")]
)
async def test_without_a_token_nothing_was_sent(http, vendor, answer):
    vendor.post("https://toy.example/token").mock(side_effect=[answer])
    assert [type(each) for each in await said_by(toy(TokenToy).send([a_lead()], http))] == [Retry]


async def test_the_answer_that_holds_a_token_is_never_quoted(http, vendor):
    vendor.post("https://toy.example/token").respond(200, json={"accessToken": "canary"})
    (said,) = await said_by(toy(TokenToy).send([a_lead()], http))
    assert "canary" not in said.reason


async def test_what_was_sent_before_the_sink_broke_is_kept(http, vendor):
    answers = [httpx.Response(200, json={"id": 1}), httpx.Response(403), httpx.Response(200, json={"id": 3})]
    route = vendor.post("https://toy.example/leads").mock(side_effect=answers)
    said = await toy().send([a_lead(1), a_lead(2), a_lead(3)], http)
    assert [type(each) for each in said] == [Sent, Misconfigured, Misconfigured]
    assert len(route.calls) == 2
