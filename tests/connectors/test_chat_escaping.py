"""What hostile leads look like in each chat, and that messages keep each vendor's limits, marks and signatures."""

import json
import re
from datetime import UTC, datetime

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.chat.dingtalk import DingTalk
from connectors.chat.feishu import Feishu
from connectors.chat.slack import Slack
from connectors.chat.wecom import WeCom
from hub import (
    Lead,
    Message,
    Misconfigured,
    Rejected,
    Response,
    Retry,
    Sent,
    Unclear,
    Wording,
    cell,
    cut,
    cut_bytes,
    dingtalk_markdown,
    feishu_text,
    header,
    line,
    slack,
    wecom_markdown,
)
from hub.lead import Delivery, Touch
from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox

URLS = {
    DingTalk: "https://oapi.dingtalk.com/robot/send?access_token=t0k",
    WeCom: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k3y",
    Feishu: "https://open.feishu.cn/open-apis/bot/v2/hook/h00k",
    Slack: "https://hooks.slack.com/services/T0/B0/X0",
}
CHATS = tuple(URLS)
NOON = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)  # second 1700000000


def chat(kind, **settings):
    return kind("chat", kind.Config(webhook=URLS[kind], **settings), HandClock(NOON))


def lead(**fields):
    delivery = {"key": "7f3ka1b2-0000-5000-8000-000000000000", **fields.pop("delivery", {})}
    return Lead(id="lead_1", **{"full_name": "Max Muster", **fields}, delivery=Delivery(**delivery))


def body(kind, one, **settings):
    return chat(kind, **settings).request(one).json


def shown(kind, one, **settings):
    """Return everything in a message that a chat would render as mark-up."""
    said = body(kind, one, **settings)
    return {
        DingTalk: lambda: said["markdown"]["text"],
        WeCom: lambda: said["markdown"]["content"],
        Feishu: lambda: json.dumps(said["content"], ensure_ascii=False),
        Slack: lambda: "\n".join([said["text"], *(t["text"] for t in texts(said["blocks"]) if t["type"] == "mrkdwn")]),
    }[kind]()


def texts(value):
    """Yield every text object in Slack blocks."""
    found = [value] if isinstance(value, dict) and isinstance(value.get("text"), str) else []
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found + [text for item in inside for text in texts(item)]


GOLDEN = [  # text, Slack, DingTalk and WeCom, Feishu
    ("<!channel>", "&lt;!channel&gt;", "＜!channel＞", "＜!channel＞"),
    ("<@U1> <#C1>", "&lt;@U1&gt; &lt;#C1&gt;", "＜@U1＞ ＜#C1＞", "＜@U1＞ ＜#C1＞"),
    ("<http://x|y>", "&lt;http://x|y&gt;", "＜http://x｜y＞", "＜http://x|y＞"),
    ("*b* _i_ ~s~ `c`", "∗b∗ ＿i＿ ∼s∼ ˋcˋ", "＊b＊ ＿i＿ ～s～ ˋcˋ", "*b* _i_ ~s~ `c`"),
    ("a_b 2*3 x~y", "a_b 2*3 x~y", "a_b 2＊3 x～y", "a_b 2*3 x~y"),
    (
        "AT&T &lt;b&gt; &#64;",
        "AT&amp;T &amp;lt;b&amp;gt; &amp;#64;",
        "AT&T ＆lt;b＆gt; ＆#64;",
        "AT&T ＆lt;b＆gt; ＆#64;",
    ),
    (
        '<at user_id="all">x</at>',
        '&lt;at user_id="all"&gt;x&lt;/at&gt;',
        '＜at user_id="all"＞x＜/at＞',
        '＜at user_id="all"＞x＜/at＞',
    ),
    ("@all @here", "@all @here", "@all @here", "@all @here"),
    ("[pay](http://e.example)", "[pay](http://e.example)", "［pay］(http://e.example)", "[pay](http://e.example)"),
    (
        "![](http://e.example/x.png)",
        "![](http://e.example/x.png)",
        "!［］(http://e.example/x.png)",
        "![](http://e.example/x.png)",
    ),
    ("# big", "# big", "＃ big", "# big"),
    ("> quote", "&gt; quote", "＞ quote", "＞ quote"),
    ("a\n# b\r\n- c\u2028d", "a # b - c d", "a # b - c d", "a # b - c d"),
    (
        "<script>alert(1)</script>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "＜script＞alert(1)＜/script＞",
        "＜script＞alert(1)＜/script＞",
    ),
    (
        "{{7*7}} ${7*7} {0.__class__}",
        "{{7*7}} ${7*7} {0.＿＿class＿＿}",
        "{{7＊7}} ${7＊7} {0.＿＿class＿＿}",
        "{{7*7}} ${7*7} {0.__class__}",
    ),
    ("'; drop table x; -- %_\\", "'; drop table x; -- %＿\\", "'; drop table x; -- %＿＼", "'; drop table x; -- %_\\"),
    ("$(id) `id` -rf %n%s", "$(id) ˋidˋ -rf %n%s", "$(id) ˋidˋ -rf %n%s", "$(id) `id` -rf %n%s"),
    ("\n2026 ERROR fake \x1b[31m", "2026 ERROR fake [31m", "2026 ERROR fake ［31m", "2026 ERROR fake [31m"),
    ("\u202egnp.exe\u2066x\u200b", "gnp.exex", "gnp.exex", "gnp.exex"),
    (
        "ann_lee@example.com +4930",
        "ann_lee@example.com +4930",
        "ann_lee@example.com +4930",
        "ann_lee@example.com +4930",
    ),
]


