"""WeCom customer contact (企业微信客户联系): takes who adds a member, with the state of the QR code as campaign."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Literal

import httpx
from pydantic import Field, SecretStr

from hub import (
    BadInput,
    Codes,
    Inbound,
    RawLead,
    Request,
    Sweep,
    SweepSource,
    WeChatCallback,
    WeChatCaller,
    Window,
    all_pages,
    an_object,
    hookimpl,
    instant,
    objects,
)

ADDED = "add_external_contact"
EVERYBODY = "*"
API = "cgi-bin/externalcontact"

Pairs = tuple[list[tuple[dict[str, Any], dict[str, Any]]], str | None]  # a page, and the mark of the next
Leads = tuple[list[RawLead], str | None]


class WeComContact(WeChatCallback, WeChatCaller, SweepSource):
    """The customers whom members of a corp get: told by a sealed callback, read by a second call, polled for gaps.

    A customer and a member are one submission, and a customer is one lead. WeCom tells no phone but the one a member
    noted; others are answered in the chat. There is no filter by time: a poll reads all customers of `members`.
    """

    name = "wecom_contact"
    title = "WeCom customer contact (企业微信客户联系)"
    chats = True
    docs_url = "https://developer.work.weixin.qq.com/document/path/92130"
    confirmed = (
        "msg_signature is the SHA-1 of Token, timestamp, nonce and Encrypt, which is AES-256-CBC under EncodingAESKey "
        "with the CorpID behind; a GET wants the opened echostr; without 200 in 5 s it comes 3 times more (path/90930)",
        "the event has Event change_external_contact, ChangeType, UserID, ExternalUserID, WelcomeCode and State, the "
        "code's state or the link's customer_channel (vendor docs, path/92130)",
        "externalcontact/get has external_contact and a follow_user for each member, 500 on a page (path/92114, 96315)",
        "batch/get_by_user pages 100 customers at once, each beside a follow_info with createtime, remark_mobiles "
        "and state (document/23414); get_follow_user_list has the members with the feature (path/92571)",
        "since 1 December 2023 a new corp calls with an app that stands among 可调用接口的应用 (same pages)",
        "who deletes a member and scans the code again may have no state, or a strange one (vendor's forum)",
    )
    unconfirmed = (
        "follow_info may lack its userid (vendor's forum, 2020), so members are asked one by one",
        "40014, 42001 and 41001 ask for another token; 60020 is an address that is not trusted, 48002 and 60011 an app "
        "without the right, 45009 and 45033 too many calls; `retry_codes` adds to those that pass",
        "84061 says that there is no such customer, or that a member has none",
        "timestamp is the time of the post; `tolerance` reaches further",
    )
    every = timedelta(hours=1)
    token_codes = "40014 42001 41001"  # noqa: S105 (codes, not a password)
    codes = Codes(ok="0 84061", retry="-1", busy="45009 45033", misconfigured="40001 40013 48002 60011 60020")

    class Config(WeChatCallback.Config, WeChatCaller.Config, Window):
        base_url: str = Field("https://qyapi.weixin.qq.com", description="Address of the API.")
        account_id: str = Field(description="CorpID (ww… or wx…).")
        aes_key: SecretStr = Field(description="The EncodingAESKey, 43 letters and digits.")
        client_secret: SecretStr = Field(description="Secret of the app that may call 客户联系.")
        events: list[Literal["add_external_contact", "add_half_external_contact"]] = Field(
            ["add_external_contact"],
            description="What makes a submission; add_half… is a customer whom the member has not confirmed yet.",
        )
        members: list[str] = Field(
            [EVERYBODY], description="Members whose customers are polled; *: all who have the feature; none: no poll."
        )

    config: Config

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        event = self.message(inbound)
        if event.get("Event") != "change_external_contact" or event.get("ChangeType") not in self.config.events:
            return
        contact, member, change = (event.get(name) for name in ("ExternalUserID", "UserID", "ChangeType"))
        if not (contact and isinstance(contact, str) and member and isinstance(member, str)):
            raise BadInput("The event has no ExternalUserID or UserID.")
        half = "" if change == ADDED else f"{change}:"
        yield RawLead(f"{half}{contact}:{member}", event, instant(event.get("CreateTime")))

    async def complete(self, raw: RawLead, http: httpx.AsyncClient) -> RawLead:
        """Read the customer, and what the member noted; a polled one has both."""
        contact = raw.data.get("ExternalUserID")
        if "follow" in raw.data or not isinstance(contact, str):
            return raw
        found: dict[str, Any] = {}
        async for person, follow in all_pages(partial(self._followers, contact, http)):
            mine = follow.get("userid") == raw.data.get("UserID")
            found = {"contact": person, "follow": follow if mine else {}}
            if mine:
                break
        return replace(raw, data={**raw.data, **found})

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        if EVERYBODY not in self.config.members:
            return self.config.members
        members = (await self.ask(Request("GET", f"{API}/get_follow_user_list"), http)).get("follow_user")
        return [str(one) for one in members] if isinstance(members, list) else []

    async def page(self, http: httpx.AsyncClient, name: str, sweep: Sweep) -> Leads:
        """Return all that a member got since then at once: pages of older customers look like a poll that is stuck."""
        pages = all_pages(partial(self._customers, name, http))
        return [one async for one in pages if one.submitted_at is None or one.submitted_at >= sweep.since], None

    async def _followers(self, contact: str, http: httpx.AsyncClient, cursor: str | None) -> Pairs:
        params = {"external_userid": contact, **({"cursor": cursor} if cursor else {})}
        said = await self.ask(Request("GET", f"{API}/get", params=params), http)
        follows = objects(said.get("follow_user")) or [{}]
        return [(an_object(said.get("external_contact")), one) for one in follows], _next(said)

    async def _customers(self, member: str, http: httpx.AsyncClient, cursor: str | None) -> Leads:
        asked = {"userid_list": [member], "cursor": cursor or "", "limit": 100}
        said = await self.ask(Request("POST", f"{API}/batch/get_by_user", json=asked), http)
        return [_polled(one, member) for one in objects(said.get("external_contact_list"))], _next(said)

    def token_request(self) -> Request:
        secret = self.config.client_secret.get_secret_value()
        return Request("GET", "cgi-bin/gettoken", params={"corpid": self.config.account_id, "corpsecret": secret})


def _next(said: Mapping[str, Any]) -> str | None:
    return str(said.get("next_cursor") or "") or None


def _polled(item: Mapping[str, Any], member: str) -> RawLead:
    person, follow = an_object(item.get("external_contact")), an_object(item.get("follow_info"))
    contact = person.get("external_userid")
    key = f"{contact}:{member}" if isinstance(contact, str) and contact else None
    data = {"UserID": member, "ExternalUserID": contact, "contact": person, "follow": follow}
    return RawLead(key, data, instant(follow.get("createtime")))


@hookimpl
def hub_register() -> Iterable[type[WeComContact]]:
    yield WeComContact
