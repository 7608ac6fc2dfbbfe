"""Tencent Survey (腾讯问卷): takes the answers of surveys, by webhook and by a poll that fills the gaps."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
from pydantic import Field, SecretStr

from hub import (
    BEIJING,
    BadInput,
    CodedCaller,
    Codes,
    Following,
    FollowingSource,
    Inbound,
    RawLead,
    Request,
    Response,
    Retry,
    Token,
    UnsignedSource,
    an_object,
    entitled,
    hookimpl,
    instant,
    objects,
    segment,
    titles_in,
)

PAGE = 50  # an answer is read up to 1 MiB


class TencentSurvey(UnsignedSource, CodedCaller, FollowingSource):
    """Surveys of wj.qq.com; the poll asks for the answers after the last one it saw."""

    name = "tencent_survey"
    title = "腾讯问卷 Tencent Survey"
    docs_url = "https://wj.qq.com/docs/webhook/"
    confirmed = (
        "the webhook posts id, action and payload (survey_id, answer_id, ended_at, answer …), unsigned; its address may"
        " have no port and no @, and is tried once when it is saved (vendor docs)",
        "a token comes for appid and secret, with code OK; answers are listed after last_answer_id under data.list "
        "(public clients of open.wj.qq.com)",
        "answer is a list of pages with questions, a text answer under text (public clients)",
    )
    unconfirmed = (
        "chosen options come under options, blanks under blanks; any other kind of answer is kept as it came",
        "answers carry no titles; they are read from the survey's definition, any object in it with id and title",
        "times are Beijing's",
        "codes that pass by themselves; setting `retry_codes` names them",
    )
    every = timedelta(minutes=15)
    idempotency_header = None
    codes = Codes(ok="OK")

    class Config(UnsignedSource.Config, CodedCaller.Config, FollowingSource.Config):
        base_url: str = Field("https://open.wj.qq.com/api", description="Address of the API.")
        client_id: str | None = Field(None, description="appid of the open platform; none: no titles and no poll.")
        client_secret: SecretStr | None = Field(None, description="secret of that app.")
        forms: list[str] = Field([], description="Numbers of the surveys to poll; none: no poll.")

    config: Config

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        event = inbound.json_object()
        action, payload = event.get("action"), event.get("payload")
        if action not in ("answer.create", "answer.update"):
            return
        if not isinstance(payload, dict):
            raise BadInput(f"The event {action!r} has no object payload.")
        lead = _lead(payload, {"event_id": event.get("id"), "action": action})
        edited = action == "answer.update" and lead.key
        yield replace(lead, key=f"{lead.key}:{event.get('id')}") if edited else lead

    async def complete(self, raw: RawLead, http: httpx.AsyncClient) -> RawLead:
        """Put the answers under the titles of their questions, which only the API tells."""
        survey = raw.data.get("survey_id")
        if self.config.client_id is None or survey is None:
            return raw
        return replace(raw, data=entitled(raw.data, await self._titles(str(survey), http)))

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        return self.config.forms if self.config.client_id else []

    async def after(self, name: str, number: int, http: httpx.AsyncClient) -> Following:
        params = {"per_page": str(PAGE), "last_answer_id": str(number)}
        data = await self._data(Request("GET", f"surveys/{segment(name)}/answers", params=params), http)
        rows = objects(data.get("list"))
        titles = await self._titles(name, http) if rows else {}
        leads = (_lead({"survey_id": name, **row}, {}) for row in rows)
        named = [replace(one, data=entitled(one.data, titles)) for one in leads]
        return Following(named, [data.get("last_answer_id"), *(row.get("answer_id") for row in rows)])

    async def _titles(self, survey: str, http: httpx.AsyncClient) -> dict[str, str]:
        return titles_in(await self._data(Request("GET", f"surveys/{segment(survey)}/legacy"), http))

    async def _data(self, request: Request, http: httpx.AsyncClient) -> dict[str, Any]:
        if isinstance(data := (await self.ask(request, http)).get("data"), dict):
            return data
        raise Retry("The answer has no data.")

    def token_request(self) -> Request | None:
        app, secret = self.config.client_id, self.config.client_secret
        plain = secret.get_secret_value() if secret else ""
        params = {"appid": app or "", "secret": plain, "grant_type": "client_credential"}
        return Request("GET", "oauth2/access_token", params=params)

    def token(self, response: Response) -> Token:
        said = an_object(an_object(response.json()).get("data"))
        if not said.get("access_token"):
            raise self.no_token(response)
        return Token(str(said["access_token"]), float(said.get("expires_in") or 3600))

    def authorization(self, token: Token) -> Mapping[str, str]:
        return {}

    def carrying(self, request: Request, token: Token | None) -> Request:
        proof = {"appid": self.config.client_id or "", "access_token": token.value if token else ""}
        return replace(request, params={**proof, **request.params})


def _lead(answer: Mapping[str, Any], about: Mapping[str, Any]) -> RawLead:
    pages = objects(answer.get("answer"))
    asked = [question for page in pages for question in objects(page.get("questions"))]
    given = {str(one.get("title") or one.get("id") or "answer"): _value(one) for one in asked}
    data = {**about, **{name: value for name, value in answer.items() if name != "answer"}, **given}
    survey, number = answer.get("survey_id"), answer.get("answer_id")
    key = f"{survey}:{number}" if survey is not None and number is not None else None
    return RawLead(key, data, instant(answer.get("ended_at"), BEIJING))


def _value(question: Mapping[str, Any]) -> Any:
    """Return what was answered: a text, one choice, several as a list; any other kind as it came."""
    if isinstance(question.get("text"), str) and question["text"]:
        return question["text"]
    for kind in ("options", "blanks"):
        chosen = [one for one in objects(question.get(kind)) if one.get("checked", True) not in (0, "0", False)]
        said = [one.get("text") or one.get("value") for one in chosen]
        if said and None not in said:
            return said[0] if len(said) == 1 else said
    return {name: value for name, value in question.items() if name not in ("id", "type", "title")} or None


@hookimpl
def hub_register() -> Iterable[type[TencentSurvey]]:
    yield TencentSurvey