@pytest.mark.parametrize(("text", "in_slack", "in_markdown", "in_feishu"), GOLDEN)
def test_each_dialect_shows_foreign_text_as_text(text, in_slack, in_markdown, in_feishu):
    assert (slack(text), dingtalk_markdown(text), feishu_text(text)) == (in_slack, in_markdown, in_feishu)
    assert wecom_markdown(text) == in_markdown


@pytest.mark.parametrize("kind", CHATS)
@pytest.mark.parametrize("text", [text for text, *_ in GOLDEN])
def test_no_lead_mentions_anybody_or_makes_a_link(kind, text):
    fields = dict.fromkeys(("full_name", "company", "title", "phone", "email", "message", "interest", "owner"), text)
    said = shown(kind, lead(**fields, delivery={"sentence": text}), heading="Lead")
    assert not re.search(r"<[!@#/a-zA-Z]", said)
    assert '"isAtAll": true' not in json.dumps(body(kind, lead(**fields)))
    assert '"tag": "at"' not in said


@pytest.mark.parametrize("kind", [DingTalk, WeCom])
@pytest.mark.parametrize("text", [text for text, *_ in GOLDEN])
def test_no_lead_makes_a_link_or_a_heading_in_markdown(kind, text):
    fields = dict.fromkeys(("full_name", "company", "title", "message", "interest"), text)
    said = shown(kind, lead(**fields, delivery={"sentence": text}), heading="Lead")
    assert not re.search(r"[\[\]`~|\\]", said)
    assert said.count("**") == 2 * len(re.findall(r"^\*\*[^*]+\*\*: ", said, re.MULTILINE))
    assert len(re.findall("^#", said, re.MULTILINE)) == 1


def test_slack_parses_nothing_of_a_lead():
    fields = dict.fromkeys(("full_name", "company", "message"), "<!channel> *x*")
    said = body(Slack, lead(**fields))
    marked = [text["text"] for text in texts(said["blocks"]) if text["type"] == "mrkdwn"]
    assert marked == []
    assert {text.get("emoji") for text in texts(said["blocks"])} == {False}
    assert (said["link_names"], said["unfurl_links"], said["unfurl_media"]) == (False, False, False)


@pytest.mark.parametrize("kind", CHATS)
def test_our_own_link_is_the_only_one(kind):
    delivery = {"url": "https://hub.acme.com/leads/1?a=1&b=(2)|<3>"}
    said = shown(kind, lead(delivery=delivery))
    links = {
        DingTalk: "[Open the lead](https://hub.acme.com/leads/1?a=1&b=%282%29%7C%3C3%3E)",
        WeCom: "[Open the lead](https://hub.acme.com/leads/1?a=1&b=%282%29%7C%3C3%3E)",
        Feishu: '{"tag": "a", "text": "Open the lead", "href": "https://hub.acme.com/leads/1?a=1&b=%282%29%7C%3C3%3E"}',
        Slack: "<https://hub.acme.com/leads/1?a=1&amp;b=%282%29%7C%3C3%3E|Open the lead>",
    }
    assert links[kind] in said
    assert said.count("https://") == 1


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//x", "", None])
@pytest.mark.parametrize("kind", CHATS)
def test_what_is_no_web_address_is_no_link(kind, url):
    assert "Open the lead" not in shown(kind, lead(delivery={"url": url}))


@pytest.mark.parametrize("kind", CHATS)
def test_people_can_tell_a_repeat(kind):
    assert "New lead: Max Muster #L-7F3K" in shown(kind, lead())
    assert "(may be a repeat)" not in shown(kind, lead())
    again = lead(full_name="张三", delivery={"attempt": 2})
    assert "#L-7F3K (may be a repeat)" in shown(kind, again)
    assert "新线索：张三 #L-7F3K（可能重复）" in shown(kind, again, language="zh")


