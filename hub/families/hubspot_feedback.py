"""Reads out of HubSpot what became of leads: status changes, calls, mails, meetings and deals of what was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import httpx
from pydantic import Field

from hub.families.streams import Place, Rows, Stream, StreamFeedback
from hub.http import Request, Response
from hub.news import Kind
from hub.outcome import Disposition
from hub.strictjson import objects

PAGE = 200  # the most that a search gives
STAGES = (
    "appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "decisionmakerboughtin", "contractsent",
    "opportunity",
)  # fmt: skip

_LINK = "leadhub record"  # where `whole` puts the record that an engagement is about
_FILTERS = {
    "emails": ("hs_email_direction", "EMAIL"),  # what a prospect writes is no answer to him
    "meetings": ("hs_meeting_outcome", "COMPLETED"),
}


def _engagement(name: str, kind: Kind) -> Stream:
    return Stream(
        name, kind, ref=_LINK, at="properties.hs_lastmodifieddate", done="properties.hs_timestamp", once=True,
        by="properties.hubspot_owner_id",
    )  # fmt: skip


_DEALS = Stream(
    "deals", "deal", ref=_LINK, at="properties.hs_lastmodifieddate", word="properties.dealstage",
    by="properties.hs_updated_by_user_id", value="properties.amount", currency="properties.deal_currency_code",
    reason="properties.closed_lost_reason",
)  # fmt: skip


class HubSpotFeedback(StreamFeedback):
    """Feedback by search, and by the associations of what was found; mix it in before `HubSpotCaller`."""

    words: ClassVar[Mapping[str, Disposition]] = {
        **StreamFeedback.words, **dict.fromkeys(STAGES, Disposition.OPPORTUNITY),
        "salesqualifiedlead": Disposition.QUALIFIED, "attempting-stage-id": Disposition.NO_ANSWER,
        "new-stage-id": Disposition.NEW, "connected-stage-id": Disposition.CONTACTED,
        "qualified-stage-id": Disposition.QUALIFIED, "unqualified-stage-id": Disposition.UNQUALIFIED,
    }  # fmt: skip

    class Settings(StreamFeedback.Settings):
        """Which records are written, and where their status stands."""

        version: str = Field("2026-09", description="Version of the API, as its paths name it.")
        object: str = Field("contacts", description="Type of object to write.")
        status_property: str = Field(
            "hs_lead_status", description="Property that tells what became of a lead; of leads, hs_pipeline_stage."
        )

    config: Any

    def ready(self) -> None:
        """Choose what to read by the object that is written."""
        super().ready()  # type: ignore[misc]  # of the connector this is mixed into
        own = self.config.object
        stamp = "lastmodifieddate" if own == "contacts" else "hs_lastmodifieddate"
        status = Stream(
            own, "status", ref="id", at=f"properties.{stamp}", word=f"properties.{self.config.status_property}",
            by="properties.hs_updated_by_user_id", maker="properties.hs_created_by_user_id",
        )  # fmt: skip
        made = (_engagement("calls", "call"), _engagement("emails", "mail"), _engagement("meetings", "meeting"))
        self.streams = (status, *made, _DEALS)

    def asked(self, stream: Stream, place: Place) -> Request:
        """Return the search for what changed."""
        stamp, since = stream.at.removeprefix("properties."), str(int(place.since.timestamp() * 1000))
        tests = [{"propertyName": stamp, "operator": "GTE", "value": since}]
        if stream.name in _FILTERS:
            name, value = _FILTERS[stream.name]
            tests.append({"propertyName": name, "operator": "EQ", "value": value})
        body = {
            "filterGroups": [{"filters": tests}], "sorts": [{"propertyName": stamp, "direction": "ASCENDING"}],
            "properties": [path.removeprefix("properties.") for path in stream.paths if path.startswith("properties.")],
            "limit": PAGE, "after": str(place.skip),
        }  # fmt: skip
        return self._post(f"objects/{self.config.version}/{stream.name}/search", body)

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, bool]:
        """Return the records, and whether there are more."""
        said = response.json()
        return list(said["results"]), bool(said.get("paging"))

    async def whole(self, stream: Stream, rows: Rows, http: httpx.AsyncClient) -> Rows:
        """Return each record once for each record of ours that it is about."""
        if stream is self.streams[0]:
            return rows
        inputs = [{"id": str(row["id"])} for row in rows if row.get("id")]
        path = f"associations/{self.config.version}/{stream.name}/{self.config.object}/batch/read"
        caller: Any = self
        links = await caller.search(self._post(path, {"inputs": inputs}), http, _links) or {}
        return [{**row, _LINK: one} for row in rows for one in links.get(str(row.get("id")), ())]

    def _post(self, path: str, body: object) -> Request:
        headers = self.key_headers()  # type: ignore[attr-defined]  # of the connector this is mixed into
        return Request("POST", f"/crm/{path}", headers=headers, json=body)


def _links(response: Response) -> dict[str, list[str]]:
    """Return the associations in an answer; 207 has those that were found beside errors for those that have none."""
    return {
        str(one["from"]["id"]): [str(to["toObjectId"]) for to in objects(one.get("to"))]
        for one in objects(response.json().get("results"))
    }
