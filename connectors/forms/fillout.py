"""Fillout: takes the submissions of forms, by webhook and by a poll that fills the gaps."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import httpx
from pydantic import Field

from hub import (
    BadInput,
    FormList,
    Inbound,
    RawLead,
    Request,
    Sweep,
    UnsignedSource,
    bearer,
    hookimpl,
    instant,
    iso,
    objects,
    recent,
    segment,
)

PAGE = 150
NAMED = ("questions", "urlParameters", "calculations")


class Fillout(UnsignedSource, FormList):
    """Forms of one account; type `https://HUB/in/SOURCE?token=KEY` in as the webhook's address."""

    name = "fillout"
    title = "Fillout"
    docs_url = "https://www.fillout.com/help/api-reference/get-all-submissions"
    confirmed = (
        "submissions are listed by afterDate, finished ones, oldest first, 150 a page at most, 5 a second (docs)",
        "answers have id, name, type and value; hidden fields stand in urlParameters (vendor docs)",
        "test answers are left out of the list unless includePreview is asked for (vendor docs)",
        "submissions made through the API fire no webhook (vendor docs); the poll reads them",
    )
    unconfirmed = (
        "the webhook posts a submission as the list has it, alone or below `submission` with formId and formName",
        "nothing is signed: no scheme is published; in Advanced mode the header X-Leadhub-Key can carry the key",
        "how often a failed webhook is sent again is not published; the poll fills the gap",
        "a test answer is marked isPreview; without the mark it is a lead like any other",
        "afterDate compares submissionTime and may be exclusive, so a minute before is asked for",
    )

    class Config(UnsignedSource.Config, FormList.Config):
        base_url: str = Field(
            "https://api.fillout.com", description="Address of the API; eu-api.fillout.com in the EU."
        )

    config: Config

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        body = inbound.json_object()
        inner = body.get("submission")
        whole = body if inner is None else inner
        if not isinstance(whole, dict) or not isinstance(whole.get("questions"), list):
            raise BadInput("The submission has no list questions. Switch the webhook to Simple.")
        around = {} if inner is None else {name: value for name, value in body.items() if name != "submission"}
        yield _lead({**around, **whole})

    async def page(self, http: httpx.AsyncClient, name: str, sweep: Sweep) -> tuple[list[RawLead], str | None]:
        offset = int(sweep.after or 0)
        since = iso(sweep.since - timedelta(minutes=1))
        params = {"afterDate": since, "status": "finished", "sort": "asc", "limit": str(PAGE), "offset": str(offset)}
        headers = {"Authorization": bearer(self.key)}
        request = Request("GET", f"/v1/api/forms/{segment(name)}/submissions", headers=headers, params=params)
        found, _ = await self.rows(request, http, "responses")
        leads = recent((_lead({"formId": name, **one}) for one in found), sweep)
        return leads, str(offset + len(found)) if len(found) >= PAGE else None


def _lead(item: Mapping[str, Any]) -> RawLead:
    """Return a submission, its answers and parameters under their names; the rest is kept where it holds something."""
    data = {name: value for name, value in item.items() if name not in NAMED and value not in (None, [], {})}
    for group in reversed(NAMED):
        for one in objects(item.get(group)):
            data[str(one.get("name") or one.get("id") or "answer")] = one.get("value")
    key = item.get("submissionId")
    return RawLead(
        key=str(key) if isinstance(key, (str, int)) and str(key) else None,
        data=data,
        submitted_at=instant(item.get("submissionTime")),
        test=item.get("isPreview") is True,
    )


@hookimpl
def hub_register() -> Iterable[type[Fillout]]:
    yield Fillout