def test_the_settings_say_what_a_message_shows():
    touch = Touch(fields={"campaign": "spring"})
    one = lead(phone="+4930123456", score=12.5, extra={"size": [10, 50]}, touch=touch)
    show = ("score", "extra.size", "touch.campaign", "touch.campaign", "email")
    lines = Message.of(one, Wording(show=show)).plain().splitlines()
    assert lines == ["New lead: Max Muster #L-7F3K", "Score: 12.5", "Size: 10, 50", "Campaign: spring"]
    assert Message.of(one, Wording(show=("phone",), language="zh")).plain().splitlines()[1] == "手机号：+4930123456"
    with pytest.raises(ValidationError, match="phon"):
        Wording(show=("phon",))


@pytest.mark.parametrize("kind", CHATS)
def test_an_ambiguous_message_is_repeated_unless_the_settings_say_at_most_once(kind):
    assert chat(kind).repeatable is True
    assert chat(kind, at_most_once=True).repeatable is False


MENTIONS = {
    DingTalk: lambda said: said["at"]["atMobiles"] == ["U7"] and said["markdown"]["text"].endswith("\n\n@U7"),
    WeCom: lambda said: said["markdown"]["content"].endswith("\n<@U7>"),
    Feishu: lambda said: said["content"]["post"]["en_us"]["content"][-1] == [{"tag": "at", "user_id": "U7"}],
    Slack: lambda said: said["blocks"][-1]["text"]["text"] == "<@U7>",
}


@pytest.mark.parametrize("kind", CHATS)
def test_the_owner_is_mentioned_by_the_id_in_the_settings(kind):
    mention = {"li.wei": "U7", "ann": "U8"}
    assert MENTIONS[kind](body(kind, lead(owner="li.wei"), mention=mention))
    assert not MENTIONS[kind](body(kind, lead(owner="ann"), mention=mention))
    assert body(kind, lead(owner="U7"), mention=mention) == body(kind, lead(owner="U7"))
    assert MENTIONS[kind](body(kind, lead(), mention={"*": "U7"}))


def test_everybody_can_be_mentioned_by_the_settings_alone():
    everybody = {"*": "all"}
    assert body(DingTalk, lead(), mention=everybody)["at"] == {"atMobiles": [], "isAtAll": True}
    assert body(WeCom, lead(), mention=everybody)["markdown"]["content"].endswith("\n<@all>")
    assert body(Feishu, lead(), mention=everybody)["content"]["post"]["en_us"]["content"][-1][0]["user_id"] == "all"
    assert body(Slack, lead(), mention=everybody)["blocks"][-1]["text"]["text"] == "<!channel>"


HUGE = ("汉" * 50_000, "👨‍👩‍👧‍👦" * 9_000, "a\u0301" * 50_000, "<&*_`[" * 9_000, "\U0001f1e8\U0001f1f3" * 9_000)


@pytest.mark.parametrize("text", HUGE)
@pytest.mark.parametrize(
    ("kind", "part", "limit"),
    [
        (DingTalk, lambda said: said, 20_000),
        (WeCom, lambda said: said["markdown"]["content"], 4_096),
        (Feishu, lambda said: said, 20 * 1024),
        (Slack, lambda said: said, 40_000),
    ],
)
def test_a_huge_lead_keeps_the_vendors_limit_and_whole_characters(kind, part, limit, text):
    names = ("full_name", "company", "title", "phone", "email", "wechat", "message", "interest", "city", "owner")
    delivery = {"sentence": text, "url": "https://hub.acme.com/leads/1"}
    huge = lead(**dict.fromkeys(names, text), source=text, delivery=delivery)
    said = part(body(kind, huge, mention={"*": "U7"}))
    sent = said.encode() if isinstance(said, str) else json.dumps(said, ensure_ascii=False).encode()
    assert len(sent) <= limit
    assert b"#L-7F3K" in sent
    assert b"https://hub.acme.com/leads/1" in sent
    assert "\ufffd" not in sent.decode()


def test_slack_blocks_keep_slacks_limits():
    names = ("full_name", "company", "title", "phone", "email", "wechat", "message", "interest", "city", "country")
    many = lead(**dict.fromkeys(names, "x" * 9_000), source="web", owner="ann", grade="A", delivery={"sentence": "why"})
    blocks = body(Slack, many)["blocks"]
    assert [len(block["fields"]) for block in blocks if "fields" in block] == [10, 2]
    assert len(blocks[0]["text"]["text"]) <= 150
    assert max(len(text["text"]) for text in texts(blocks)) <= 2_000


