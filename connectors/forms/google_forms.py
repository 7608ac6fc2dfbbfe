"""Google Forms: takes what an Apps Script posts on each submit, or polls the list of responses."""

from collections.abc import Iterable, Mapping
from typing import Any

import httpx
from pydantic import Field, SecretStr

from hub import (
    BadInput,
    GoogleCaller,
    Inbound,
    RawLead,
    Rejected,
    Request,
    Retry,
    Sweep,
    SweepSource,
    Unclear,
    WebhookSource,
    Window,
    an_object,
    check_hmac,
    hookimpl,
    instant,
    iso,
    listed_in,
    objects,
    secrets_of,
    segment,
)

PAGE = "200"  # an answer is read up to 1 MiB
LISTS = ("itemResponses", "namedValues", "answers")


class GoogleForms(GoogleCaller, WebhookSource, SweepSource):
    """Forms of one Google account: a script bound to the form (or its sheet) posts, or a service account reads.

    The script posts JSON with `responseId`, `timestamp` and `itemResponses` or `namedValues`, and signs the body with
    `Utilities.computeHmacSha256Signature` into the header X-Hub-Signature-256, as `sha256=` and hex.
    """

    name = "google_forms"
    title = "Google Forms"
    docs_url = "https://developers.google.com/workspace/forms/api/reference/rest/v1/forms.responses/list"
    confirmed = (
        "responses are listed by `timestamp >=` in UTC, up to 5,000 a page; nextPageToken needs the same filter (docs)",
        "answers are keyed by question id, so the form is read for the titles; grids have one id a row (discovery doc)",
        "an edit keeps responseId and moves lastSubmittedTime: it is a new submission of the same person (docs)",
    )
    unconfirmed = (
        "the shape of the script's post is its author's; `e.namedValues`, item responses and plain answers are read",
        "Apps Script's FormResponse.getId() and the API's responseId may differ: push or poll a form, do not do both",
        "`timestamp` filters by lastSubmittedTime, so that edits are seen",
    )
    scope = (
        "https://www.googleapis.com/auth/forms.responses.readonly https://www.googleapis.com/auth/forms.body.readonly"
    )

    class Config(GoogleCaller.Config, WebhookSource.HostConfig, Window):
        optional = True

        base_url: str = Field("https://forms.googleapis.com", description="Address of the API.")
        secret: SecretStr | None = Field(None, description="Secret the script signs with; none: nothing is pushed.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")
        forms: list[str] = Field([], description="Ids of the forms to poll, as in their edit address; none: no poll.")

    config: Config

    def verify(self, inbound: Inbound) -> None:
        check_hmac(inbound, secrets_of(self.config), header="X-Hub-Signature-256", prefix="sha256=")

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        body = inbound.json_object()
        answers = {title: value for name in LISTS for title, value in _answers(body.get(name)).items()}
        at, key = body.get("timestamp"), str(body.get("responseId") or "")
        rest = {name: value for name, value in body.items() if name not in LISTS or not isinstance(value, (dict, list))}
        yield RawLead(_key(key, at), {**rest, **answers}, instant(at, None))

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        return list(self.config.forms) if self.config.access else []

    async def page(self, http: httpx.AsyncClient, name: str, sweep: Sweep) -> tuple[list[RawLead], str | None]:
        form = await self._read(http, segment(name), {}, "items")
        params = {"filter": f"timestamp >= {iso(sweep.since)}", "pageSize": PAGE}
        params |= {"pageToken": sweep.after} if sweep.after else {}
        said = await self._read(http, f"{segment(name)}/responses", params, "responses")
        titles, about = _titles(form), {"formTitle": an_object(form.get("info")).get("title")}
        leads = [_lead(item, titles, about) for item in objects(said["responses"])]
        return leads, str(said.get("nextPageToken") or "") or None

    async def _read(self, http: httpx.AsyncClient, path: str, params: Mapping[str, str], key: str) -> dict[str, Any]:
        """Return what stands at a path below the forms; an empty list is left out of it."""
        try:
            response = self.judge(await self.exchange(Request("GET", f"/v1/forms/{path}", params=params), http))
        except Unclear as error:
            raise Retry(error.reason) from error
        if isinstance(response, Rejected):
            raise BadInput(response.reason)
        return listed_in(response, key, omitted=True)[1]


def _answers(given: Any) -> dict[str, Any]:
    """Return answers by their questions' titles, out of namedValues, a plain object, or a list of item responses."""
    if isinstance(given, dict):
        return {name: _one(value) for name, value in given.items()}
    pairs = [(one.get("title") or one.get("id"), one.get("response", one.get("answer"))) for one in objects(given)]
    return {str(title): _one(value) for title, value in pairs if title}


def _one(value: Any) -> Any:
    """Return the one value of a list alone, and several without the blanks of questions with the same title."""
    if not isinstance(value, list):
        return value
    kept = [one for one in value if one not in ("", None)]
    return kept[0] if len(kept) == 1 else kept or None


def _titles(form: Mapping[str, Any]) -> dict[str, str]:
    """Return the title of each question by its id; the rows of a grid as `Title [Row]`, a title's second use marked."""
    titles: dict[str, str] = {}
    for item in objects(form.get("items")):
        group = objects(an_object(item.get("questionGroupItem")).get("questions"))
        for question in [*group, an_object(an_object(item.get("questionItem")).get("question"))]:
            row, qid = an_object(question.get("rowQuestion")).get("title"), str(question.get("questionId") or "")
            title = f"{item.get('title')} [{row}]" if row else str(item.get("title") or qid)
            titles[qid] = f"{title} ({qid})" if title in titles.values() else title
    return titles


def _lead(item: Mapping[str, Any], titles: Mapping[str, str], about: Mapping[str, Any]) -> RawLead:
    data = {**about, **{name: value for name, value in item.items() if name != "answers"}}
    for qid, answer in an_object(item.get("answers")).items():
        texts = objects(an_object(an_object(answer).get("textAnswers")).get("answers"))
        files = objects(an_object(an_object(answer).get("fileUploadAnswers")).get("answers"))
        data[titles.get(qid, qid)] = _one([text.get("value") for text in texts]) if texts else files
    at = item.get("lastSubmittedTime") or item.get("createTime")
    return RawLead(_key(str(item.get("responseId") or ""), at), data, instant(at))


def _key(response: str, at: Any) -> str | None:
    return f"{response}:{at}" if response and at else response or None


@hookimpl
def hub_register() -> Iterable[type[GoogleForms]]:
    yield GoogleForms
