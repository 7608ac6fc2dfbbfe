"""A sink that says what became of its leads, when asked and by letter."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import httpx
from pydantic import Field, SecretStr

from hub import (
    Activity,
    Disposition,
    Feedback,
    HttpSink,
    Inbound,
    Lead,
    News,
    Request,
    Response,
    Sent,
    check_hmac,
    fetch_json,
    hookimpl,
    instant,
    objects,
    secrets_of,
)


class FeedbackSink(HttpSink, Feedback):
    """A system that tells what its people did."""

    name = "feedback"
    title = "Feedback"
    docs_url = "https://example.com/docs"
    words: Mapping[str, Disposition] = MappingProxyType({"open": Disposition.NEW, "sold": Disposition.WON})

    class Config(HttpSink.Config, Feedback.Settings):
        base_url: str = Field("https://api.example.com", description="Address of the API.")
        secret: SecretStr = Field(description="What letters are signed with.")
        previous_secret: SecretStr | None = Field(None, description="The one before it.")

    config: Config

    def request(self, lead: Lead) -> Request:
        """Return the creation of a record."""
        return Request("POST", "/leads", json={"id": lead.id})

    def response(self, response: Response) -> Sent:
        """Return its id."""
        return Sent(str(response.json()["id"]))

    def erase(self, lead: Lead, ref: str) -> Request:
        """Return its deletion."""
        return Request("DELETE", f"/leads/{ref}")

    async def news(self, cursor: str | None, http: httpx.AsyncClient) -> AsyncIterator[News]:
        """Yield what was done since the cursor."""
        said = await fetch_json(Request("GET", "/acts", params={"after": cursor or "0"}), http, self.config.base_url)
        found = [self._activity(row) for row in objects(said.get("acts"))]
        yield News(tuple(found), found[-1].key if found else cursor)

    def verify(self, inbound: Inbound) -> None:
        """Check the signature."""
        check_hmac(inbound, secrets_of(self.config), header="x-signature")

    def heard(self, inbound: Inbound) -> Iterable[Activity]:
        """Yield what one letter says."""
        yield self._activity(inbound.json_object())

    def _activity(self, row: Mapping[str, Any]) -> Activity:
        at = instant(row.get("at")) or self.clock.now()
        word = row.get("status")
        return Activity(
            str(row.get("id")), at, "status", ref=str(row.get("lead")), word=word if isinstance(word, str) else None,
            by=row.get("by") if isinstance(row.get("by"), str) else None, data=row,
        )  # fmt: skip


@hookimpl
def hub_register() -> Iterator[type[FeedbackSink]]:
    """Register the connector."""
    yield FeedbackSink