@given(st.text(max_size=400), st.integers(1, 60))
def test_no_text_raises_or_leaves_its_line(text, limit):
    for write in (slack, dingtalk_markdown, wecom_markdown, feishu_text, line, header):
        said = write(text, limit)
        assert len(said.splitlines()) <= 1
        said.encode()
    assert len(line(text, limit)) <= limit
    assert not re.search("[<>]", slack(text, limit) + wecom_markdown(text, limit) + feishu_text(text, limit))
    assert not re.search(r"[\[\]*`~|\\]", wecom_markdown(text, limit))
    assert "=?" not in header(text)
    assert len(cut_bytes(text.encode("utf-8", "replace").decode(), limit).encode()) <= limit


@given(st.text(max_size=60))
def test_no_text_becomes_a_formula(text):
    assert cell(text)[:1] not in {*"=+-@;\t\r\n＝＋－＠；"}


@pytest.mark.parametrize(
    ("text", "limit", "said"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 4, "abc…"),
        ("ab cd", 4, "ab…"),
        ("e\u0301e\u0301e\u0301", 4, "e\u0301…"),
        ("👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 13, "👨‍👩‍👧‍👦…"),
        ("👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 6, "…"),
        ("🇨🇳🇩🇪🇫🇷", 5, "🇨🇳🇩🇪…"),
        ("👍🏽👍🏽", 3, "👍🏽…"),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿🏴󠁧󠁢󠁳󠁣󠁴󠁿", 9, "🏴󠁧󠁢󠁳󠁣󠁴󠁿…"),
        ("\u1112\u1161\u11ab\u1112\u1161\u11ab", 5, "\u1112\u1161\u11ab…"),
        ("abc", 0, ""),
    ],
)
def test_a_cut_never_goes_through_a_character(text, limit, said):
    assert cut(text, limit) == said


def test_marks_that_pile_up_are_thinned_out():
    assert line("Z" + "\u0301" * 100) == "Z" + "\u0301" * 6
    assert line("नमस्ते Việt ภาษาไทย ﷽") == "नमस्ते Việt ภาษาไทย ﷽"


def test_dingtalk_signs_the_address_with_the_time_of_now():
    sink = chat(DingTalk, secret="SECdemo")
    assert sink.request(lead()).params == {
        "access_token": "t0k",
        "timestamp": "1700000000000",
        "sign": "lOvVf9TQCVugV68mGbSZCg0gzOl1SVjxWi1MyVZCUuA=",
    }
    sink.clock.turn(60)
    assert sink.request(lead()).params["timestamp"] == "1700000060000"


def test_feishu_signs_the_body_with_the_time_of_now():
    said = body(Feishu, lead(), secret="demo")
    assert (said["timestamp"], said["sign"]) == ("1700000000", "8oT2n3SMKFfEnDoiwer8BUM/SjKLwe9SqoEIHlhDTKo=")
    assert "sign" not in body(Feishu, lead())


@pytest.mark.parametrize("kind", CHATS)
async def test_the_base_url_takes_the_place_of_the_vendors_host(kind):
    sink = chat(kind, base_url="http://127.0.0.1:9/sandbox/")
    path = {
        DingTalk: "/robot/send?access_token=t0k",
        WeCom: "/cgi-bin/webhook/send?key=k3y",
        Feishu: "/open-apis/bot/v2/hook/h00k",
        Slack: "/services/T0/B0/X0",
    }[kind]
    said = {Slack: {"text": "ok"}, Feishu: {"json": {"code": 0}}}.get(kind, {"json": {"errcode": 0, "errmsg": "ok"}})
    with respx.mock(using="httpx") as vendor:
        called = vendor.post(f"http://127.0.0.1:9/sandbox{path}").respond(200, **said)
        async with httpx.AsyncClient() as http:
            assert await sink.send([lead()], http) == [Sent()]
    assert called.call_count == 1


@pytest.mark.parametrize("kind", CHATS)
@pytest.mark.parametrize("url", ["", "ftp://x/y", "oapi.dingtalk.com/robot/send", "https://", "javascript:alert(1)"])
def test_an_address_that_is_none_is_refused_without_being_shown(kind, url):
    with pytest.raises(ValidationError, match="webhook") as caught:
        kind.Config(webhook=f"{url}")
    assert "robot/send" not in str(caught.value)


def test_slack_takes_a_webhook_or_a_token_with_a_channel():
    settings = (
        {},
        {"token": "xoxb-1"},
        {"channel": "C1"},
        {"webhook": URLS[Slack], "token": "xoxb-1", "channel": "C1"},
    )
    for given_settings in settings:
        with pytest.raises(ValidationError, match="either `webhook`"):
            Slack.Config(**given_settings)
    request = Slack("chat", Slack.Config(token="xoxb-1", channel="C1"), HandClock()).request(lead())
    assert (request.url, request.json["channel"]) == ("https://slack.com/api/chat.postMessage", "C1")
    assert (request.json["parse"], request.json["mrkdwn"]) == ("none", False)
    assert request.headers["Authorization"] == "Bearer xoxb-1"


@pytest.mark.parametrize("kind", CHATS)
@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_middleman_that_fails_may_have_delivered(kind, status):
    with pytest.raises(Unclear):
        chat(kind).outcome(Response(status, {}, b"<html>"))


@pytest.mark.parametrize("kind", CHATS)
@pytest.mark.parametrize("content", [b"<html>log in</html>", b"", b"[]", b"null", b"{}", b'{"errcode": null}'])
def test_a_success_that_is_not_the_vendors_may_have_delivered(kind, content):
    with pytest.raises(Unclear):
        chat(kind).outcome(Response(200, {}, content))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (DingTalk, b'{"errcode": 999999, "errmsg": "new"}'),
        (WeCom, b'{"errcode": 999999, "errmsg": "new"}'),
        (Feishu, b'{"code": 999999, "msg": "new"}'),
        (Slack, b'{"ok": false, "error": "brand_new"}'),
    ],
)
def test_an_unknown_code_is_tried_again(kind, content):
    with pytest.raises(Retry, match="new"):
        chat(kind).outcome(Response(200, {}, content))


