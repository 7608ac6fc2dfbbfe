"""WeChat Official Account (微信公众号): takes who follows, scans and writes, with the QR code's scene as campaign."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

import httpx
from pydantic import Field, SecretStr

from hub import (
    BadInput,
    Codes,
    Inbound,
    RawLead,
    Request,
    WeChatCallback,
    WeChatCaller,
    hookimpl,
    instant,
)

SCENE = "qrscene_"


class WeChatOfficialAccount(WeChatCallback, WeChatCaller):
    """The server configuration of an account: one submission for each event or message, one lead for each openid.

    Choose the safe mode (安全模式) and set `aes_key`: in plain mode nothing signs the message itself. WeChat tells no
    phone, and no name since 2021; people are answered in the chat.
    """

    name = "wechat_official_account"
    title = "WeChat Official Account (微信公众号)"
    chats = True
    docs_url = "https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/message-push.html"
    confirmed = (
        "signature is the SHA-1 of Token, timestamp and nonce, sorted and joined; a GET with it and echostr wants the "
        "echostr back (developers.weixin.qq.com/doc/oplatform/developers/dev/push/encryption.md, with its example)",
        "in safe and compatible mode msg_signature covers Encrypt too, which is AES-256-CBC under the EncodingAESKey "
        "with the AppID behind the message (same page, and the vendor's sample)",
        "a follow from a QR code is subscribe with EventKey qrscene_SCENE, a follower's scan SCAN with SCENE "
        "(copies of the vendor's docs)",
        "stable_token gives the same token while it is valid, to many callers (vendor docs, api_getstableaccesstoken); "
        "40164 says that the caller's address is not on the account's list (vendor's forum)",
        "user/info has subscribe_scene, qr_scene_str, remark and unionid; nickname and avatar are not there since 27 "
        "December 2021, and of who does not follow there is nothing (copies of the vendor's docs)",
        "what is not answered with success within 5 seconds is posted 3 times more; messages are told apart by MsgId, "
        "events by FromUserName and CreateTime (vendor docs)",
    )
    unconfirmed = (
        "an account that may not read users is answered 48001, and its leads go on without",
        "timestamp is the time of the post; `tolerance` reaches further",
    )
    sealed_echo = False
    token_codes = "40001 40014 42001"  # noqa: S105 (codes, not a password)
    codes = Codes(ok="0", retry="-1", busy="45011", misconfigured="40013 40125 40164", reject="40003 45009 48001")

    class Config(WeChatCallback.Config, WeChatCaller.Config):
        base_url: str = Field("https://api.weixin.qq.com", description="Address of the API.")
        account_id: str = Field(description="AppID of the account (wx…).")
        client_secret: SecretStr | None = Field(
            None, description="AppSecret, to read the unionid and where a follower came from; none: no second call."
        )
        events: list[Literal["subscribe", "scan", "message", "click"]] = Field(
            ["subscribe", "scan", "message"],
            description="What makes a submission: a new follower, a follower's scan, a message, a tap on the menu.",
        )

    config: Config

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        message = self.message(inbound)
        kind = message.get("MsgType")
        if not isinstance(kind, str) or not isinstance(message.get("FromUserName"), str):
            raise BadInput("The message has no MsgType or FromUserName.")
        event = str(message.get("Event")).lower() if kind == "event" else "message"
        if event in self.config.events:
            yield RawLead(_key(message), {**message, **_scene(message, event)}, instant(message.get("CreateTime")))

    async def complete(self, raw: RawLead, http: httpx.AsyncClient) -> RawLead:
        """Read what WeChat tells of the follower, where the account may."""
        openid = raw.data.get("FromUserName")
        if self.config.client_secret is None or not isinstance(openid, str):
            return raw
        try:
            user = await self.ask(Request("GET", "cgi-bin/user/info", params={"openid": openid, "lang": "zh_CN"}), http)
        except BadInput:
            return raw
        return replace(raw, data={**raw.data, "user": user})

    def token_request(self) -> Request:
        secret = self.config.client_secret
        plain = secret.get_secret_value() if secret else ""
        app = {"grant_type": "client_credential", "appid": self.config.account_id, "secret": plain}
        return Request("POST", "cgi-bin/stable_token", json=app)


def _key(message: Mapping[str, Any]) -> str | None:
    """Return the id of a message, or what tells an event apart, which has none."""
    if message.get("MsgId"):
        return str(message["MsgId"])
    told = [message.get(name) for name in ("FromUserName", "CreateTime", "Event")]
    return ":".join(map(str, told)) if all(told) else None


def _scene(message: Mapping[str, Any], event: str) -> dict[str, str]:
    """Return what the QR code was made for."""
    key = message.get("EventKey")
    if not isinstance(key, str) or event not in ("subscribe", "scan"):
        return {}
    scene = key.removeprefix(SCENE) if event == "subscribe" else key
    return {"scene": scene} if scene and (event == "scan" or key.startswith(SCENE)) else {}


@hookimpl
def hub_register() -> Iterable[type[WeChatOfficialAccount]]:
    yield WeChatOfficialAccount
