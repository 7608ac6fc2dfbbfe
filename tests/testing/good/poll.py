"""Poll: asks a platform for its leads, page by page."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime

import httpx
from pydantic import Field, SecretStr

from hub import Page, PollSource, RawLead, Request, an_object, bearer, fetch_json, hookimpl, objects

MOST_PAGES = 1_000


class Poll(PollSource):
    """A list with pages; the cursor is the mark of the page that comes next."""

    name = "poll"
    title = "Poll"
    docs_url = "https://example.com/docs"

    class Config(PollSource.HostConfig):
        base_url: str = Field("https://api.example.com", description="Address of the API.")
        token: SecretStr = Field(description="Token.")

    config: Config

    async def fetch(self, cursor: str | None, http: httpx.AsyncClient) -> AsyncIterator[Page]:
        for _ in range(MOST_PAGES):
            said = await self._ask({"after": cursor or "0"}, http)
            leads = tuple(RawLead(str(item.get("id") or "") or None, item) for item in objects(said.get("items")))
            after = an_object(said).get("next")
            cursor = str(after) if after else cursor
            yield Page(leads, cursor)
            if not after:
                return

    async def count(self, since: datetime, until: datetime, http: httpx.AsyncClient) -> int | None:
        return len(objects((await self._ask({"since": since.isoformat()}, http)).get("items")))

    async def _ask(self, params: dict[str, str], http: httpx.AsyncClient) -> dict[str, object]:
        request = Request("GET", "/leads", headers={"Authorization": bearer(self.config.token)}, params=params)
        return await fetch_json(request, http, self.config.base_url)


@hookimpl
def hub_register() -> Iterable[type[Poll]]:
    yield Poll
