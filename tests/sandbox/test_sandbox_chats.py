"""Slack, DingTalk, WeCom and Feishu in the sandbox: signatures, keywords, limits, named users."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import httpx
import pytest

from hub.testing.fakes import HandClock
from hub.testing.sandbox.server import Sandbox

HOOK = "/slack/services/T1/B1/X1"
ROBOT = "/dingtalk/robot/send"
BOT = "/feishu/open-apis/bot/v2/hook/h1"
TEXT = {"msgtype": "text", "text": {"content": "新线索 #L-7F3K"}}
FEISHU_TEXT = {"msg_type": "text", "content": {"text": "新线索 #L-7F3K"}}


# -- Slack


async def test_an_incoming_webhook_answers_in_plain_text(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    answer = await http.post(HOOK, json={"text": "New lead #L-7F3K"})
    assert (answer.status_code, answer.text) == (200, "ok")
    answer = await http.post(HOOK, data={"payload": '{"text": "New lead #L-7F3K (may be a repeat)"}'})
    assert (answer.status_code, answer.text) == (200, "ok")
    assert [(entry.key, entry.seen) for entry in sandbox.entries()] == [("#L-7F3K", "new"), ("#L-7F3K", "twin")]


@pytest.mark.parametrize(
    ("message", "status", "words"),
    [
        ({"content": b"{"}, 400, "invalid_payload"),
        ({"json": {"text": ""}}, 400, "no_text"),
        ({"json": {"text": "x", "blocks": [{"type": "divider"}] * 51}}, 400, "invalid_blocks"),
        ({"json": {"text": "x", "blocks": [{"type": "section", "text": {"text": "y" * 3001}}]}}, 400, "invalid_blocks"),
        ({"json": {"text": "x"}, "url": "/slack/services/T/B/gone"}, 404, "no_service"),
    ],
    ids=["no JSON", "no text", "51 blocks", "long section", "unknown hook"],
)
async def test_an_incoming_webhook_refuses(
    message: dict[str, Any], status: int, words: str, http: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.configure("slack", hooks=["/services/T1/B1/X1"])
    answer = await http.request("POST", **{"url": HOOK, **message})
    assert (answer.status_code, answer.text) == (status, words)


async def test_slack_waits_by_channel(http: httpx.AsyncClient, clock: HandClock) -> None:
    answers = [await http.post(HOOK, json={"text": "x"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "5"
    assert (await http.post("/slack/services/T1/B1/other", json={"text": "x"})).status_code == 200
    clock.turn(5)
    assert (await http.post(HOOK, json={"text": "x"})).status_code == 200


async def test_a_slack_message_can_be_changed_by_its_ts(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    http.headers["authorization"] = "Bearer xoxb"
    posted = (await http.post("/slack/api/chat.postMessage", json={"channel": "C1", "text": "New"})).json()
    change = {"channel": "C1", "ts": posted["ts"], "text": "Claimed"}
    assert (await http.post("/slack/api/chat.update", json=change)).json()["ok"]
    assert [message["text"] for message in sandbox.records("slack")] == ["Claimed"]
    missing = await http.post("/slack/api/chat.update", json={**change, "ts": "1.0"})
    assert missing.json() == {"ok": False, "error": "message_not_found"}


@pytest.mark.parametrize(
    ("headers", "message", "error"),
    [
        ({}, {"channel": "C1", "text": "x"}, "not_authed"),
        ({"authorization": "Bearer t"}, {"channel": "C9", "text": "x"}, "channel_not_found"),
        ({"authorization": "Bearer t"}, {"channel": "C1", "text": "x" * 40_001}, "msg_too_long"),
    ],
)
async def test_a_slack_error_is_a_200(
    headers: dict[str, str], message: dict[str, Any], error: str, http: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    sandbox.configure("slack", channels=["C1"])
    answer = await http.post("/slack/api/chat.postMessage", headers=headers, json=message)
    assert (answer.status_code, answer.json()) == (200, {"ok": False, "error": error})


# -- DingTalk


def dingtalk_sign(clock: HandClock, secret: str, shift: int = 0) -> dict[str, str]:
    stamp = str(int(clock.now().timestamp() * 1000) + shift)
    digest = hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256)
    return {"access_token": "t", "timestamp": stamp, "sign": base64.b64encode(digest).decode()}


@pytest.mark.parametrize(
    ("secret", "shift", "words"),
    [("SECdemo", 0, "ok"), ("SECother", 0, "sign not match"), ("SECdemo", -3_600_001, "invalid timestamp")],
)
async def test_a_robot_checks_its_signature(
    secret: str, shift: int, words: str, http: httpx.AsyncClient, sandbox: Sandbox, clock: HandClock
) -> None:
    sandbox.configure("dingtalk", secret="SECdemo")
    answer = await http.post(ROBOT, params=dingtalk_sign(clock, secret, shift), json=TEXT)
    assert answer.json()["errmsg"] == words


async def test_the_signature_is_the_vendors(http: httpx.AsyncClient, sandbox: Sandbox, clock: HandClock) -> None:
    """The vector of the vendor's scheme: secret SECdemo at 1700000000000."""
    clock.turn(1700000000 - clock.now().timestamp())
    sandbox.configure("dingtalk", secret="SECdemo")
    query = {"access_token": "t", "timestamp": "1700000000000", "sign": "lOvVf9TQCVugV68mGbSZCg0gzOl1SVjxWi1MyVZCUuA="}
    assert (await http.post(ROBOT, params=query, json=TEXT)).json()["errcode"] == 0


