"""Reads out of Pipedrive what became of leads: their labels, activities that are done, and their deals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

import httpx
from pydantic import Field

from hub.families.streams import Place, Rows, Stream, StreamFeedback
from hub.fields import iso
from hub.http import Request, Response
from hub.outcome import Disposition

KINDS: Mapping[str, Any] = {"call": "call", "meeting": "meeting", "email": "mail", "lunch": "meeting"}
WORDS = {"deal open": Disposition.OPPORTUNITY, "deal won": Disposition.WON, "deal lost": Disposition.LOST}
LISTS: Mapping[str, tuple[str, dict[str, str]]] = {
    "leads": ("/api/v1/leads", {"sort": "update_time ASC", "limit": "100"}),
    "activities": ("/api/v2/activities", {"done": "true", "sort_by": "update_time", "limit": "500"}),
    "deals": ("/api/v2/deals", {"sort_by": "update_time", "limit": "500"}),
}


class PipedriveFeedback(StreamFeedback):
    """Feedback by lists that are ordered by the time of change; the connector has `_call`."""

    listens: ClassVar[timedelta] = timedelta(minutes=10)  # three lists cost 40 tokens of the day's
    words: ClassVar[Mapping[str, Disposition]] = WORDS

    class Settings(StreamFeedback.Settings):
        """Where the lead's id stands, by which its deal is known."""

        id_field: str = Field(description="Key of 40 characters of a text field of deals, for the lead's id.")

    config: Any

    def ready(self) -> None:
        """Say which lists are read."""
        super().ready()  # type: ignore[misc]  # of the connector this is mixed into
        own = f"custom_fields.{self.config.id_field}"
        self.streams = (
            Stream("leads", "status", ref="id", at="update_time", word="label"),
            Stream("activities", "task", ref="lead_id", at="update_time", done="marked_as_done_time", once=True,
                   by="owner_id", sort="type", kinds=KINDS),
            Stream("deals", "deal", ref="", own=own, at="update_time", word="word", by="owner_id", value="value",
                   currency="currency", reason="lost_reason"),
        )  # fmt: skip

    def asked(self, stream: Stream, place: Place) -> Request:
        """Return the list of what changed; leads are counted, the others have a cursor."""
        path, params = LISTS[stream.name]
        page = {"start": str(place.skip)} if stream.name == "leads" else {"cursor": place.mark} if place.mark else {}
        since = iso(place.since - timedelta(seconds=1))
        return self._call("GET", path, params={"updated_since": since, **params, **page})

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, bool | str | None]:
        """Return the records and what leads on."""
        more = response.json().get("additional_data") or {}
        pages = (more.get("pagination") or {}).get("more_items_in_collection")
        return response.json()["data"] or [], bool(pages) or more.get("next_cursor")

    async def whole(self, stream: Stream, rows: Rows, http: httpx.AsyncClient) -> Rows:
        """Return leads with their newest label, and deals with a word that no lead has."""
        return [
            {**row, "label": (row.get("label_ids") or [None])[-1], "word": f"deal {row.get('status')}"} for row in rows
        ]

    def _call(self, method: str, path: str, **more: Any) -> Request:
        raise NotImplementedError
