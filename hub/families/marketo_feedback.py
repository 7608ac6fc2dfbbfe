"""Reads out of Marketo what became of leads: changes of a status field, and what people leave as activities."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

import httpx
from pydantic import Field

from hub.clock import Clock
from hub.families.streams import CRM_WORDS
from hub.fields import iso, text
from hub.http import Request, Response
from hub.instant import instant
from hub.news import Activity, Feedback, Kind, News
from hub.outcome import Disposition
from hub.strictjson import an_object, objects

CHANGES, ACTIVITIES = "leadchanges", "activities"
_Page = tuple[list[dict[str, Any]], str, bool]


class MarketoFeedback(Feedback):
    """Feedback out of the activity log, by a paging token for each list; the connector searches."""

    listens: ClassVar[timedelta] = timedelta(minutes=5)  # each asking costs one to two of the day's calls
    backfill: ClassVar[timedelta] = timedelta(days=1)  # read by the first asking
    words: ClassVar[Mapping[str, Disposition]] = {
        **CRM_WORDS, "sql": Disposition.QUALIFIED, "sales qualified": Disposition.QUALIFIED,
        "recycled": Disposition.RETURNED,
    }  # fmt: skip

    class Settings(Feedback.Settings):
        """What of the log is read, and what in it no person did."""

        status_field: str = Field("leadStatus", description="API name of the field that tells how far a lead is.")
        activity_types: dict[str, Kind] = Field(
            default_factory=dict,
            max_length=10,
            description="Ids of activity types that people leave, such as Send Sales Email: mail; ten at most.",
        )
        programs: tuple[str, ...] = Field(
            ("Web service API", "Marketo Flow Action", "Web form fillout", "List import"),
            description="Sources of a change that are no person, whoever is named beside them.",
        )

    config: Any
    clock: Clock

    async def news(self, cursor: str | None, http: httpx.AsyncClient) -> AsyncIterator[News]:
        """Yield the pages of each list from its token on, until there are no more."""
        lists = (CHANGES, ACTIVITIES) if self.config.activity_types else (CHANGES,)
        marks: dict[str, str] = json.loads(cursor) if cursor else {}
        if not marks.keys() >= set(lists):
            marks = dict.fromkeys(lists, await self._begun(http)) | marks
        for name in lists:
            mark, more = marks[name], True
            while more:
                rows, after, more = await self._page(name, mark, http)
                marks, more, mark = {**marks, name: after}, more and after != mark, after
                told = self._changed(rows) if name == CHANGES else self._done(rows)
                yield News(tuple(told), json.dumps(marks))

    async def _begun(self, http: httpx.AsyncClient) -> str:
        params = {"sinceDatetime": iso(self.clock.now() - self.backfill)}
        caller: Any = self
        found: str = await caller.search(_get("activities/pagingtoken", params), http, _token)
        return found

    async def _page(self, name: str, mark: str, http: httpx.AsyncClient) -> _Page:
        if name == CHANGES:
            asking = _get("activities/leadchanges", {"nextPageToken": mark, "fields": self.config.status_field})
        else:
            types = ",".join(self.config.activity_types)
            asking = _get("activities", {"nextPageToken": mark, "activityTypeIds": types})
        caller: Any = self
        found: _Page = await caller.search(asking, http, partial(_listed, mark))
        return found

    def _changed(self, rows: list[dict[str, Any]]) -> Iterator[Activity]:
        for row in rows:
            key, at, ref = _about(row)
            words = [text(one.get("newValue")) for one in objects(row.get("fields")) if self._is_status(one)]
            if not key or at is None or not ref or not words or not words[-1]:
                continue
            said = _attributes(row)
            human = False if said.get("Source") in self.config.programs else None
            by = said.get("Modifying User") or None
            yield Activity(f"{CHANGES}:{key}", at, "status", ref=ref, word=words[-1], by=by, human=human, data=row)

    def _done(self, rows: list[dict[str, Any]]) -> Iterator[Activity]:
        for row in rows:
            key, at, ref = _about(row)
            kind = self.config.activity_types.get(text(row.get("activityTypeId")))
            if key and at is not None and ref and kind:
                yield Activity(f"{ACTIVITIES}:{key}", at, kind, ref=ref, human=True, data=row)

    def _is_status(self, field: Mapping[str, Any]) -> bool:
        return text(field.get("name")).lower() == text(self.config.status_field).lower()


def _get(path: str, params: Mapping[str, str]) -> Request:
    return Request("GET", f"/rest/v1/{path}.json", params=params)


def _token(response: Response) -> str:
    return str(response.json()["nextPageToken"])


def _listed(mark: str, response: Response) -> _Page:
    said = response.json()
    if said["success"] is not True:
        raise ValueError("the answer has no page.")
    return objects(said.get("result")), str(said.get("nextPageToken") or mark), said.get("moreResult") is True


def _about(row: Mapping[str, Any]) -> tuple[str, datetime | None, str]:
    return text(row.get("marketoGUID") or row.get("id")), instant(row.get("activityDate")), text(row.get("leadId"))


def _attributes(row: Mapping[str, Any]) -> dict[str, str]:
    return {text(one.get("name")): text(an_object(one).get("value")) for one in objects(row.get("attributes"))}
