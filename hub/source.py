"""The contracts of sources: what hands leads over by webhook, by poll or by file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal

import httpx
from pydantic import Field

from hub.connector import Connector
from hub.errors import BadInput, Retry
from hub.files import Layout, Table, open_table
from hub.http import Reply, Request, Response, readable, trouble, verdict
from hub.inbound import Inbound
from hub.lead import Page, Problem, RawLead

Status = Literal["accepted", "duplicate", "quarantined", "rejected"]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What we can say about a submission when we answer; `lead` is None while it is not known yet."""

    submission: str
    lead: str | None
    status: Status
    problems: tuple[Problem, ...] = ()


class Source(Connector):
    """Something leads come from."""

    party: ClassVar[Literal["first", "second", "third"]] = "first"
    chats: ClassVar[bool] = False  # people write in a chat and are answered there: an id of theirs is a way to them


class WebhookSource(Source):
    """Leads pushed to `/in/{source}`. The hub verifies, stores the bytes, answers, then parses."""

    public: ClassVar[bool] = False  # anyone may send, as to a form on a website: there is no sender to verify
    signed: ClassVar[bool] = True  # the proof covers the body; False where a vendor only sends a key with it
    answers: ClassVar[Mapping[int, int]] = {}  # where a vendor gives up on a status, the one to answer instead

    def verify(self, inbound: Inbound) -> None:
        """Raise Unverified unless the sender proved who it is, over the raw bytes."""
        raise NotImplementedError

    def handshake(self, inbound: Inbound) -> Reply | None:
        """Return the answer to a challenge, a preflight or a GET; None when there is none to give."""
        return None

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        """Yield the leads in a verified request; pure. Raises BadInput for what cannot be read."""
        raise NotImplementedError

    async def complete(self, raw: RawLead, http: httpx.AsyncClient) -> RawLead:
        """Return the lead with what the vendor keeps back for a second call; runs after the answer."""
        return raw

    def answer(self, inbound: Inbound, receipt: Receipt) -> Reply | None:
        """Return what this vendor expects to hear; None for the hub's own 202."""
        return None


class PollSource(Source):
    """Leads fetched on a schedule; beside a webhook it is the safety net that fills gaps."""

    every: ClassVar[timedelta] = timedelta(minutes=5)

    async def fetch(self, cursor: str | None, http: httpx.AsyncClient) -> AsyncIterator[Page]:
        """Yield pages from the cursor on; each page's leads and cursor are committed together."""
        raise NotImplementedError
        yield  # makes this an async generator

    def cursor_at(self, since: datetime) -> str | None:
        """Return a cursor from which `fetch` reads all that was submitted since then; None: all there is. Pure."""
        return None

    async def count(self, since: datetime, until: datetime, http: httpx.AsyncClient) -> int | None:
        """Return how many leads the platform holds for that time; None when it cannot say."""
        return None


class FileSource(Source):
    """Leads read out of files; `read` streams, so that a file of any size fits."""

    every: ClassVar[timedelta] = timedelta(minutes=1)

    class Config(Layout, Source.Config):
        path: str | None = Field(
            None, description="Folder pattern to watch, such as inbox/expo/*.csv; none: import only."
        )

    config: Config

    def table(self, file: Path) -> AbstractContextManager[Table]:
        """Open a file as the settings say and give its rows; CSV, XLSX, JSON and cards are told by their content."""
        return open_table(file, self.config)

    def read(self, file: Path) -> Iterator[RawLead]:
        """Yield the file's leads in order; raises BadInput when the file as a whole cannot be read."""
        raise NotImplementedError


async def fetch(
    request: Request,
    http: httpx.AsyncClient,
    base_url: str = "",
    timeout: float = 30.0,
    judge: Callable[[Response], object] | None = None,
) -> Response:
    """Send a read-only request and return its 2xx answer; raises Retry, Misconfigured or BadInput for the rest.

    `judge` sees every answer before its status is looked at, and raises what a vendor's own error code means.
    """
    whole = request.at(base_url)
    try:
        answer = await http.request(
            whole.method, whole.url, headers=dict(whole.headers), params=dict(whole.params) or None, json=whole.json,
            data=dict(whole.form) if whole.form else None, content=whole.content, timeout=timeout,
        )  # fmt: skip
    except httpx.HTTPError as error:
        raise Retry(f"no answer from {whole.url.split('?')[0]}: {type(error).__name__}") from error
    response = Response(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.content)
    if judge is not None:
        judge(response)
    what = verdict(response.status)
    if what == "ok":
        return response
    if what == "reject":
        raise BadInput(f"answered {response.status}: {response.excerpt()}", status=response.status)
    raise trouble(response, "retry" if what == "unclear" else what)


async def fetch_json(
    request: Request,
    http: httpx.AsyncClient,
    base_url: str = "",
    timeout: float = 30.0,
    judge: Callable[[Response], object] | None = None,
) -> dict[str, Any]:
    """Send a read-only request as `fetch` does and return the JSON object in its answer; Retry when there is none."""
    response = await fetch(request, http, base_url, timeout, judge)
    said = readable(response)
    if not isinstance(said, dict):
        raise Retry(f"answered {response.status} with a body that is no JSON object: {response.excerpt()}.")
    return said
