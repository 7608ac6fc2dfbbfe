"""Notion: add a page to a database for each lead, and change it when the lead changes."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from hub import (
    HttpSink,
    Lead,
    NotionKind,
    Request,
    Response,
    Sent,
    TableFields,
    Verdict,
    an_object,
    bearer,
    hookimpl,
    notion_blank,
    notion_value,
    readable,
    segment,
)

VERSION = "2025-09-03"  # the one that told databases and data sources apart
SETTINGS = ("is not a property that exists", "is expected to be", "Could not find property", "does not match")


class Notion(HttpSink):
    """Pages of one data source, told apart by a text property that holds the lead's id."""

    name = "notion"
    title = "Notion"
    docs_url = "https://developers.notion.com/reference/post-page"
    confirmed = (
        "POST /v1/pages with parent data_source_id, POST /v1/data_sources/ID/query, PATCH /v1/pages/ID, in version "
        "2025-09-03 (vendor's upgrade guide).",
        "3 requests a second on average, 429 with Retry-After; 2,000 characters in a run of text, 100 runs, 200 in an "
        "e-mail or phone (developers.notion.com/reference/request-limits).",
        "409 and 529 pass; 404 is also no access to the page (developers.notion.com/reference/status-codes).",
        "Nothing is deleted for good: in_trash moves a page to the trash (developers.notion.com/reference/trash-page).",
    )
    unconfirmed = (
        "An erasure blanks the page's properties and moves it to the trash in one request; its history keeps them as "
        "long as the workspace's plan says.",
        "How a validation_error words a property that is missing or of another kind; such a one stops the sink.",
        "A new page is found by a query at once.",
    )
    statuses: ClassVar[Mapping[int, Verdict]] = {409: "retry", 529: "retry"}
    updates = True
    rate = 2.0  # a change is a search and a change
    concurrency = 1
    idempotency_header = None

    class Config(HttpSink.Config, TableFields):
        base_url: str = Field("https://api.notion.com", description="Address of the API.")
        token: SecretStr = Field(description="Token of an internal connection that the database is shared with.")
        data_source_id: str = Field(
            min_length=32, description="Id of the data source: database settings, Manage data sources, Copy ID."
        )
        kinds: dict[str, NotionKind] = Field(
            default_factory=lambda: dict[str, NotionKind](Name="title", Email="email", Phone="phone_number"),
            description="Kinds of properties that are not plain text (rich_text); one must be the title.",
        )

    config: Config

    def request(self, lead: Lead) -> Request:
        """Return the creation of a page."""
        parent = {"type": "data_source_id", "data_source_id": self.config.data_source_id}
        return self._call("POST", "/v1/pages", {"parent": parent, "properties": self._properties(lead)})

    def update(self, lead: Lead, ref: str) -> Request:
        """Return the change of a page that exists; properties that are not named stay."""
        return self._call("PATCH", f"/v1/pages/{segment(ref)}", {"properties": self._properties(lead)})

    def response(self, response: Response) -> Sent:
        """Return the id of the page."""
        return Sent(str(response.json()["id"]))

    def find(self, lead: Lead) -> Request:
        """Return the search for the oldest page with this lead's id."""
        kind = self.config.kinds.get(self.config.id_field, "rich_text")
        body = {
            "filter": {"property": self.config.id_field, kind: {"equals": lead.id}},
            "sorts": [{"timestamp": "created_time", "direction": "ascending"}],
            "page_size": 1,
        }
        return self._call("POST", f"/v1/data_sources/{segment(self.config.data_source_id)}/query", body)

    def found(self, response: Response) -> Sent | None:
        """Return the page, if there is one."""
        pages = response.json()["results"]
        return Sent(str(pages[0]["id"])) if pages else None

    def erase(self, lead: Lead, ref: str) -> Request:
        """Return the blanking of a page, which goes to the trash."""
        blank = {name: notion_blank(self.config.kinds.get(name, "rich_text")) for name in self.config.fields}
        return self._call("PATCH", f"/v1/pages/{segment(ref)}", {"properties": blank, "in_trash": True})

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means; a property that is missing or of another kind is for a person to mend."""
        said = an_object(readable(response))
        words, code = str(said.get("message")), said.get("code")
        wrong = code == "missing_version" or (code == "validation_error" and any(sign in words for sign in SETTINGS))
        return "misconfigured" if wrong else super().verdict(response)

    def _call(self, method: str, path: str, body: Mapping[str, Any]) -> Request:
        headers = {"Authorization": bearer(self.config.token), "Notion-Version": VERSION}
        return Request(method, path, headers=headers, json=body)

    def _properties(self, lead: Lead) -> dict[str, Any]:
        said = {}
        for name, value in self.config.values(lead).items():
            kind = self.config.kinds.get(name, "rich_text")
            said[name] = notion_value(kind, value)
        return said


@hookimpl
def hub_register() -> Iterator[type[Notion]]:
    """Register the connector."""
    yield Notion
