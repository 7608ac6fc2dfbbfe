"""Jotform: takes the submissions of forms, by webhook and by a poll that fills the gaps."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from pydantic import Field

from hub import (
    FormList,
    Inbound,
    RawLead,
    Request,
    Sweep,
    TimeZone,
    UnsignedSource,
    an_object,
    hookimpl,
    instant,
    segment,
)

PAGE = 100
ANSWER = re.compile(r"q[0-9]+_(.+)", re.DOTALL)
ESCAPED = re.compile(r"&(?:quot|amp|lt|gt|#0?39);")  # no others: `&copy=2` in an address is none
PHONE = {"full", "country", "area", "phone"}
DAY = ("year", "month", "day")


class Jotform(UnsignedSource, FormList):
    """Forms of one account; add `https://HUB/in/SOURCE?token=KEY` to each under Settings, Integrations, WebHooks."""

    name = "jotform"
    title = "Jotform"
    docs_url = "https://api.jotform.com/docs/"
    confirmed = (
        "webhooks are multipart with the answers as JSON text in rawRequest, keyed q3_name (n8n's JotFormTrigger)",
        "the key of the API goes into the header APIKEY (n8n's JotForm/GenericFunctions)",
        "submissions are filtered by created_at:gt and come newest first (jotform/jotform-api-go)",
        "nothing is signed: the key in the address is the only proof (no scheme in the vendor's docs)",
    )
    unconfirmed = (
        "created_at is written in the account's time zone, by default US Eastern; setting `time_zone` changes it",
        "answers in a webhook may be HTML-escaped; &quot; &amp; &lt; &gt; and &#39; are undone",
        "how often a failed webhook is sent again is not published; the poll fills the gap",
        "a submission with the status DELETED is no lead",
    )
    every = timedelta(minutes=15)  # calls are counted by the day

    class Config(UnsignedSource.Config, FormList.Config):
        base_url: str = Field(
            "https://api.jotform.com", description="Address of the API: eu-api.jotform.com, hipaa-api.jotform.com."
        )
        time_zone: TimeZone = Field("America/New_York", description="Time zone of the account, as the API writes it.")

    config: Config

    def ready(self) -> None:
        self._zone = ZoneInfo(self.config.time_zone)

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        parts: dict[str, Any] = {
            name: values[0] if len(values) == 1 else values for name, values in inbound.form().items()
        }
        raw = parts.pop("rawRequest", None)
        said = Inbound(body=raw.encode("utf-8", "replace")).json_object() if isinstance(raw, str) and raw else {}
        answers = {match[1]: _value(value) for name, value in said.items() if (match := ANSWER.fullmatch(name))}
        control = {name: value for name, value in said.items() if not ANSWER.fullmatch(name)}
        yield RawLead(
            key=_text(parts.get("submissionID")) or None,
            data={**control, **parts, **answers},
            submitted_at=instant(said.get("submitDate")),
        )

    async def page(self, http: httpx.AsyncClient, name: str, sweep: Sweep) -> tuple[list[RawLead], str | None]:
        since = (sweep.since - timedelta(seconds=1)).astimezone(self._zone)  # the filter is exclusive
        offset = int(sweep.after or 0)
        params = {
            "filter": json.dumps({"created_at:gt": f"{since:%Y-%m-%d %H:%M:%S}"}),
            "orderby": "created_at",
            "limit": str(PAGE),
            "offset": str(offset),
        }
        request = Request("GET", f"/form/{segment(name)}/submissions", headers={"APIKEY": self.key}, params=params)
        found, _ = await self.rows(request, http, "content")
        leads = [self._lead(item) for item in found if item.get("status") != "DELETED"]
        return leads, str(offset + len(found)) if len(found) >= PAGE else None

    def _lead(self, item: Mapping[str, Any]) -> RawLead:
        """Return a submission as it was listed, each answer under its question's name, as in the webhook."""
        about = {name: value for name, value in item.items() if name not in ("answers", "form_id", "id")}
        told = {"formID": item.get("form_id"), "submissionID": item.get("id")}
        given = {qid: an_object(answer) for qid, answer in an_object(item.get("answers")).items()}
        answers = {
            str(answer.get("name") or qid): _value(answer["answer"])
            for qid, answer in given.items()
            if "answer" in answer
        }
        return RawLead(
            key=_text(item.get("id")) or None,
            data={**about, **told, **answers},
            submitted_at=instant(item.get("created_at"), self._zone),
        )


def _text(value: Any) -> str:
    return str(value) if isinstance(value, (str, int)) else ""


def _value(value: Any) -> Any:
    """Return an answer unescaped; the parts of a phone number and of a day are put together."""
    if isinstance(value, str):
        return ESCAPED.sub(lambda found: unescape(found[0]), value)
    if isinstance(value, list):
        return [_value(one) for one in value]
    if not isinstance(value, dict):
        return value
    parts = {name: _value(one) for name, one in value.items()}
    texts = {name: _text(one).strip() for name, one in parts.items()}
    if parts and set(parts) <= PHONE:
        country = texts.get("country", "")
        prefix = f"+{country}" if country.isdigit() else country
        return texts.get("full") or " ".join(filter(None, (prefix, texts.get("area"), texts.get("phone"))))
    if set(parts) == set(DAY) and all(texts[name].isdigit() for name in DAY):
        return "-".join(texts[name].zfill(2) for name in DAY)
    return parts


@hookimpl
def hub_register() -> Iterable[type[Jotform]]:
    yield Jotform
