"""Wenjuanxing (问卷星): takes the answers that its data push hands over."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import httpx
from pydantic import Field, SecretStr

from hub import (
    BEIJING,
    BadInput,
    Inbound,
    Misconfigured,
    RawLead,
    Request,
    Response,
    Retry,
    Unverified,
    WebhookSource,
    an_object,
    bearer,
    check_key,
    entitled,
    fetch_json,
    hookimpl,
    instant,
    objects,
    readable,
    secrets_of,
)

SURVEY = "1000001"  # the action that tells a survey's questions
_LATER = re.compile(r"频繁|限流|稍后|超时|繁忙|timeout|too many|rate limit", re.IGNORECASE)
_SETTINGS = re.compile(r"api ?key|appid|sign|签名|权限|授权|认证|鉴权", re.IGNORECASE)


class Wenjuanxing(WebhookSource):
    """The data push (数据推送) of surveys on wjx.cn; with an API key, answers come under their questions."""

    name = "wenjuanxing"
    title = "问卷星 Wenjuanxing"
    docs_url = "https://www.showdoc.com.cn/wjxopenapi/7664690808275512"
    confirmed = (
        "sign is the hex SHA-1 of activity, index and the push key; it covers no answers (vendor docs)",
        "the push is JSON with q1, q2 … and joinid; choices are the options' numbers, several apart by a comma; after "
        "10 failures it pauses for 30 minutes (vendor docs)",
        "action 1000001 tells the questions as q_index, q_title, items and item_rows, answers result: true (vendor "
        "docs, 2.1.1); the key is a bearer token (public code)",
    )
    unconfirmed = (
        "lines of a question come as q3_1, numbered as its item_rows are",
        "sojumpparm, the parameter of the survey's address, is taken as the campaign; a mapping of your own changes it",
        "which refusals pass: those that speak of frequency or time-outs are tried again",
        "bodies encrypted with AES cannot be read; leave the encryption of the push off",
    )
    signed: ClassVar[bool] = False

    class Config(WebhookSource.HostConfig):
        base_url: str = Field("https://www.wjx.cn", description="Address of the API, or of your own domain there.")
        secret: SecretStr = Field(description="Push key (推送密钥); Wenjuanxing's customer service tells it.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        api_key: SecretStr | None = Field(None, description="API key that reads the questions' titles; none: q1, q2 ….")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        try:
            said = inbound.json_object()
        except BadInput as error:
            raise Unverified(f"The push cannot be read, so its sign cannot either: {error.reason}") from error
        signed = f"{_text(said.get('activity'))}{_text(said.get('index'))}".encode("utf-8", "replace")
        expected = [hashlib.sha1(signed + secret).hexdigest().encode() for secret in secrets_of(self.config)]  # noqa: S324 (the vendor signs by SHA-1)
        check_key(_text(said.get("sign")).lower(), expected, "sign in the body")

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        said = inbound.json_object()
        survey, number = _text(said.get("activity")), _text(said.get("joinid") or said.get("index"))
        if not survey:
            raise BadInput("The push names no survey (activity).")
        data = {name: value for name, value in said.items() if name != "sign"}
        yield RawLead(f"{survey}:{number}" if number else None, data, instant(said.get("submittime"), BEIJING))

    async def complete(self, raw: RawLead, http: httpx.AsyncClient) -> RawLead:
        """Put the answers under the titles of their questions, and choices in words; only the API tells both."""
        survey = _text(raw.data.get("activity"))
        if self.config.api_key is None or not survey:
            return raw
        request = Request(
            "POST", "openapi/default.aspx", headers={"Authorization": bearer(self.config.api_key)},
            params={"traceid": raw.key or survey, "action": SURVEY},
            json={"action": SURVEY, "vid": survey, "get_questions": True, "get_items": True},
        )  # fmt: skip
        said = await fetch_json(request, http, self.config.base_url, self.config.timeout, _judge)
        questions = objects(an_object(said.get("data")).get("questions"))
        words = {name: value for question in questions for name, value in _chosen(question, raw.data)}
        titles = {name: title for question in questions for name, title in _titles(question)}
        return replace(raw, data=entitled({**raw.data, **words}, titles))


def _judge(response: Response) -> None:
    """Raise what a refusal means; there is no table of codes, so its words tell."""
    said = readable(response)
    if response.status != 200 or not isinstance(said, dict) or said.get("result") is True:
        return
    words = f"The API refused to tell the survey's questions: {_text(said.get('errormsg'))[:200]!r}."
    if _LATER.search(words):
        raise Retry(words)
    if _SETTINGS.search(words.partition(":")[2]):
        raise Misconfigured(f"{words} Check `api_key`.")
    raise BadInput(words)


def _titles(question: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    key, title = f"q{_text(question.get('q_index'))}", _text(question.get("q_title"))
    yield key, title
    for row in objects(question.get("item_rows")):
        yield f"{key}_{_text(row.get('item_index'))}", f"{title} {_text(row.get('item_title'))}".strip()


def _chosen(question: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the choices of a question in words: one as text, several as a list; nothing where a number is unknown."""
    key = f"q{_text(question.get('q_index'))}"
    options = {_text(item.get("item_index")): _text(item.get("item_title")) for item in objects(question.get("items"))}
    for name, value in data.items():
        numbers = _text(value).split(",") if name == key or name.startswith(f"{key}_") else []
        if numbers and all(number in options for number in numbers):
            words = [options[number] for number in numbers]
            yield name, words[0] if len(words) == 1 else words


def _text(value: Any) -> str:
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


@hookimpl
def hub_register() -> Iterable[type[Wenjuanxing]]:
    yield Wenjuanxing
