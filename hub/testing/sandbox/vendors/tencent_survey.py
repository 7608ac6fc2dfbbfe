"""Tencent Survey 腾讯问卷: tokens, surveys and their answers (open.wj.qq.com); refusals come with 200."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hub.http import Reply
from hub.testing.sandbox.call import Call, Refused
from hub.testing.sandbox.tokens import Tokens
from hub.testing.sandbox.vendor import Code, Vendor, route

LASTS = 7_200.0


class TencentSurvey(Vendor):
    """`/tencent_survey/…`; settings: `appid`, `token` (the app's secret), `expires_in`. No limits are published."""

    name = "tencent_survey"

    def clear(self) -> None:
        """Forget surveys, answers and tokens."""
        self._tokens = Tokens(self.clock, "token-{}")
        self._titles: dict[str, dict[str, str]] = {}
        self._answers: dict[str, dict[int, dict[str, Any]]] = {}

    @route("GET", "/oauth2/access_token")
    def mint(self, call: Call) -> Reply:
        """Mint a token for an app and its secret."""
        if call.query.get("grant_type") != "client_credential":
            return _refused("InvalidArgument", "grant_type")
        self._app(call)
        self.require(call.query.get("secret"))
        lasts = float(self.settings.get("expires_in", LASTS))
        return _said({"access_token": self._tokens.mint(lasts), "expires_in": int(lasts)})

    @route("GET", "/surveys/{survey}/legacy")
    def survey(self, call: Call) -> Reply:
        """Describe a survey: pages of questions."""
        titles = self._titles.get(self._known(call), {})
        questions = [{"id": id_, "type": "text", "title": title} for id_, title in titles.items()]
        pages = [{"id": "p-1-abcd", "questions": questions}]
        return _said({"id": call.params["survey"], "title": "试用申请", "pages": pages})

    @route("GET", "/surveys/{survey}/answers")
    def answers(self, call: Call) -> Reply:
        """List the answers after a number."""
        held, size = self._answers[self._known(call)], int(call.query.get("per_page", "20"))
        after = int(call.query.get("last_answer_id") or 0)
        page = [held[number] for number in sorted(held) if number > after][:size]
        last = page[-1]["answer_id"] if page else after
        return _said({"total": len(held), "last_answer_id": last, "list": page})

    def unauthorized(self) -> Reply:
        """Answer 200 with a code."""
        return _refused("InvalidAccessToken", "access_token is invalid")

    def throttled(self, after: float, limit: str = "") -> Reply:
        """Answer 429."""
        return Reply.json({"code": "TooManyRequests", "message": "too many requests"}, 429)

    def failure(self, call: Call, code: Code = None) -> Reply:
        """Answer 200 with a code."""
        return _refused(str(code or "InternalError"), "internal error")

    def malformed(self, call: Call, reason: str) -> Reply:
        """Answer 200 with a code."""
        return _refused("InvalidArgument", reason)

    def records(self) -> Iterable[Mapping[str, Any]]:
        """Yield the answers."""
        for held in self._answers.values():
            yield from held.values()

    def seed(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add answers: `titles` (question id to title) and `answer` as it is listed, with its survey_id."""
        for item in items:
            answer = dict(item["answer"])
            survey = str(answer.pop("survey_id"))
            self._titles.setdefault(survey, {}).update(item["titles"])
            self._answers.setdefault(survey, {})[int(answer["answer_id"])] = answer

    def _app(self, call: Call) -> None:
        if not call.query.get("appid") or call.query["appid"] != self.settings.get("appid", call.query["appid"]):
            raise Refused(self.unauthorized())

    def _known(self, call: Call) -> str:
        self._app(call)
        if not self._tokens.valid(call.query.get("access_token")):
            raise Refused(self.unauthorized())
        if call.params["survey"] not in self._answers:
            raise Refused(_refused("NotFound", "survey not found"))
        return call.params["survey"]


def _said(data: Mapping[str, Any]) -> Reply:
    return Reply.json({"code": "OK", "data": data})


def _refused(code: str, words: str) -> Reply:
    return Reply.json({"code": code, "message": words})
