"""Reads out of Freshsales what became of leads: the status of contacts and the stage of deals, out of views."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

import httpx
from pydantic import Field

from hub.errors import Misconfigured
from hub.families.counted import CountedFeedback
from hub.families.streams import CRM_WORDS, Place, Rows, Stream
from hub.fields import text
from hub.http import Request, Response, segment
from hub.outcome import Disposition
from hub.strictjson import objects

PAGE = 100
CONTACTS, DEALS = "contacts", "deals"
BESIDE = {CONTACTS: "creater,updater", DEALS: "updater,contacts"}
NAMES = {CONTACTS: ("contact_statuses", "contact_status_id"), DEALS: ("deal_stages", "deal_stage_id")}

_CONTACTS = Stream(CONTACTS, "status", ref="id", at="updated_at", word="word", by="updater_id", maker="creater_id")
_DEALS = Stream(
    DEALS, "deal", ref="contact", at="updated_at", word="word", by="updater_id",
    value="base_currency_amount", currency="currency",
)  # fmt: skip


class FreshsalesFeedback(CountedFeedback):
    """Feedback out of the views of all contacts and all deals, what was changed last in front; `_call` is there."""

    streams = (_CONTACTS, _DEALS)
    newest_first: ClassVar[bool] = True
    listens: ClassVar[timedelta] = timedelta(minutes=10)  # each asking costs two to six of the hour's calls
    words: ClassVar[Mapping[str, Disposition]] = {
        **CRM_WORDS, "interested": Disposition.QUALIFIED, "churned": Disposition.LOST,
        "open deal": Disposition.OPPORTUNITY,
    }  # fmt: skip

    class Settings(CountedFeedback.Settings):
        """Where all records are listed, and what deals are worth there."""

        views: dict[str, str] = Field(
            default_factory=dict,
            description="Ids of the views of all `contacts` and `deals`; those called All Contacts and All Deals.",
        )
        currency: str | None = Field(None, description="Base currency of the account, ISO 4217, for what deals bring.")

    config: Any

    def ready(self) -> None:
        """Start with the views that are named."""
        super().ready()  # type: ignore[misc]  # of the connector this is mixed into
        self._views = dict(self.config.views)

    def asked(self, stream: Stream, place: Place) -> Request:
        """Return a page of the view, what was changed last in front."""
        page = {"page": str(int(place.mark or 0) // PAGE + 1), "per_page": str(PAGE)}
        order = {"sort": "updated_at", "sort_type": "desc", "include": BESIDE[stream.name]}
        return self._call("GET", f"{stream.name}/view/{segment(self._views[stream.name])}", params={**order, **page})

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, bool]:
        """Return the records, and whether the view has more."""
        found = objects(response.json()[stream.name])
        return found, len(found) == PAGE

    async def whole(self, stream: Stream, rows: Rows, http: httpx.AsyncClient) -> Rows:
        """Return contacts with the name of their status, and deals with how they stand and whose they are."""
        caller: Any = self
        names, field = NAMES[stream.name]
        asking = self._call("GET", f"selector/{names}")
        known: dict[str, dict[str, Any]] = await caller.search(asking, http, partial(_by_id, names)) or {}
        if stream.name == CONTACTS:
            return [{**row, "word": known.get(text(row.get(field)), {}).get("name")} for row in rows]
        return [self._deal(row, known.get(text(row.get(field)), {})) for row in rows]

    async def _page(self, stream: Stream, place: Place, http: httpx.AsyncClient) -> tuple[Rows, bool | str | None]:
        if stream.name not in self._views:
            caller: Any = self
            listed = partial(_all, f"All {stream.name.title()}")
            found = await caller.search(self._call("GET", f"{stream.name}/filters"), http, listed)
            if not found:
                raise Misconfigured(f"No view is called All {stream.name.title()}. Set `views: {{{stream.name}: ID}}`.")
            self._views[stream.name] = found
        return await super()._page(stream, place, http)

    def _deal(self, row: dict[str, Any], stage: Mapping[str, Any]) -> dict[str, Any]:
        """Return a deal with its contact and its outcome."""
        closed = {text(stage.get("forecast_type")).lower(), f"closed {text(stage.get('name'))}".lower()}
        word = next((said for said in ("closed won", "closed lost") if said in closed), "open deal")
        contacts = row.get("contact_ids")
        contact = contacts[0] if isinstance(contacts, list) and contacts else None
        return {**row, "word": word, "contact": contact, "currency": self.config.currency}

    def _call(self, method: str, path: str, **more: Any) -> Request:
        raise NotImplementedError


def _by_id(name: str, response: Response) -> dict[str, dict[str, Any]]:
    return {text(one.get("id")): one for one in objects(response.json()[name])}


def _all(name: str, response: Response) -> str | None:
    views = objects(response.json()["filters"])
    return next((text(one["id"]) for one in views if text(one.get("name")).lower() == name.lower()), None)
