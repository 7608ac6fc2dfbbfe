"""Reads out of Dataverse what became of leads: status reasons, completed activities, and opportunities of leads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlsplit

import httpx

from hub.families.streams import Place, Rows, Stream, StreamFeedback
from hub.http import Request, Response
from hub.news import Kind
from hub.outcome import Disposition

API = "/api/data/v9.2"
LABEL = "@OData.Community.Display.V1.FormattedValue"
PREFER = f'odata.maxpagesize=500,odata.include-annotations="{LABEL[1:]}"'
KINDS: Mapping[str, Kind] = {"phonecall": "call", "appointment": "meeting", "task": "task"}
STATES = {0: "deal open", 1: "deal won", 2: "deal lost"}

_LEAD = Stream(
    "leads", "status", key="leadid", ref="leadid", at="modifiedon", word=f"statuscode{LABEL}", by="_modifiedby_value",
    maker="_createdby_value",
)  # fmt: skip
_DONE = Stream(
    "activitypointers", "task", key="activityid", ref="_regardingobjectid_value", at="modifiedon", done="actualend",
    once=True, by="_ownerid_value", sort="activitytypecode", kinds=KINDS,
)  # fmt: skip
_DEAL = Stream(
    "opportunities", "deal", key="opportunityid", ref="_originatingleadid_value", at="modifiedon", word="deal",
    by="_modifiedby_value", value="worth", currency="transactioncurrencyid.isocurrencycode",
)  # fmt: skip
_ALSO = {"leads": (), "activitypointers": (), "opportunities": ("statecode", "actualvalue", "estimatedvalue")}


class DynamicsFeedback(StreamFeedback):
    """Feedback by OData queries, whose next page is a link of the vendor's."""

    streams = (_LEAD, _DONE, _DEAL)
    words: ClassVar[Mapping[str, Disposition]] = {
        **StreamFeedback.words, "deal open": Disposition.OPPORTUNITY, "deal won": Disposition.WON,
        "deal lost": Disposition.LOST,
    }  # fmt: skip

    def asked(self, stream: Stream, place: Place) -> Request:
        """Return the query for what changed, or for its next page."""
        headers = {"Accept": "application/json", "OData-MaxVersion": "4.0", "OData-Version": "4.0", "Prefer": PREFER}
        if place.mark:
            return Request("GET", place.mark, headers=headers)
        said = (path.partition("@")[0] for path in stream.paths)
        names = [name for name in said if "." not in name and name not in ("deal", "worth")]
        since = place.since.strftime("%Y-%m-%dT%H:%M:%SZ")
        done = "statecode eq 1 and " if stream is _DONE else ""
        params = {
            "$select": ",".join([*dict.fromkeys(names), *_ALSO[stream.name]]),
            "$filter": f"{done}modifiedon ge {since}", "$orderby": "modifiedon asc",
        }  # fmt: skip
        money = {"$expand": "transactioncurrencyid($select=isocurrencycode)"} if stream is _DEAL else {}
        return Request("GET", f"{API}/{stream.name}", headers=headers, params={**params, **money})

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, str | None]:
        """Return the records, and the link of the next page without its host: it is asked where all else is."""
        said = response.json()
        link = urlsplit(str(said.get("@odata.nextLink") or ""))
        return said["value"], f"{link.path}?{link.query}" if link.query and link.path.startswith("/") else None

    async def whole(self, stream: Stream, rows: Rows, http: httpx.AsyncClient) -> Rows:
        """Leave out activities that may be the prospect's own, and say what opportunities stand at and are worth."""
        if stream is _DONE:
            return [row for row in rows if row.get("activitytypecode") in KINDS]
        if stream is not _DEAL:
            return rows
        worth = [row.get("actualvalue") or row.get("estimatedvalue") for row in rows]
        states = [STATES.get(row["statecode"]) if isinstance(row.get("statecode"), int) else None for row in rows]
        return [{**row, "worth": w, "deal": s} for row, w, s in zip(rows, worth, states, strict=True)]