async def test_a_robot_wants_its_keyword(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.configure("dingtalk", keywords=["线索"])
    markdown = {"msgtype": "markdown", "markdown": {"title": "Lead", "text": "no keyword"}}
    assert (await http.post(f"{ROBOT}?access_token=t", json=TEXT)).json()["errcode"] == 0
    answer = (await http.post(f"{ROBOT}?access_token=t", json=markdown)).json()
    assert (answer["errcode"], answer["errmsg"]) == (310000, "keywords not in content")


async def test_a_robot_that_sent_too_much_is_muted_for_ten_minutes(http: httpx.AsyncClient, clock: HandClock) -> None:
    answers = [(await http.post(f"{ROBOT}?access_token=t", json=TEXT)).json()["errcode"] for _ in range(21)]
    assert answers == [0] * 20 + [130101]
    clock.turn(599)
    assert (await http.post(f"{ROBOT}?access_token=t", json=TEXT)).json()["errcode"] == 130101
    clock.turn(1)
    assert (await http.post(f"{ROBOT}?access_token=t", json=TEXT)).json()["errcode"] == 0


async def test_a_robot_wants_json_in_name_and_in_fact(http: httpx.AsyncClient) -> None:
    path = f"{ROBOT}?access_token=t"
    assert (await http.post(path, content=b"{}", headers={"content-type": "text/plain"})).json()["errcode"] == 43004
    assert (await http.post(path, json={"msgtype": "text", "text": {}})).json()["errcode"] == 40035


async def test_dingtalk_writes_to_named_users(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.configure("dingtalk", app_key="k", app_secret="s", users={"13800000000": "u1"})
    token_path, send_path = "/dingtalk/v1.0/oauth2/accessToken", "/dingtalk/v1.0/robot/oToMessages/batchSend"
    assert (await http.post(token_path, json={"appKey": "k", "appSecret": "wrong"})).status_code == 400
    token = (await http.post(token_path, json={"appKey": "k", "appSecret": "s"})).json()["accessToken"]
    query = {"access_token": token}
    user = await http.post("/dingtalk/topapi/v2/user/getbymobile", params=query, json={"mobile": "13800000000"})
    assert user.json()["result"] == {"userid": "u1"}
    message = {"robotCode": "r", "userIds": ["u1"], "msgKey": "sampleText", "msgParam": "{}"}
    assert (await http.post(send_path, json=message)).status_code == 400
    sent = await http.post(send_path, headers={"x-acs-dingtalk-access-token": token}, json=message)
    assert sent.json()["processQueryKey"]


# -- WeCom


async def wecom_token(http: httpx.AsyncClient, secret: str = "s") -> Any:
    return (await http.get("/wecom/cgi-bin/gettoken", params={"corpid": "c", "corpsecret": secret})).json()


async def test_a_wecom_token_stays_the_same_while_it_is_valid(
    http: httpx.AsyncClient, sandbox: Sandbox, clock: HandClock
) -> None:
    sandbox.configure("wecom", corp_id="c", corp_secret="s")
    assert (await wecom_token(http, "wrong"))["errcode"] == 40001
    first = await wecom_token(http)
    clock.turn(200)
    second = await wecom_token(http)
    assert (second["access_token"], second["expires_in"]) == (first["access_token"], 7000)
    clock.turn(7_000)
    assert (await wecom_token(http))["access_token"] != first["access_token"]


async def test_an_identical_app_message_is_dropped(http: httpx.AsyncClient, sandbox: Sandbox, clock: HandClock) -> None:
    query = {"access_token": (await wecom_token(http))["access_token"]}
    message = {**TEXT, "touser": "zhangsan", "agentid": 1, "enable_duplicate_check": 1, "duplicate_check_interval": 600}
    for seconds in (0, 0, 600):
        clock.turn(seconds)
        assert (await http.post("/wecom/cgi-bin/message/send", params=query, json=message)).json()["errcode"] == 0
    sent = [entry.seen for entry in sandbox.entries("wecom") if entry.path.endswith("message/send")]
    assert sent == ["new", "repeat", "twin"]
    assert len(sandbox.records("wecom")) == 2


async def test_unknown_users_come_back(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.configure("wecom", users=["zhangsan"])
    query = {"access_token": (await wecom_token(http))["access_token"]}
    path = "/wecom/cgi-bin/message/send"
    partly = (await http.post(path, params=query, json={**TEXT, "touser": "zhangsan|LiSi"})).json()
    assert (partly["errcode"], partly["invaliduser"]) == (0, "lisi")
    assert (await http.post(path, params=query, json={**TEXT, "touser": "LiSi"})).json()["errcode"] == 81013
    assert (await http.post(path, json={**TEXT, "touser": "zhangsan"})).json()["errcode"] == 41001


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"msgtype": "hologram"}, 40008),
        ({"msgtype": "text", "text": {"content": ""}}, 44004),
        ({"msgtype": "markdown", "markdown": {"content": "线" * 1366}}, 40058),
        ({"msgtype": "template_card", "template_card": {"card_type": "text_notice"}}, 40058),
    ],
)
async def test_a_group_bot_refuses(message: dict[str, Any], code: int, http: httpx.AsyncClient) -> None:
    assert (await http.post("/wecom/cgi-bin/webhook/send?key=k", json=message)).json()["errcode"] == code


