"""A person's consent at a vendor: its page is opened, its code exchanged, and its tokens kept where all nodes find them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from cryptography.fernet import Fernet

from hub.app import connect
from hub.app.connect import Begun, begin, finish
from hub.errors import ConfigError, LeadhubError, Misconfigured
from hub.lead import Lead, Sent
from hub.outcome import Disposition, Occasion
from hub.store.audit import Actor
from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox
from tests.api.calling import calling, problem
from tests.conftest import MakeHub
from tests.core.looking import all_rows

ME = Actor("usr_1")
BACK = "http://localhost:8765/callback"
VENDOR = "google_data_manager"
APP = {"client_id": "app-1", "client_secret": "s3cret"}
CONFIG = """
hub: {{name: Acme, token_key: "${{env:TOKEN_KEY}}", allow_networks: [127.0.0.0/8]}}
sources:
  website: {{connector: web_form}}
sinks:
  ads:
    connector: google_data_manager
    base_url: "{url}"
    token_url: "{url}/token"
    authorize_url: "{url}/auth"
    client_id: app-1
    client_secret: "${{env:APP_SECRET}}"
    account_id: 123-456-7890
    everybody: true
    events: {{won: "4002"}}
  keyed: {{connector: hubspot, token: "${{env:APP_SECRET}}"}}
  crm: {{connector: memory_sink}}
flows:
  - {{name: inbound, from: [website], routes: [{{name: all, to: [crm]}}]}}
"""


@pytest.fixture
def database(sqlite: str) -> str:
    """Keep to SQLite: nothing here differs between the two."""
    return sqlite


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the secrets as an operator does: in the environment."""
    monkeypatch.setenv("TOKEN_KEY", Fernet.generate_key().decode())
    monkeypatch.setenv("APP_SECRET", "s3cret")


@pytest.fixture
async def sandbox(clock: HandClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=clock, settings={VENDOR: dict(APP)}) as running:
        yield running


async def start(make_hub: MakeHub, sandbox: Sandbox, **changes: str) -> Any:
    config = CONFIG.format(url=f"{sandbox.url}/{VENDOR}")
    for was, becomes in changes.items():
        config = config.replace(was, becomes)
    return await make_hub(config, transport=httpx.AsyncHTTPTransport())


async def consented(begun: Begun) -> str:
    """Return the address the consent page sends on to."""
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(begun.url)
    assert answer.status_code == 302
    return answer.headers["location"]


def won(clock: HandClock) -> Lead:
    said = Occasion(disposition=Disposition.WON, at=clock.now(), value=900.0, currency="EUR")
    return Lead.blank(id="lead_1").with_fields(email="ann@example.com", occasion=said)


async def test_a_consent_is_kept_sealed_and_outlasts_token_and_process(make_hub: MakeHub, sandbox: Sandbox, clock):
    hub = await start(make_hub, sandbox)
    begun = begin(hub, "ads", BACK)
    asked = dict(parse_qsl(urlsplit(begun.url).query))
    assert (asked["code_challenge_method"], asked["access_type"], asked["redirect_uri"]) == ("S256", "offline", BACK)
    assert asked["scope"] == begun.scope == "https://www.googleapis.com/auth/datamanager"
    said = await finish(hub, begun, BACK, await consented(begun), ME)
    assert (said["name"], said["kind"], said["connector"]) == ("ads", "sink", VENDOR)
    (row,) = await all_rows(hub, "access_token")
    assert (row["name"], b"sandbox-refresh" in row["sealed"]) == ("sink:ads", False)
    assert [one["what"] for one in await all_rows(hub, "audit")].count("consent.connected") == 1
    await make_hub.stop(hub)
    clock.turn(4_000)
    hub = await start(make_hub, sandbox)
    (outcome,) = await hub.plan.sinks["ads"].send([won(clock)], hub.http)
    assert isinstance(outcome, Sent)
    assert len(sandbox.records(VENDOR)) == 1


async def test_without_a_consent_the_sink_says_how_to_give_it(make_hub: MakeHub, sandbox: Sandbox, clock):
    hub = await start(make_hub, sandbox)
    with pytest.raises(Misconfigured, match=r"there is no consent yet\. Run `leadhub connect ads`"):
        await hub.plan.sinks["ads"].send([won(clock)], hub.http)


async def test_an_answer_to_another_question_is_refused(make_hub: MakeHub, sandbox: Sandbox):
    hub = await start(make_hub, sandbox)
    answer = await consented(begin(hub, "ads", BACK))
    with pytest.raises(ConfigError, match="its state is another one"):
        await finish(hub, begin(hub, "ads", BACK), BACK, answer, ME)
    assert await all_rows(hub, "access_token") == []


