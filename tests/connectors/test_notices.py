"""What the hub itself tells people through chats and mail: hostile words stay words, limits and keywords are kept."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ads.meta_lead_ads import MetaLeadAds
from connectors.mail.smtp import Smtp
from hub import Message, Misconfigured, Retry, Sweeps, Window
from hub.testing.fakes import HandClock
from tests.connectors.test_chat_escaping import CHATS, chat

NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)
HOSTILE = "<!channel> <@all> @all *b* [x](http://evil.example) \n\r\0 &lt; ${x}"


def notice(facts, title="Acme: 1 alarm", wording=None, url="https://leads.acme.com"):
    return Message.notice(title, facts, wording, url)


def smtp(**more):
    settings = {"host": "mail", "from": "Hub <hub@acme.com>", "to": ["ops@acme.com"], **more}
    return Smtp("mail", Smtp.Config(**settings), HandClock(NOW))


def markup(body):
    """Return the texts of a message that the chat renders; what stands in a block of plain text is shown as it is."""
    if isinstance(body, list):
        return [text for part in body for text in markup(part)]
    if not isinstance(body, dict):
        return [body] if isinstance(body, str) else []
    if body.get("type") == "plain_text" or body.get("tag") == "text":
        return []
    if "blocks" in body:  # what stands beside them is for a phone's lock screen
        return markup(body["blocks"])
    return [text for part in body.values() for text in markup(part)]


@pytest.mark.parametrize("kind", CHATS)
def test_a_notice_says_its_title_and_every_fact(kind):
    body = json.dumps(chat(kind).notice(notice([("Source a", "silent"), ("Sink b", "paused")])).json)
    assert all(word in body for word in ("1 alarm", "Source a", "silent", "Sink b", "paused", "leads.acme.com"))


@pytest.mark.parametrize("kind", CHATS)
def test_a_notice_is_rendered_as_a_lead_is_so_hostile_words_mention_nobody(kind):
    rendered = " ".join(markup(chat(kind).notice(notice([("Sink b", HOSTILE)])).json))
    assert "leads.acme.com" in rendered
    assert not [raw for raw in ("<!channel>", "<@all>", "[x](http://evil.example)") if raw in rendered]


@pytest.mark.parametrize("kind", CHATS)
def test_a_notice_mentions_whom_every_lead_mentions_and_nobody_else(kind):
    assert "U77" in json.dumps(chat(kind, mention={"*": "U77"}).notice(notice([("a", "b")])).json)
    assert "U77" not in json.dumps(chat(kind, mention={"li.wei": "U77"}).notice(notice([("a", "b")])).json)


@pytest.mark.parametrize("kind", CHATS)
@given(facts=st.lists(st.tuples(st.text(max_size=40), st.text(max_size=400)), min_size=1, max_size=21))
def test_whatever_is_said_a_notice_fits(kind, facts):
    request = chat(kind).notice(notice(facts))
    assert len(json.dumps(request.json, ensure_ascii=False).encode("utf-8", "replace")) < 60_000
    assert len(request.json.get("blocks", ())) <= 50


@pytest.mark.parametrize("kind", CHATS)
def test_the_keyword_a_robot_insists_on_is_there(kind):
    one = chat(kind, heading="线索", language="zh")
    said = one.notice(notice([("a", "b")], wording=one.config))
    assert "线索：Acme" in json.dumps(said.json, ensure_ascii=False)


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_mail_is_one_whatever_it_says(title, said):
    mail = smtp().notice(notice([("Sink b", said)], title), "alarm-1")
    assert mail["Message-ID"] == "<alarm-1@acme.com>"
    assert mail["To"] == "ops@acme.com"
    assert b"\r\nBcc:" not in mail.as_bytes()


def asking(answer):
    """Return what Meta's connector says of its token, and what it asked."""
    asked = []

    def transport(request):
        asked.append(request)
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json={"data": answer})

    ads = MetaLeadAds("ads", MetaLeadAds.Config(secret="app-s3cret", token="EAABtoken"), HandClock(NOW))
    return ads.expiry(httpx.AsyncClient(transport=httpx.MockTransport(transport))), asked


SOON, LATER = (int((NOW + timedelta(days=days)).timestamp()) for days in (10, 90))


@pytest.mark.parametrize(
    ("answer", "days"),
    [
        ({"is_valid": True, "expires_at": 0, "data_access_expires_at": 0}, None),
        ({"is_valid": True, "expires_at": SOON, "data_access_expires_at": LATER}, 10),
        ({"is_valid": True, "expires_at": LATER, "data_access_expires_at": SOON}, 10),
        ({"is_valid": True, "expires_at": 0, "data_access_expires_at": LATER}, 90),
        ({"is_valid": True, "expires_at": "soon"}, None),
        ({}, None),
    ],
)
async def test_a_meta_token_ends_when_it_or_what_it_may_read_does(answer, days):
    coming, asked = asking(answer)
    assert await coming == (NOW + timedelta(days=days) if days else None)
    assert (asked[0].url.path, asked[0].url.params["input_token"]) == ("/v24.0/debug_token", "EAABtoken")


@pytest.mark.parametrize(
    "answer",
    [
        {"is_valid": False, "error": {"message": "Session of EAABtoken has expired", "code": 190}},
        httpx.Response(400, json={"error": {"code": 190, "message": "EAABtoken is no token"}}),
    ],
)
async def test_a_meta_token_that_is_no_good_is_refused_without_being_shown(answer):
    coming, _ = asking(answer)
    with pytest.raises(Misconfigured) as caught:
        await coming
    assert "EAABtoken" not in str(caught.value)


async def test_a_meta_that_does_not_answer_says_nothing_of_the_token():
    coming, _ = asking(httpx.Response(503))
    with pytest.raises(Retry):
        await coming


async def test_a_cursor_of_a_time_reads_every_list_from_then_on_also_after_a_break():
    asked = []

    async def read(name, sweep):
        asked.append((name, sweep.since))
        return [], None

    begin = NOW - timedelta(days=3)
    window = Window(backfill_days=7, overlap_minutes=60)
    sweeps = Sweeps(Sweeps.since(begin), NOW, window)
    pages = sweeps.pages(["a", "b"], read)
    first = await anext(pages)
    async for _ in Sweeps(first.cursor, NOW, window).pages(["a", "b"], read):
        pass
    assert {since for _, since in asked} == {begin}
    await pages.aclose()