async def test_a_bot_takes_a_file(http: httpx.AsyncClient) -> None:
    path = "/wecom/cgi-bin/webhook/upload_media?key=k&type=file"
    assert (await http.post(path, files={"media": ("leads.csv", b"a,b")})).json()["media_id"]
    assert (await http.post(path, content=b"nothing")).json()["errcode"] == 40058


# -- Feishu


@pytest.mark.parametrize(
    ("sign", "stamp", "code"),
    [
        ("8oT2n3SMKFfEnDoiwer8BUM/SjKLwe9SqoEIHlhDTKo=", "1700000000", 0),
        ("8oT2n3SMKFfEnDoiwer8BUM/SjKLwe9SqoEIHlhDTKo=", "1700000001", 19021),
        ("", "1700000000", 19021),
    ],
)
async def test_a_feishu_bot_checks_its_signature(
    sign: str, stamp: str, code: int, http: httpx.AsyncClient, sandbox: Sandbox, clock: HandClock
) -> None:
    clock.turn(1700000000 - clock.now().timestamp())
    sandbox.configure("feishu", secret="demo")
    answer = await http.post(BOT, json={**FEISHU_TEXT, "timestamp": stamp, "sign": sign})
    assert answer.json()["code"] == code


async def test_a_feishu_signature_is_good_for_an_hour(
    http: httpx.AsyncClient, sandbox: Sandbox, clock: HandClock
) -> None:
    sandbox.configure("feishu", secret="demo")
    stamp = str(int(clock.now().timestamp()))
    sign = base64.b64encode(hmac.digest(f"{stamp}\ndemo".encode(), b"", hashlib.sha256)).decode()
    clock.turn(3_601)
    assert (await http.post(BOT, json={**FEISHU_TEXT, "timestamp": stamp, "sign": sign})).json()["code"] == 19021


async def test_a_feishu_bot_has_two_limits(http: httpx.AsyncClient, sandbox: Sandbox, clock: HandClock) -> None:
    assert [(await http.post(BOT, json=FEISHU_TEXT)).json()["code"] for _ in range(6)] == [0] * 5 + [11232]
    sandbox.configure("feishu", limits={"minute": [6, 60], "second": [100, 1]})
    clock.turn(1)
    assert [(await http.post(BOT, json=FEISHU_TEXT)).json()["code"] for _ in range(2)] == [0, 11232]


async def test_a_feishu_bot_wants_a_card_where_a_card_is_announced(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    sandbox.configure("feishu", keywords=["线索"])
    card = {"msg_type": "interactive", "card": {"header": {"title": {"tag": "plain_text", "content": "新线索"}}}}
    assert (await http.post(BOT, json=card)).json()["code"] == 0
    assert (await http.post(BOT, json={**card, "card": {}})).json()["code"] == 19024
    assert (await http.post(BOT, json={**FEISHU_TEXT, "msg_type": "interactive"})).json()["code"] == 9499


async def test_a_feishu_uuid_is_taken_once_an_hour(http: httpx.AsyncClient, sandbox: Sandbox, clock: HandClock) -> None:
    token_path = "/feishu/open-apis/auth/v3/tenant_access_token/internal"
    token = (await http.post(token_path, json={"app_id": "a", "app_secret": "s"})).json()["tenant_access_token"]
    path = "/feishu/open-apis/im/v1/messages?receive_id_type=open_id"
    message = {"receive_id": "ou_1", "msg_type": "text", "content": '{"text":"x"}', "uuid": "u1"}
    headers = {"authorization": f"Bearer {token}"}
    first, second = [(await http.post(path, headers=headers, json=message)).json() for _ in range(2)]
    assert first == second
    clock.turn(3_600)
    third = (await http.post(path, headers=headers, json=message)).json()
    assert third["data"]["message_id"] != first["data"]["message_id"]
    assert [entry.seen for entry in sandbox.entries() if "/im/" in entry.path] == ["new", "repeat", "twin"]
    assert (await http.post(path, json=message)).json()["code"] == 99991663
    assert (await http.post(path, headers=headers, json={**message, "content": {"text": "x"}})).json()["code"] == 230001
