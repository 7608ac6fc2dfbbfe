"""Reviews: when they are due, that each goes out once, what they say in both languages, and the pictures in a mail."""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from hub.app import Hub
from hub.app.rounds import ring_sources
from hub.errors import Retry, Unclear
from hub.families.message import Message, Teller
from hub.insight import charts
from hub.insight.review import Review, due
from hub.insight.words import lasting, percent
from hub.lead import Rejected, Sent
from hub.settings.people import ReviewSettings
from hub.testing.fakes import HandClock, MemorySink
from tests.conftest import MakeHub
from tests.core.looking import all_rows
from tests.core.together import OnPostgres
from tests.insight.rounds import keep, log, row

PNG = b"\x89PNG\r\n\x1a\n"


class ToldSink(MemorySink, Teller):
    """A memory sink that keeps the messages it is told, with their keys."""

    name = "told_sink"

    def ready(self) -> None:
        super().ready()
        self.told: list[tuple[str, Message]] = []
        self.reply: object = Sent()

    async def tell(self, message: Message, key: str, http: httpx.AsyncClient) -> Sent | Rejected:
        if isinstance(self.reply, Exception):
            raise self.reply
        self.told.append((key, message))
        return self.reply


class DrawnSink(ToldSink):
    """One that carries pictures."""

    name = "drawn_sink"
    carries_pictures = True


CONFIG = """
hub: {name: Acme, region: CN, time_zone: Asia/Shanghai, language: zh, answer_within: 30s}
sources: {website: {connector: open_source}}
sinks: {ops: {connector: told_sink}, mail: {connector: drawn_sink}}
teams: {north: {members: [{name: ann}, {name: bob}]}}
review: {to: [ops, mail], hour: 9}
flows: [{name: inbound, from: [website], routes: [{name: all, to: [ops]}]}]
"""
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("now", "more", "expected"),
    [
        ("2026-05-04T08:59:59", {}, []),
        ("2026-05-04T09:00:00", {}, [("weekly", "2026-04-27", "2026-05-04")]),
        ("2026-05-04T23:59:59", {}, [("weekly", "2026-04-27", "2026-05-04")]),
        ("2026-05-05T09:00:00", {}, []),
        ("2026-05-04T09:00:00", {"weekly": False}, []),
        ("2026-05-04T09:00:00", {"to": ()}, []),
        ("2026-05-01T09:00:00", {}, [("monthly", "2026-04-01", "2026-05-01")]),
        ("2026-03-01T10:00:00", {}, [("monthly", "2026-02-01", "2026-03-01")]),
        ("2026-01-01T10:00:00", {}, [("monthly", "2025-12-01", "2026-01-01")]),
        ("2026-06-01T10:00:00", {}, [("weekly", "2026-05-25", "2026-06-01"), ("monthly", "2026-05-01", "2026-06-01")]),
        ("2026-06-01T10:00:00", {"monthly": False}, [("weekly", "2026-05-25", "2026-06-01")]),
    ],
)
def test_a_review_is_due_from_its_hour_to_the_end_of_its_day(now, more, expected):
    settings = ReviewSettings(**{"to": ("ops",), "hour": 9, **more})
    found = due(settings, at(now), SHANGHAI)
    assert [
        (one.kind, one.since.astimezone(SHANGHAI).date().isoformat(), one.until.astimezone(SHANGHAI).date().isoformat())
        for one in found
    ] == expected


def test_the_week_in_which_clocks_change_is_whole_days_of_the_zone():
    zone = ZoneInfo("Europe/Berlin")
    (one,) = due(ReviewSettings(to=("ops",)), datetime(2026, 3, 30, 10, tzinfo=UTC), zone)
    assert (one.until - one.since, one.since - one.before) == (timedelta(days=7, hours=-1), timedelta(days=7))


def review_of(hub: Hub) -> Review:
    return Review(hub.db, lambda: hub.plan, hub.ticks.at, clock=hub.clock, http=hub.http)


async def opened(make_hub: MakeHub, clock: Any, text: str = CONFIG) -> Hub:
    """Return a hub on Monday 2026-05-04, 16:00 in Shanghai, with leads of the week before."""
    hub = await make_hub(text, things=[ToldSink, DrawnSink])
    last = datetime(2026, 4, 29, 2, tzinfo=UTC)
    rows = [row(minutes, started_at=last + timedelta(hours=minutes), target=600.0, due_at=last + timedelta(
        hours=minutes, seconds=600)) for minutes in range(1, 20)]  # fmt: skip
    before = [row(30, started_at=last - timedelta(days=7 * week), owner="bob") for week in range(1, 6)]
    await keep(hub, *rows, *before, row(started_at=last, disposition="lost", reason="price"))
    await log(hub, {"act": "recycled", "lead": rows[0]["lead"], "former": "ann", "pool": "sea"})
    return hub


