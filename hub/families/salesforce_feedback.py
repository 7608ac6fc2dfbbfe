"""Reads out of Salesforce what became of leads: status changes, finished tasks, and their opportunities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from hub.families.streams import Place, Rows, Stream, StreamFeedback
from hub.http import Request, Response
from hub.outcome import Disposition

PAGE, FARTHEST = 500, 2_000  # rows of one query, and the farthest OFFSET
STAGES = (
    "prospecting", "qualification", "needs analysis", "value proposition", "id. decision makers",
    "perception analysis", "proposal/price quote", "negotiation/review",
)  # fmt: skip

_LEAD = Stream(
    "Lead", "status", key="Id", ref="Id", at="SystemModstamp", done="LastModifiedDate", word="Status",
    by="LastModifiedById", maker="CreatedById",
)  # fmt: skip
_TASK = Stream(
    "Task", "task", key="Id", ref="WhoId", at="SystemModstamp", done="CompletedDateTime", once=True, by="OwnerId",
    sort="TaskSubtype", kinds={"Call": "call", "Email": "mail"},
)  # fmt: skip
_DEAL = Stream(
    "Opportunity", "deal", key="ConvertedOpportunityId", ref="Id", at="ConvertedOpportunity.SystemModstamp",
    done="ConvertedOpportunity.LastModifiedDate", word="ConvertedOpportunity.StageName",
    value="ConvertedOpportunity.Amount", by="ConvertedOpportunity.LastModifiedById",
)  # fmt: skip
_AMONG = {
    "Lead": "Lead WHERE",
    "Task": "Task WHERE IsClosed = true AND",
    "Opportunity": "Lead WHERE ConvertedOpportunityId != null AND",
}


class SalesforceFeedback(StreamFeedback):
    """Feedback by SOQL; its Config has `version` and `object`. Of other objects than leads only tasks are read."""

    words: ClassVar[Mapping[str, Disposition]] = {
        **StreamFeedback.words,
        **dict.fromkeys(STAGES, Disposition.OPPORTUNITY),
    }

    config: Any

    def ready(self) -> None:
        """Choose what to read by the object that is written."""
        super().ready()  # type: ignore[misc]  # of the connector this is mixed into
        self.streams = (_LEAD, _TASK, _DEAL) if self.config.object == "Lead" else (_TASK,)

    def asked(self, stream: Stream, place: Place) -> Request:
        """Return the query for what changed."""
        since = place.since.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        among = f"{', '.join(stream.paths)} FROM {_AMONG[stream.name]} {stream.at} >= {since}"
        query = f"SELECT {among} ORDER BY {stream.at}, Id LIMIT {PAGE} OFFSET {min(place.skip, FARTHEST)}"
        return Request("GET", f"/services/data/{self.config.version}/query", params={"q": query})

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, bool]:
        """Return the records; a full page has another behind it."""
        rows: Rows = response.json()["records"]
        return rows, len(rows) == PAGE
