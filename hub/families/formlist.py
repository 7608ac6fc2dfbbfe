"""Form tools that push each submission and list them too: the list, read by an API key, fills the webhook's gaps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

import httpx
from pydantic import Field, SecretStr, model_validator

from hub.errors import Retry
from hub.families.polling import Sweep, SweepSource, Window
from hub.http import Request, Response, readable
from hub.lead import RawLead
from hub.source import WebhookSource, fetch
from hub.strictjson import objects


class FormPoll(SweepSource):
    """A poll of forms, each a list of submissions; write `page`, by means of `rows`."""

    class Config(SweepSource.HostConfig, Window):
        """The forms to read."""

        forms: list[str] = Field([], description="Ids of the forms to poll; none: no poll.")

    config: Config

    async def lists(self, http: httpx.AsyncClient) -> list[str]:
        """Return the forms of the settings."""
        return list(self.config.forms)

    async def count(self, since: datetime, until: datetime, http: httpx.AsyncClient) -> int | None:
        """Return how many submissions the polled forms list for that time; None when none is polled."""
        return await self.counted(since, until, http)

    async def rows(
        self, request: Request, http: httpx.AsyncClient, key: str
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Ask for a page, and return what `listed_in` reads."""
        return listed_in(await fetch(request, http, self.config.base_url, self.config.timeout), key)


class FormList(WebhookSource, FormPoll):
    """A source that is pushed to, and polled where forms and a key are set."""

    class Config(FormPoll.Config):
        """What the poll needs."""

        api_key: SecretStr | None = Field(None, description="API key for the poll that fills gaps; none: no poll.")

        @model_validator(mode="after")
        def _has_a_key(self) -> Self:
            if self.forms and self.api_key is None:
                raise ValueError("forms are polled with an `api_key`. Set it, or take `forms` out.")
            return self

    config: Config

    @property
    def key(self) -> str:
        """Return the API key in plain text; empty when there is none, and so no poll."""
        return self.config.api_key.get_secret_value() if self.config.api_key else ""


def listed_in(response: Response, key: str, *, omitted: bool = False) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the objects in the list of that name in an answer, and the whole answer; raises Retry when it has none.

    `omitted`: the vendor leaves an empty list out.
    """
    said = readable(response)
    if isinstance(said, dict) and omitted:
        said.setdefault(key, [])
    if not isinstance(said, dict) or not isinstance(said.get(key), list):
        raise Retry(f"The answer has no list {key!r}: {response.excerpt()}.")
    return objects(said[key]), said


def recent(leads: Iterable[RawLead], sweep: Sweep) -> list[RawLead]:
    """Return the leads of this pass's time: for lists that cannot be asked for a time."""
    return [lead for lead in leads if lead.submitted_at is None or lead.submitted_at >= sweep.since]