async def test_a_review_goes_to_every_sink_once_also_after_a_restart(make_hub: MakeHub, clock):
    hub = await opened(make_hub, clock)
    assert await review_of(hub).look() == 2
    assert await review_of(hub).look() == 0
    await make_hub.stop(hub)
    clock.turn(3600)
    again = await make_hub(CONFIG, things=[ToldSink, DrawnSink])
    assert await review_of(again).look() == 0
    assert again.plan.sinks["ops"].told == []
    clock.turn(86_400 * 7)
    assert await review_of(again).look() == 2
    assert [key for key, _ in again.plan.sinks["ops"].told] == ["review-weekly-20260511-ops"]


async def test_one_that_fails_is_tried_again_the_same_day_and_holds_up_nobody(make_hub: MakeHub, clock):
    hub = await opened(make_hub, clock)
    hub.plan.sinks["ops"].reply = Retry("the chat is down")
    assert await review_of(hub).look() == 1
    clock.turn(300)
    assert await review_of(hub).look() == 0
    hub.plan.sinks["ops"].reply = Sent()
    clock.turn(300)
    assert await review_of(hub).look() == 1
    assert [len(hub.plan.sinks[name].told) for name in ("ops", "mail")] == [1, 1]


@pytest.mark.parametrize("reply", [Unclear("no answer"), Rejected("not wanted")])
async def test_what_may_have_arrived_and_what_is_not_wanted_is_not_sent_again(make_hub: MakeHub, clock, reply):
    hub = await opened(make_hub, clock)
    hub.plan.sinks["ops"].reply = reply
    await review_of(hub).look()
    hub.plan.sinks["ops"].reply = Sent()
    clock.turn(300)
    assert await review_of(hub).look() == 0


async def test_the_bell_rings_where_a_scheduler_is(make_hub: MakeHub, clock):
    hub = await make_hub(CONFIG, things=[ToldSink, DrawnSink])
    ring_sources(hub)
    assert "source:review" in hub.schedule.bells


async def told(make_hub: MakeHub, clock: Any, language: str) -> Message:
    hub = await opened(make_hub, clock, CONFIG.replace("language: zh", f"language: {language}"))
    await review_of(hub).look()
    return hub.plan.sinks["mail"].told[0][1]


async def test_it_says_in_english_what_the_week_was(make_hub: MakeHub, clock):
    message = await told(make_hub, clock, "en")
    facts = dict(message.facts)
    assert message.title == "Acme: review of the week of 2026-04-27"
    assert facts["Leads of"] == "2026-04-27 to 2026-05-03, Asia/Shanghai, by when the prospect submitted"
    assert facts["Leads"] == "20 (before: 1)"
    assert facts["Answered"] == "19 of 20; 1 still wait, 0 never"
    assert facts["First answer"] == "half within 10 min, nine in ten within 18 min (before: half within 30 min)"
    assert facts["Within target"] == "53 % (10 of 19); 9 breached"
    assert facts["Source website"] == "20 leads, half within 10 min, 53 % in target"
    assert facts["Rep ann"] == "20 leads, half within 10 min, 53 % in target, 0 overdue, 0 won"
    assert facts["Qualified, by first answer"] == "5 min 0 % (few), 1 h 0 % (few), never 0 % (few)"
    assert (facts["Changed hands"], facts["Lost for"]) == ("1", "price 1")


async def test_it_says_the_same_in_chinese(make_hub: MakeHub, clock):
    message = await told(make_hub, clock, "zh")
    facts = dict(message.facts)
    assert message.title == "Acme: 2026-04-27 当周回顾"
    assert facts["线索"] == "20（上期：1）"
    assert facts["首次响应"] == "一半在 10 分钟内，九成在 18 分钟内（上期：一半在 30 分钟内）"
    assert message.pictures[0].words == "首次响应（分钟，按提交周）"


async def test_pictures_go_where_they_can_go(make_hub: MakeHub, clock):
    hub = await opened(make_hub, clock)
    await review_of(hub).look()
    (_, chat), (_, mail) = hub.plan.sinks["ops"].told[0], hub.plan.sinks["mail"].told[0]
    assert chat.pictures == ()
    assert [one.name for one in mail.pictures] == ["speed.png", "target.png", "sources.png"]
    assert all(one.content.startswith(PNG) for one in mail.pictures)
    assert chat.plain() == mail.plain()


async def test_a_week_without_leads_makes_a_review_too(make_hub: MakeHub, clock):
    hub = await make_hub(CONFIG, things=[ToldSink, DrawnSink])
    assert await review_of(hub).look() == 2
    message = hub.plan.sinks["mail"].told[0][1]
    assert [value for _, value in message.facts][1] == "0（上期：0）"
    assert message.pictures == ()


SMTP = """
hub: {name: Acme, region: CN, language: en}
sources: {website: {connector: open_source}}
sinks: {mail: {connector: smtp, host: mail.example.com, from: hub@example.com, to: [boss@example.com]}}
review: {to: [mail]}
flows: [{name: inbound, from: [website], routes: [{name: all, to: [mail]}]}]
"""