async def test_a_consent_that_is_refused_is_told_in_the_vendors_words(make_hub: MakeHub, sandbox: Sandbox):
    hub = await start(make_hub, sandbox)
    sandbox.vendors[VENDOR].settings["consent"] = "denied"
    begun = begin(hub, "ads", BACK)
    with pytest.raises(ConfigError, match="the consent was refused: 'The user did not consent'"):
        await finish(hub, begun, BACK, await consented(begun), ME)


async def test_a_code_serves_once(make_hub: MakeHub, sandbox: Sandbox):
    hub = await start(make_hub, sandbox)
    begun = begin(hub, "ads", BACK)
    answer = await consented(begun)
    await finish(hub, begun, BACK, answer, ME)
    with pytest.raises(ConfigError, match="it was used before, or is too old"):
        await finish(hub, begun, BACK, answer, ME)


async def test_a_code_that_lay_too_long_is_not_taken(make_hub: MakeHub, sandbox: Sandbox, clock):
    hub = await start(make_hub, sandbox)
    begun = begin(hub, "ads", BACK)
    answer = await consented(begun)
    clock.turn(601)
    with pytest.raises(ConfigError, match="it was used before, or is too old"):
        await finish(hub, begun, BACK, answer, ME)


async def test_a_code_that_somebody_caught_is_worth_nothing_without_the_verifier(make_hub: MakeHub, sandbox: Sandbox):
    hub = await start(make_hub, sandbox)
    begun = begin(hub, "ads", BACK)
    answer = await consented(begun)
    with pytest.raises(ConfigError, match="does not take the code"):
        await finish(hub, replace(begun, verifier="x" * 64), BACK, answer, ME)


async def test_an_app_that_the_vendor_does_not_know_is_told_apart(make_hub: MakeHub, sandbox: Sandbox, monkeypatch):
    monkeypatch.setenv("APP_SECRET", "another")
    hub = await start(make_hub, sandbox)
    begun = begin(hub, "ads", BACK)
    with pytest.raises(ConfigError, match="Check `client_id` and `client_secret`") as told:
        await finish(hub, begun, BACK, await consented(begun), ME)
    assert "another" not in str(told.value)


@pytest.mark.parametrize(
    ("answer", "said"), [("{back}?state={state}", "The address has no code"), ("nonsense", "its state is another one")]
)
async def test_what_is_pasted_must_be_the_whole_address(make_hub: MakeHub, sandbox: Sandbox, answer: str, said: str):
    hub = await start(make_hub, sandbox)
    begun = begin(hub, "ads", BACK)
    with pytest.raises(ConfigError, match=said):
        await finish(hub, begun, BACK, answer.format(back=BACK, state=begun.state), ME)


async def test_a_vendor_that_does_not_answer_is_named(make_hub: MakeHub, sandbox: Sandbox):
    hub = await start(make_hub, sandbox, **{'/token"': '/nowhere"'})
    begun = begin(hub, "ads", BACK)
    with pytest.raises(LeadhubError, match=r"/google_data_manager/nowhere answered 404 to the code"):
        await finish(hub, begun, BACK, await consented(begun), ME)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("other", "There is no sink or source 'other'. Known: ads, crm, keyed, website."),
        ("crm", r'Sink "crm" \(memory_sink\) takes no consent: see'),
        ("keyed", r'Sink "keyed" \(hubspot\) takes no consent without `client_id` and `client_secret` in its settings'),
    ],
)
async def test_only_who_works_by_consent_can_be_connected(make_hub: MakeHub, sandbox: Sandbox, name: str, said: str):
    hub = await start(make_hub, sandbox)
    with pytest.raises(ConfigError, match=said):
        begin(hub, name, BACK)


async def test_without_a_key_to_seal_with_nobody_is_sent_to_the_page(make_hub: MakeHub, sandbox: Sandbox):
    hub = await start(make_hub, sandbox, **{'token_key: "${env:TOKEN_KEY}", ': ""})
    with pytest.raises(ConfigError, match=r"There is no hub\.token_key, so a refresh token cannot be kept"):
        begin(hub, "ads", BACK)


async def test_the_api_walks_through_it_and_shows_no_token(make_hub: MakeHub, sandbox: Sandbox):
    hub = await start(make_hub, sandbox)
    async with calling(hub) as http:
        begun = (await http.post("/api/connect/ads", json={"redirect": BACK})).json()
        answer = await consented(connect.Begun(**begun))
        proof = {"state": begun["state"], "verifier": begun["verifier"]}
        done = await http.post("/api/connect/ads/answer", json={"redirect": BACK, "answer": answer, **proof})
        again = await http.post("/api/connect/ads/answer", json={"redirect": BACK, "answer": answer, **proof})
    assert done.status_code == 200
    assert set(done.json()) == {"name", "kind", "connector", "scope", "until"}
    assert "does not take the code" in problem(again)["detail"]
