"""Unbounce: takes the leads that the webhook of a landing page, popup or sticky bar posts."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from hub import BadInput, Inbound, RawLead, Receipt, Reply, UnsignedSource, an_object, fingerprint, hookimpl

ABOUT = ("page_id", "page_name", "page_url", "page_uuid", "variant")  # also beside the answers
_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d [AP]M) UTC")


class Unbounce(UnsignedSource):
    """A webhook of a page, as form or as JSON; each answer comes as a list of one."""

    name = "unbounce"
    title = "Unbounce"
    docs_url = "https://documentation.unbounce.com/hc/en-us/articles/203510044-Using-a-Webhook"
    confirmed = (
        "a form post has page_id, page_name, page_url, variant and the answers as data.json, every value in a list; "
        "it is unsigned, comes from 54.241.34.25 or 50.19.99.184, and wants a 200 (vendor docs)",
        "date_submitted and time_submitted are UTC to the minute (vendor docs)",
    )
    unconfirmed = (
        "whether it posts again what was not answered with 200",
        "there is no id of a lead: two with the same content in the same minute on the same page are one",
        "JSON with a field mapping has the mapped names at the top; XML is not read",
    )

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        body = inbound.payload()
        if not isinstance(body, dict):
            raise BadInput(f"The lead must be one form or JSON object, not {type(body).__name__}.")
        answers = _answers(body.get("data.json"))
        outside = {name: _single(value) for name, value in body.items() if name != "data.json"}
        data = {**outside, **{name: value for name, value in answers.items() if name not in ABOUT or value}}
        at = _submitted(data)
        yield RawLead(fingerprint(data) if at else None, data, at)

    def answer(self, inbound: Inbound, receipt: Receipt) -> Reply:
        """Answer 200, the only status that the vendor's docs call a success."""
        return Reply.json({"ok": True, "submission": receipt.submission})


def _answers(value: Any) -> dict[str, Any]:
    """Return the answers in data.json, which is JSON as text in a form; raises BadInput for text that is not."""
    held = Inbound(body=value.encode("utf-8", "replace")).json_object() if isinstance(value, str) else an_object(value)
    return {name: _single(inner) for name, inner in held.items()}


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _submitted(data: Mapping[str, Any]) -> datetime | None:
    """Return the minute of the submission; None where it is not told or not in UTC."""
    match = _TIME.fullmatch(f"{data.get('date_submitted')} {data.get('time_submitted')}")
    try:
        return datetime.strptime(f"{match[1]} {match[2]}", "%Y-%m-%d %I:%M %p").replace(tzinfo=UTC) if match else None
    except ValueError:
        return None


@hookimpl
def hub_register() -> Iterable[type[Unbounce]]:
    yield Unbounce
