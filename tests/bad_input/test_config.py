"""Rows 88 to 98: rules, YAML, addresses, API input, secrets and reloads that are wrong; the hub names it and stays up."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.errors import ConfigError
from hub.outgoing.client import make_client
from hub.web.app import create_app
from tests.bad_input.corpus import lead
from tests.bad_input.serving import KEY, Served, request, serving
from tests.conftest import BASIC, MakeHub, post, reloaded
from tests.core.looking import rows

RULED = """
hub: {region: CN, answer_within: 10s}
sources: {api: {connector: json_webhook, auth: none, key: id}}
sinks: {chat: {connector: memory_sink}}
flows:
  - name: inbound
    from: [api]
    routes:
      - {name: tried, when: RULE, to: [chat]}
      - {name: rest, to: [chat]}
"""


@pytest.fixture
def database(sqlite: str) -> str:
    """Return the address of an empty SQLite database: a configuration is the same on either kind."""
    return sqlite


def ruled(rule: str) -> str:
    return RULED.replace("RULE", json.dumps(rule))


def tried(served: Served, text: str) -> tuple[int, str]:
    """Have a configuration tried on the leads of the past, and return the status and what is said."""
    answer = served.call("POST", "/api/simulate", {"config": text})
    return answer.status, answer.body.decode()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        pytest.param(r'lead.email.matches("(a)\\1")', "pattern", id="88-a-back-reference"),
        pytest.param(f'lead.email.matches("{"a" * 10_000}")', "", id="88-a-pattern-of-10-kb"),
        pytest.param('lead.email.matches("(((((a{1,999}){1,999}){1,999})")', "", id="88-repeats-of-repeats"),
        pytest.param('lead.email.matches("(")', "", id="88-a-pattern-that-is-none"),
        pytest.param("[1,2,3].all(a, [1,2,3].all(b, [1,2,3].all(c, a == c)))", "loop", id="89-loops-in-loops"),
        pytest.param("[" + "1," * 10_000 + "1].exists(x, x == 2)", "", id="89-a-list-of-10000"),
        pytest.param('lead.__class__.__globals__ == ""', "", id="89-attributes-of-python"),
        pytest.param("().__class__", "", id="89-python"),
        pytest.param('__import__("os").system("id") == 0', "", id="89-an-import"),
        pytest.param("true ||" * 20_000 + "true", "", id="90-a-rule-of-140-kb"),
        pytest.param("(" * 5_000 + "true" + ")" * 5_000, "", id="90-5000-brackets"),
        pytest.param('lead.emial == "x"', "email", id="90-a-field-nobody-has"),
        pytest.param('lead.score > "high"', "", id="90-a-type-that-does-not-fit"),
        pytest.param("lead.score + 1", "", id="90-no-yes-or-no"),
        pytest.param("", "", id="90-an-empty-rule"),
        pytest.param('lead.country = "CN"', "==", id="90-one-equals-sign"),
    ],
)
def test_a_rule_that_could_harm_or_cannot_hold_is_refused_when_it_is_loaded(served: Served, rule: str, words: str):
    status, said = tried(served, ruled(rule))
    assert (status, words in said) == (422, True), said
    assert "Traceback" not in said
    assert served.takes_the_next_lead()


@pytest.mark.parametrize(
    ("rule", "route"),
    [
        pytest.param('lead.message.matches("^(a+)+$")', "rest", id="88-nested-quantifiers"),
        pytest.param('lead.message.matches("(.*)*(.*)*(.*)*b$")', "rest", id="88-stars-of-stars"),
        pytest.param('lead.message.matches("^(a|a)*!$")', "tried", id="88-alternatives-alike"),
        pytest.param('lead.grade == "A" && lead.grade == "B"', "rest", id="90-contradictory"),
        pytest.param('extra.nothing == "x"', "rest", id="90-a-field-that-is-missing"),
        pytest.param("extra.amount > 5", "rest", id="90-a-value-of-another-type"),
        pytest.param('lead.message.split("a").size() > 9999', "tried", id="89-a-long-list-made-of-text"),
    ],
)
async def test_a_rule_on_hostile_text_ends_and_the_lead_goes_on(make_hub: MakeHub, rule: str, route: str):
    hub = await make_hub(ruled(rule))
    hostile = {"id": "1", "email": "a@acme.example.com", "message": "a" * 10_000 + "!", "amount": "many"}
    answer = await post(hub, json.dumps(hostile), "api")
    assert answer.json()["status"] == "accepted"
    assert json.loads((await rows(hub, "decision"))[0]["body"])["routes"] == [route]


async def test_10000_routes_are_decided_90(make_hub: MakeHub):
    text = RULED.partition("      - {name: tried")[0]
    text += "".join(f"      - {{name: r{n}, when: 'lead.city == \"{n}\"', to: [chat]}}\n" for n in range(2_000))
    hub = await make_hub(text + "      - {name: rest, to: [chat]}\n")
    answer = await post(hub, json.dumps(lead("90", city="1999")), "api")
    assert answer.json()["status"] == "accepted"
    assert json.loads((await rows(hub, "decision"))[0]["body"])["routes"] == ["r1999"]


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(BOMB, "expands", id="91-a-bomb-of-anchors"),
        pytest.param("hub: &a\n  name: *a\n", "", id="91-an-anchor-in-itself"),
        pytest.param('hub: !!python/object/apply:os.system ["id"]\n', "python", id="91-python-object"),
        pytest.param("hub: !!python/name:os.system\n", "python", id="91-python-name"),
        pytest.param("hub:\n\tname: x\n", "", id="91-a-tab"),
        pytest.param("hub: {name: a}\nhub: {name: b}\n", "twice", id="91-a-section-twice"),
        pytest.param("hub: {name: a, name: b}\n", "twice", id="91-a-key-twice"),
        pytest.param("hub: {1: 2}\n", "", id="91-a-key-that-is-a-number"),
        pytest.param("hub: {? {a: b} : c}\n", "word", id="91-a-key-that-is-a-map"),
        pytest.param("hub: {<<: {name: a}}\n", "", id="91-a-merge-key"),
        pytest.param("- 1\n- 2\n", "sections", id="91-a-list"),
        pytest.param("just text", "sections", id="91-text"),
        pytest.param("a: b\n---\nc: d\n", "", id="91-two-documents"),
        pytest.param("hub: {name: \x07}\n", "", id="91-a-control-character"),
        pytest.param("[" * 5_000, "", id="91-5000-brackets"),
        pytest.param("hub: {region: no}\n", "country code", id="91-norway"),
        pytest.param("hub: {nmae: x}\n", "name", id="94-an-unknown-setting"),
        pytest.param("hub: {max_body: lots}\n", "max_body", id="94-a-wrong-type"),
        pytest.param("hub: {max_body: -1}\n", "max_body", id="94-a-number-out-of-range"),
        pytest.param("hub: {answer_within: .inf}\n", "answer_within", id="94-a-duration-without-end"),
        pytest.param(
            "hub: {database: 'mysql://x/y'}\nsinks: {s: {connector: nobody}}\n",
            "not known",
            id="94-an-unknown-connector",
        ),
        pytest.param("sources: {'../x': {connector: json_webhook}}\n", "", id="96-a-name-that-climbs"),
        pytest.param("sources: {X: {connector: json_webhook, auth: none}}\n", "", id="96-a-name-in-capitals"),
    ],
)
def test_a_configuration_that_is_wrong_is_refused_with_a_sentence(served: Served, text: str, words: str):
    status, said = tried(served, text)
    assert (status, words in said) == (422, True), said
    assert "Traceback" not in said
    assert served.takes_the_next_lead()


NO_TARGETS = [
    ("userinfo", "https://user:pw@hooks.example.com/"),
    ("backslash", "http://good.example.com\\@evil.example.com/"),
    ("mapped", "http://[::ffff:127.0.0.1]:9/"),
    ("nat64", "http://[64:ff9b::7f00:1]:9/"),
    ("sixtofour", "http://[2002:7f00:1::]:9/"),
    ("zero", "http://0/"),
    ("decimal", "http://2130706433:9/"),
    ("hexadecimal", "http://0x7f.1:9/"),
    ("octal", "http://0177.0.0.1:9/"),
    ("short", "http://127.1:9/"),
    ("circled", "http://①②⑦.⓪.⓪.①:9/"),
    ("ideographic", "http://127。0。0。1:9/"),
    ("fullwidth", "http://１２７.0.0.1:9/"),
    ("localhost", "http://localhost:9/"),
    ("dotted", "http://localhost.:9/"),
    ("metadata", "http://169.254.169.254/latest/"),
    ("private", "http://10.0.0.1:9/"),
    ("loopback6", "http://[::1]:9/"),
    ("scoped", "http://[fe80::1%25lo]:9/"),
    ("multicast", "http://224.0.0.1:9/"),
    ("portzero", "http://127.0.0.1:0/"),
    ("porthigh", "http://127.0.0.1:99999/"),
    ("publicportzero", "http://8.8.8.8:0/"),
    ("publicporthigh", "http://8.8.8.8:99999/"),
    ("scope", "http://[::1%251]:9/"),
    ("mappedscope", "http://[::ffff:127.0.0.1%251]:9/"),
    ("compatible", "http://[::127.0.0.1]:9/"),
    ("translated", "http://[::ffff:0:127.0.0.1]:9/"),
    ("dottedaddress", "http://127.0.0.1.:9/"),
    ("longoctal", "http://017700000001:9/"),
    ("unspecified", "http://[::]:9/"),
    ("encoded", "http://%6c%6f%63%61%6c%68%6f%73%74:9/"),
    ("gopher", "gopher://hooks.example.com/"),
    ("file", "file:///etc/passwd"),
    ("ftp", "ftp://hooks.example.com/"),
    ("nohost", "http:///x"),
    ("long", "http://127.0.0.1:9/" + "a" * (64 << 10)),
    ("newline", "http://127.0.0.1:9/\r\nHost: x"),
]


@pytest.fixture
async def loopback() -> AsyncIterator[tuple[int, list[Any]]]:
    """Return the port of a server on both loopback addresses, and the list of those that reached it."""
    reached: list[Any] = []
    four = await asyncio.start_server(lambda *line: reached.append(line), "127.0.0.1", 0)
    port = four.sockets[0].getsockname()[1]
    six = await asyncio.start_server(lambda *line: reached.append(line), "::1", port)
    async with four, six:
        yield port, reached


@pytest.mark.parametrize("url", [pytest.param(url, id=f"92-{name}") for name, url in NO_TARGETS])
async def test_no_address_that_is_not_public_is_called(loopback: tuple[int, list[Any]], url: str):
    port, reached = loopback
    async with make_client() as client:
        with pytest.raises((httpx.TransportError, httpx.InvalidURL)):
            await client.post(url.replace(":9/", f":{port}/"), content=b"{}", timeout=5)
    assert reached == []


INSIDE = [(name, url) for name, url in NO_TARGETS if ":9/" in url and len(url) < 100 and "\r" not in url]


def test_a_sink_at_a_private_address_is_paused_and_its_leads_wait_92(tmp_path: Path):
    sinks = {name: {"connector": "webhook", "url": url} for name, url in INSIDE}
    flow = {"name": "inbound", "from": ["api"], "routes": [{"name": "all", "to": list(sinks)}]}
    sources = {"api": {"connector": "json_webhook", "auth": "none"}}
    with serving(
        tmp_path,
        json.dumps(
            {"hub": {"region": "CN", "answer_within": "10s"}, "sources": sources, "sinks": sinks, "flows": [flow]}
        ),
    ) as hub:
        assert hub.post_json(lead("92")).json()["status"] == "accepted"
        hub.until(lambda: [sink for sink in _sinks(hub) if not sink["sending"]], len(sinks))
        said = {sink["name"]: sink["paused"] for sink in _sinks(hub)}
        assert {row["state"] for row in hub.rows("delivery")} == {"ready"}
    assert {name for name, paused in said.items() if not paused} <= {"dotted"}  # its name may not resolve here


def _sinks(hub: Served) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(hub.get("/api/sinks").body)["items"]
    return found


@pytest.mark.parametrize(
    ("method", "path", "value"),
    [
        pytest.param("POST", "/api/keys", {"role": "root"}, id="94-a-role-nobody-has"),
        pytest.param("POST", "/api/keys", {"role": "viewer", "id": "key_1"}, id="94-a-field-that-is-not-asked-for"),
        pytest.param("POST", "/api/keys", {"role": ["owner"]}, id="94-a-list-for-a-word"),
        pytest.param("POST", "/api/keys", [], id="94-a-list-for-an-object"),
        pytest.param("POST", "/api/keys", None, id="94-no-body"),
        pytest.param("POST", "/api/deliveries/retry", {"state": "sent"}, id="94-a-state-that-cannot-be-retried"),
        pytest.param("POST", "/api/simulate", {"config": "", "days": -1}, id="94-negative-days"),
        pytest.param("POST", "/api/simulate", {"config": "", "days": 1e12}, id="94-days-past-a-decade"),
        pytest.param("POST", "/api/sinks/crm/pause", {"reason": "x", "role": "admin"}, id="94-a-role-on-top"),
        pytest.param("GET", "/api/leads?limit=-1", None, id="95-a-page-of-minus-one"),
        pytest.param("GET", "/api/leads?limit=0", None, id="95-a-page-of-nothing"),
        pytest.param("GET", "/api/leads?limit=1000000000", None, id="95-a-page-of-everything"),
        pytest.param("GET", "/api/leads?limit=ten", None, id="95-a-page-of-ten-in-words"),
        pytest.param("GET", "/api/leads?after=" + "x" * 201, None, id="95-a-cursor-of-201-characters"),
        pytest.param("GET", "/api/decisions/x", None, id="96-a-word-where-a-number-belongs"),
        pytest.param("GET", "/api/leads/x/explain?language=xx", None, id="94-a-language-nobody-speaks"),
        pytest.param("GET", "/api/export/keys", None, id="94-a-table-that-is-not-exported"),
    ],
)
def test_the_api_refuses_what_it_does_not_know_with_a_422(served: Served, method: str, path: str, value: Any):
    answer = served.call(method, path, value)
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json"), answer.body
    assert served.takes_the_next_lead()


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        pytest.param("/api/leads?after=%00'%20OR%201=1", {200}, id="95-a-tampered-cursor-of-text"),
        pytest.param("/api/leads/..%2f..%2fetc%2fpasswd", {404}, id="96-an-id-that-climbs"),
        pytest.param("/api/leads/../keys", {404, 200}, id="96-an-id-that-climbs-plainly"),
        pytest.param("/api/leads/LEAD_000001", {404}, id="96-an-id-in-capitals"),
        pytest.param("/api/leads/lead_000001%00", {404}, id="96-an-id-with-nul"),
        pytest.param("/api/leads/%ff%fe", {404}, id="96-an-id-that-is-no-text"),
        pytest.param("/api/leads/1", {404}, id="96-a-number-where-an-id-belongs"),
        pytest.param("/api/leads/" + "a" * 10_000, {404}, id="96-an-id-of-10-kb"),
        pytest.param("/api/submissions/'%3b--", {404}, id="96-an-id-of-sql"),
        pytest.param("/api/deliveries/%25", {404}, id="96-an-id-of-a-pattern"),
        pytest.param("/api/decisions/-1", {404, 422}, id="96-a-negative-number"),
    ],
)
def test_ids_and_cursors_of_strangers_find_nothing_and_break_nothing(served: Served, path: str, statuses: set[int]):
    served.takes_the_next_lead()
    answer = served.get(path)
    assert answer.status in statuses, answer.body
    assert b"Traceback" not in answer.body


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        pytest.param("/api/decisions?after=x", {422}, id="95-a-tampered-cursor-of-a-number"),
        pytest.param("/api/decisions?after=99999999999999999999", {200, 422}, id="95-a-cursor-past-64-bits"),
        pytest.param("/api/decisions/99999999999999999999", {404, 422}, id="96-a-number-past-64-bits"),
    ],
)
async def test_a_number_that_is_none_is_a_422_or_finds_nothing(make_hub: MakeHub, path: str, statuses: set[int]):
    app = create_app(await make_hub(), local_key=KEY)
    inside = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=inside, base_url="http://hub") as client:
        answer = await client.get(path, headers={"authorization": f"Bearer {KEY}"})
    assert answer.status_code in statuses


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"[" * 100_000, id="29-depth"),
        pytest.param(b'{"role": "\\ud800"}', id="33-lone-surrogate"),
        pytest.param(b'{"role": NaN}', id="31-nan"),
        pytest.param(b'{"role": ' + b"9" * 5_000 + b"}", id="30-5000-digits"),
        pytest.param(b"\xff\xfe", id="47-bytes"),
        pytest.param(b"{", id="28-truncated"),
    ],
)
def test_bad_json_to_the_api_is_a_4xx(served: Served, value: bytes):
    headers = {"host": "hub", "content-type": "application/json", "authorization": f"Bearer {KEY}"}
    answer = served.send(request("/api/keys", value, headers))
    assert answer is not None
    assert 400 <= answer.status < 500
    assert served.takes_the_next_lead()


@pytest.mark.parametrize(
    ("auth", "status"),
    [
        pytest.param("", 401, id="96-no-key"),
        pytest.param("Bearer ", 401, id="96-an-empty-key"),
        pytest.param("Bearer \xff\xfe", 401, id="18-a-key-that-is-not-ascii"),
        pytest.param("Bearer " + "x" * 10_000, 401, id="96-a-key-of-10-kb"),
        pytest.param("Basic Zm9vOmJhcg==", 401, id="96-another-scheme"),
    ],
)
def test_whoever_has_no_key_learns_nothing(served: Served, auth: str, status: int):
    answer = served.get("/api/leads/lead_000001", authorization=auth)
    assert answer.status == status
    assert b"acme" not in answer.body


SECRET = BASIC.replace(
    "{connector: open_source}", "{connector: json_webhook, auth: key, secret: '${REFERENCE}', key: id}"
)


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param("file:missing", id="97-missing"),
        pytest.param("file:empty", id="97-empty"),
        pytest.param("file:blank", id="97-a-line-end-alone"),
        pytest.param("file:bytes", id="97-bytes-that-are-no-text"),
        pytest.param("file:folder", id="97-a-folder"),
        pytest.param("file:../../../../etc/nobody", id="97-elsewhere"),
        pytest.param("env:LEADHUB_NOBODY_SETS_THIS", id="97-no-variable"),
        pytest.param("env:LEADHUB_TEST_EMPTY", id="97-an-empty-variable"),
        pytest.param("vault:x", id="97-a-store-nobody-knows"),
    ],
)
async def test_a_secret_that_is_not_there_is_a_start_error_that_names_it(
    make_hub: MakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str
):
    (tmp_path / "empty").touch()
    (tmp_path / "blank").write_bytes(b"\r\n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\xfd")
    (tmp_path / "folder").mkdir()
    monkeypatch.setenv("LEADHUB_TEST_EMPTY", "")
    with pytest.raises(ConfigError, match=reference) as caught:
        await make_hub(SECRET.replace("REFERENCE", reference))
    assert "hub.yaml:" in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [pytest.param(r"file:a\0b", id="97-a-file-with-nul"), pytest.param(r"env:A\0B", id="97-a-variable-with-nul")],
)
async def test_a_secret_with_nul_in_its_name_is_a_start_error(make_hub: MakeHub, name: str):
    with pytest.raises(ConfigError, match="is not there, or empty"):
        await make_hub(SECRET.replace("'${REFERENCE}'", f'"${{{name}}}"'))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"s3cret-of-the-file\r\n", id="97-crlf-at-the-end"),
        pytest.param(b"s3cret-of-the-file\n\n", id="97-two-line-ends"),
        pytest.param(b"\xef\xbb\xbfs3cret-of-the-file", id="97-a-byte-order-mark"),
        pytest.param(b"s3cret-of-the-file", id="97-no-line-end"),
    ],
)
async def test_the_line_end_of_a_secret_is_not_part_of_it(make_hub: MakeHub, tmp_path: Path, content: bytes):
    (tmp_path / "secret").write_bytes(content)
    hub = await make_hub(SECRET.replace("REFERENCE", "file:secret"))
    assert (await post(hub, json.dumps(lead("97")), x_api_key="s3cret-of-the-file")).status_code == 202


@pytest.mark.parametrize(
    ("mode", "warned"), [pytest.param(0o644, True, id="97-world-readable"), pytest.param(0o600, False, id="97-closed")]
)
async def test_a_secret_that_others_can_read_is_told(
    make_hub: MakeHub, tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, warned: bool
):
    (tmp_path / "secret").write_text("s3cret-of-the-file")
    (tmp_path / "secret").chmod(mode)
    with caplog.at_level(logging.WARNING, "leadhub"):
        await make_hub(SECRET.replace("REFERENCE", "file:secret"))
    assert ("secret.exposed" in caplog.text) == warned
    assert "s3cret-of-the-file" not in caplog.text


BROKEN = [
    ("98-an-unknown-key", BASIC.replace("region: CN", "regoin: CN")),
    ("98-no-yaml", "hub: ["),
    ("98-an-empty-file", ""),
    ("98-an-unknown-sink", BASIC.replace("[crm, chat]", "[crm, chta]")),
    ("98-a-rule-that-cannot-be-read", BASIC.replace("{name: all,", "{name: all, when: '((', ")),
    ("98-another-database", BASIC.replace("hub.db", "other.db")),
    ("98-bytes", "\udcff\udcfe"),
]


@pytest.mark.parametrize("text", [pytest.param(text, id=id_) for id_, text in BROKEN])
async def test_a_bad_reload_leaves_the_old_configuration_running(make_hub: MakeHub, tmp_path: Path, text: str):
    hub = await make_hub()
    before = hub.plan
    (tmp_path / "hub.yaml").write_bytes(text.encode("utf-8", "surrogateescape"))

    assert await reloaded(hub) is False

    assert hub.plan is before
    assert hub.publisher.refused
    await hub.flush()
    assert len(await rows(hub, "event", kind="config.refused")) == 1
    assert (await post(hub, json.dumps(lead("98")))).json()["status"] == "accepted"
    (tmp_path / "hub.yaml").write_text(BASIC + "# mended\n")
    assert await reloaded(hub) is True
    assert hub.publisher.refused is None