async def test_a_mail_holds_its_pictures_and_its_page_shows_them(make_hub: MakeHub, clock):
    hub = await make_hub(SMTP)
    sink = hub.plan.sinks["mail"]
    picture = charts.Picture("speed.png", PNG + b"rest", 'Speed "now"')
    mail = sink.notice(Message("Review", (("Leads", "3"),), None, None, "", ": ", pictures=(picture,)), "key")
    read = message_from_bytes(mail.as_bytes(), policy=policy.default)
    page = read.get_body(("html",)).get_content()
    assert '<img src="cid:speed.png" alt="Speed &quot;now&quot;">' in page
    (image,) = [part for part in read.walk() if part.get_content_type() == "image/png"]
    assert (image["Content-ID"], image.get_content(), image.get_content_disposition()) == (
        "<speed.png>", PNG + b"rest", "inline",
    )  # fmt: skip
    assert read.get_body(("plain",)).get_content().splitlines() == ["Review", "Leads: 3"]


MAILERS = {
    "postmark": {"token": "t"}, "sendgrid": {"api_key": "k"}, "resend": {"api_key": "k"},
    "aws_ses": {"region": "eu-west-1", "client_id": "i", "client_secret": "s"},
}  # fmt: skip
ENCODED = base64.b64encode(PNG).decode()


def mailer(name: str) -> Any:
    """Return a sink that mails through a vendor."""
    module = importlib.import_module(f"connectors.mail.{name}")
    (cls,) = module.hub_register()
    said = {**MAILERS[name], "from": "hub@example.com", "to": ["boss@example.com"]}
    return cls(name, cls.Config.model_validate(said), HandClock())


def body_of(name: str, *pictures: charts.Picture) -> dict[str, Any]:
    """Return what a vendor is sent for a message with these pictures."""
    message = Message("Review", (("Leads", "3"),), None, None, "", ": ", pictures=pictures)
    request = mailer(name).mailed(mailer(name)._mail(message, "key"))
    return request.json if request.json is not None else json.loads(request.content)


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("postmark", ("Attachments",), {
            "Name": "a.png", "Content": ENCODED, "ContentType": "image/png", "ContentID": "cid:a.png"}),
        ("sendgrid", ("attachments",), {
            "filename": "a.png", "content": ENCODED, "content_id": "a.png", "type": "image/png",
            "disposition": "inline"}),
        ("resend", ("attachments",), {"filename": "a.png", "content": ENCODED, "content_id": "a.png"}),
        ("aws_ses", ("Content", "Simple", "Attachments"), {
            "FileName": "a.png", "RawContent": ENCODED, "ContentId": "a.png", "ContentType": "image/png",
            "ContentDisposition": "INLINE", "ContentTransferEncoding": "BASE64"}),
    ],
)  # fmt: skip
def test_vendors_of_mail_get_pictures_as_their_docs_say(name, path, expected):
    with_one, without = body_of(name, charts.Picture("a.png", PNG, "Speed")), body_of(name)
    for part in path:
        with_one, without = with_one[part], without.get(part, {})
    assert (with_one, without) == ([expected], {})
    assert mailer(name).carries_pictures


def test_every_vendor_that_is_not_told_of_pictures_gets_none():
    sink = importlib.import_module("connectors.mail.mailgun").Mailgun
    assert sink.carries_pictures is False


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (None, "-", "-"), (0.4, "0 s", "0 秒"), (59.6, "1 min", "1 分钟"), (45, "45 s", "45 秒"),
        (3599, "1 h", "1 小时"), (3720, "1 h 2 min", "1 小时 2 分钟"), (86_400, "1 d", "1 天"),
        (2 * 86_400 + 3 * 3600, "2 d 3 h", "2 天 3 小时"), (86_399, "1 d", "1 天"),
    ],
)  # fmt: skip
def test_times_are_said_as_people_say_them(seconds, english, chinese):
    assert (lasting(seconds, "en"), lasting(seconds, "zh")) == (english, chinese)


def test_a_share_of_nothing_is_no_share():
    assert (percent(None, "en"), percent(0.125, "en")) == ("-", "12 %")


class TestOnPostgres(OnPostgres):
    """What takes several processes on one database."""

    async def test_each_sink_gets_it_once_whoever_looks(self, make_hub: MakeHub, clock):
        one = await opened(make_hub, clock)
        other = await make_hub(CONFIG, things=[ToldSink, DrawnSink])
        sent = await asyncio.gather(*(review_of(hub).look() for hub in (one, other) * 3))
        assert sum(sent) == 2
        keys = [key for hub in (one, other) for name in ("ops", "mail") for key, _ in hub.plan.sinks[name].told]
        assert sorted(keys) == ["review-weekly-20260504-mail", "review-weekly-20260504-ops"]
        ticks = [tick["schedule"] for tick in await all_rows(one, "tick")]
        assert sorted(ticks) == ["review:weekly:mail", "review:weekly:ops"]
