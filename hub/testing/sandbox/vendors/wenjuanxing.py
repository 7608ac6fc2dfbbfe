"""Wenjuanxing 问卷星: the questions of surveys, action 1000001 (showdoc.com.cn/wjxopenapi); refusals come with 200."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hub.http import Reply
from hub.testing.sandbox.call import Call
from hub.testing.sandbox.vendor import Code, Vendor, route

SURVEY = "1000001"


class Wenjuanxing(Vendor):
    """`/wenjuanxing/openapi/default.aspx`; setting: `token` (API key). The vendor publishes no limits."""

    name = "wenjuanxing"

    def clear(self) -> None:
        """Forget the surveys."""
        self._surveys: dict[str, dict[str, Any]] = {}

    @route("POST", "/openapi/default.aspx")
    def act(self, call: Call) -> Reply:
        """Do what the action says; it stands in the address and in the body."""
        self.require(call.bearer)
        body = call.json_object()
        if not call.query.get("traceid") or call.query.get("action") != str(body.get("action")):
            return _refused("参数错误")
        if body["action"] != SURVEY:
            return _refused("action 不存在")
        found = self._surveys.get(str(body.get("vid")))
        if found is None:
            return _refused("问卷不存在")
        questions = found["questions"] if body.get("get_questions", True) else None
        return Reply.json({"result": True, "data": {**found, "questions": questions}})

    def unauthorized(self) -> Reply:
        """Answer 200 with the words for a bad key."""
        return _refused("ApiKey 无效")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 200 with the words for too many requests."""
        return _refused("请求过于频繁，请稍后再试")

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 200 with words."""
        return _refused(str(code or "系统繁忙"))

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 200 with words."""
        return _refused("参数错误")

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the surveys."""
        return iter(self._surveys.values())

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add surveys: `vid`, `title`, `questions`."""
        for item in items:
            self._surveys[str(item["vid"])] = dict(item)


def _refused(words: str) -> Reply:
    return Reply.json({"result": False, "errormsg": words})
