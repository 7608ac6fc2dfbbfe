"""Apprise sends through its own sockets, so the real library is run against the sandbox's Mattermost."""

import importlib
import json

import httpx
import pytest
from pydantic import ValidationError

from connectors.chat.apprise import Apprise
from hub import Lead, Message, Misconfigured, Rejected, Retry, Sent, Unclear
from hub.lead import Delivery
from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox

LINK = "https://hub.acme.com/reply/t0k3n"
LEAD = Lead(
    id="lead_1",
    full_name="Ann @channel <b>",
    company="[Acme](http://evil.example)",
    delivery=Delivery(key="7f3ka1b2-0000-5000-8000-000000000000", links={"take": LINK}),
)


def apprise(url: str) -> Apprise:
    sink = Apprise("others", Apprise.Config(url=url), HandClock())
    sink.networks = ("127.0.0.0/8",)
    return sink


def mattermost(sandbox: Sandbox, hook: str = "h00k", more: str = "") -> Apprise:
    return apprise(f"mmost://{sandbox.url.removeprefix('http://')}/mattermost/{hook}{more}")


async def sent(sink: Apprise, *leads: Lead):
    async with httpx.AsyncClient() as http:
        return await sink.send(leads or (LEAD,), http)


async def test_a_message_has_its_links_and_mentions_nobody():
    async with Sandbox(settings={"mattermost": {"token": "h00k"}}) as sandbox:
        (said,) = await sent(mattermost(sandbox))
        (post,) = sandbox.records("mattermost")
    assert isinstance(said, Sent)
    assert "#L-7F3K" in post["message"]
    assert LINK in post["message"]
    assert not [raw for raw in ("@channel", "<b>", "[Acme](") if raw in post["message"]]


async def test_the_hub_can_tell_what_is_about_no_lead():
    async with Sandbox(settings={"mattermost": {"token": "h00k"}}) as sandbox, httpx.AsyncClient() as http:
        sink = mattermost(sandbox)
        notice = Message.notice("1 alarm", [("Source a", "silent")], sink.config, "https://hub.acme.com")
        assert isinstance(await sink.tell(notice, "alarm-1", http), Sent)
        assert "Source a: silent" in json.dumps(list(sandbox.records("mattermost")))


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ({"token": "other"}, Rejected, "answered 400"),
        ({"token": "h00k", "limits": {"server": [0, 1.0]}}, Retry, "answered 429"),
        ({"token": "h00k", "disabled": True}, Unclear, "answered 501"),
    ],
)
async def test_a_status_in_the_librarys_log_says_what_happens_next(settings, kind, words):
    async with Sandbox(settings={"mattermost": settings}) as sandbox:
        (said,) = await sent(mattermost(sandbox))
        assert not list(sandbox.records("mattermost"))
    assert isinstance(said, kind)
    assert words in said.reason


async def test_an_answer_that_asks_for_settings_holds_for_all():
    async with Sandbox() as sandbox:
        with pytest.raises(Misconfigured, match="answered 404"):
            await sent(apprise(f"json://{sandbox.url.removeprefix('http://')}/nothing/here"), LEAD, LEAD)


async def test_a_service_that_nobody_answers_for_may_have_been_told():
    (said,) = await sent(apprise("json://127.0.0.1:1/x"))
    assert isinstance(said, Unclear)


async def test_it_keeps_to_the_networks_that_the_hub_may_reach():
    sink = apprise("json://127.0.0.1:1/x")
    sink.networks = ()
    with pytest.raises(Misconfigured, match="which is not public"):
        await sent(sink)


async def test_of_several_targets_some_may_have_it_whatever_one_says():
    async with Sandbox(settings={"mattermost": {"token": "h00k", "channels": ["a"]}}) as sandbox:
        (said,) = await sent(mattermost(sandbox, more="?to=a,b"))
        assert [post["channel"] for post in sandbox.records("mattermost")] == ["a"]
    assert isinstance(said, Unclear)


@pytest.mark.parametrize("more", ["?retry=3", "?optional=yes", "?Retry="])
def test_what_would_send_twice_or_hide_a_failure_is_refused(more):
    with pytest.raises(ValidationError, match="a message is sent once"):
        Apprise.Config(url=f"json://acme.com/{more}")


async def test_an_address_that_is_none_asks_for_one_and_is_not_shown():
    with pytest.raises(Misconfigured, match="cannot read `url`") as caught:
        await sent(apprise("nonsense://s3cret"))
    assert "s3cret" not in str(caught.value)


async def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(Misconfigured, match=r"leadhub\[apprise\]"):
        await sent(apprise("json://acme.com/x"))