def test_codes_may_be_numbers_or_text():
    assert chat(DingTalk).outcome(Response(200, {}, b'{"errcode": "0"}')) == Sent()
    assert isinstance(chat(WeCom).outcome(Response(200, {}, b'{"errcode": "40058", "errmsg": "long"}')), Rejected)
    with pytest.raises(Misconfigured, match="19021 sign"):
        chat(Feishu).outcome(Response(200, {}, b'{"code": "19021", "msg": "sign match fail"}'))


SANDBOXED = {  # settings of the sandbox, of the sink
    DingTalk: ({"token": "t0k", "secret": "SECdemo", "keywords": ["线索"]}, {"secret": "SECdemo", "language": "zh"}),
    WeCom: ({"token": "k3y"}, {}),
    Feishu: ({"token": "h00k", "secret": "demo", "keywords": ["Sales"]}, {"secret": "demo", "heading": "Sales lead"}),
    Slack: ({"hooks": ["/services/T0/B0/X0"]}, {}),
}


@pytest.mark.parametrize("kind", CHATS)
async def test_a_vendor_that_checks_everything_takes_the_message(kind):
    vendor, own = SANDBOXED[kind]
    clock = HandClock(NOON)
    async with Sandbox(clock=clock) as sandbox, httpx.AsyncClient() as http:
        sandbox.configure(kind.name, **vendor)
        config = kind.Config(webhook=URLS[kind], base_url=f"{sandbox.url}/{kind.name}", mention={"*": "U7"}, **own)
        sink = kind("chat", config, clock)
        assert await sink.send([lead(message="汉" * 9_000, company="<Acme>")], http) == [Sent()]
        assert [record["key"] for record in sandbox.records(kind.name)] == ["#L-7F3K"]


async def test_slack_posts_as_an_app_and_keeps_the_messages_ts():
    async with Sandbox(clock=HandClock(NOON)) as sandbox, httpx.AsyncClient() as http:
        sandbox.configure("slack", token="xoxb-1", channels=["C1"])
        settings = {"token": "xoxb-1", "base_url": f"{sandbox.url}/slack"}
        sink = Slack("chat", Slack.Config(channel="C1", **settings))
        [sent] = await sink.send([lead()], http)
        assert sent.ref == sandbox.records("slack")[0]["ts"]
        with pytest.raises(Misconfigured, match="channel_not_found"):
            await Slack("chat", Slack.Config(channel="C2", **settings)).send([lead()], http)


async def test_a_robot_that_is_mute_is_left_alone_for_ten_minutes():
    async with Sandbox(clock=HandClock(NOON)) as sandbox, httpx.AsyncClient() as http:
        sink = chat(DingTalk, base_url=f"{sandbox.url}/dingtalk")
        outcomes = await sink.send([lead()] * 21, http)
    assert outcomes[:20] == [Sent()] * 20
    assert outcomes[20].after == 600
